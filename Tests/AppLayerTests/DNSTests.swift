import AppLayer
import NetTypes
import TestSupport
import Testing

/// DNS messages over UDP and TCP (RFC 1035).
struct DNSTests {
    /// A UDP flow and the datagrams it takes.
    private final class Datagrams {
        let session: AppLayerSession
        let ports: (client: UInt16, server: UInt16)

        init(port: UInt16 = 53, settings: AppLayerSettings = AppLayerSettings()) {
            session = AppLayerSession(isStream: false, serverPort: port, settings: settings)
            ports = (40_000, port)
        }

        @discardableResult
        func take(_ bytes: [UInt8], _ direction: FlowDirection = .toServer) -> SessionEvents {
            let pair = direction == .toServer ? (ports.client, ports.server) : (ports.server, ports.client)
            return session.feed(datagram: bytes.span.bytes, direction, ports: pair)
        }

        var messages: [DNSMessage] {
            session.transactions.compactMap { if case .dns(let message) = $0.facts { message } else { nil } }
        }
    }

    private static func names(_ bytes: [UInt8], compatible: Bool = false) -> [String]? {
        var settings = AppLayerSettings()
        settings.compatibleWithSuricata = compatible
        let flow = Datagrams(settings: settings)
        flow.take(bytes)
        guard flow.session.malformed == nil else { return nil }
        return flow.session.appProtocol == .dns
            ? flow.messages.flatMap { $0.questions.map { text($0.name.bytes) } } : nil
    }

    @Test("a query and its response")
    func exchange() throws {
        let flow = Datagrams()
        #expect(flow.take(DNSBytes.query("www.Example.com", type: 28)) == .recognitionDoneToServer)
        #expect(flow.take(DNSBytes.response("www.Example.com", code: 3), .toClient) == .recognitionDoneToClient)
        let messages = flow.messages
        #expect(messages.map(\.isResponse) == [false, true])
        #expect(messages.flatMap(\.questions).map { text($0.name.bytes) } == ["www.Example.com", "www.Example.com"])
        #expect(messages[0].identifier == 0x1a2b)
        #expect(messages[0].questions[0].type == 28 && messages[0].questions[0].dnsClass == 1)
        #expect(messages[0].opcode == 0 && messages[1].responseCode == 3)
        #expect(messages[1].counts.answers == 1)
        #expect(flow.session.transactions.map(\.identifier) == [0, 1])
        #expect(flow.session.transactions.allSatisfy { $0.isComplete })
    }

    @Test("names: labels as sent, the root, bytes that are no letters")
    func names() {
        #expect(Self.names(DNSBytes.query("a.b.c.example.")) == ["a.b.c.example"])
        #expect(Self.names(DNSBytes.message(questions: [DNSBytes.question("")])) == [""])
        // A dot within a label makes one name look like another.
        let dotted = DNSBytes.message(questions: [DNSBytes.question(raw: [3, 0x61, 0x2e, 0x62, 1, 0x63, 0])])
        #expect(Self.names(dotted) == nil)
        #expect(Self.names(dotted, compatible: true) == ["a.b.c"])
        #expect(Self.names(DNSBytes.query("example.com") + [0]) == nil, "bytes behind the question")
        let two = DNSBytes.message(questions: [DNSBytes.question("a"), DNSBytes.question("b")])
        #expect(Self.names(two) == nil)
        #expect(Self.names(two, compatible: true) == ["a", "b"])
        let label = String(repeating: "x", count: 63)
        #expect(Self.names(DNSBytes.query(label)) == [label])
    }

    @Test("a name may be longer than its 255 octets, within limits")
    func longNames() {
        func name(_ last: Int) -> String {
            [63, 63, 63, last].map { String(repeating: "x", count: $0) }.joined(separator: ".")
        }
        #expect(Self.names(DNSBytes.query(name(63))) == [name(63)])
        #expect(Self.names(DNSBytes.query(name(63) + ".y")) == [name(63) + ".y"])
        let dots = { (count: Int) in Array(repeating: "a", count: count).joined(separator: ".") }
        #expect(Self.names(DNSBytes.query(dots(255))) == [dots(255)])
        #expect(Self.names(DNSBytes.query(dots(256))) == nil)
        let long = Array(repeating: label(63), count: 17).joined(separator: ".")
        #expect(Self.names(DNSBytes.query(long)) == nil)
    }

    private func label(_ count: Int) -> String { String(repeating: "x", count: count) }

