import Detection
import EventLog
import FirewallEngine
import FlowTracking
import NetTypes
import PacketIO
import TestSupport
import Testing
import Wire

/// What happens when the engine cannot do its work, under every policy for it.
struct ExceptionTests {
    static let passAll = "pass ip any any -> any any (ttl:64; sid:1;)"
    static let alertAll = "alert ip any any -> any any (ttl:64; sid:1;)"

    /// A ClientHello that is none, between handshake and another packet.
    static var malformed: TCPScript {
        var script = TCPScript()
        script.handshake()
        script.client([22, 3, 1, 0, 8, 1, 0, 0, 4, 3, 3, 0, 0])
        script.client([1, 2, 3])
        return script
    }

    @Test(
        arguments: [
            (nil, [.drop, .drop]), (.dropFlow, [.drop, .drop]), (.dropPacket, [.drop, .accept]),
            (.reject, [.reject, .drop]), (.passFlow, [.accept, .accept]), (.passPacket, [.accept, .accept]),
            (.bypass, [.accept, .accept]), (.ignore, [.accept, .accept]),
        ] as [(ExceptionPolicy?, [Verdict])])
    func parserError(policy: ExceptionPolicy?, verdicts: [Verdict]) throws {
        var firewall = try Firewall(
            Self.alertAll, defaults: [], configure: { $0.exceptions[.applicationError] = policy })
        let judged = firewall.judge(Self.malformed.frames)
        #expect(firewall.counters.parserErrors == 1)
        #expect(judged.suffix(2).map(\.verdict) == verdicts)
        firewall.finish()
        let flow = try #require(firewall.records("flow").first?["flow"] as? [String: Any])
        let applied = try #require(flow["exception_policy"] as? [[String: String]])
        let name = (policy ?? .dropFlow).recordName
        #expect(applied == [["target": "app_layer_error", "policy": name]])
        #expect((flow["state"] as? String == "bypassed") == (policy == .bypass))
        let stats = try #require(firewall.records("stats").last?["stats"] as? [String: Any])
        let counted = (stats["exception_policy"] as? [String: [String: Int]])?["app_layer_error"]
        #expect(counted == [name: 1])
    }

    /// The master switch holds where nothing else is said.
    @Test func masterSwitch() throws {
        var firewall = try Firewall(Self.passAll, defaults: [], configure: { $0.exceptions.master = .dropPacket })
        #expect(firewall.judge(Self.malformed.frames).last?.reason == DropReason.none)
        var own = try Firewall(
            Self.alertAll, defaults: [],
            configure: {
                $0.exceptions.master = .dropFlow
                $0.exceptions[.applicationError] = .ignore
            })
        #expect(own.judge(Self.malformed.frames).allSatisfy { $0.verdict == .accept })
    }

    @Test(
        arguments: [
            (nil, .drop, .flowMemory), (.reject, .reject, .flowMemory), (.passPacket, .accept, .none),
            (.ignore, .accept, .none),
        ] as [(ExceptionPolicy?, Verdict, DropReason)])
    func fullTable(policy: ExceptionPolicy?, verdict: Verdict, reason: DropReason) throws {
        var firewall = try Firewall(
            Self.alertAll, defaults: [],
            configure: {
                $0.flow.capacity = 16
                $0.exceptions[.flowMemory] = policy
            })
        for port in UInt16(0)..<16 {
            var script = TCPScript(clientPort: 1000 + port)
            script.handshake()
            _ = firewall.judge(script.frames)
        }
        let judged = firewall.judge(PacketBuilder(from: "10.0.0.1", to: "192.0.2.1").udp(UDPFields(1, 2), [1]))
        #expect(judged.verdict == verdict)
        #expect(judged.reason == reason)
        // Ignored, it is judged without a flow.
        #expect(judged.alerts == (policy == .ignore ? [1] : []))
    }

