import AppLayer
import NetTypes
import TestSupport
import Testing

/// Requests: start lines, fields, and how far a request has come.
struct HTTPRequestTests {
    private typealias Step = HTTPMessage.Step

    private static func exchange(_ bytes: [UInt8]) throws -> HTTPExchange {
        try #require(Conversation([.client(bytes)], port: 80).http.first)
    }

    @Test("the parts of a request")
    func parts() throws {
        let bytes = HTTPBytes.request(
            "POST", "/a?b=1", host: "Example.com:8080", fields: ["User-Agent:  weir \t", "X:"], body: "hello")
        let exchange = try Self.exchange(bytes)
        let request = exchange.request
        #expect(exchange.method.map(text) == "POST")
        #expect(exchange.target.map(text) == "/a?b=1")
        #expect(exchange.requestVersion.map(text) == "HTTP/1.1")
        #expect(text(request.head[request.startLine]) == "POST /a?b=1 HTTP/1.1")
        #expect(exchange.host.map(text) == "example.com")
        #expect(exchange.rawHost.map(text) == "Example.com:8080")
        #expect(exchange.port == 8080)
        #expect(request.value(of: "user-agent").map(text) == "weir")
        #expect(request.value(of: "x").map(text) == "")
        #expect(request.value(of: "absent") == nil)
        #expect(request.isHeadComplete && request.bodyLength == 5)
        #expect(exchange.statusCode == nil && exchange.status == 0)
    }

    @Test("each step is reached with the byte that completes it")
    func steps() throws {
        let conversation = Conversation(port: 80)
        let table: [(String, UInt8)] = [
            ("POST", 0), (" ", Step.line), ("/ HTTP/1.1\r", Step.line), ("\n", Step.headers),
            ("Host: a\r\nContent-Length: 2\r\n", Step.headers),
            ("\r", Step.headers), ("\n", Step.body), ("x", Step.body), ("y", Step.complete),
        ]
        for (piece, step) in table {
            conversation.client(piece)
            #expect((conversation.session.transactions.first?.progressToServer ?? 0) == step, "behind '\(piece)'")
            #expect(conversation.session.awaitsName == (step < Step.body), "behind '\(piece)'")
        }
    }

    @Test("every cut of a request gives the same facts")
    func cuts() {
        let bytes =
            HTTPBytes.request(
                "GET", "/index.html", host: "www.example.com", fields: ["Accept: */*", "X-Folded: a\r\n b"])
            + utf8("\r\n") + HTTPBytes.request("PUT", body: "data")
        let whole = Conversation([.client(bytes)], port: 80)
        #expect(whole.http.count == 2)
        for cut in 1..<bytes.count {
            let pieces: [Said] = [.client(Array(bytes[..<cut])), .client(Array(bytes[cut...]))]
            #expect(Conversation(pieces, port: 80).facts == whole.facts, "cut at \(cut)")
        }
        #expect(Conversation(byteByByte([.client(bytes)]), port: 80).facts == whole.facts)
    }

    @Test(
        "start lines: method, target, version",
        arguments: [
            ("GET / HTTP/1.1", ["GET", "/", "HTTP/1.1"]), ("get /x HTTP/1.0", ["get", "/x", "HTTP/1.0"]),
            ("GET  /  HTTP/1.1", ["GET", "/", "HTTP/1.1"]),
            ("GET\t/\tHTTP/1.1 ", ["GET", "/", "HTTP/1.1"]), ("GET /a b c HTTP/1.1", ["GET", "/a b c", "HTTP/1.1"]),
            ("GET /old", ["GET", "/old", ""]),
            ("GET ", ["GET", "", ""]),
        ])
    func startLines(line: String, parts: [String]) throws {
        for end in ["\r\n", "\n"] {
            let exchange = try Self.exchange(utf8(line + end + "Host: a" + end + end))
            #expect([exchange.method, exchange.target, exchange.requestVersion].map { $0.map(text) ?? "-" } == parts)
            #expect(exchange.host.map(text) == "a")
        }
    }

    @Test("bare line feeds end lines too, and empty lines may stand before a request")
    func lineEnds() throws {
        let conversation = Conversation(
            [.client("GET /1 HTTP/1.1\nHost: a.example\n\n\r\n\n\r\nGET /2 HTTP/1.1\r\nHost: b.example\r\n\r\n")],
            port: 80)
        #expect(conversation.http.map { $0.host.map(text) } == ["a.example", "b.example"])
    }

    @Test("a carriage return alone ends nothing")
    func bareCarriageReturn() throws {
        let exchange = try Self.exchange(utf8("GET / HTTP/1.1\r\nX: a\rHost: evil\r\nHost: good\r\n\r\n"))
        #expect(exchange.host.map(text) == "good")
        #expect(exchange.request.value(of: "x").map(text) == "a\rHost: evil")
    }

