import AppLayer
import NetTypes
import TestSupport
import Testing

/// HTTP connections drawn by lot, in pieces and damaged.
struct HTTPPropertyTests {
    private static func talk(_ random: inout SeededRandom) -> [Said] {
        var said: [Said] = []
        for number in 0..<1 + random.below(4) {
            let method = random.pick(["GET", "POST", "HEAD", "OPTIONS", "CONNECT"])
            let body = random.chance(1, in: 3) ? String(repeating: "b", count: random.below(300)) : ""
            if random.chance(1, in: 4) {
                said.append(
                    .client(
                        HTTPBytes.request(method, "/\(number)", fields: ["Transfer-Encoding: chunked"])
                            + utf8(
                                HTTPBytes.chunked(
                                    [body, "x"].filter { !$0.isEmpty }, extension: random.pick(["", ";e"]),
                                    trailers: random.pick([[], ["T: 1"]])))))
            } else {
                said.append(
                    .client(
                        HTTPBytes.request(
                            method, "/\(number)", host: random.pick(["a.example", "B.example:81", nil]),
                            fields: random.pick([[], ["F: a\r\n b"], ["Accept: */*"]]), body: body)))
            }
            let status = random.pick([200, 200, 204, 304, 404, 100, 101, 407])
            let answer = HTTPBytes.response(
                status, random.pick(["OK", ""]), body: status == 200 ? random.pick(["", "hello"]) : "")
            if random.chance(4, in: 5) { said.append(.server(answer)) }
        }
        return said
    }

    @Test("any cut gives the same facts")
    func cuts() throws {
        try property("HTTP in pieces", runs: 20000) { random in
            let said = Self.talk(&random)
            let whole = Conversation(said, port: 80)
            let pieces = Conversation(recut(said, &random), port: 80)
            try #require(whole.facts == pieces.facts)
        }
    }

    @Test("nothing that a peer sends traps, and its cut does not matter")
    func hostile() throws {
        try property("hostile HTTP", runs: 30000) { random in
            let said = Self.talk(&random).map { Said(direction: $0.direction, bytes: random.mutated($0.bytes)) }
            let whole = Conversation(said, port: 80)
            let pieces = Conversation(recut(said, &random), port: 80)
            try #require(whole.facts == pieces.facts)
            for exchange in whole.http { try #require(exchange.request.head.count <= AppLayerSettings().httpHeadBytes) }
        }
    }

    @Test("small caps hold whatever comes")
    func caps() throws {
        var settings = AppLayerSettings()
        settings.httpHeadBytes = 200
        settings.httpFields = 5
        settings.httpPipeline = 3
        settings.recognitionBytes = 100
        try property("HTTP caps", runs: 800) { random in
            let conversation = Conversation(port: 80, settings: settings)
            for piece in (0..<5).flatMap({ _ in Self.talk(&random) }) {
                conversation.say(Said(direction: piece.direction, bytes: random.mutated(piece.bytes)))
                try #require(conversation.http.count <= 3)
                for exchange in conversation.http {
                    for message in [exchange.request, exchange.response] {
                        try #require(message.head.count <= 200 && message.fields.count <= 5)
                    }
                }
            }
        }
    }
}
