import Wire

/// A ClientHello (RFC 8446 section 4.1.2, RFC 5246 section 7.4.1.2), as sent.
public struct ClientHello: Sendable {
    public var legacyVersion: UInt16
    public var cipherSuites: [UInt16]
    /// Types in the order sent.
    public var extensions: [UInt16]
    /// The first host_name of the server_name extension (RFC 6066 section 3), as sent; nil when there is none.
    public var serverName: [UInt8]?
    /// Further names or a second extension: no honest client sends them, and readers disagree on which one counts.
    public var hasSeveralNames = false
    /// ALPN protocol names (RFC 7301).
    public var protocols: [[UInt8]] = []
    public var supportedVersions: [UInt16] = []
    public var supportedGroups: [UInt16] = []
    public var pointFormats: [UInt8] = []
    public var signatureAlgorithms: [UInt16] = []
    public var random: [UInt8] = []
    public var sessionID: [UInt8] = []
    /// What is odd about the server_name extension.
    public var nameProblem: NameProblem?
    /// The hello carries an encrypted one (RFC 9849 section 5): its name may not be that of the server meant, unless the
    /// extension is noise that keeps it in use (section 6.2). By itself the one looks like the other.
    public var hasEncryptedHello = false

    public enum NameProblem: Sendable {
        /// No bytes, or more than a host's name can have.
        case length
        /// The first entry is no host_name.
        case type
        /// The list ends early, or holds more than one entry.
        case list
    }

    /// The version the client wants most: the first it lists that is one, else that of the hello itself.
    public var version: UInt16 { supportedVersions.first(where: TLSVersion.isKnown) ?? legacyVersion }
}

extension ClientHello {
    /// - Parameters:
    ///   - body: the handshake message behind its four-byte header.
    ///   - compatibleWithSuricata: lengths of lists are not held to where Suricata does not look at them.
    init(_ body: RawSpan, compatibleWithSuricata: Bool = false) throws(EndOfBytes) {
        var cursor = ByteCursor(body)
        legacyVersion = try cursor.u16()
        random = try cursor.take(32).all.copied()
        sessionID = try cursor.take(Int(try cursor.u8())).all.copied()
        cipherSuites = try ClientHello.words(cursor.take(Int(try cursor.u16())))
        try cursor.skip(Int(try cursor.u8()))
        extensions = []
        // SSLv3 and early TLS 1.0 clients end here: extensions are optional.
        guard !cursor.isAtEnd else { return }
        let length = Int(try cursor.u16())
        // Differs: bytes behind the extensions are nobody's; a reader who takes them for more would see another hello.
        guard compatibleWithSuricata || length == cursor.remaining else { throw EndOfBytes() }
        var list = compatibleWithSuricata ? cursor : try cursor.take(length)
        let start = list.offset
        while !list.isAtEnd, list.offset - start < length {
            let type = try list.u16()
            let content = try list.take(Int(try list.u16()))
            extensions.append(type)
            if type == 0, compatibleWithSuricata { readFirstName(content) } else { try read(type, content) }
        }
    }

    /// Suricata's reading: the first entry counts, the list's length does not.
    private mutating func readFirstName(_ content: consuming ByteCursor) {
        guard !content.isAtEnd else { return }
        nameProblem = .list
        guard (try? content.skip(2)) != nil, let type = try? content.u8() else { return }
        guard type == 0 else {
            nameProblem = .type
            return
        }
        guard let length = try? content.u16() else { return }
        guard (1...255).contains(length) else {
            nameProblem = .length
            return
        }
        guard let name = try? content.take(Int(length)) else { return }
        if content.isAtEnd { nameProblem = nil }
        if serverName == nil { serverName = name.all.copied() } else { hasSeveralNames = true }
    }

    private mutating func read(_ type: UInt16, _ content: consuming ByteCursor) throws(EndOfBytes) {
        switch type {
        case 0: try readServerName(content)
        case 10: supportedGroups = try ClientHello.words(content.take(Int(try content.u16())))
        case 11:
            let formats = try content.take(Int(try content.u8()))
            pointFormats = formats.rest.copied()
        case 13: signatureAlgorithms = try ClientHello.words(content.take(Int(try content.u16())))
        case 16: protocols = try ClientHello.names(content.take(Int(try content.u16())))
        case 0xfe0d: hasEncryptedHello = true
        case 43: supportedVersions = try ClientHello.words(content.take(Int(try content.u8())))
        default: break
        }
    }

    private mutating func readServerName(_ content: consuming ByteCursor) throws(EndOfBytes) {
        // A server sends the extension back empty; a client's has a list.
        guard !content.isAtEnd else { return }
        var list = try content.take(Int(try content.u16()))
        while !list.isAtEnd {
            let type = try list.u8()
            let name = try list.take(Int(try list.u16()))
            guard type == 0 else {
                if serverName == nil { nameProblem = .type }
                continue
            }
            if !(1...255).contains(name.remaining) { nameProblem = .length }
            if serverName == nil { serverName = name.rest.copied() } else { hasSeveralNames = true }
        }
        guard content.isAtEnd else { throw EndOfBytes() }
    }

    private static func words(_ source: consuming ByteCursor) throws(EndOfBytes) -> [UInt16] {
        var words: [UInt16] = []
        words.reserveCapacity(source.remaining / 2)
        while source.remaining >= 2 { words.append(try source.u16()) }
        return words
    }

    private static func names(_ source: consuming ByteCursor) throws(EndOfBytes) -> [[UInt8]] {
        var names: [[UInt8]] = []
        while !source.isAtEnd {
            let name = try source.take(Int(try source.u8()))
            names.append(name.rest.copied())
        }
        return names
    }
}

/// A ServerHello (RFC 8446 section 4.1.3, RFC 5246 section 7.4.1.3).
public struct ServerHello: Sendable {
    /// The agreed version: that of the supported_versions extension when present.
    public var version: UInt16
    /// The version field of the hello itself.
    public var legacyVersion: UInt16
    public var random: [UInt8]
    public var cipherSuite: UInt16
    public var extensions: [UInt16] = []
    /// The client's own: a resumption in TLS 1.2.
    public var sessionID: [UInt8]
    /// A HelloRetryRequest (RFC 8446 section 4.1.4): the client will send a second ClientHello.
    public var isRetryRequest: Bool

    init(_ body: RawSpan) throws(EndOfBytes) {
        var cursor = ByteCursor(body)
        version = try cursor.u16()
        legacyVersion = version
        if version == TLSVersion.tls13 { version = TLSVersion.draftBefore16 }
        let random = try cursor.take(32)
        self.random = random.all.copied()
        isRetryRequest = random.all.bigEndian64(at: 0) == 0xcf21_ad74_e59a_6111
        sessionID = []
        if TLSVersion.hasShortServerHello(legacyVersion) {
            cipherSuite = try cursor.u16()
        } else {
            sessionID = try cursor.take(Int(try cursor.u8())).all.copied()
            cipherSuite = try cursor.u16()
            try cursor.skip(1)
        }
        guard !cursor.isAtEnd else { return }
        var list = try cursor.take(Int(try cursor.u16()))
        while !list.isAtEnd {
            let type = try list.u16()
            var content = try list.take(Int(try list.u16()))
            extensions.append(type)
            if type == 43 { version = try content.u16() }
        }
    }
}
