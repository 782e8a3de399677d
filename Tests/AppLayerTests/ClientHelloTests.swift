import AppLayer
import NetTypes
import TestSupport
import Testing

/// The name in a ClientHello, however it is cut and whatever surrounds it.
struct ClientHelloTests {
    @Test("name, protocols, versions and ciphers of a hello")
    func facts() throws {
        let hello = ClientHelloBytes("www.Example.com").with { $0.hasGrease = true }
        let conversation = Conversation([.client(TLSBytes.record(hello.message))])
        let read = try #require(conversation.tls?.clientHello)
        #expect(conversation.session.appProtocol == .tls)
        #expect(conversation.events.contains(.recognitionDoneToServer))
        #expect(conversation.serverName == "www.Example.com")
        #expect(read.legacyVersion == 0x0303)
        #expect(!read.sessionID.isEmpty && !read.hasSeveralNames)
        #expect(read.cipherSuites == [0x0a0a] + hello.ciphers)
        #expect(read.protocols.map(text) == ["h2", "http/1.1"])
        #expect(read.supportedVersions == [0x3a3a, 0x0304, 0x0303])
        #expect(read.supportedGroups == [0x2a2a] + hello.groups)
        #expect(read.signatureAlgorithms == hello.signatureAlgorithms)
        #expect(read.pointFormats == [0])
        #expect(read.extensions == [0x1a1a, 0, 10, 11, 13, 16, 43, 51, 0x17, 0xff01, 0x23, 0x4a4a])
    }

    @Test(
        "every cut of the segments, and byte by byte",
        arguments: [ClientHelloBytes(), .postQuantum("pq.example.org"), ClientHelloBytes(nil)])
    func segmentCuts(hello: ClientHelloBytes) {
        let bytes = TLSBytes.record(hello.message)
        let whole = Conversation([.client(bytes)])
        #expect(whole.tls?.clientHello != nil)
        for cut in 1..<bytes.count {
            let pieces: [Said] = [.client(Array(bytes[..<cut])), .client(Array(bytes[cut...]))]
            #expect(Conversation(pieces).facts == whole.facts, "cut at \(cut)")
        }
        #expect(Conversation(byteByByte([.client(bytes)])).facts == whole.facts)
    }

    @Test("every cut of the records, whole and byte by byte")
    func recordCuts() {
        let message = ClientHelloBytes("cut.example.com").message
        let whole = Conversation([.client(TLSBytes.record(message))])
        for cut in 0...message.count {
            let bytes = TLSBytes.records(message, cutAt: [cut])
            #expect(Conversation([.client(bytes)]).facts == whole.facts, "record cut at \(cut)")
            if cut % 5 == 0 {
                #expect(Conversation(byteByByte([.client(bytes)])).facts == whole.facts, "record cut at \(cut)")
            }
        }
        for size in [1, 2, 3, 4, 5, 100] {
            #expect(Conversation([.client(TLSBytes.records(message, size: size))]).facts == whole.facts)
        }
    }

    @Test("the name is awaited from the first byte to the last, and known with that one")
    func awaited() {
        let bytes = TLSBytes.records(ClientHelloBytes("a.example.com").message, size: 90)
        let conversation = Conversation()
        #expect(!conversation.session.awaitsName)
        for byte in bytes.dropLast() {
            conversation.client([byte])
            #expect(conversation.session.awaitsName)
            #expect(conversation.serverName == nil)
        }
        conversation.client([bytes[bytes.count - 1]])
        #expect(!conversation.session.awaitsName)
        #expect(conversation.serverName == "a.example.com")
    }

    @Test("no name: the extension is missing, empty, or holds an empty list")
    func noName() {
        for raw in [nil, [], [0, 0]] as [[UInt8]?] {
            let hello = ClientHelloBytes(nil).with { $0.rawServerName = raw }
            let conversation = Conversation([.client(TLSBytes.record(hello.message))])
            #expect(conversation.tls?.clientHello != nil)
            #expect(conversation.tls?.clientHello?.serverName == nil)
            #expect(!conversation.session.awaitsName)
        }
    }

    @Test("of several names the first counts, and it is told that there are more")
    func severalNames() throws {
        let table: [(ClientHelloBytes, String?, Bool)] = [
            (ClientHelloBytes("a.example").with { $0.names = ["a.example", "b.example"] }, "a.example", true),
            // A second extension.
            (ClientHelloBytes("a.example").with { $0.others = [(0, [0, 4, 0, 0, 1, 0x62])] }, "a.example", true),
            // A name of another type is none.
            (ClientHelloBytes().with { $0.rawServerName = [0, 9, 1, 0, 1, 0x78, 0, 0, 2, 0x61, 0x62] }, "ab", false),
            (ClientHelloBytes().with { $0.rawServerName = [0, 4, 7, 0, 1, 0x78] }, nil, false),
            (ClientHelloBytes().with { $0.rawServerName = [0, 3, 0, 0, 0] }, "", false),
        ]
        for (hello, name, isSeveral) in table {
            let conversation = Conversation([.client(TLSBytes.record(hello.message))])
            #expect(conversation.serverName == name)
            #expect(try #require(conversation.tls?.clientHello).hasSeveralNames == isSeveral)
            #expect((conversation.session.malformed == .tlsSeveralNames) == isSeveral)
        }
    }