    @Test("in Suricata's reading: long names are cut, and so are those that loop; both are events")
    func cutNames() throws {
        var settings = AppLayerSettings()
        settings.compatibleWithSuricata = true
        let flow = Datagrams(settings: settings)
        flow.take(DNSBytes.query(Array(repeating: label(63), count: 17).joined(separator: ".")))
        // Behind the name's pointer stands one that points at itself.
        let pointer = DNSBytes.question(raw: [1, 0x61, 0xc0, 16], type: 0xc010)
        flow.take(DNSBytes.message(questions: [pointer]))
        #expect(flow.messages.map { $0.questions[0].name.bytes.count } == [1025, 1])
        #expect(flow.messages.map { $0.questions[0].name.flags } == [.truncated, .loop])
        #expect(flow.session.transactions.map(\.events) == [[.dnsNameTooLong], [.dnsInfiniteLoop]])
    }

    @Test("a malformed message has the names read so far, and the next datagram is read again")
    func partialMessage() {
        let flow = Datagrams()
        flow.take(DNSBytes.message(questions: [DNSBytes.question("a.example")], questionCount: 2))
        #expect(flow.session.malformed == .dnsMalformed)
        flow.take(DNSBytes.query("b.example"))
        #expect(flow.session.malformed == nil)
        #expect(flow.messages.map { text($0.questions[0].name.bytes) } == ["a.example", "b.example"])
        #expect(flow.session.transactions.map(\.events) == [[.dnsMalformedData], []])
    }

    @Test("behind missing bytes a stream is read on from the next message that shows")
    func gap() {
        let session = AppLayerSession(isStream: true, serverPort: 53, settings: AppLayerSettings())
        let query = DNSBytes.stream(DNSBytes.query("example.com"))
        let (begun, rest) = (query + query.prefix(9), Array(query.suffix(4)))
        _ = session.feed(.toServer, begun.span.bytes)
        _ = session.skipGap(.toServer, 1)
        _ = session.feed(.toServer, rest.span.bytes)
        _ = session.feed(.toServer, query.span.bytes)
        #expect(session.malformed == nil)
        #expect(session.transactions.count == 2)
    }

    @Test("a certificate query of DNSCrypt off port 53 is no DNS")
    func dnscrypt() {
        for (port, expected) in [(UInt16(443), AppProtocol.dnscrypt), (53, .dns)] {
            let flow = Datagrams(port: port)
            flow.take(DNSBytes.query("2.dnscrypt-cert.provider.example", type: 16))
            #expect(flow.session.appProtocol == expected)
        }
    }

    @Test("records of a response")
    func records() throws {
        let soa: [UInt8] = [0xc0, 12, 0xc0, 12, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 5]
        let answers = [
            DNSBytes.answer([192, 0, 2, 7]), DNSBytes.answer([1, 0x77, 0xc0, 12], type: 5),
            DNSBytes.answer([1, 0x61, 2, 0x62, 0x63], type: 16), DNSBytes.answer(soa, type: 6),
            DNSBytes.answer([0, 1, 0, 2, 1, 0xbb, 0], type: 33), DNSBytes.answer([1, 2], type: 1),
            DNSBytes.answer([9], type: 999),
        ]
        let message = DNSBytes.message(
            flags: 0x8180, questions: [DNSBytes.question("example.com")], answers: answers)
        let flow = Datagrams(port: 53)
        flow.take(message)
        guard case .dns(let read) = flow.session.transactions.first?.facts else {
            Issue.record("no message")
            return
        }
        let shown = read.answers.map { record -> String in
            switch record.content {
            case .address(let address): "\(address)"
            case .name(let name): text(name.bytes)
            case .text(let bytes): text(bytes)
            case .authority(let authority): "\(text(authority.server)) \(authority.minimum)"
            case .service(_, _, let port, _): "\(port)"
            case .fingerprint: "fingerprint"
            case .other: "other"
            }
        }
        #expect(shown == ["192.0.2.7", "w.example.com", "a", "bc", "example.com 5", "443", "other", "other"])
        #expect(read.answers.allSatisfy { text($0.name.bytes) == "example.com" && $0.timeToLive == 300 })
    }

    @Test("multicast DNS, LLMNR and NetBIOS names are not DNS", arguments: [137, 5353, 5355] as [UInt16])
    func neighbours(port: UInt16) {
        let flow = Datagrams(port: port)
        flow.take(DNSBytes.query("a.local"))
        #expect(flow.session.appProtocol == .failed)
    }

