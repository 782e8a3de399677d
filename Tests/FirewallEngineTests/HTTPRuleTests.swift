import EventLog
import FirewallEngine
import NetTypes
import PacketIO
import TestSupport
import Testing

/// Rules about HTTP fields and bodies, and the packet they fire on.
@Suite struct HTTPRuleTests {
    /// Alerts of each packet behind the handshake.
    private static func alerts(
        _ rules: String, compatible: Bool = false, _ say: (inout TCPScript) -> Void
    ) throws -> [[Int]] {
        var script = TCPScript(port: 80)
        script.handshake()
        let first = script.frames.count
        say(&script)
        var firewall = try Firewall(rules, defaults: [], configure: { $0.compatibleWithSuricata = compatible })
        return firewall.judge(script.frames)[first...].map(\.alerts)
    }

    @Test("what records say beside the rule: files, X-Forwarded-For, traffic bits, header fields")
    func records() throws {
        var script = TCPScript(port: 80)
        script.handshake()
        script.client(
            HTTPBytes.request("PUT", "/a.txt", fields: ["X-Forwarded-For: 192.0.2.7, 192.0.2.8"], body: "hello"))
        script.server(HTTPBytes.response(206, fields: ["Content-Range: bytes 1-4/9"], body: "elss"))
        let rule =
            "alert http any any -> any any (flow:to_server; http.method; content:\"PUT\"; flowbits:set,traffic/id/up; sid:1;)\n"
        var firewall = try Firewall(rule, defaults: []) { settings in
            settings.log.logsFiles = true
            settings.log.forwardedFor = ForwardedFor(mode: .extraData)
            settings.log.logsHeaders = (true, false)
        }
        _ = firewall.judge(script.frames)
        firewall.finish()
        let alert = try #require(firewall.records("alert").first)
        #expect((alert["alert"] as? [String: Any])?["xff"] as? String == "192.0.2.8")
        #expect((alert["traffic"] as? [String: Any])?["id"] as? [String] == ["up"])
        #expect((alert["files"] as? [[String: Any]])?.first?["state"] as? String == "CLOSED")
        let files = firewall.records("fileinfo").compactMap { $0["fileinfo"] as? [String: Any] }
        #expect(files.map { $0["size"] as? Int } == [5, 4])
        let http = try #require(firewall.records("http").first?["http"] as? [String: Any])
        #expect((http["content_range"] as? [String: Any])?["size"] as? Int == 9)
        #expect((http["request_headers"] as? [[String: Any]])?.count == 3)
        #expect(http["response_headers"] == nil)
    }

    private static func rules(_ conditions: [String]) -> String {
        conditions.enumerated().map { "alert http any any -> any any (\($1) sid:\($0 + 1);)\n" }.joined()
    }

    @Test("every buffer of a request and a response, as Suricata fills it")
    func buffers() throws {
        let request = utf8(
            "GET /a%20b/../c?x=%41 HTTP/1.1\r\nHost: Www.Example.com\r\nUser-Agent:   curl/8  \r\nX-A: 1\r\nx-a: 2\r\n"
                + "Cookie: a=1\r\nCookie: b=2\r\nReferer: http://r/\r\nAccept-Encoding: gzip\r\nConnection: close\r\n"
                + "Folded: a\r\n  b\r\nContent-Length: 5\r\n\r\nhello")
        let response = utf8(
            "HTTP/1.1 200 OK\r\nServer: nginx\r\nSet-Cookie: c=3\r\nLocation: /x\r\nContent-Length: 4\r\n\r\nbody")
        let expected: [(String, String)] = [
            ("http.uri", "/c?x=A"), ("http.uri.raw", "/a%20b/../c?x=%41"), ("http.host", "www.example.com"),
            ("http.host.raw", "Www.Example.com"), ("http.user_agent", "curl/8"),
            ("flow:to_server; http.cookie", "a=1, b=2"),
            ("http.referer", "http://r/"), ("http.accept_enc", "gzip"), ("flow:to_server; http.connection", "close"),
            ("flow:to_server; http.content_len", "5"), ("http.request_header", "X-A: 1, 2"),
            ("http.request_header", "Folded: a  b"), ("http.request_line", "GET /a%20b/../c?x=%41 HTTP/1.1"),
            ("http.request_body", "hello"),
            (
                "flow:to_server; http.header_names",
                "|0d0a|Host|0d0a|User-Agent|0d0a|X-A|0d0a|Cookie|0d0a|Referer|0d0a|Accept-Encoding|0d0a|Connection|0d0a|Folded|0d0a|Content-Length|0d0a0d0a|"
            ),
            (
                "flow:to_client; http.header",
                "Server|3a| nginx|0d0a|Location|3a| /x|0d0a|Content-Length|3a| 4|0d0a|"
            ),
            (
                "flow:to_client; http.header.raw",
                "Server|3a| nginx|0d0a|Set-Cookie|3a| c=3|0d0a|Location|3a| /x|0d0a|Content-Length|3a| 4|0d0a0d0a|"
            ),
            (
                "flow:to_client; http.start",
                "HTTP/1.1 200 OK|0d0a|Server|3a| nginx|0d0a|Set-Cookie|3a| c=3|0d0a|Location|3a| /x|0d0a|Content-Length|3a| 4|0d0a0d0a|"
            ),
            ("http.server", "nginx"), ("http.location", "/x"), ("flow:to_client; http.cookie", "c=3"),
            ("http.response_line", "HTTP/1.1 200 OK"), ("flow:to_client; http.protocol", "HTTP/1.1"),
            ("http.response_header", "Location: /x"), ("flow:to_client; file.data", "body"),
            ("http.response_body", "body"),
        ]
        // At most 15 alerts on one packet: one rule at a time.
        for (buffer, value) in expected {
            let escaped = value.replacing(":", with: "|3a|").replacing("||", with: "")
            let rule = Self.rules(["\(buffer); content:\"\(escaped)\"; startswith; endswith;"])
            let found = try Self.alerts(rule) { script in
                script.client(request)
                script.server(response)
            }
            #expect(found.flatMap { $0 } == [1], "\(buffer) \(value)")
        }
    }

