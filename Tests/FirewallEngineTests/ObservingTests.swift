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

    @Test(
        "beside the path a body goes on behind bytes that were never seen, and so does the connection",
        arguments: [(lost: 4, size: 10, gaps: true), (lost: 0, size: 10, gaps: false)])
    func gapInABody(lost: Int, size: Int, gaps: Bool) throws {
        var script = TCPScript(port: 80)
        script.acknowledges = true
        script.handshake()
        script.client(HTTPBytes.request("GET", "/1"))
        script.server("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
        script.lose(lost, .toClient)
        script.server(String(repeating: "z", count: 7 - lost))
        script.client(HTTPBytes.request("GET", "/2"))
        script.server(HTTPBytes.response(body: "late"))
        let rule = #"alert http any any -> any any (http.response_body; content:"late"; sid:1;)"#
        var firewall = try Firewall(rule, defaults: []) {
            $0.observesOnly = true
            $0.compatibleWithSuricata = true
            $0.flow.isInline = false
            $0.log.logsFiles = true
        }
        let alerts = firewall.judge(script.frames).flatMap(\.alerts)
        firewall.finish()
        #expect(alerts == [1] || !firewall.records("alert").isEmpty)
        let urls = firewall.records("http").compactMap { ($0["http"] as? [String: Any])?["url"] as? String }
        #expect(urls == ["/1", "/2"])
        let file = try #require(firewall.records("fileinfo").first?["fileinfo"] as? [String: Any])
        #expect(file["size"] as? Int == size && file["gaps"] as? Bool == gaps)
        #expect(file["state"] as? String == (gaps ? "TRUNCATED" : "CLOSED"))
    }

    @Test("beside the path a flow's end reads what lies behind a gap that nobody acknowledged")
    func gapAtTheEnd() throws {
        var script = TCPScript(port: 80)
        script.handshake()
        script.client("POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 30\r\n\r\nabc")
        script.lose(4, .toServer)
        script.client("xyz")
        var firewall = try Firewall(defaults: []) {
            $0.observesOnly = true
            $0.compatibleWithSuricata = true
            $0.flow.isInline = false
            $0.log.logsFiles = true
        }
        _ = firewall.judge(script.frames)
        firewall.finish()
        let file = try #require(firewall.records("fileinfo").first?["fileinfo"] as? [String: Any])
        #expect(file["size"] as? Int == 10 && file["gaps"] as? Bool == true)
    }

    @Test("beside the path a message of HTTP is looked into when it is whole")
    func wholeMessage() throws {
        var script = TCPScript(port: 80)
        script.acknowledges = true
        script.handshake()
        script.client(HTTPBytes.request("GET", "/1"))
        script.server("HTTP/1.1 200 OK\r\nServer: x\r\n\r\nabc")
        script.server("def")
        script.finish(.toClient)
        var firewall = try Firewall("alert tcp any 80 -> any any (content:\"Server|3a| x\"; sid:1;)", defaults: []) {
            $0.observesOnly = true
            $0.compatibleWithSuricata = true
            $0.flow.isInline = false
        }
        let judgments = firewall.judge(script.frames)
        let places = judgments.indices.filter { judgments[$0].alerts == [1] }
        #expect(places == [judgments.count - 1])
    }

    @Test("of a connection whose client is on another way the server's side is read, where that is asked for")
    func serverAlone() throws {
        for followsOneSide in [true, false] {
            var script = TCPScript(port: 80)
            script.segment(.toClient, [.syn, .ack], acknowledgment: 1)
            script.segment(.toClient, .ack, acknowledgment: 1)
            script.segment(.toClient, [.psh, .ack], HTTPBytes.response(body: "x"), acknowledgment: 41)
            var firewall = try Firewall("alert tcp any any -> any any (flags:U; sid:1;)", defaults: []) {
                $0.observesOnly = true
                $0.compatibleWithSuricata = true
                $0.flow.isInline = false
                $0.flow.midstream = .continue
                $0.flow.followsOneSide = followsOneSide
            }
            _ = firewall.judge(script.frames)
            firewall.finish()
            #expect(firewall.records("http").count == (followsOneSide ? 1 : 0))
        }
    }
}