    @Test("compression pointers, and their abuse")
    func compression() {
        let first = DNSBytes.question("example.com")
        func second(_ raw: [UInt8]) -> [String]? {
            Self.names(DNSBytes.message(questions: [first, DNSBytes.question(raw: raw)]), compatible: true)
        }
        #expect(second([0xc0, 12]) == ["example.com", "example.com"])
        #expect(second([3, 0x77, 0x77, 0x77, 0xc0, 12]) == ["example.com", "www.example.com"])
        #expect(second([0xc0, 20]) == ["example.com", "com"])
        // To itself, to each other, beyond the message, into the header, and other label types.
        #expect(second([0xc0, 29]) == nil)
        #expect(second([0xff, 0xff]) == nil)
        #expect(second([0x40, 1, 0]) == nil)
        #expect(second([0x80, 0]) == nil)
        #expect(second([64] + [UInt8](repeating: 0x61, count: 64) + [0]) == nil)
    }

    @Test("pointers to pointers: 255 are followed", arguments: [(1, true), (16, true), (254, true), (256, false)])
    func chains(count: Int, isRead: Bool) {
        // Behind the question, whose name is the first pointer, each points to the next, the last to a letter.
        var writer = ByteWriter()
        for number in 0..<count { writer.u16(0xc000 | UInt16(18 + 2 * number)) }
        let question = DNSBytes.question(raw: Array(writer.bytes.prefix(2)))
        let bytes = DNSBytes.message(questions: [question]) + writer.bytes.dropFirst(2) + [1, 0x61, 0]
        #expect(Self.names(bytes, compatible: true) == (isRead ? ["a"] : [""]))
    }

    @Test("a message cut anywhere is no DNS, at once")
    func truncated() {
        let query = DNSBytes.query("www.example.com")
        for count in 0..<query.count {
            let flow = Datagrams()
            let events = flow.take(Array(query.prefix(count)))
            #expect(flow.session.appProtocol == .failed, "\(count) bytes")
            #expect(events == .recognitionDoneToServer)
            #expect(flow.session.malformed == nil)
        }
    }

    @Test("a malformed datagram says nothing about the next")
    func malformed() {
        let flow = Datagrams()
        flow.take(DNSBytes.query("example.com"))
        #expect(flow.take([1, 2, 3]) == .malformed)
        #expect(flow.session.malformed == .dnsMalformed)
        flow.take(DNSBytes.query("other.example"))
        #expect(flow.messages.count == 2)
    }