    @Test("facts of a hello for rules: no name, an address, an encrypted hello under a provider's name or another")
    func factsForRules() throws {
        let provider = Set([Array("cloudflare-ech.com".utf8)])
        let table: [(ClientHelloBytes, TLSHandshake.HelloFacts)] = [
            (ClientHelloBytes("a.example"), []), (ClientHelloBytes(nil), .noName),
            (ClientHelloBytes("192.0.2.1"), .addressName),
            (ClientHelloBytes("a.example").with { $0.others = [(0xfe0d, [0])] }, [.encryptedHello, .noise]),
            (
                ClientHelloBytes("Cloudflare-ech.com").with { $0.others = [(0xfe0d, [0])] },
                [.encryptedHello, .hiddenName]
            ),
        ]
        for (hello, expected) in table {
            let conversation = Conversation([.client(TLSBytes.record(hello.message))])
            #expect(try #require(conversation.tls).helloFacts(publicNames: provider) == expected)
        }
    }

    @Test("a name is kept as sent: case, dots, bytes that are no text")
    func rawNames() {
        for name in [
            "EXAMPLE.com", "example.com.", "xn--bcher-kva.example", "a", String(repeating: "x", count: 255),
            "b\u{fc}cher",
        ] {
            #expect(Conversation([.client(TLSBytes.clientHello(name))]).serverName == name)
        }
        let hello = ClientHelloBytes().with { $0.rawServerName = [0, 5, 0, 0, 2, 0xff, 0] }
        #expect(Conversation([.client(TLSBytes.record(hello.message))]).tls?.clientHello?.serverName == [0xff, 0])
    }

    @Test("a hello without extensions, of an old client")
    func oldClient() {
        let hello = ClientHelloBytes().with {
            $0.hasExtensions = false
            $0.legacyVersion = 0x0301
            $0.sessionID = []
        }
        let conversation = Conversation([.client(TLSBytes.record(hello.message))])
        #expect(conversation.tls?.clientHello?.extensions == [])
        #expect(conversation.tls?.clientHello?.sessionID == [])
        #expect(conversation.session.malformed == nil)
    }

    @Test("a hello at the cap is read, one byte more ends the reading at once", arguments: [(0, true), (1, false)])
    func cap(excess: Int, isRead: Bool) {
        let cap = 60_000
        var settings = AppLayerSettings()
        settings.tlsHandshakeBytes = cap
        let hello = ClientHelloBytes("big.example").with { $0.paddedSize = cap + 4 + excess }
        let bytes = TLSBytes.records(hello.message, size: 16_000)
        let conversation = Conversation([.client(bytes)], settings: settings)
        #expect(conversation.serverName == (isRead ? "big.example" : nil))
        #expect(conversation.session.malformed == (isRead ? nil : .tlsHandshakeTooLong))
        let early = Conversation([.client(Array(bytes.prefix(9)))], settings: settings)
        #expect(early.session.malformed == (isRead ? nil : .tlsHandshakeTooLong))
        #expect(early.session.awaitsName == isRead)
    }

    @Test("every length field, wrong in every way: no trap, and no name from beyond its bounds")
    func lengths() throws {
        let hello = ClientHelloBytes("name.example").with { $0.names = ["name.example", "second"] }
        let message = hello.message
        for field in hello.lengths {
            let right = field.value(in: message)
            for value in [0, 1, right - 1, right + 1, right + 2, right * 2, (1 << (8 * field.width)) - 1]
            where value != right && value >= 0 {
                let bytes = TLSBytes.record(field.setting(value, in: message))
                let whole = Conversation([.client(bytes)])
                #expect(Conversation(byteByByte([.client(bytes)])).facts == whole.facts)
                guard let name = whole.tls?.clientHello?.serverName else { continue }
                #expect(message.firstRange(of: name) != nil)
            }
        }
    }

    @Test("a handshake length one too small is an error, one too large waits for more")
    func handshakeLength() {
        let hello = ClientHelloBytes("x.example")
        let field = hello.lengths[0]
        let right = field.value(in: hello.message)
        let short = Conversation([.client(TLSBytes.record(field.setting(right - 1, in: hello.message)))])
        #expect(short.session.malformed == .tlsInvalidHandshake)
        #expect(short.events.contains(.malformed))
        let long = Conversation([.client(TLSBytes.record(field.setting(right + 1, in: hello.message)))])
        #expect(long.session.malformed == nil)
        #expect(long.session.awaitsName)
    }
}
