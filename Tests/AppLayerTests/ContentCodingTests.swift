import NetTypes
import TestSupport
import Testing

@testable import AppLayer

/// Bodies as rules see them.
struct ContentCodingTests {
    private static func settings(compatible: Bool = false) -> AppLayerSettings {
        var settings = AppLayerSettings()
        settings.keepsBodies = true
        settings.compatibleWithSuricata = compatible
        return settings
    }

    /// The decoded body of a response with these bytes.
    private static func body(
        _ coding: String, _ bytes: [UInt8], pieces: [[UInt8]]? = nil, settings: AppLayerSettings = settings()
    ) -> [UInt8]? {
        let head = utf8("HTTP/1.1 200 OK\r\nContent-Encoding: \(coding)\r\nContent-Length: \(bytes.count)\r\n\r\n")
        let conversation = Conversation([.client(HTTPBytes.request())], port: 80, settings: settings)
        for piece in [head] + (pieces ?? [bytes]) { conversation.server(piece) }
        return conversation.http.first?.responseBody.bytes
    }

    @Test("codings by their right and wrong names, in any cut")
    func codings() throws {
        try property("content codings", runs: 200) { random in
            let content = random.chance(1, in: 2) ? random.bytes(2000) : utf8(String(repeating: "abcdefg ", count: 700))
            let forms = [
                DeflateBytes.gzip(content, &random), DeflateBytes.zlib(content, &random),
                DeflateBytes.encode(content, &random),
            ]
            let name = random.pick(["gzip", "x-gzip", "deflate", "GZIP", "my-gzip", "br, gzip"])
            let packed = random.pick(forms)
            let decoded = Self.body(name, packed, pieces: random.pieces(of: packed))
            // What is refused in the announced form may give a few bytes first: then nothing else is tried.
            let isRight = packed == forms[0] && name.lowercased().contains("gzip")
            try #require(decoded == content || !isRight, "\(name)")
        }
    }

    @Test("deflate with and without its zlib wrapping, and gzip under that name")
    func deflate() throws {
        try property("forms of deflate", runs: 50) { random in
            let content = utf8("X5O!P%@AP[4 a body that is not random, a body that is not random")
            for packed in [
                DeflateBytes.encode(content, &random), DeflateBytes.zlib(content, &random),
            ] {
                try #require(Self.body("deflate", packed) == content)
            }
            try #require(Self.body("gzip", DeflateBytes.zlib(content, &random)) == content)
        }
    }

    @Test("several codings are undone one behind the other, up to the limit")
    func layers() throws {
        try property("layers", runs: 50) { random in
            let content = utf8("the innermost bytes")
            var packed = DeflateBytes.gzip(content, &random)
            packed = DeflateBytes.gzip(packed, &random)
            try #require(Self.body("gzip, gzip", packed) == content)
            packed = DeflateBytes.gzip(packed, &random)
            try #require(Self.body("gzip,gzip,gzip", packed) != content)
            var settings = Self.settings()
            settings.httpDecodingLayers = 3
            try #require(Self.body("gzip,gzip,gzip", packed, settings: settings) == content)
        }
    }

    @Test(
        "what is not in the coding it names stays as it is", arguments: ["gzip", "deflate", "br", "identity", "lzma"])
    func passedOn(coding: String) {
        let content = utf8("\u{7}\u{7} plain words, said to be something else")
        #expect(Self.body(coding, content) == content)
        #expect(Self.body(coding, content, pieces: content.map { [$0] }) == content)
    }

    @Test("a bomb makes as many bytes as are looked at, and no more work than that")
    func bomb() throws {
        var random = SeededRandom(seed: 1)
        let zeros = [UInt8](repeating: 0, count: 3 << 20)
        let once = DeflateBytes.gzip(zeros, &random)
        #expect(Self.body("gzip", once)?.count == AppLayerSettings().httpBodyBytes)
        // The outer layer makes megabytes of which the inner makes nothing.
        let empty = Array([[UInt8]](repeating: [0, 0, 0, 0xff, 0xff], count: 500_000).joined())
        let twice = DeflateBytes.encode(empty, &random)
        let conversation = Conversation([.client(HTTPBytes.request())], port: 80, settings: Self.settings())
        conversation.server(
            "HTTP/1.1 200 OK\r\nContent-Encoding: deflate, deflate\r\nContent-Length: \(twice.count)\r\n\r\n")
        conversation.server(twice)
        #expect(conversation.http.first?.responseBody.length == 0)
        #expect(conversation.session.transactions.first?.events == [.httpCompressionBomb])
    }

    @Test("bodies are kept up to the cap, and only when they are wanted")
    func caps() throws {
        let long = String(repeating: "x", count: 200_000)
        let conversation = Conversation(
            [.client(HTTPBytes.request("POST", body: long)), .server(HTTPBytes.response(body: "ok"))], port: 80,
            settings: Self.settings())
        let exchange = try #require(conversation.http.first)
        #expect(exchange.requestBody.length == 102_400)
        #expect(exchange.request.bodyLength == 200_000)
        #expect(text(exchange.responseBody.bytes) == "ok")
        let idle = Conversation([.client(HTTPBytes.request("POST", body: long))], port: 80)
        #expect(idle.http.first?.requestBody.length == 0)
        let pipeline = (0..<40).map { _ in Said.client(HTTPBytes.request("POST", body: long)) }
        let all = Conversation(pipeline, port: 80, settings: Self.settings())
        #expect(all.http.count == 40)
        #expect(all.http.reduce(0) { $0 + $1.requestBody.bytes.count } <= AppLayerSettings().httpBodiesBytes)
    }

    @Test("any cut of a conversation keeps the same bodies")
    func cuts() throws {
        try property("bodies in pieces", runs: 400) { random in
            let compatible = random.chance(1, in: 2)
            let content = random.bytes(upTo: 3000)
            let packed = DeflateBytes.gzip(content, &random)
            var chunks: [UInt8] = []
            for piece in random.pieces(of: packed) {
                chunks +=
                    utf8(String(piece.count, radix: 16) + random.pick(["", ";x=y", " "]) + "\r\n") + piece + [13, 10]
            }
            let said: [Said] = [
                .client(HTTPBytes.request("PUT", body: "request body")),
                .server(
                    utf8("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n") + chunks
                        + utf8("0\r\n\r\n")),
            ]
            let conversation = Conversation(
                recut(said, &random), port: 80, settings: Self.settings(compatible: compatible))
            let exchange = try #require(conversation.http.first)
            try #require(exchange.responseBody.bytes == content)
            try #require(text(exchange.requestBody.bytes) == "request body")
        }
    }
}
