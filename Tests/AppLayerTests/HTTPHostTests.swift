import AppLayer
import NetTypes
import TestSupport
import Testing

/// Which name a request is for, in all the ways to say it.
struct HTTPHostTests {
    struct Row: Sendable {
        var target = "/"
        var method = "GET"
        var hosts: [String]
        let name: String?
        var port: UInt16?
        var isAmbiguous = false
        /// The name as Suricata reads it, where that differs.
        var compatible: String?

        var bytes: [UInt8] { HTTPBytes.request(method, target, host: nil, fields: hosts.map { "Host:\($0)" }) }
    }

    @Test("two names, and two Host fields, end the reading where the difference counts")
    func conflicts() {
        let rows = [
            Row(hosts: [" a.example", " b.example"], name: nil), Row(hosts: [" a.example", " a.example"], name: nil),
            Row(target: "http://a.example/", hosts: [" b.example"], name: nil),
        ]
        for row in rows {
            #expect(Conversation([.client(row.bytes)], port: 80).session.malformed == .httpHostAmbiguous)
        }
        let tunnel = Row(target: "a.example:443", method: "CONNECT", hosts: [" b.example"], name: nil)
        #expect(Conversation([.client(tunnel.bytes)], port: 80).session.malformed == nil)
        let same = Row(target: "http://a.example/", hosts: [" A.example"], name: nil)
        #expect(Conversation([.client(same.bytes)], port: 80).session.malformed == nil)
    }

    @Test(
        "forms of the name",
        arguments: [
            Row(hosts: [" example.com"], name: "example.com"), Row(hosts: ["EXAMPLE.Com"], name: "example.com"),
            Row(hosts: [" \t example.com \t"], name: "example.com"),
            Row(hosts: [" example.com:8080"], name: "example.com", port: 8080),
            Row(hosts: [" Example.com:8080"], name: "example.com", port: 8080, compatible: "Example.com"),
            Row(hosts: [" example.com:"], name: "example.com"), Row(hosts: [" example.com:0"], name: "example.com"),
            Row(hosts: [" example.com:99999"], name: "example.com"),
            Row(hosts: [" example.com:x"], name: "example.com"),
            Row(hosts: [" example.com :80"], name: "example.com", port: 80),
            Row(hosts: [" example.com."], name: "example.com."),
            Row(hosts: [" 192.0.2.1:81"], name: "192.0.2.1", port: 81),
            Row(hosts: [" [2001:DB8::1]"], name: "[2001:db8::1]"),
            Row(hosts: [" [2001:db8::1]:443"], name: "[2001:db8::1]", port: 443),
            Row(hosts: [" [2001:db8::1"], name: nil), Row(hosts: [""], name: nil), Row(hosts: [" :80"], name: nil),
            Row(hosts: [], name: nil),
            Row(hosts: [" user@example.com"], name: "example.com", compatible: "user@example.com"),
            Row(hosts: [" a@b@example.com:80"], name: "example.com", port: 80, compatible: "a@b@example.com"),
            Row(hosts: [" good.example", " evil.example"], name: "good.example, evil.example", isAmbiguous: true),
            Row(hosts: [" a.example", " a.example"], name: "a.example, a.example", isAmbiguous: true),
            // obs-fold: a server that allows it reads blanks in its place (RFC 9112 section 5.2).
            Row(hosts: ["\r\n example.com"], name: "example.com"),
            Row(hosts: [" \r\n\t \r\n Example.com:80 \r\n "], name: "example.com", port: 80, compatible: "Example.com"),
            Row(hosts: [" good.example\r\n evil.example"], name: "good.example evil.example"),
        ])
    func forms(row: Row) throws {
        let exchange = try #require(Conversation([.client(row.bytes)], port: 80).http.first)
        #expect(exchange.host.map(text) == row.name)
        #expect(exchange.port == row.port)
        #expect(exchange.isHostAmbiguous == row.isAmbiguous)
        var settings = AppLayerSettings()
        settings.compatibleWithSuricata = true
        let compatible = try #require(Conversation([.client(row.bytes)], port: 80, settings: settings).http.first)
        #expect(compatible.host.map(text) == row.compatible ?? row.name)
    }

    @Test(
        "the request target before the field",
        arguments: [
            Row(
                target: "http://target.example/x", hosts: [" field.example"], name: "target.example", isAmbiguous: true),
            Row(target: "http://same.example/x", hosts: [" SAME.example:80"], name: "same.example"),
            Row(target: "HTTP://Target.example:8080?q", hosts: [], name: "target.example", port: 8080),
            Row(target: "http://user:pw@target.example#f", hosts: [], name: "target.example"),
            Row(target: "http://[::1]:8/", hosts: [], name: "[::1]", port: 8),
            Row(target: "http:///x", hosts: [" field.example"], name: "field.example"),
            Row(target: "/http://other.example/", hosts: [" field.example"], name: "field.example"),
            Row(target: "//other.example/", hosts: [" field.example"], name: "field.example"),
            Row(
                target: "target.example:443", method: "CONNECT", hosts: [" target.example"], name: "target.example",
                port: 443),
            Row(
                target: "target.example:443", method: "connect", hosts: [" field.example"], name: "target.example",
                port: 443, isAmbiguous: true),
            Row(target: "*", method: "OPTIONS", hosts: [" field.example"], name: "field.example"),
        ])
    func targets(row: Row) throws {
        let exchange = try #require(Conversation([.client(row.bytes)], port: 80).http.first)
        #expect(exchange.host.map(text) == row.name)
        #expect(exchange.port == row.port)
        #expect(exchange.isHostAmbiguous == row.isAmbiguous)
    }

    @Test("there is no name before the head is complete")
    func incomplete() {
        let conversation = Conversation([.client("GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\n")], port: 80)
        #expect(conversation.http.first?.host == nil)
        conversation.client("\r\n")
        #expect(conversation.http.first?.host.map(text) == "a.example")
    }
}
