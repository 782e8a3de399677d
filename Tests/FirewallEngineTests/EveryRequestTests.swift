import FirewallEngine
import NetTypes
import PacketIO
import TestSupport
import Testing

/// A pass by what a request says covers that request alone: `inspect.every-request`.
@Suite struct EveryRequestTests {
    /// Allow-list with a packet's drop below it, in the manner of `aws:drop_established`.
    private static let rules = """
        pass tcp any any -> any any (flow:not_established; sid:1;)
        pass http any any -> any any (http.host; content:"good.example"; sid:2;)
        drop tcp any any -> any any (flow:established,to_server; sid:9;)
        """

    struct Row: CustomTestStringConvertible {
        var what: String
        var rules = EveryRequestTests.rules
        /// Verdicts behind the handshake: `a` accept, `d` drop.
        var expected: String
        /// With the option off.
        var flowWide: String
        var say: @Sendable (inout TCPScript) -> Void

        var testDescription: String { what }
    }

    static let good = HTTPBytes.request(host: "good.example")
    static let bad = HTTPBytes.request(host: "bad.example")
    static let answer = HTTPBytes.response(body: "hello")

    static let rows: [Row] = [
        Row(what: "keep-alive, allowed then denied", expected: "aaada", flowWide: "aaaaa") {
            $0.client(good)
            $0.server(answer)
            $0.segment(.toServer, .ack)
            $0.client(bad)
            $0.segment(.toClient, .ack)
        },
        Row(what: "keep-alive, allowed twice", expected: "aaaa", flowWide: "aaaa") {
            for _ in 0..<2 {
                $0.client(good)
                $0.server(answer)
            }
        },
        Row(what: "pipelined in one packet, the second denied", expected: "d", flowWide: "a") { $0.client(good + bad) },
        Row(what: "pipelined in one packet, the first denied", expected: "d", flowWide: "a") { $0.client(bad + good) },
        Row(what: "pipelined in one packet, both allowed", expected: "aa", flowWide: "aa") {
            $0.client(good + good)
            $0.server(answer + answer)
        },
        Row(what: "a denied request sent again behind an allowed one", expected: "daad", flowWide: "daaa") {
            $0.client(bad)
            $0.client(good)
            $0.server(answer)
            $0.repeatPacket(2)
        },
        Row(what: "a body of many packets, then a denied request", expected: "aaaad", flowWide: "aaaaa") {
            $0.client(HTTPBytes.request("PUT", host: "good.example", fields: ["Content-Length: 30"]))
            for _ in 0..<3 { $0.client(utf8("0123456789")) }
            $0.client(bad)
        },
        Row(what: "a request in two packets behind an allowed one", expected: "aadaa", flowWide: "aaaaa") {
            $0.client(good)
            $0.server(answer)
            $0.client(Array(good.prefix(20)))
            $0.client(Array(good.dropFirst(20)))
            $0.repeatPacket(1)
        },
        Row(
            what: "a drop by name takes the flow",
            rules: """
                pass http any any -> any any (http.method; content:"GET"; http.host; content:"good.example"; sid:2;)
                drop http any any -> any any (http.host; content:"bad.example"; sid:3;)
                """, expected: "aadd", flowWide: "aaaa"
        ) {
            $0.client(good)
            $0.server(answer)
            $0.client(bad)
            $0.client(good)
        },
        Row(
            what: "a pass by protocol covers the flow",
            rules: """
                pass http any any -> any any (sid:2;)
                drop http any any -> any any (http.host; content:"bad.example"; sid:3;)
                """, expected: "aaa", flowWide: "aaa"
        ) {
            $0.client(HTTPBytes.request("GET", host: "good.example", fields: ["Content-Length: 2"]))
            $0.client(utf8("ab"))
            $0.client(bad)
        },
        Row(what: "what follows CONNECT belongs to it", expected: "aaaa", flowWide: "aaaa") {
            $0.client(HTTPBytes.request("CONNECT", "good.example:443", host: "good.example:443") + utf8("\n"))
            $0.server(utf8("HTTP/1.1 200 OK\r\n\r\n"))
            $0.client(TLSBytes.clientHello("bad.example"))
            $0.client("anything")
        },
        Row(
            what: "bytes behind an unanswered CONNECT wait; they are denied requests", expected: "adad",
            flowWide: "aaaa"
        ) {
            $0.client(HTTPBytes.request("CONNECT", "good.example:443", host: "good.example:443"))
            $0.client(bad)
            $0.server(HTTPBytes.response(405, "Not allowed", body: "x"))
            $0.repeatPacket(1)
        },
        Row(
            what: "bytes behind an unanswered CONNECT wait; they are allowed requests", expected: "adaa",
            flowWide: "aaaa"
        ) {
            $0.client(HTTPBytes.request("CONNECT", "good.example:443", host: "good.example:443"))
            $0.client(good)
            $0.server(HTTPBytes.response(405, "Not allowed", body: "x"))
            $0.repeatPacket(1)
        },
        Row(what: "what follows 101 belongs to its request", expected: "aaaa", flowWide: "aaaa") {
            $0.client(
                HTTPBytes.request(host: "good.example", fields: ["Connection: Upgrade", "Upgrade: websocket"]))
            $0.server(utf8("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"))
            $0.client([0x81, 0x05, 1, 2, 3, 4, 5])
            $0.server([0x81, 0x02, 1, 2])
        },
        Row(what: "no more requests once an answer cannot be read", expected: "aaad", flowWide: "aaaa") {
            $0.client(good)
            $0.server(utf8("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"))
            $0.server(utf8("more"))
            $0.client(good)
        },
    ]

