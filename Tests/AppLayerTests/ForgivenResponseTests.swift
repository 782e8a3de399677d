import NetTypes
import TestSupport
import Testing

@testable import AppLayer

/// Responses that browsers read and that break the rules: read in Suricata's way when its behaviour is asked for.
struct ForgivenResponseTests {
    private static func body(_ response: [UInt8]) -> [UInt8]? {
        var settings = AppLayerSettings()
        settings.keepsBodies = true
        settings.compatibleWithSuricata = true
        let conversation = Conversation(
            [.client(HTTPBytes.request()), .server(response)], port: 80, settings: settings)
        conversation.session.end(.toClient)
        return conversation.http.first?.responseBody.bytes
    }

    private static let chunks = "2\r\nbo\r\n2\r\ndy\r\n0\r\n\r\n"

    @Test(
        arguments: [
            // Sizes of chunks.
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n 2\r\nbo\r\n2x\r\ndy\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n2,\r\nbo\r\n\u{b}2\r\ndy\r\n0",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: x chunked\r\n\r\n\(chunks)",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chu\u{0}nked\r\n\r\n\(chunks)",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding:\r\n chunked \r\n \r\nX: y\r\n\r\n\(chunks)",
            // Ends of lines.
            "HTTP/1.1 200 OK\nContent-Length: 4\n\nbody", "HTTP/1.1 200 OK\r\nContent-Length: 4\n\r\r\nbody",
            "HTTP/1.1 200 OK\rContent-Length: 4\r\n\r\nbody",
            "HTTP/1.1 200 OK\r\nX: y\rTransfer-Encoding: chunked\r\n\r\n\(chunks)",
            "HTTP/1.1 200 OK\r\nContent-Length: 4\n \nbody",
            // Names and values.
            "HTTP/1.1 200 OK\r\nTransfer-Encoding : chunked\r\n\r\n\(chunks)",
            "HTTP/1.1 200 OK\r\nX: y\r\n Transfer-Encoding: chunked\r\n\r\n\(chunks)",
            "HTTP/1.1 200 OK\r\nContent-Length: x4y\r\n\r\nbody",
            // What is no head, and what follows one.
            "hello\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody", " \r\nHTTP/1.1 200 OK\r\n\r\nbody",
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nbody", "HTTP/1.1 204 OK\r\n\r\nbody",
        ])
    func read(_ response: String) {
        #expect(Self.body(utf8(response)).map(text) == "body")
    }

    @Test("a response without any head, or without the chunks it announces")
    func stray() {
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        #expect(Self.body(utf8(head + "some words, no chunk")).map(text) == "some words, no chunk")
        #expect(Self.body(utf8("some words, no head")).map(text) == "some words, no head")
    }

    @Test("hostile responses trap nothing")
    func hostile() throws {
        try property("forgiven responses", runs: 5000) { random in
            let pieces = [
                "HTTP/1.1 200 OK", "\r", "\n", "\r\n", " ", "\t", "\u{0}", "Transfer-Encoding: chunked", ":",
                "Content-Length: 3", "Content-Encoding: gzip", "5", "0", "zz", ";", "HTTP", "body",
            ]
            let response = (0..<random.below(30)).flatMap { _ in utf8(random.pick(pieces)) }
            let body = Self.body(random.mutated(response)) ?? []
            try #require(body.count <= response.count + 100)
        }
    }
}