    @Test(
        arguments: [
            (nil, [.drop, .accept]), (.dropFlow, [.drop, .drop]), (.ignore, [.accept, .accept]),
            (.bypass, [.accept, .accept]),
        ] as [(ExceptionPolicy?, [Verdict])])
    func tooMuchOutOfOrder(policy: ExceptionPolicy?, verdicts: [Verdict]) throws {
        var script = TCPScript()
        script.handshake()
        script.client("lost")
        let lost = script.frames[script.frames.count - 1]
        script.dropLast()
        script.client([UInt8](repeating: 65, count: 100))
        script.client([UInt8](repeating: 66, count: 100))
        // Then what fills the hole.
        var frames = script.frames
        frames.append(lost)
        var firewall = try Firewall(
            Self.alertAll, defaults: [],
            configure: {
                $0.flow.pendingBytes = 150
                $0.exceptions[.reassemblyMemory] = policy
            })
        #expect(firewall.judge(frames).suffix(2).map(\.verdict) == verdicts)
        #expect(firewall.counters.reassemblyRefused == 1)
    }

    /// Midstream in Suricata's words; a flow that is passed or bypassed is still recorded.
    @Test(
        arguments: [
            (.bypass, [.accept, .accept, .accept], "bypassed"), (.pass, [.accept, .accept, .accept], "new"),
            (.trackPassed, [.accept, .accept, .accept], "closed"),
        ] as [(MidstreamPolicy, [Verdict], String)])
    func midstream(policy: MidstreamPolicy, verdicts: [Verdict], state: String) throws {
        var script = TCPScript(port: 80)
        script.client("GET / HTTP/1.1\r\nHost: example.com\r\n\r\n")
        script.server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        script.reset(.toServer)
        var firewall = try Firewall(configure: { $0.flow.midstream = policy })
        #expect(firewall.judge(script.frames).map(\.verdict) == verdicts)
        firewall.finish()
        let flow = try #require(firewall.records("flow").first?["flow"] as? [String: Any])
        #expect(flow["state"] as? String == state)
        #expect(flow["action"] as? String == "pass")
    }

    // MARK: packets that cannot be read

    static let broken = Array(PacketBuilder(from: "10.0.0.1", to: "192.0.2.1").udp(UDPFields(1, 2), [1]).prefix(20))

    @Test(
        arguments: [
            (nil, .drop), (.dropPacket, .drop), (.passPacket, .accept), (.ignore, .accept),
        ] as [(ExceptionPolicy?, Verdict)])
    func unreadable(policy: ExceptionPolicy?, verdict: Verdict) throws {
        let rules = """
            alert pkthdr any any -> any any (decode-event:ipv4.pkt_too_small; sid:1;)
            alert udp any any -> any any (decode-event:ipv4.pkt_too_small; sid:2;)
            """
        var firewall = try Firewall(rules, configure: { $0.exceptions[.decodeError] = policy })
        let judged = firewall.judge(Self.broken)
        #expect(judged.verdict == verdict)
        #expect(judged.alerts == [1])
        let anomaly = try #require(firewall.records("anomaly").first)
        #expect(anomaly["anomaly"] as? [String: String] == ["type": "decode", "event": "decoder.ipv4.pkt_too_small"])
        #expect(anomaly["src_ip"] == nil)
        firewall.finish()
        let stats = try #require(firewall.records("stats").last?["stats"] as? [String: Any])
        let events = (stats["decoder"] as? [String: Any])?["event"] as? [String: [String: Int]]
        let counted = events?["ipv4"]
        #expect(counted == ["pkt_too_small": 1])
    }

    /// A flood of oddities does not fill the disk.
    @Test func anomaliesAreLimited() throws {
        var firewall = try Firewall(configure: { $0.anomaliesPerSecond = 3 })
        for _ in 0..<10 { _ = firewall.judge(Self.broken) }
        #expect(firewall.records("anomaly").count == 3)
        #expect(firewall.counters.decodeEvents.reduce(0, +) == 10)
    }

    // MARK: events of the tracker

    @Test func streamEvents() throws {
        var script = TCPScript()
        script.handshake()
        script.client("hello")
        let out = PacketBuilder(from: "10.0.0.1", to: "192.0.2.1")
        let stray = out.tcp(
            TCPFields(
                40_000, 443, [.ack, .psh], sequence: script.next(.toServer) &+ 3_000_000, acknowledgment: 500_001),
            utf8("stray"))
        var firewall = try Firewall(
            """
            alert tcp any any -> any any (stream-event:est_packet_out_of_window; sid:1;)
            alert tcp any any -> any any (stream-event:est_invalid_ack; sid:2;)
            alert tcp any any -> any any (stream_size:client,>,5; sid:3;)
            alert tcp any any -> any any (stream_size:server,=,0; sid:4;)
            """, defaults: [])
        #expect(firewall.judge(script.frames).map(\.alerts) == [[4], [], [], [3]])
        let judged = firewall.judge(stray)
        #expect(judged.alerts.contains(1) && !judged.alerts.contains(2))
        #expect(judged.reason == .streamError)
        let anomaly = try #require(firewall.records("anomaly").first?["anomaly"] as? [String: String])
        #expect(anomaly == ["type": "stream", "event": "stream.est_packet_out_of_window"])
    }

