import PacketIO
import PolicyModel
import TestSupport
import Testing

/// Rules about HTTP, met by HTTP/2.
@Suite struct HTTP2RuleTests {
    private static func script(_ requests: [UInt8]...) -> TCPScript {
        var script = TCPScript()
        script.handshake()
        script.client(HTTP2Bytes.preface + HTTP2Bytes.settings())
        script.server(HTTP2Bytes.settings())
        for request in requests { script.client(request) }
        return script
    }

    @Test("a keyword of HTTP means both versions, unless the header says which")
    func keywords() throws {
        let rules = #"""
            alert http any any -> any any (http.host; content:"a.example"; sid:1;)
            alert http1 any any -> any any (http.host; content:"a.example"; sid:2;)
            alert http2 any any -> any any (http.host; content:"a.example"; sid:3;)
            alert tcp any any -> any any (http.uri; content:"/x"; http.method; content:"GET"; sid:4;)
            alert http any any -> any any (http.uri; content:"/x"; http2.frametype:HEADERS; sid:5;)
            alert http2 any any -> any any (http2.header_name; content:"accept"; http.request_line; content:"GET /x HTTP/2"; sid:6;)
            alert http2 any any -> any any (http2.settings:SETTINGS_MAX_FRAME_SIZE>9; sid:7;)
            alert http2 any any -> any any (app-layer-event:http2.userinfo_in_uri; sid:8;)
            """#
        var firewall = try Firewall(rules, defaults: [])
        let request = HTTP2Bytes.request("u@A.example:80", "/x", fields: [("accept", "*/*")])
        let script = Self.script(HTTP2Bytes.settings([(5, 20_000)]), request)
        #expect(firewall.judge(script.frames).map(\.alerts).suffix(2) == [[7], [1, 3, 4, 5, 6, 8]])
        let record = firewall.records("alert").last?["http"] as? [String: Any]
        #expect(record?["version"] as? String == "2" && record?["url"] as? String == "/x")
    }

    @Test("the defaults wait for the first request, and every stream is judged")
    func streams() throws {
        let rules = #"drop http any any -> any any (http.host; content:"denied.example"; endswith; sid:1;)"#
        var firewall = try Firewall(rules, defaults: [])
        let script = Self.script(
            HTTP2Bytes.request("a.example"), HTTP2Bytes.request("denied.example", stream: 3))
        #expect(firewall.judge(script.frames).map(\.verdict).suffix(2) == [.accept, .drop])
        let allow = #"pass http any any -> any any (http.host; content:"a.example"; startswith; endswith; sid:1;)"#
        for (name, verdict) in [("a.example", Verdict.accept), ("b.example", .drop)] {
            var waiting = try Firewall(allow, defaults: [.dropEstablishedAppLayerToServer])
            let verdicts = waiting.verdicts(Self.script(HTTP2Bytes.request(name)))
            #expect(verdicts.dropLast() == [.accept, .accept, .accept, .accept, .accept] && verdicts.last == verdict)
        }
    }

    @Test("a pass by a request's host covers its stream alone")
    func coverage() throws {
        let allow =
            #"pass http any any -> any any (http.host; content:"a.example"; startswith; endswith; flow:to_server; sid:1;)"#
        var firewall = try Firewall(allow, defaults: [.dropEstablishedAppLayerToServer])
        var script = Self.script(HTTP2Bytes.request("a.example"))
        script.server(HTTP2Bytes.response("hello"))
        script.client(HTTP2Bytes.frame(.windowUpdate, [0, 0, 1, 0]))
        script.client(HTTP2Bytes.request("a.example", stream: 3))
        script.client(HTTP2Bytes.request("b.example", stream: 5))
        let verdicts = firewall.judge(script.frames).map(\.verdict)
        #expect(verdicts.dropLast().allSatisfy { $0 == .accept } && verdicts.last == .drop)
    }

    @Test("switched off, it is a protocol without a name")
    func off() throws {
        let rules =
            "alert http2 any any -> any any (sid:1;)\nalert tcp any any -> any any (app-layer-protocol:failed; sid:2;)"
        var firewall = try Firewall(rules, defaults: []) { $0.appLayer.readsHTTP2 = false }
        let alerts = firewall.judge(Self.script(HTTP2Bytes.request("a.example")).frames).flatMap(\.alerts)
        #expect(!alerts.contains(1) && alerts.contains(2))
    }
}
