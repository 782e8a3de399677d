import AppLayer
import TestSupport
import Testing

/// JA4 fingerprints: FoxIO's own examples, and each part by itself.
struct JA4Tests {
    /// The hello of FoxIO's example ("JA4: TLS Client Fingerprinting", section Example), extensions in its order.
    private static let example = ClientHelloBytes("example.com").with {
        $0.ciphers = [
            0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d,
            0x002f, 0x0035,
        ]
        $0.others = [0x001b, 0x4469, 0x0017, 0x002d, 0x0005, 0x0023, 0x0012, 0xff01, 0x0015].map { ($0, []) }
    }

    private static func parts(_ hello: ClientHelloBytes) throws -> [String] {
        let conversation = Conversation([.client(TLSBytes.record(hello.message))])
        let fingerprint = try #require(conversation.tls?.ja4)
        return text(fingerprint).split(separator: "_").map(String.init)
    }

    private static func first(_ change: (inout ClientHelloBytes) -> Void) throws -> String {
        try parts(example.with(change))[0]
    }

    @Test("FoxIO's example, with GREASE and without, in any order")
    func foxIO() throws {
        let expected = ["t13d1516h2", "8daaf6152771", "e5627efa2ab1"]
        #expect(try Self.parts(Self.example) == expected)
        #expect(try Self.parts(Self.example.with { $0.hasGrease = true }) == expected)
        #expect(
            try Self.parts(
                Self.example.with {
                    $0.ciphers.reverse()
                    $0.others.reverse()
                }) == expected)
    }

    @Test("signature algorithms keep their order; without any the extensions stand alone (FoxIO's second example)")
    func signatures() throws {
        #expect(try Self.parts(Self.example.with { $0.signatureAlgorithms.reverse() })[2] != "e5627efa2ab1")
        let without = Self.example.with {
            $0.signatureAlgorithms = []
            $0.others.append((0x000d, [0, 0]))
        }
        #expect(try Self.parts(without)[2] == "6d807ffa2a79")
    }

    @Test("name and ALPN do not change the last part")
    func siteParts() throws {
        for change in [
            { $0.names = ["other.example"] }, { $0.names = [] }, { $0.alpn = [] }, { $0.alpn = ["x"] },
        ] as [(inout ClientHelloBytes) -> Void] {
            #expect(try Self.parts(Self.example.with(change))[2] == "e5627efa2ab1")
        }
    }

    @Test("the letter for a name: the extension counts, not what is in it")
    func nameLetter() throws {
        #expect(try Self.first { $0.names = [] } == "t13i1515h2")
        for raw in [[], [0, 0], [0, 3, 0, 0, 0]] as [[UInt8]] {
            #expect(try Self.first { $0.rawServerName = raw } == "t13d1516h2")
        }
    }

    @Test(
        "the version offered",
        arguments: [
            ([0x0304, 0x0303], 0x0303, "13"), ([0x0303, 0x0304], 0x0303, "13"), ([0x0303], 0x0301, "12"),
            ([], 0x0303, "12"), ([], 0x0302, "11"),
            ([], 0x0301, "10"), ([], 0x0300, "s3"), ([], 0x0002, "s2"), ([0x7f1c], 0x0303, "00"),
            ([0x0a0a, 0x0303], 0x0303, "12"),
        ] as [([UInt16], UInt16, String)])
    func versions(offered: [UInt16], legacy: UInt16, shown: String) throws {
        let part = try Self.first {
            $0.supportedVersions = offered
            $0.legacyVersion = legacy
        }
        #expect(part.dropFirst().prefix(2) == shown)
    }

    @Test(
        "first and last character of the first ALPN value, or of its hexadecimal form (FoxIO, section ALPN)",
        arguments: [
            (["h2"], "h2"), (["http/1.1"], "h1"), (["h2", "http/1.1"], "h2"), (["x"], "xx"), ([""], "00"),
            (["", "h2"], "00"), ([], "00"),
        ] as [([String], String)])
    func alpn(names: [String], shown: String) throws {
        #expect(try Self.first { $0.alpn = names }.suffix(2) == shown)
    }

    @Test(
        "ALPN values that are no text",
        arguments: [
            ([0xab], "ab"), ([0xab, 0xcd], "ad"), ([0x30, 0xab], "3b"), ([0x30, 0x31, 0xab, 0xcd], "3d"),
            ([0x30, 0xab, 0xcd, 0x31], "01"),
        ] as [([UInt8], String)])
    func binaryALPN(name: [UInt8], shown: String) throws {
        let content = [0, UInt8(name.count + 1), UInt8(name.count)] + name
        let part = try Self.first {
            $0.alpn = []
            $0.others.append((16, content))
        }
        #expect(part.suffix(2) == shown)
    }

    @Test("counts have two digits and stop at 99")
    func counts() throws {
        #expect(try Self.first { $0.ciphers = [0x1301] }.dropFirst(4).prefix(2) == "01")
        #expect(try Self.first { $0.ciphers = Array(1...200) }.dropFirst(4).prefix(2) == "99")
        #expect(try Self.first { $0.others = (0x100..<0x200).map { ($0, []) } }.dropFirst(6).prefix(2) == "99")
        // Signalling values are counted (FoxIO, section Number of Ciphers).
        #expect(try Self.first { $0.ciphers = [0x00ff, 0x5600, 0x1301] }.dropFirst(4).prefix(2) == "03")
    }

    @Test("empty lists give zeros")
    func empty() throws {
        #expect(try Self.parts(Self.example.with { $0.ciphers = [] })[1] == "000000000000")
        #expect(
            try Self.parts(Self.example.with { $0.hasExtensions = false }) == [
                "t12i150000", "8daaf6152771", "000000000000",
            ])
    }

    @Test("a fingerprint of QUIC begins with q, and there is none before the hello")
    func transport() throws {
        let conversation = Conversation([.client(TLSBytes.record(Self.example.message))])
        let hello = try #require(conversation.tls?.clientHello)
        #expect(JA4.fingerprint(of: hello, isQUIC: true) == "q13d1516h2_8daaf6152771_e5627efa2ab1")
        #expect(Conversation([.client([22, 3, 1])]).tls?.ja4 == nil)
    }
}
