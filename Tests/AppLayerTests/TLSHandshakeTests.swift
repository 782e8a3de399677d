import AppLayer
import NetTypes
import TestSupport
import Testing

/// The record layer and the course of a handshake.
struct TLSHandshakeTests {
    private static let hello = TLSBytes.clientHello("example.com")
    private typealias Step = TLSHandshake.Step

    private static func progress(_ conversation: Conversation) -> [UInt8]? {
        conversation.session.transactions.first.map { [$0.progressToServer, $0.progressToClient] }
    }

    @Test("TLS 1.3: done with the first encrypted record behind the ServerHello")
    func version13() throws {
        let conversation = Conversation([.client(Self.hello)])
        #expect(conversation.tls?.lastMessage == .clientHello)
        #expect(conversation.tls?.version == 0)
        conversation.server(TLSBytes.record(TLSBytes.serverHello()))
        #expect(conversation.tls?.lastMessage == .serverHello)
        #expect(conversation.tls?.versionName == "TLS 1.3")
        #expect(conversation.tls?.serverHello?.cipherSuite == 0x1301)
        conversation.server(TLSBytes.changeCipherSpec)
        #expect(Self.progress(conversation) == [Step.inProgress, Step.inProgress])
        conversation.server(TLSBytes.applicationData(1000))
        #expect(Self.progress(conversation) == [Step.handshakeDone, Step.handshakeDone])
        #expect(conversation.tls?.isEncrypted == true)
        #expect(conversation.session.transactions.count == 1)
        conversation.session.end(.toServer)
        #expect(Self.progress(conversation) == [Step.handshakeDone, Step.handshakeDone])
        conversation.session.end(.toClient)
        #expect(try #require(conversation.session.transactions.first).isComplete)
    }

    @Test("TLS 1.2: certificates, key exchange, and the messages that cannot be read")
    func version12() {
        let flight = [
            TLSBytes.serverHello(version: 0x0303, cipher: 0xc02f), TLSBytes.message(11, [0, 0, 0]),
            TLSBytes.message(12, [1, 2, 3]), TLSBytes.message(14, []),
        ]
        let conversation = Conversation([.client(Self.hello), .server(TLSBytes.record(flight.flatMap(\.self)))])
        #expect(conversation.tls?.versionName == "TLS 1.2")
        #expect(conversation.tls?.lastMessage == .serverKeyExchange)
        // The list is empty: there is no certificate.
        #expect(Self.progress(conversation) == [Step.inProgress, Step.inProgress])
        conversation.client(TLSBytes.record(TLSBytes.message(16, [9, 9])))
        #expect(conversation.tls?.lastMessage == .clientKeyExchange)
        // An encrypted Finished looks like any message at all.
        let encrypted = TLSBytes.record([0xff, 0xff, 0xff, 0xff, 0x55])
        conversation.client(TLSBytes.changeCipherSpec + encrypted)
        #expect(conversation.tls?.sawClientChangeCipherSpec == true)
        #expect(Self.progress(conversation)?[0] == Step.inProgress)
        conversation.server(TLSBytes.changeCipherSpec + encrypted)
        #expect(Self.progress(conversation)?[0] == Step.inProgress)
        conversation.client(TLSBytes.applicationData())
        #expect(Self.progress(conversation) == [Step.handshakeDone, Step.handshakeDone])
        #expect(conversation.session.malformed == nil)
    }

    @Test(
        "the version is the server's choice",
        arguments: [
            (0x0300, "SSLv3"), (0x0301, "TLSv1"), (0x0302, "TLS 1.1"), (0x0303, "TLS 1.2"), (0x0304, "TLS 1.3"),
            (0x0305, "0x0305"), (0x7f17, "TLS 1.3 draft-23"),
        ] as [(UInt16, String)])
    func versions(version: UInt16, name: String) {
        let conversation = Conversation([
            .client(Self.hello), .server(TLSBytes.record(TLSBytes.serverHello(version: version))),
        ])
        #expect(conversation.tls?.version == version)
        #expect(conversation.tls?.versionName == name)
        #expect(Conversation([.client(Self.hello)]).tls?.versionName == "UNDETERMINED")
    }

    @Test("early data before the ServerHello does not end the handshake")
    func earlyData() {
        let conversation = Conversation([.client(Self.hello + TLSBytes.changeCipherSpec + TLSBytes.applicationData())])
        #expect(conversation.tls?.isEncrypted == true)
        #expect(Self.progress(conversation) == [Step.inProgress, Step.inProgress])
        conversation.server(TLSBytes.record(TLSBytes.serverHello()) + TLSBytes.applicationData())
        #expect(Self.progress(conversation) == [Step.handshakeDone, Step.handshakeDone])
    }

