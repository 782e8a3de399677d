import AppLayer
import NetTypes
import RuleLanguage

/// Keywords about a TLS handshake that are no buffers: its state, its version, the certificate.
enum TLSKeywords {
    static let all = [
        Keyword(
            name: "ssl_state", value: .required,
            summary:
                "Newest handshake message: client_hello, server_hello, client_keyx, server_keyx, unknown; with ! and |.",
            setUp: handshakeState),
        Keyword(
            name: "tls.version", value: .required,
            summary: "The version this side wants or has chosen: 1.0, 1.1, 1.2, 1.3, or its number, 0x7f12.",
            setUp: version),
        Keyword(
            name: "ssl_version", value: .required,
            summary: "Versions of which this side wants or has chosen one: sslv2, sslv3, tls1.0 to tls1.3, a list.",
            setUp: versions),
        Keyword(
            name: "tls.hello", value: .required,
            summary:
                "Facts of the ClientHello: no_name, several_names, address_name, ech, ech_hidden (under a provider's name), ech_noise, second; with ! and |.",
            setUp: helloFacts),
        Keyword(
            name: "tls.cert_chain_len", value: .required,
            summary: "Number of certificates the server has sent: N, <N, >N, N<>M."
        ) { builder, argument throws(RuleProblem) in
            try builder.require(.tls, for: argument.option)
            let test = try argument.integer(IntegerSyntax(maximum: Int64(UInt32.max), allowsOrEqual: true))
            builder.directedOptions.append((.toClient, argument.option))
            builder.transactionTests.append(.certificateCount(test))
        },
        certificateText("tls.subject", .tlsCertificateSubject, "Text within the subject of the certificate."),
        certificateText("tls.issuerdn", .tlsCertificateIssuer, "Text within the issuer of the certificate."),
        certificateText("tls.fingerprint", .tlsCertificateFingerprint, "The SHA-1 of the certificate."),
    ]

    // MARK: state and version

    @Sendable
    private static func handshakeState(
        _ builder: inout SignatureBuilder, _ argument: KeywordArgument
    ) throws(RuleProblem) {
        try builder.require(.tls, for: argument.option)
        var mask: TLSHandshake.HandshakeState = []
        var inverted: TLSHandshake.HandshakeState = []
        for part in argument.text.split(whereSeparator: { $0 == "|" || $0 == "," }) {
            let word = part.filter { $0 != " " }
            let isNegated = word.hasPrefix("!")
            guard let state = handshakeStates[String(word.dropFirst(isNegated ? 1 : 0))] else {
                throw RuleProblem(
                    "'\(word)' is no handshake state",
                    hint: "expected \(handshakeStates.keys.sorted().joined(separator: ", "))")
            }
            mask.insert(state)
            if isNegated { inverted.insert(state) }
        }
        guard !mask.isEmpty else { throw RuleProblem("ssl_state names no state") }
        builder.transactionTests.append(.handshakeState(mask: mask.rawValue, inverted: inverted.rawValue))
    }

    @Sendable
    private static func version(_ builder: inout SignatureBuilder, _ argument: KeywordArgument) throws(RuleProblem) {
        try builder.require(.tls, for: argument.option)
        let text = argument.text.filter { $0 != " " }
        if let version = versionNumbers[text] {
            builder.transactionTests.append(.tlsVersion(version, isExact: false))
        } else if text.hasPrefix("0x"), text.utf8.count == 6, let version = UInt16(text.dropFirst(2), radix: 16) {
            builder.transactionTests.append(.tlsVersion(version, isExact: true))
        } else {
            throw RuleProblem("'\(text)' is no TLS version", hint: "expected 1.0, 1.1, 1.2, 1.3 or a number, 0x0304")
        }
    }