    /// By the seconds of the clock, as Suricata counts: from 0.9 to 20.8 it is twenty.
    @Test func flowAge() throws {
        let out = PacketBuilder(from: "10.0.0.1", to: "192.0.2.1")
        var firewall = try Firewall(
            """
            alert ip any any -> any any (flow.age:<20; sid:1;)
            alert ip any any -> any any (flow.age:20; sid:2;)
            drop udp any any -> any any (flow.age:>20; sid:3;)
            """, defaults: [])
        let microseconds: [Int64] = [900_000, 900_001, 20_800_000, 20_000_000, 21_000_000]
        let judged = microseconds.map {
            firewall.judge(
                out.udp(UDPFields(1000, 2000), [1]), at: Timestamp(seconds: 1_700_000_000, microseconds: $0))
        }
        #expect(judged.map(\.alerts) == [[1], [1], [2], [2], [3]])
        #expect(judged.map(\.verdict) == [.accept, .accept, .accept, .accept, .drop])
    }

    // MARK: what records say

    @Test func target() throws {
        var firewall = try Firewall(
            """
            alert ip any any -> any any (ttl:64; target:src_ip; sid:1;)
            alert ip any any -> any any (ttl:64; target:dest_ip; sid:2;)
            alert ip any any -> any any (ttl:64; sid:3;)
            """, defaults: [])
        #expect(
            firewall.judge(PacketBuilder(from: "10.0.0.1", to: "192.0.2.1").udp(UDPFields(1, 2), [1])).alerts == [
                1, 2, 3,
            ])
        let alerts = firewall.records("alert").compactMap { $0["alert"] as? [String: Any] }
        try #require(alerts.count == 3)
        #expect((alerts[0]["target"] as? [String: Any])?["ip"] as? String == "10.0.0.1")
        #expect((alerts[0]["source"] as? [String: Any])?["port"] as? Int == 2)
        #expect((alerts[1]["target"] as? [String: Any])?["ip"] as? String == "192.0.2.1")
        #expect(alerts[2]["target"] == nil)
    }

    // MARK: bypass and config

    @Test func bypass() throws {
        var script = TCPScript(port: 80)
        script.handshake()
        script.client("GET /a HTTP/1.1\r\nHost: example.com\r\n\r\n")
        script.server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        script.client("GET /b HTTP/1.1\r\nHost: example.com\r\n\r\n")
        var firewall = try Firewall(
            """
            alert http any any -> any any (http.uri; content:"/a"; bypass; sid:1;)
            alert http any any -> any any (http.uri; content:"/b"; sid:2;)
            drop tcp any any -> any any (content:"/b"; sid:3;)
            """, defaults: [])
        #expect(firewall.judge(script.frames).map(\.alerts) == [[], [], [], [1], [], []])
        firewall.finish()
        let flow = try #require(firewall.records("flow").first?["flow"] as? [String: Any])
        #expect(flow["state"] as? String == "bypassed")
        #expect(flow["bypass"] as? String == "local")
    }

    @Test(arguments: [
        ("type tx, scope tx", 1, 1), ("type tx, scope flow", 0, 1), ("type flow, scope flow", 2, 0),
    ])
    func config(scope: String, http: Int, flows: Int) throws {
        var script = TCPScript(port: 80)
        script.handshake()
        for path in ["/a", "/b"] {
            script.client("GET \(path) HTTP/1.1\r\nHost: example.com\r\n\r\n")
            script.server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        }
        var firewall = try Firewall(
            "config http any any -> any any (http.uri; content:\"/a\"; config:logging disable, \(scope); sid:1;)",
            defaults: [])
        #expect(firewall.judge(script.frames).allSatisfy { $0 == .accept })
        firewall.finish()
        #expect(firewall.records("http").count == http)
        #expect(firewall.records("flow").count == flows)
    }
}