    @Test("a field is seen when its line is, the whole head when it is complete")
    func progress() throws {
        let rules = Self.rules([
            "http.user_agent; content:\"curl\";", "flow:to_server; http.header; content:\"User\";",
            "http.uri; content:\"index\";",
        ])
        func say(_ script: inout TCPScript) {
            for part in ["GET /index HTTP/1.1\r\n", "User-Agent: curl\r\n", "X: y\r\n", "\r\n"] {
                script.client(utf8(part))
            }
        }
        #expect(try Self.alerts(rules, say) == [[3], [1], [], [2]])
        // Suricata waits for the byte behind a request's line.
        #expect(try Self.alerts(rules, compatible: true, say) == [[], [3], [1], [2]])
    }

    private static let rest = String(repeating: "y", count: 30_000)

    @Test("inline, a body rule fires on the packet that brings the match; a literal across two packets is found")
    func inline() throws {
        let rules = Self.rules([
            "http.request_body; content:\"needle\";", "file.data; content:\"needle\";",
            "http.request_body; content:\"end\"; endswith;",
        ])
        let found = try Self.alerts(rules) { script in
            script.client(HTTPBytes.request("PUT", fields: ["Content-Length: 60009"]) + utf8(Self.rest + "nee"))
            script.client(utf8("dle"))
            script.client(utf8(Self.rest))
            script.client(utf8("end"))
        }
        let firing = found.enumerated().filter { !$1.isEmpty }
        #expect(firing.map(\.element) == [[1, 2], [3]])
        #expect(firing.last?.offset == found.count - 1)
    }

    @Test("as Suricata does by default, a small body is looked at when it is complete, a large one from 32 KiB on")
    func deferred() throws {
        let rules = Self.rules(["file.data; content:\"needle\";", "http.response_body; content:!\"nothing\";"])
        func say(_ length: Int, _ parts: [String]) -> (inout TCPScript) -> Void {
            { script in
                script.client(HTTPBytes.request())
                script.server(utf8("HTTP/1.1 200 OK\r\nContent-Length: \(length)\r\n\r\n"))
                for part in parts { script.server(utf8(part), cut: []) }
            }
        }
        let small = try Self.alerts(rules, compatible: true, say(12, ["needle", "xxxxxx"]))
        #expect(small.filter { !$0.isEmpty } == [[1, 2]] && small.last == [1, 2])
        let inline = try Self.alerts(rules, say(12, ["needle", "xxxxxx"]))
        #expect(inline.last == [] && inline.flatMap { $0 } == [1, 2])
        let large = try Self.alerts(
            rules, compatible: true, say(60_000, ["needle", String(repeating: "x", count: 40_000)]))
        #expect(large.flatMap { $0 } == [1, 2])
        let place = try #require(large.firstIndex { !$0.isEmpty })
        // The head, and segments of 1460 bytes up to 32 KiB.
        #expect(place == 2 + 1 + (32_768 - 6 + 1459) / 1460 - 1)
    }

