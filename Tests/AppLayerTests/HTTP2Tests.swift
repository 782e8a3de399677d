import NetTypes
import TestSupport
import Testing
import Wire

@testable import AppLayer

@Suite struct HTTP2Tests {
    private static func talk(_ said: [Said], compatible: Bool = false) -> Conversation {
        var settings = AppLayerSettings()
        settings.keepsBodies = true
        settings.compatibleWithSuricata = compatible
        return Conversation(said, port: 80, settings: settings)
    }

    static let start: [Said] = [
        .client(HTTP2Bytes.preface + HTTP2Bytes.settings([(4, 65_535)])), .server(HTTP2Bytes.settings([(3, 100)])),
    ]

    /// Transactions that are requests.
    private static func requests(_ talk: Conversation) -> [HTTPExchange] {
        talk.http.filter { $0.http2?.identifier != 0 }
    }

    // MARK: requests

    @Test("each stream is a request with its answer")
    func streams() {
        let talk = Self.talk(
            Self.start + [
                .client(
                    HTTP2Bytes.request("A.example:8080", "/a%41/../b?q") + HTTP2Bytes.request("b.example", stream: 3)),
                .server(
                    HTTP2Bytes.response("three", stream: 3) + HTTP2Bytes.response("one", fields: [("server", "s")])),
            ])
        let requests = Self.requests(talk)
        #expect(talk.session.appProtocol == .http2 && talk.session.malformed == nil)
        #expect(requests.map { $0.host.map(text) } == ["a.example", "b.example"])
        #expect(requests.map { $0.rawHost.map(text) } == ["A.example:8080", "b.example"])
        #expect(requests[0].port == 8080 && requests[0].normalizedTarget.map(text) == "/b?q")
        #expect(requests.map(\.status) == [200, 200])
        #expect(requests.map { text($0.responseBody.bytes) } == ["one", "three"])
        #expect(!talk.session.transactions.contains { !$0.isComplete })
        #expect(requests[0].response.combined["server"].map(text) == "s")
    }

    @Test("a request in HTTP/1 that becomes HTTP/2 is answered on stream 1")
    func upgrade() {
        let fields = ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk"]
        let talk = Self.talk([
            .client(HTTPBytes.request("GET", "/r", host: "a.example", fields: fields)),
            .server(
                "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"),
            .server(HTTP2Bytes.settings()), .client(HTTP2Bytes.preface + HTTP2Bytes.settings()),
            .server(HTTP2Bytes.response("body")), .client(HTTP2Bytes.request("b.example", stream: 3)),
        ])
        #expect(talk.session.appProtocol == .http2 && talk.session.originalProtocol == .http1)
        #expect(Self.requests(talk).map { $0.host.map(text) } == ["a.example", "b.example"])
        #expect(Self.requests(talk).first?.status == 200)
    }

    @Test("a request is waited for until its head is whole")
    func waiting() {
        let block = HTTP2Bytes.block([(":method", "GET"), (":path", "/"), (":authority", "a.example")])
        let talk = Self.talk(Self.start)
        #expect(talk.session.awaitsName)
        talk.client(HTTP2Bytes.frame(.headers, flags: HTTP2Bytes.endStream, stream: 1, Array(block[..<9])))
        #expect(talk.session.awaitsName)
        talk.client(HTTP2Bytes.frame(.continuation, flags: HTTP2Bytes.endHeaders, stream: 1, Array(block[9...])))
        #expect(!talk.session.awaitsName)
        #expect(Self.requests(talk).map { $0.host.map(text) } == ["a.example"])
        talk.client(Array(HTTP2Bytes.request("b.example", stream: 3).prefix(12)))
        #expect(talk.session.awaitsName)
    }

    @Test("settings, errors, priorities and windows")
    func numbers() {
        let priority = HTTP2Bytes.frame(.priority, stream: 5, [0, 0, 0, 0, 200])
        let talk = Self.talk(
            Self.start + [
                .client(priority + HTTP2Bytes.frame(.windowUpdate, [0, 0, 1, 0])),
                .client(HTTP2Bytes.frame(.headers, flags: 0x2c, stream: 1, [2, 0, 0, 0, 0, 9, 0x82, 7, 7])),
                .server(HTTP2Bytes.frame(.resetStream, stream: 1, [0, 0, 0, 7])),
                .server(HTTP2Bytes.frame(.goAway, [0, 0, 0, 1, 0, 0, 0, 2, 1, 2, 3])),
            ])
        let streams = talk.http.compactMap(\.http2)
        #expect(streams.flatMap { $0.client.settings.map(\.value) + $0.server.settings.map(\.value) } == [65_535, 100])
        #expect(streams.flatMap(\.client.priorities) == [200, 9])
        #expect(streams.flatMap(\.client.windows) == [256])
        #expect(streams.flatMap(\.server.errorCodes) == [7, 2])
    }

    // MARK: hostile

    struct Attack: CustomTestStringConvertible {
        var testDescription: String
        var reason: MalformedReason
        var client: [UInt8]
    }