    @Test("after a HelloRetryRequest the second hello counts, whether or not data came before it")
    func retry() {
        let second = TLSBytes.record(ClientHelloBytes("example.com").with { $0.keyShares = [(0x0017, 65)] }.message)
        for between in [[], TLSBytes.changeCipherSpec, TLSBytes.changeCipherSpec + TLSBytes.applicationData()] {
            let conversation = Conversation([.client(Self.hello + between)])
            #expect(conversation.serverName == "example.com")
            conversation.server(TLSBytes.record(TLSBytes.serverHello(isRetry: true)) + TLSBytes.changeCipherSpec)
            #expect(conversation.tls?.serverHello?.isRetryRequest == true)
            conversation.client((between.isEmpty ? TLSBytes.changeCipherSpec : []) + second)
            #expect(
                conversation.tls?.helloFacts(publicNames: [])?.contains(.second) == true,
                "\(between.count) bytes between")
            conversation.server(TLSBytes.record(TLSBytes.serverHello()) + TLSBytes.applicationData())
            #expect(conversation.tls?.serverHello?.isRetryRequest == false)
            #expect(Self.progress(conversation) == [Step.handshakeDone, Step.handshakeDone])
        }
    }

    @Test("a second hello for another name is malformed; Suricata takes it")
    func otherName() {
        let second = TLSBytes.record(ClientHelloBytes("second.example").message)
        var settings = AppLayerSettings()
        for isCompatible in [false, true] {
            settings.compatibleWithSuricata = isCompatible
            let conversation = Conversation([.client(Self.hello)], settings: settings)
            conversation.server(TLSBytes.record(TLSBytes.serverHello(isRetry: true)) + TLSBytes.changeCipherSpec)
            conversation.client(TLSBytes.changeCipherSpec + second)
            #expect(conversation.session.malformed == (isCompatible ? nil : .tlsNameChanged))
        }
    }

    @Test(
        "records that cannot be",
        arguments: [
            ([22, 3, 1, 0, 1, 1, 19, 3, 3, 0, 1], .tlsInvalidRecordType),
            ([22, 3, 1, 0, 1, 1, 25, 3, 3, 0, 1], .tlsInvalidRecordType),
            ([22, 3, 1, 0, 1, 1, 22, 2, 0, 0, 1], .tlsInvalidRecordVersion),
            ([22, 3, 1, 0x48, 1], .tlsInvalidRecordLength),
            ([22, 3, 1, 0xff, 0xff], .tlsInvalidRecordLength), ([22, 3, 1, 0x48, 0], nil),
            ([22, 3, 1, 0, 0, 22, 3, 1, 0, 0], nil),
        ] as [([UInt8], MalformedReason?)])
    func records(bytes: [UInt8], reason: MalformedReason?) {
        let conversation = Conversation([.client(bytes)])
        #expect(conversation.session.appProtocol == .tls)
        #expect(conversation.session.malformed == reason)
        #expect(conversation.session.isDone == (reason != nil))
        #expect(conversation.session.awaitsName == (reason == nil))
        #expect(Conversation(byteByByte([.client(bytes)])).facts == conversation.facts)
    }

    @Test("empty records and alerts between the pieces of a hello do no harm")
    func interleaved() {
        let message = ClientHelloBytes("x.example").message
        func record(_ part: ArraySlice<UInt8>) -> [UInt8] { TLSBytes.record(Array(part)) }
        let bytes = record(message[..<50]) + record([]) + TLSBytes.alert(0) + record(message[50...])
        #expect(Conversation([.client(bytes)]).serverName == "x.example")
    }

    @Test("an SSLv2 hello is recognised and not read")
    func version2() {
        let conversation = Conversation([.client([0x80, 0x2e, 1, 0, 2, 0, 0x15, 0, 0, 0, 0x10])])
        #expect(conversation.session.appProtocol == .tls)
        #expect(conversation.session.malformed == .tlsInvalidRecordType)
    }

    @Test("after an error nothing more is read")
    func afterError() {
        let conversation = Conversation([.client([22, 3, 1, 0xff, 0xff])])
        #expect(conversation.client(Self.hello) == [])
        #expect(conversation.serverName == nil)
    }

    @Test("messages of the wrong side are no hellos")
    func wrongSide() {
        let conversation = Conversation([.server(Self.hello), .client(TLSBytes.record(TLSBytes.serverHello()))])
        #expect(conversation.tls?.clientHello == nil && conversation.tls?.serverHello == nil)
    }

    @Test("any cut of a whole handshake gives the same facts")
    func anyCut() throws {
        let talks: [[Said]] = [
            [
                .client(Self.hello),
                .server(
                    TLSBytes.record(TLSBytes.serverHello()) + TLSBytes.changeCipherSpec + TLSBytes.applicationData(3000)
                ), .client(TLSBytes.changeCipherSpec + TLSBytes.applicationData()),
            ],
            [
                .client(TLSBytes.records(ClientHelloBytes.postQuantum().message, size: 300)),
                .server(TLSBytes.record(TLSBytes.serverHello(isRetry: true))),
                .client(TLSBytes.changeCipherSpec + Self.hello), .server(TLSBytes.record(TLSBytes.serverHello())),
            ],
            [
                .client(Self.hello),
                .server(
                    TLSBytes.record(
                        TLSBytes.serverHello(version: 0x0303) + TLSBytes.message(11, [UInt8](repeating: 7, count: 5000))
                            + TLSBytes.message(14, []))),
            ],
        ]
        let expected = talks.map { Conversation($0).facts }
        try property("TLS in pieces", runs: 300) { random in
            let choice = random.below(talks.count)
            let facts = Conversation(recut(talks[choice], &random)).facts
            try #require(facts == expected[choice])
        }
    }

    @Test("nothing that a peer sends traps, and its cut does not matter")
    func hostile() throws {
        let flights = [
            Self.hello, TLSBytes.record(TLSBytes.serverHello()), TLSBytes.changeCipherSpec, TLSBytes.applicationData(),
            TLSBytes.records(ClientHelloBytes("y").message, size: 40),
        ]
        try property("hostile TLS", runs: 20000) { random in
            var said: [Said] = [.client(random.mutated(Self.hello))]
            for _ in 0..<random.below(6) {
                let bytes = random.chance(1, in: 4) ? random.bytes(upTo: 300) : random.mutated(random.pick(flights))
                said.append(random.chance(1, in: 2) ? .client(bytes) : .server(bytes))
            }
            let whole = Conversation(said)
            let pieces = Conversation(recut(said, &random))
            try #require(whole.facts == pieces.facts)
        }
    }
}