    @Test("a denied body does not get through whole, wherever it is cut")
    func dropped() throws {
        let rule = "drop http any any -> any any (http.request_body; content:\"forbidden\"; sid:1;)"
        try property("denied bodies", runs: 200) { random in
            let before = String(repeating: "a", count: random.below(3000))
            let after = String(repeating: "b", count: random.below(2000))
            let body = before + "forbidden" + after
            let bytes = HTTPBytes.request("POST", body: body)
            var script = TCPScript(port: 80)
            script.handshake()
            for piece in random.pieces(of: bytes) { script.client(piece) }
            var firewall = try Firewall(rule, defaults: [])
            let verdicts = firewall.verdicts(script)
            try #require(verdicts.contains(.drop))
        }
    }

    @Test("content beside a buffer is looked for in the stream around the packet")
    func contentBesideBuffers() throws {
        let rules = #"""
            alert http any any -> any any (content:"GET"; http.host; content:"a.example"; sid:1;)
            alert http any any -> any any (content:"absent"; http.host; content:"a.example"; sid:2;)
            alert http any any -> any any (content:"absent"; fast_pattern; http.host; content:"a.example"; sid:3;)
            alert http any any -> any any (content:!"absent"; http.host; content:"a.example"; sid:4;)
            alert http any any -> any any (content:"late"; fast_pattern; http.host; content:"a.example"; sid:5;)
            alert http any any -> any any (http.host; content:"a.example"; pkt_data; content:"late"; sid:6;)
            alert http any any -> any any (content:"|0a|Host"; urilen:<10; sid:7;)
            """#
        let found = try Self.alerts(rules, compatible: true) { script in
            script.client("POST / HTTP/1.1\r\nHo")
            script.client("st: a.example\r\nContent-Length: 4\r\n\r\n")
            script.client("late")
        }
        #expect(found == [[], [4, 7], [5, 6]])
    }

    @Test("compressed bodies are judged by what is in them")
    func compressed() throws {
        var random = SeededRandom.forTest()
        let packed = DeflateBytes.gzip(utf8(String(repeating: "some words, ", count: 50) + "needle"), &random)
        let found = try Self.alerts(Self.rules(["file.data; content:\"needle\";"])) { script in
            script.client(HTTPBytes.request())
            script.server(
                utf8("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: \(packed.count)\r\n\r\n") + packed)
        }
        #expect(found.flatMap { $0 } == [1])
    }

    @Test("every file of a form is looked into, those of the same size too")
    func filesOfForm() throws {
        for places in [[0], [1], [2], [0, 2]] {
            let parts = (0..<3).map { number in
                "--limit\r\nContent-Disposition: form-data; name=\"f\"; filename=\"\(number)\"\r\n\r\n"
                    + (places.contains(number) ? "a needle" : "harmless") + "\r\n"
            }
            let found = try Self.alerts(Self.rules(["flow:to_server; file.data; content:\"needle\";"])) { script in
                script.client(
                    HTTPBytes.request(
                        "POST", fields: ["Content-Type: multipart/form-data; boundary=limit"],
                        body: parts.joined() + "--limit--\r\n"))
            }
            #expect(found.flatMap { $0 } == [1], "\(places)")
        }
    }

    @Test("a body that rules look into is logged as a file")
    func fileRecord() throws {
        var script = TCPScript(port: 80)
        script.handshake()
        script.client(HTTPBytes.request("GET", "/path/x?q"))
        script.server(
            HTTPBytes.response(fields: ["Content-Disposition: attachment; filename=\"name.bin\""], body: "12345"))
        var firewall = try Firewall(Self.rules(["file.data; content:\"nothing\";"]), defaults: [])
        _ = firewall.judge(script.frames)
        let file = try #require(firewall.records("fileinfo").first?["fileinfo"] as? [String: Any])
        #expect(file["filename"] as? String == "name.bin" && file["size"] as? Int == 5)
        #expect(file["state"] as? String == "CLOSED")
    }

    @Test(arguments: [
        ("urilen:4;", true), ("urilen:>4;", false), ("urilen:9,raw;", true), ("urilen:3<>5;", true),
        ("urilen:4,raw;", false),
    ])
    func uriLength(option: String, isMatch: Bool) throws {
        let found = try Self.alerts(Self.rules([option])) { $0.client(HTTPBytes.request("GET", "/x/../yyy")) }
        #expect(found.flatMap { $0 } == (isMatch ? [1] : []))
    }
}
