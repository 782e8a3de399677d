import AppLayer
import NetTypes
import TestSupport
import Testing

/// Certificates: what is read of them, and what malformed ones do.
struct CertificateTests {
    /// What a session makes of a server's certificates.
    private static func read(_ certificates: [UInt8]...) -> (leaf: X509Certificate?, events: [AppLayerEvent]) {
        let flight = TLSBytes.serverHello(version: 0x0303) + TLSBytes.certificates(certificates)
        let conversation = Conversation([.client(TLSBytes.clientHello()), .server(TLSBytes.record(flight))])
        let transaction = conversation.session.transactions.first
        return (conversation.tls?.serverCertificates?.leaf, transaction?.events ?? [])
    }

    private static func subject(_ attributes: [CertificateBytes.Attribute]...) -> String? {
        read(CertificateBytes().with { $0.subject = attributes }.bytes).leaf.map { text($0.subject) }
    }

    @Test("subject, issuer, serial, validity, alternative names")
    func fields() throws {
        let certificate = CertificateBytes("www.example.com").with {
            $0.alternativeNames = ["a.example", "*.b.example"]
        }
        let leaf = try #require(Self.read(certificate.bytes).leaf)
        #expect(text(leaf.subject) == "CN=www.example.com")
        #expect(text(leaf.issuer) == "C=US, O=Test, Inc., CN=Test Root")
        #expect(text(leaf.serial) == "0A:FF")
        #expect(leaf.notBefore == 1_577_836_800)
        #expect(CertificateTime.text(leaf.notAfter) == "2030-01-01T00:00:00")
        #expect(leaf.alternativeNames.map { text($0) } == ["a.example", "*.b.example"])
        #expect(Self.read(certificate.with { $0.hasVersion = false }.bytes).leaf != nil)
    }

    @Test("names in Suricata's form")
    func names() {
        typealias Attribute = CertificateBytes.Attribute
        #expect(Self.subject([.commonName("a"), .organization("b")], [.country("DE")]) == "CN=a + O=b, C=DE")
        #expect(Self.subject([Attribute([0x55, 4, 5], utf8("7"))]) == "serialNumber=7")
        #expect(Self.subject([Attribute([0x55, 4, 20], utf8("7"))]) == "OID(2.5.4.20)=7")
        #expect(Self.subject([Attribute([0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1], utf8("a@b"))]) == "Email=a@b")
        #expect(Self.subject() == "")
        let strings: [(UInt8, [UInt8], String)] = [
            (0x0c, utf8("m\u{fc}"), "CN=m\u{fc}"), (0x1e, [0, 0x6d, 0, 0xfc], "CN=m\u{fc}"),
            (0x04, [0x6f, 1], "CN=6F01"),
            (0x0c, [0xff], "<X509Error: Invalid X.509 name>"), (0x13, [0xff], "<X509Error: Invalid X.509 name>"),
            (0x1e, [0xd8, 0, 0, 0x61], "<X509Error: Invalid X.509 name>"),
        ]
        for (tag, bytes, expected) in strings {
            #expect(Self.subject([Attribute([0x55, 4, 3], bytes, tag: tag)]) == expected, "tag \(tag)")
        }
    }

    @Test(
        "times",
        arguments: [
            ("490101000000Z", "2049-01-01T00:00:00"), ("500101000000Z", "1950-01-01T00:00:00"),
            ("2001010000Z", "2020-01-01T00:00:00"), ("20000229235959Z", "2000-02-29T23:59:59"),
            ("200101000000+0100", "2019-12-31T23:00:00"), ("20200101000000.5Z", "2020-01-01T00:00:00"),
            ("99991231235959Z", "9999-12-31T23:59:59"), ("00010101000000Z", "0001-01-01T00:00:00"),
            ("201301000000Z", nil), ("200230000000Z", nil), ("200101000060Z", nil), ("20200101000000", nil),
            ("xx", nil),
        ] as [(String, String?)])
    func times(written: String, expected: String?) {
        let isGeneral = written.utf8.count > 13 && !written.hasSuffix("+0100")
        let certificate = CertificateBytes().with { $0.notBefore = written }.bytes
        var bytes = certificate
        if !isGeneral, written.utf8.count > 13, let place = bytes.firstRange(of: utf8(written)) {
            bytes[place.lowerBound - 2] = 0x17
        }
        let (leaf, events) = Self.read(bytes)
        #expect(leaf.map { CertificateTime.text($0.notBefore) } == expected)
        #expect(events == (expected == nil ? [.tlsCertificateInvalidDate, .tlsInvalidHandshakeMessage] : []))
    }

    @Test("malformed certificates raise events and are not read")
    func malformed() {
        let good = CertificateBytes().bytes
        let null = CertificateBytes("a\0b").bytes
        #expect(
            Self.read([UInt8](repeating: 5, count: 40)).events == [
                .tlsCertificateInvalidDER, .tlsInvalidHandshakeMessage,
            ])
        #expect(Self.read([]).events == [.tlsCertificateInvalidLength, .tlsInvalidHandshakeMessage])
        #expect(Self.read(null).events == [.tlsCertificateInvalidSubject, .tlsInvalidHandshakeMessage])
        #expect(Self.read(null).leaf == nil)
        #expect(Self.read(good, [1, 2, 3]).leaf != nil, "only the leaf is read")
        #expect(Self.read(good, [1, 2, 3]).events == [])
        let conversation = Conversation([
            .client(TLSBytes.clientHello()),
            .server(TLSBytes.record(TLSBytes.serverHello(version: 0x0303) + TLSBytes.message(11, [0, 0, 9, 1]))),
        ])
        #expect(conversation.session.malformed == nil)
        #expect(
            conversation.session.transactions.first?.events == [.tlsInvalidCertificate, .tlsInvalidHandshakeMessage])
    }

    @Test("fingerprint: SHA-1 of the leaf")
    func fingerprint() throws {
        let flight =
            TLSBytes.serverHello(version: 0x0303) + TLSBytes.certificates([CertificateBytes().bytes, [1, 2, 3]])
        let conversation = Conversation([.client(TLSBytes.clientHello()), .server(TLSBytes.record(flight))])
        let chain = try #require(conversation.tls?.serverCertificates)
        #expect(chain.count == 2)
        #expect(chain.certificate(1).map { Array($0) } == [1, 2, 3])
        #expect(chain.certificate(2) == nil)
        #expect(chain.fingerprint?.count == 59)
    }

    @Test("nothing in a certificate traps")
    func hostile() throws {
        let certificate = CertificateBytes().with {
            $0.alternativeNames = ["a.example", "b.example"]
            $0.subject = [[.country("DE"), .commonName("x")], [.organization("y")]]
        }.bytes
        try property("hostile certificates", runs: 20000) { random in
            _ = Self.read(random.mutated(certificate), random.bytes(upTo: 40))
        }
    }

    @Test("the calendar goes round")
    func calendar() throws {
        try property("calendar", runs: 5000) { random in
            let seconds = Int64(random.below(250_000_000_000)) - 62_000_000_000
            let text = CertificateTime.text(seconds)
            let parts = text.split(whereSeparator: { "-T:".contains($0) }).compactMap { Int($0) }
            try #require(parts.count == 6)
            let days = try #require(CertificateTime.days(year: parts[0], month: parts[1], day: parts[2]))
            try #require(days * 86_400 + Int64(parts[3] * 3600 + parts[4] * 60 + parts[5]) == seconds, "\(text)")
        }
    }
}