    @Test("each request is judged for itself", arguments: rows)
    func requests(row: Row) throws {
        #expect(try Self.verdicts(row) { _ in } == row.expected)
        #expect(try Self.verdicts(row) { $0.judgesEveryRequest = false } == row.flowWide)
        let compatible = try Self.verdicts(row) { $0.compatibleWithSuricata = true }
        #expect(compatible == row.flowWide)
    }

    private static func verdicts(_ row: Row, _ configure: (inout EngineSettings) -> Void) throws -> String {
        var script = TCPScript(port: 80)
        script.handshake()
        let first = script.frames.count
        row.say(&script)
        var firewall = try Firewall(row.rules, defaults: [], configure: configure)
        return firewall.judge(script.frames)[first...].map { $0.verdict == .accept ? "a" : "d" }.joined()
    }

    @Test("the beginning of a request does not cover for a denied one before it", arguments: [true, false])
    func beginningBehindDenied(everyRequest: Bool) throws {
        var script = TCPScript(port: 80)
        script.handshake()
        script.client(Self.bad + Self.good.prefix(10))
        script.client(Array(Self.good.dropFirst(10)))
        var firewall = try Firewall(
            Self.rules.split(separator: "\n").dropLast().joined(separator: "\n"),
            defaults: [.dropEstablishedAppLayerToServer], configure: { $0.judgesEveryRequest = everyRequest })
        #expect(firewall.judge(script.frames).suffix(2).map(\.verdict) == [.drop, .drop])
    }

    @Test("a DNS query is judged for itself, whatever its socket asked before")
    func queries() throws {
        var firewall = try Firewall(
            """
            pass dns any any -> any any (dns.query; content:"good.example"; endswith; sid:1;)
            drop udp any any -> any any (flow:to_server; sid:2;)
            """, defaults: [])
        let out = PacketBuilder(from: "10.0.0.1", to: "192.0.2.1")
        func ask(_ name: String) -> [UInt8] { out.udp(UDPFields(40_000, 53), DNSBytes.query(name)) }
        let frames = [
            ask("a.good.example"), out.reversed.udp(UDPFields(53, 40_000), DNSBytes.response("a.good.example")),
            ask("bad.example"), ask("b.good.example"),
        ]
        let verdicts = frames.map { firewall.judge($0).verdict }
        #expect(verdicts == [.accept, .accept, .drop, .accept])
    }

    @Test("many requests on one connection leave nothing behind, and the flow counts as passed")
    func manyRequests() throws {
        var script = TCPScript(port: 80)
        script.handshake()
        for _ in 0..<600 {
            script.client(Self.good)
            script.server(Self.answer)
        }
        var firewall = try Firewall(Self.rules, defaults: [])
        let judgments = firewall.judge(script.frames)
        #expect(judgments.allSatisfy { $0.verdict == .accept })
        firewall.finish()
        let flow = firewall.records("flow").first?["flow"] as? [String: Any]
        #expect(flow?["action"] as? String == "pass")
        #expect(firewall.records("http").count == 600)
    }
}