    @Test("folded fields are one value over several lines (RFC 9112 section 5.2)")
    func folding() throws {
        let request = try Self.exchange(utf8("GET / HTTP/1.1\r\nX: a\r\n b\r\n\tc\r\nHost: h\r\n\r\n")).request
        #expect(request.value(of: "x").map(text) == "a\r\n b\r\n\tc")
        #expect(request.fields.map(\.isFolded) == [true, false])
        // A blank line start before the first field belongs to nothing.
        #expect(try Self.exchange(utf8("GET / HTTP/1.1\r\n X: a\r\nHost: h\r\n\r\n")).host.map(text) == "h")
    }

    @Test("fields without a colon, blanks before it")
    func oddFields() throws {
        let request = try Self.exchange(utf8("GET / HTTP/1.1\r\nnonsense\r\nHost : h\r\n: x\r\n\r\n")).request
        #expect(request.fields.map { text(request.head[$0.name]) } == ["", "Host", ""])
        #expect(request.fields.map { text(request.head[$0.value]) } == ["nonsense", "h", "x"])
    }

    @Test("pipelined requests are exchanges of their own, answered in order")
    func pipelining() {
        let conversation = Conversation([.client((1...3).flatMap { HTTPBytes.request("GET", "/\($0)") })], port: 80)
        #expect(conversation.http.compactMap(\.target).map(text) == ["/1", "/2", "/3"])
        conversation.server(HTTPBytes.response(200, body: "x") + HTTPBytes.response(404, body: "y"))
        #expect(conversation.http.map(\.status) == [200, 404, 0])
        conversation.session.parser?.release(before: 2)
        #expect(conversation.http.compactMap(\.target).map(text) == ["/3"])
        conversation.server(HTTPBytes.response(204, "No Content"))
        #expect(conversation.http.map(\.status) == [204])
        #expect(conversation.session.transactions.map(\.identifier) == [2])
    }

    @Test("a request that is being read is not released")
    func release() {
        let conversation = Conversation(
            [.client(HTTPBytes.request()), .client("POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nab")], port: 80)
        conversation.session.parser?.release(before: 99)
        #expect(conversation.session.transactions.map(\.identifier) == [1])
        conversation.client("cde")
        #expect(conversation.session.transactions.first?.progressToServer == Step.complete)
    }

    // MARK: caps

    @Test(
        "a head at the cap is read, one byte more is too long",
        arguments: [(0, nil), (1, .httpHeadTooLong)] as [(Int, MalformedReason?)])
    func headCap(excess: Int, reason: MalformedReason?) {
        let cap = AppLayerSettings().httpHeadBytes
        let plain = HTTPBytes.request("GET", "/", fields: ["X: "]).count
        let bytes = HTTPBytes.request("GET", "/", fields: ["X: " + String(repeating: "x", count: cap - plain + excess)])
        #expect(bytes.count == cap + excess)
        let whole = Conversation([.client(bytes)], port: 80)
        #expect(whole.session.malformed == reason)
        let cut = Conversation([.client(Array(bytes.prefix(100))), .client(Array(bytes.dropFirst(100)))], port: 80)
        #expect(cut.session.malformed == reason)
    }

    @Test("a start line without end is not kept without end")
    func endlessLine() {
        let conversation = Conversation([.client("GET /")], port: 80)
        for _ in 0..<100 where conversation.session.malformed == nil {
            conversation.client([UInt8](repeating: 0x61, count: 1000))
        }
        #expect(conversation.session.malformed == .httpHeadTooLong)
        #expect(conversation.http[0].request.head.count <= AppLayerSettings().httpHeadBytes)
        #expect(!conversation.session.awaitsName)
    }

    @Test("fields are counted", arguments: [(1024, nil), (1025, .httpHeadTooLong)] as [(Int, MalformedReason?)])
    func fieldCap(count: Int, reason: MalformedReason?) {
        let fields = (0..<count).map { "a\($0):" }
        #expect(
            Conversation([.client(HTTPBytes.request(host: nil, fields: fields))], port: 80).session.malformed == reason)
    }

    @Test(
        "so are requests without an answer",
        arguments: [(256, nil), (257, .httpTooManyTransactions)] as [(Int, MalformedReason?)])
    func pipelineCap(count: Int, reason: MalformedReason?) {
        let conversation = Conversation([.client((0..<count).flatMap { _ in HTTPBytes.request() })], port: 80)
        #expect(conversation.session.malformed == reason)
        #expect(conversation.http.count == 256)
    }
}