    static let attacks: [Attack] = [
        Attack(
            testDescription: "authority and host differ", reason: .http2AuthorityMismatch,
            client: HTTP2Bytes.request("a.example", fields: [("host", "b.example")])),
        Attack(
            testDescription: "two authorities", reason: .http2AuthorityMismatch,
            client: HTTP2Bytes.request("a.example", fields: [(":authority", "b.example")])),
        Attack(
            testDescription: "a second head", reason: .http2InvalidHeader,
            client: HTTP2Bytes.headers([(":method", "GET"), (":authority", "a.example")], stream: 1, flags: 4)
                + HTTP2Bytes.headers([(":authority", "b.example")], stream: 1)),
        Attack(
            testDescription: "a frame between the parts of a block", reason: .http2InvalidFrame,
            client: HTTP2Bytes.frame(.headers, stream: 1, [0x82]) + HTTP2Bytes.frame(.ping, [0, 0, 0, 0, 0, 0, 0, 0])),
        Attack(
            testDescription: "parts of a block without end", reason: .http2InvalidFrame,
            client: HTTP2Bytes.frame(.headers, stream: 1)
                + (0..<200).flatMap { _ in HTTP2Bytes.frame(.continuation, stream: 1) }),
        Attack(
            testDescription: "a block without end", reason: .http2InvalidFrame,
            client: HTTP2Bytes.frame(.headers, stream: 1)
                + (0..<8).flatMap { _ in
                    HTTP2Bytes.frame(.continuation, stream: 1, [UInt8](repeating: 0x82, count: 16_000))
                }),
        Attack(
            testDescription: "a block that cannot be decoded", reason: .http2InvalidHeader,
            client: HTTP2Bytes.frame(.headers, flags: 5, stream: 1, [0xff])),
        Attack(
            testDescription: "padding beyond the frame", reason: .http2InvalidFrame,
            client: HTTP2Bytes.frame(.headers, flags: 13, stream: 1, [9, 0x82])),
        Attack(
            testDescription: "too many streams", reason: .http2TooManyStreams,
            client: (0..<2100).flatMap { HTTP2Bytes.headers([(":method", "GET")], stream: UInt32(2 * $0 + 1)) }),
        Attack(
            testDescription: "headers of no stream", reason: .http2InvalidFrame,
            client: HTTP2Bytes.request("a.example", stream: 0)),
    ]

    @Test("what cannot be read one way ends the connection", arguments: attacks)
    func attack(_ attack: Attack) {
        let talk = Self.talk(Self.start + [.client(attack.client)])
        #expect(talk.session.malformed == attack.reason)
    }

    @Test("a stream that ends is let go though an older one goes on")
    func release() {
        let talk = Self.talk(
            Self.start + [
                .client(HTTP2Bytes.headers([(":method", "GET")], stream: 1, flags: 4)),
                .client(HTTP2Bytes.request("b.example", stream: 3)),
                .server(HTTP2Bytes.response("", stream: 3)),
            ])
        let finished = talk.session.transactions.filter(\.isComplete).map(\.identifier)
        talk.session.parser?.release(finished: Set(finished))
        #expect(Self.requests(talk).map { $0.http2?.identifier } == [1])
    }

    // MARK: properties

    private static func draw(_ random: inout SeededRandom) -> [Said] {
        var said = Self.start
        for number in 0..<1 + random.below(4) {
            let stream = UInt32(2 * number + 1)
            let fields = random.pick([[], [("cookie", "a=b")], [("x-long", String(repeating: "v", count: 300))]])
            var request = HTTP2Bytes.request(
                random.pick(["a.example", "B.example:81", nil]), "/\(number)", stream: stream, fields: fields)
            if random.chance(1, in: 4) {
                request += HTTP2Bytes.frame(.windowUpdate, stream: random.pick([0, stream]), [0, 0, 0, 9])
            }
            said.append(.client(request))
            if random.chance(3, in: 4) {
                said.append(.server(HTTP2Bytes.response(random.pick(["", "hello"]), stream: stream)))
            }
        }
        return said
    }

    private static func describe(_ talk: Conversation) -> [String] {
        let streams = talk.http.compactMap { exchange in
            exchange.http2.map { "\($0.identifier) \($0.client) \($0.server) \(text(exchange.responseBody.bytes))" }
        }
        return talk.facts + streams
    }

    @Test("any cut gives the same facts")
    func cuts() throws {
        try property("HTTP/2 in pieces", runs: 1500) { random in
            var said = Self.draw(&random)
            if random.chance(1, in: 3) {
                said = said.map { Said(direction: $0.direction, bytes: random.mutated($0.bytes)) }
            }
            let whole = Self.describe(Self.talk(said))
            let pieces = Self.describe(Self.talk(recut(said, &random)))
            try #require(whole == pieces)
        }
    }

    @Test("nothing that a peer sends traps")
    func hostile() throws {
        try property("hostile HTTP/2", runs: 6000) { random in
            let said = Self.draw(&random).map { Said(direction: $0.direction, bytes: random.mutated($0.bytes)) }
            _ = Self.talk(said, compatible: random.chance(1, in: 2))
        }
    }
}
