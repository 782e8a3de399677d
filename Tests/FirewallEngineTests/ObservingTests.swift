import FirewallEngine
import NetTypes
import PacketIO
import TestSupport
import Testing

/// `engine.mode=ids`: rules judge and log, and nothing is held up.
@Suite struct ObservingTests {
    private static func firewall(_ rules: String) throws -> Firewall {
        try Firewall(
            rules, defaults: [],
            configure: {
                $0.observesOnly = true
                $0.compatibleWithSuricata = true
            })
    }

    private static var requests: TCPScript {
        var script = TCPScript(port: 80)
        script.handshake()
        for _ in 0..<2 {
            script.client(HTTPBytes.request())
            script.server(HTTPBytes.response(body: "x"))
        }
        return script
    }

    @Test(
        "actions log, the flow counts as dropped and is read to its end",
        arguments: [("drop", "allowed", nil as String?), ("reject", "blocked", "to_client")])
    func actions(action: String, word: String, target: String?) throws {
        var firewall = try Self.firewall(
            """
            \(action) http any any -> any any (http.host; content:"example"; sid:1;)
            alert http any any -> any any (http.method; content:"GET"; sid:2;)
            """)
        let judgments = firewall.judge(Self.requests.frames)
        firewall.finish()
        #expect(judgments.allSatisfy { $0.verdict == .accept })
        // Behind the match no rule looks at the flow.
        #expect(judgments.flatMap(\.alerts) == [1, 2])
        let alert = try #require(firewall.records("alert").first)
        #expect((alert["alert"] as? [String: Any])?["action"] as? String == word)
        let verdict = try #require(alert["verdict"] as? [String: Any])
        #expect(verdict["action"] as? String == "alert")
        #expect(verdict["reject-target"] as? String == target)
        #expect(firewall.records("drop").isEmpty)
        #expect(firewall.records("http").count == 2)
        #expect((firewall.records("flow").first?["flow"] as? [String: Any])?["action"] as? String == "drop")
        let counters = firewall.counters
        #expect(counters.accepted == counters.packets)
    }

    @Test("packets without a session, invalid ones and fragments go on as well")
    func exceptions() throws {
        var script = TCPScript()
        script.client("no handshake")
        script.finish(.toServer)
        var firewall = try Self.firewall("alert ip any any -> any any (ttl:1; sid:1;)")
        let judgments = firewall.judge(script.frames)
        firewall.finish()
        #expect(judgments.allSatisfy { $0.verdict == .accept })
        #expect(firewall.records("drop").isEmpty)
    }
}
