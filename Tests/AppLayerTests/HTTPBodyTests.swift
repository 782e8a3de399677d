import AppLayer
import NetTypes
import TestSupport
import Testing

/// Where messages end: lengths, chunks, and messages without a body (RFC 9112 section 6).
struct HTTPBodyTests {
    /// A request with these fields and body, and a second one by which the end of the first shows.
    private static func request(_ fields: [String], _ body: String, settings: AppLayerSettings = AppLayerSettings())
        -> Conversation
    {
        let bytes =
            HTTPBytes.request("POST", "/first", fields: fields) + utf8(body)
            + HTTPBytes.request("GET", "/second", host: "second.example")
        let whole = Conversation([.client(bytes)], port: 80, settings: settings)
        #expect(Conversation(byteByByte([.client(bytes)]), port: 80, settings: settings).facts == whole.facts)
        return whole
    }

    private static let chunked = ["Transfer-Encoding: chunked"]

    @Test(
        "bodies of requests that end where they say",
        arguments: [
            ([], "", 0), (["Content-Length: 0"], "", 0), (["Content-Length: 5"], "hello", 5),
            (["content-length:5"], "hello", 5),
            (["Content-Length: 5", "Content-Length: 5"], "hello", 5), (["Content-Length: 00005"], "hello", 5),
            (chunked, "0\r\n\r\n", 0), (chunked, "5\r\nhello\r\n0\r\n\r\n", 5),
            (chunked, "5\r\nhello\r\nA\r\n0123456789\r\n0\r\n\r\n", 15),
            (chunked, "5;name=value;x\r\nhello\r\n0;end\r\n\r\n", 5), (chunked, "5 \t\r\nhello\r\n00\r\n\r\n", 5),
            (chunked, "005\r\nhello\r\n0\r\n\r\n", 5),
            (chunked, "0\r\nTrailer: x\r\nHost: evil\r\n\r\n", 0), (chunked, "5\nhello\n0\n\n", 5),
            (["transfer-encoding:\tChunked "], "1\r\nx\r\n0\r\n\r\n", 1),
            (["Transfer-Encoding: gzip, chunked"], "1\r\nx\r\n0\r\n\r\n", 1),
            (["Transfer-Encoding: gzip ,chunked"], "1\r\nx\r\n0\r\n\r\n", 1), (chunked, "1\r\n\r\r\n0\r\n\r\n", 1),
        ])
    func requestBodies(fields: [String], body: String, length: Int) {
        let conversation = Self.request(fields, body)
        #expect(conversation.session.malformed == nil)
        #expect(conversation.http.map { $0.host.map(text) } == ["example.com", "second.example"])
        #expect(conversation.http.first?.request.bodyLength == length)
    }

    @Test(
        "requests whose end readers would not agree on",
        arguments: [
            (["Content-Length: 5", "Content-Length: 6"], "hello"),
            (["Content-Length: 5", "Transfer-Encoding: chunked"], "0\r\n\r\n"),
            (["Content-Length: -1"], ""), (["Content-Length: +5"], "hello"), (["Content-Length: 5, 5"], "hello"),
            (["Content-Length: 0x5"], "hello"),
            (["Content-Length: "], ""), (["Content-Length: 5 5"], "hello"),
            (["Content-Length: 99999999999999999999"], ""),
            (["Content-Length: \r\n 5"], "hello"), (["Transfer-Encoding: identity"], ""),
            (["Transfer-Encoding: chunked, gzip"], "0\r\n\r\n"),
            (["Transfer-Encoding: xchunked"], "0\r\n\r\n"), (["Transfer-Encoding: x-chunked"], "0\r\n\r\n"),
            (["Transfer-Encoding: \"chunked"], "0\r\n\r\n"),
            (["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"], "0\r\n\r\n"), (["Transfer-Encoding:"], ""),
            (chunked, "x\r\n"), (chunked, "\r\n"), (chunked, "-5\r\nhello"), (chunked, "0x5\r\nhello"),
            (chunked, " 5\r\nhello"), (chunked, ";5\r\nhello"),
            (chunked, "5x\r\nhello"), (chunked, "10000000000000000\r\n"), (chunked, "ffffffffffffffff\r\n"),
            (chunked, "5\r\nhelloX\r\n0\r\n\r\n"),
            (chunked, "5\r\nhello0\r\n\r\n"),
        ])
    func badFraming(fields: [String], body: String) {
        let conversation = Self.request(fields, body)
        #expect(conversation.session.malformed == .httpFramingInvalid)
        #expect(conversation.http.count == 1)
        #expect(conversation.events.contains(.malformed))
    }

    @Test("Suricata takes the chunked coding before the length")
    func compatible() {
        var settings = AppLayerSettings()
        settings.compatibleWithSuricata = true
        let conversation = Self.request(
            ["Content-Length: 5", "Transfer-Encoding: chunked"], "0\r\n\r\n", settings: settings)
        #expect(conversation.session.malformed == nil)
        #expect(conversation.http.count == 2)
    }