    @Test("counts that no message of this size can have")
    func impossibleCounts() {
        #expect(Self.names(DNSBytes.message(questions: [], questionCount: 0)) == [])
        #expect(Self.names(DNSBytes.message(questions: [DNSBytes.question("a")], questionCount: 2)) == nil)
        #expect(
            Self.names(DNSBytes.message(questions: [DNSBytes.question("a")], answers: Array(repeating: [], count: 500)))
                == nil)
    }

    @Test("sixteen questions are read, a message of more is malformed, and 64 messages are kept")
    func caps() {
        #expect(Self.names(DNSBytes.message(questions: (0..<40).map { DNSBytes.question("q\($0)") })) == nil)
        let flow = Datagrams()
        for number in 0..<200 { flow.take(DNSBytes.query("q\(number)")) }
        #expect(flow.session.transactions.map(\.identifier) == Array(136..<200))
        flow.session.parser?.release(before: 190)
        #expect(flow.session.transactions.map(\.identifier) == Array(190..<200))
    }

    @Test("off port 53 only a message that fits in every respect is DNS")
    func strictProbe() {
        let query = DNSBytes.query("example.com")
        let table: [(name: String, bytes: [UInt8], isDNS: Bool)] = [
            ("query", query, true), ("response", DNSBytes.response("example.com"), true),
            (
                "EDNS query",
                DNSBytes.message(
                    questions: [DNSBytes.question("a")], additional: [[0, 0, 41, 0, 0, 0, 0, 0, 0, 0, 0]]), true
            ),
            ("mDNS", DNSBytes.message(flags: 0, questions: [DNSBytes.question("a.local", type: 12)]), true),
            ("CHAOS", DNSBytes.message(questions: [DNSBytes.question("version.bind", type: 16, dnsClass: 3)]), true),
            ("bytes behind the question", query + [0], false), ("no question", DNSBytes.message(), false),
            ("two questions", DNSBytes.message(questions: [DNSBytes.question("a"), DNSBytes.question("b")]), false),
            ("class 7", DNSBytes.message(questions: [DNSBytes.question("a", dnsClass: 7)]), false),
            ("opcode 6", DNSBytes.message(flags: 0x3000, questions: [DNSBytes.question("a")]), false),
            ("reserved bit", DNSBytes.message(flags: 0x0140, questions: [DNSBytes.question("a")]), false),
            (
                "answers in a query",
                DNSBytes.message(questions: [DNSBytes.question("a")], answers: [DNSBytes.answer()]), false
            ),
            ("code in a query", DNSBytes.message(flags: 0x0103, questions: [DNSBytes.question("a")]), false),
            ("random", [UInt8](repeating: 0x33, count: 60), false),
        ]
        for row in table {
            let flow = Datagrams(port: 5300)
            flow.take(row.bytes)
            #expect((flow.session.appProtocol == .dns) == row.isDNS, "\(row.name)")
            var settings = AppLayerSettings()
            settings.compatibleWithSuricata = true
            let compatible = Datagrams(port: 5300, settings: settings)
            compatible.take(row.bytes)
            #expect(compatible.session.appProtocol == .failed, "\(row.name)")
        }
    }

    // MARK: TCP

    @Test("messages over TCP, in any pieces")
    func stream() throws {
        let said: [Said] = [
            .client(DNSBytes.stream(DNSBytes.query("one.example"), DNSBytes.query("two.example"))),
            .server(DNSBytes.stream(DNSBytes.response("one.example"), DNSBytes.response("two.example"))),
            .client(DNSBytes.stream(DNSBytes.query("three.example"))),
        ]
        let whole = Conversation(said, port: 53)
        #expect(
            whole.dns.map { text($0.questions[0].name.bytes) } == [
                "one.example", "two.example", "one.example", "two.example", "three.example",
            ])
        #expect(Conversation(byteByByte(said), port: 53).facts == whole.facts)
        try property("DNS in pieces", runs: 200) { random in
            let pieces = Conversation(recut(said, &random), port: 53)
            try #require(pieces.facts == whole.facts)
        }
    }

    @Test("a stream on another port is DNS when a whole message fits in every respect; not for Suricata")
    func otherPort() {
        let query = DNSBytes.stream(DNSBytes.query("example.com"))
        #expect(Conversation([.client(query)], port: 5353).session.appProtocol == .dns)
        #expect(Conversation([.client(Array(query.dropLast()))], port: 5353).session.appProtocol == .unknown)
        var settings = AppLayerSettings()
        settings.compatibleWithSuricata = true
        #expect(Conversation([.client(query)], port: 5353, settings: settings).session.appProtocol == .unknown)
    }

    @Test(
        "what is no DNS on port 53",
        arguments: [[0, 0], [0, 11], [0xff] + Array(repeating: 0xff, count: 40)] as [[UInt8]])
    func noDNS(bytes: [UInt8]) {
        let conversation = Conversation(
            [.client(bytes + [UInt8](repeating: 0, count: 60)), .server([UInt8](repeating: 1, count: 60))], port: 53)
        #expect(conversation.session.appProtocol == .failed)
    }

    @Test("a message of the largest size over TCP")
    func largest() {
        let message =
            DNSBytes.query("big.example") + [UInt8](repeating: 0, count: 65_535 - DNSBytes.query("big.example").count)
        // Bytes behind the question, which only Suricata lets pass.
        var settings = AppLayerSettings()
        settings.compatibleWithSuricata = true
        let said: [Said] = [.client(DNSBytes.stream(message, DNSBytes.query("next.example")))]
        #expect(
            Conversation(said, port: 53, settings: settings).dns.map { text($0.questions[0].name.bytes) } == [
                "big.example", "next.example",
            ])
    }

    @Test("nothing that a peer sends traps")
    func hostile() throws {
        let messages = [
            DNSBytes.query("www.example.com"), DNSBytes.response("www.example.com"),
            DNSBytes.message(questions: [DNSBytes.question("a"), DNSBytes.question(raw: [0xc0, 12])]),
        ]
        try property("hostile DNS", runs: 30000) { random in
            let flow = Datagrams(port: random.pick([53, 5300]))
            for _ in 0..<4 {
                flow.take(
                    random.chance(1, in: 3) ? random.bytes(upTo: 80) : random.mutated(random.pick(messages)),
                    random.pick([.toServer, .toClient]))
            }
            let said: [Said] = (0..<4).map { _ in
                let bytes = random.mutated(DNSBytes.stream(random.pick(messages), random.pick(messages)))
                return random.chance(1, in: 2) ? .client(bytes) : .server(bytes)
            }
            let whole = Conversation(said, port: 53)
            let pieces = Conversation(recut(said, &random), port: 53)
            try #require(whole.dns.count <= 64 && pieces.dns.count <= 64)
        }
    }
}