    /// A negated list in Suricata never matches; here it means none of them, except where Suricata's readings are wanted.
    @Sendable
    private static func versions(_ builder: inout SignatureBuilder, _ argument: KeywordArgument) throws(RuleProblem) {
        try builder.require(.tls, for: argument.option)
        var mask: UInt8 = 0
        var isNegated: Bool?
        for part in argument.parts where !part.isEmpty {
            let negated = part.hasPrefix("!")
            let word = part.dropFirst(negated ? 1 : 0).lowercased()
            guard let index = versionNames.firstIndex(of: word) else {
                throw RuleProblem(
                    "'\(word)' is no SSL version", hint: "expected \(versionNames.joined(separator: ", "))")
            }
            guard isNegated ?? negated == negated else {
                throw RuleProblem("ssl_version has names with and without '!'", hint: "negate all of them or none")
            }
            isNegated = negated
            guard mask & 1 << UInt8(index) == 0 else { throw RuleProblem("ssl_version names '\(word)' twice") }
            mask |= 1 << UInt8(index)
        }
        guard let isNegated else { throw RuleProblem("ssl_version names no version") }
        builder.transactionTests.append(.tlsVersions(mask: mask, isNegated: isNegated))
    }

    /// Weir's own.
    @Sendable
    private static func helloFacts(_ builder: inout SignatureBuilder, _ argument: KeywordArgument) throws(RuleProblem) {
        try builder.require(.tls, for: argument.option)
        let text = argument.text.filter { $0 != " " }
        let isNegated = text.hasPrefix("!")
        var mask: UInt16 = 0
        for word in text.dropFirst(isNegated ? 1 : 0).split(separator: "|", omittingEmptySubsequences: false) {
            guard let fact = helloFactNames[String(word)] else {
                throw RuleProblem(
                    "'\(word)' is no fact of a ClientHello",
                    hint: "expected \(helloFactNames.keys.sorted().joined(separator: ", "))")
            }
            mask |= fact.rawValue
        }
        builder.directedOptions.append((.toServer, argument.option))
        builder.transactionTests.append(
            .helloFacts(mask: mask, isNegated: isNegated, publicNames: encryptedHelloNames))
    }

    private static let helloFactNames: [String: TLSHandshake.HelloFacts] = [
        "no_name": .noName, "several_names": .severalNames, "address_name": .addressName, "ech": .encryptedHello,
        "ech_hidden": .hiddenName, "ech_noise": .noise, "second": .second,
    ]

    /// Names under which providers' servers take encrypted hellos (the `public_name` of RFC 9849 section 4), as their
    /// HTTPS records give them.
    private static let encryptedHelloNames = Set(
        ["cloudflare-ech.com", "crypto.cloudflare.com", "tls-ech.dev", "public.tls-ech.dev", "cover.defo.ie"].map {
            Array($0.utf8)
        })

    private static let handshakeStates: [String: TLSHandshake.HandshakeState] = [
        "client_hello": .clientHello, "server_hello": .serverHello, "client_keyx": .clientKeyExchange,
        "server_keyx": .serverKeyExchange, "unknown": .unknown,
    ]

    private static let versionNumbers: [String: UInt16] = [
        "1.0": TLSVersion.tls10, "1.1": TLSVersion.tls11, "1.2": TLSVersion.tls12, "1.3": TLSVersion.tls13,
    ]

    /// In the order of the bits of `TransactionTest.tlsVersions`.
    private static let versionNames = ["sslv2", "sslv3", "tls1.0", "tls1.1", "tls1.2", "tls1.3"]

    // MARK: old forms

    /// Keywords that carry their text themselves.
    private static func certificateText(_ name: String, _ buffer: BufferID, _ summary: String) -> Keyword {
        Keyword(name: name, value: .required, summary: summary) { builder, argument throws(RuleProblem) in
            try builder.require(.tls, for: argument.option)
            let value = try argument.quoted()
            guard value.isQuoted else {
                throw RuleProblem("\(name) needs quotes around its text", hint: "write \(name):\"...\"")
            }
            let bytes = Array(value.text.utf8)
            guard !bytes.isEmpty else { throw RuleProblem("\(name) is empty") }
            guard !bytes.contains(where: { $0 == UInt8(ascii: "\\") || $0 == UInt8(ascii: "|") }) else {
                throw RuleProblem(
                    "\(name) takes plain text", hint: "use the buffer tls.cert_... for escapes and |bytes|")
            }
            var draft = SignatureBuilder.ContentDraft(bytes: bytes, option: argument.option)
            draft.pattern.isNegated = value.isNegated
            builder.buffers.append(
                SignatureBuilder.BufferDraft(
                    use: BufferUse(buffer: buffer), conditions: [.content(draft)], option: argument.option))
        }
    }
}