    @Test("a chunk's size line is capped, trailers too")
    func chunkCaps() {
        let start = HTTPBytes.request("POST", fields: Self.chunked)
        #expect(
            Conversation([.client(start), .client("5;" + String(repeating: "x", count: 8189) + "\r\n")], port: 80)
                .session.malformed == nil)
        #expect(
            Conversation([.client(start), .client("5;" + String(repeating: "x", count: 8192))], port: 80).session
                .malformed == .httpFramingInvalid)
        let trailers = Conversation([.client(start), .client("0\r\n")], port: 80)
        for _ in 0..<100 where trailers.session.malformed == nil {
            trailers.client("Trailer: " + String(repeating: "x", count: 1000) + "\r\n")
        }
        #expect(trailers.session.malformed == .httpHeadTooLong)
        // Empty chunk lines, chunk ends that never end.
        #expect(
            Conversation([.client(start), .client("1\r\nx" + String(repeating: "y", count: 9000))], port: 80).session
                .malformed == .httpFramingInvalid)
    }

    /// Responses to GET, one after the other, by which the end of the first shows.
    private static func response(_ first: [UInt8], to method: String = "GET") -> Conversation {
        let said: [Said] = [
            .client(HTTPBytes.request(method) + HTTPBytes.request()),
            .server(first + HTTPBytes.response(418, "Teapot")),
        ]
        let whole = Conversation(said, port: 80)
        #expect(Conversation(byteByByte(said), port: 80).facts == whole.facts)
        return whole
    }

    @Test("responses that end where they say")
    func responseBodies() {
        let table: [(bytes: [UInt8], method: String, status: Int, length: Int)] = [
            (HTTPBytes.response(body: "hello"), "GET", 200, 5),
            (HTTPBytes.response(fields: ["Content-Length: 0"]), "GET", 200, 0),
            (
                HTTPBytes.response(fields: Self.chunked)
                    + utf8(HTTPBytes.chunked(["hello", "world!"], extension: ";a=b", trailers: ["X: y"])), "GET", 200,
                11
            ),
            (HTTPBytes.response(204, "No Content"), "GET", 204, 0),
            (HTTPBytes.response(304, "Not Modified", fields: ["Content-Length: 50"]), "GET", 304, 0),
            (HTTPBytes.response(fields: ["Content-Length: 50"]), "HEAD", 200, 0),
            (HTTPBytes.response(fields: Self.chunked), "HEAD", 200, 0),
            (HTTPBytes.response(100, "Continue") + HTTPBytes.response(body: "ok"), "GET", 200, 2),
            (
                HTTPBytes.response(103, "Early Hints", fields: ["Link: x"]) + HTTPBytes.response(100, "Continue")
                    + HTTPBytes.response(404, body: "no"), "GET", 404, 2
            ),
            (
                HTTPBytes.response(fields: ["Content-Length: 5", "Transfer-Encoding: chunked"])
                    + utf8("1\r\nx\r\n0\r\n\r\n"), "GET", 200, 1
            ),
        ]
        for (bytes, method, status, length) in table {
            let conversation = Self.response(bytes, to: method)
            #expect(conversation.session.malformed == nil)
            #expect(conversation.http.map(\.status) == [status, 418], "\(text(bytes))")
            #expect(conversation.http.first?.response.bodyLength == length)
        }
    }

    @Test("responses that end with the connection")
    func untilClose() {
        for fields in [
            [], ["Content-Length: nonsense"], ["Transfer-Encoding: gzip"],
            ["Transfer-Encoding: gzip", "Content-Length: 2"], ["Transfer-Encoding: xchunked"],
        ] {
            let conversation = Self.response(HTTPBytes.response(fields: fields) + utf8("body"))
            #expect(conversation.http.map(\.status) == [200, 0], "\(fields)")
            #expect(conversation.http.first?.response.bodyLength == 4 + HTTPBytes.response(418, "Teapot").count)
            #expect(conversation.session.transactions.first?.isComplete(.toClient) == false)
            conversation.session.end(.toClient)
            #expect(conversation.session.transactions.allSatisfy { $0.isComplete(.toClient) })
        }
    }

    @Test("status line and reason")
    func statusLines() throws {
        for (line, parts, status) in [
            ("HTTP/1.1 200 OK", ["200", "OK"], 200), ("HTTP/1.0 404 Not Found here", ["404", "Not Found here"], 404),
            ("HTTP/1.1 204", ["204", ""], 204),
            ("HTTP/1.1 abc Odd", ["abc", "Odd"], 0), ("HTTP/1.1  302  Moved", ["302", "Moved"], 302),
            ("HTTP/1.1", ["", ""], 0),
        ] {
            let exchange = try #require(
                Conversation([.client(HTTPBytes.request()), .server(line + "\r\n\r\n")], port: 80).http.first)
            #expect([exchange.statusCode, exchange.reason].map { $0.map(text) ?? "-" } == parts)
            #expect(exchange.status == status)
        }
    }

    @Test("a response nobody asked for is an exchange of its own")
    func unasked() {
        let conversation = Conversation(
            [.server(HTTPBytes.response(408, "Request Timeout", fields: ["Content-Length: 0"]))], port: 80)
        #expect(conversation.http.map(\.status) == [408])
        #expect(conversation.session.appProtocol == .http1)
    }
}
