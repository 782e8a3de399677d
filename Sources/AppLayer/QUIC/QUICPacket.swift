import Wire

/// What a QUIC packet with a long header has shown: one transaction of its flow.
public final class QUICPacket {
    public let version: QUICVersion
    /// The hello that this packet has completed.
    public internal(set) var clientHello: ClientHello?
    public internal(set) var serverHello: ServerHello?
    /// The extensions of that hello, with the values that records name.
    public internal(set) var extensions: [QUICExtension] = []
    /// Tags of messages of Google's QUIC, by frame.
    public internal(set) var messages: [GoogleQUICMessage] = []

    init(version: QUICVersion) { self.version = version }

    /// The server's name, as sent.
    public var serverName: [UInt8]? { clientHello?.serverName ?? value("SNI\0") }
    /// The user agent of Google's QUIC.
    public var userAgent: [UInt8]? { value("UAID") }

    private func value(_ tag: StaticString) -> [UInt8]? {
        let tag = tag.withUTF8Buffer { unsafe Array($0) }
        return messages.lazy.compactMap { message in message.values.last { $0.tag == tag }?.value }.last
    }

    public private(set) lazy var ja3: TLSHandshake.Fingerprint? = clientHello.map { .init(JA3.text(of: $0)) }
    public private(set) lazy var ja3s: TLSHandshake.Fingerprint? = serverHello.map { .init(JA3.text(of: $0)) }
    public private(set) lazy var ja4: [UInt8]? = clientHello.map {
        Array(JA4.fingerprint(of: $0, isQUIC: true).utf8)
    }

    /// The CYU fingerprints (Salesforce): version and tags of each message.
    public private(set) lazy var cyu: [TLSHandshake.Fingerprint] = {
        guard let name = version.fingerprintName else { return [] }
        return messages.map { .init(Array("\(name),".utf8) + $0.tagNames) }
    }()
}

/// An extension of a hello, for records.
public struct QUICExtension: Sendable {
    public let type: UInt16
    public let values: [[UInt8]]
}

extension QUICExtension {
    /// What the hello offers, GREASE left out.
    static func list(_ hello: ClientHello) -> [QUICExtension] {
        hello.extensions.filter { !JA4.isGrease($0) }.map { type in
            switch type {
            case 0: QUICExtension(type: type, values: hello.serverName.map { [$0] } ?? [])
            case 13: QUICExtension(type: type, values: hello.signatureAlgorithms.map { Array(String($0).utf8) })
            case 16: QUICExtension(type: type, values: hello.protocols)
            case 43: QUICExtension(type: type, values: hello.supportedVersions.filter { !JA4.isGrease($0) }.map(name))
            default: QUICExtension(type: type, values: [])
            }
        }
    }

    static func list(_ hello: ServerHello) -> [QUICExtension] {
        hello.extensions.map { QUICExtension(type: $0, values: $0 == 43 ? [name(hello.version)] : []) }
    }

    private static func name(_ version: UInt16) -> [UInt8] {
        let known: [UInt16: String] = [
            TLSVersion.ssl3: "Ssl30", TLSVersion.tls10: "Tls10", TLSVersion.tls11: "Tls11", TLSVersion.tls12: "Tls12",
            TLSVersion.tls13: "Tls13",
        ]
        return Array((known[version] ?? "TlsVersion(\(version) / 0x\(String(version, radix: 16)))").utf8)
    }
}

/// A handshake message of Google's QUIC: a tag, and tagged values whose ends are counted from the first value.
///
///     0 tag   4 number of values (little endian)   6 zero   8 for each value: tag, end (little endian)   values
public struct GoogleQUICMessage: Sendable {
    public struct Value: Sendable {
        public let tag: [UInt8]
        public let value: [UInt8]
    }

    public private(set) var values: [Value] = []

    /// Clients send some thirty.
    private static let maximumValues = 128

    init(_ bytes: RawSpan) throws(EndOfBytes) {
        var cursor = ByteCursor(bytes)
        _ = try GoogleQUICMessage.tag(&cursor)
        let count = Int(try cursor.u16().byteSwapped)
        try cursor.skip(2)
        guard count <= GoogleQUICMessage.maximumValues else { throw EndOfBytes() }
        var entries: [(tag: [UInt8], end: Int)] = []
        for _ in 0..<count {
            let tag = try GoogleQUICMessage.tag(&cursor)
            entries.append((tag, Int(try cursor.u32().byteSwapped)))
        }
        var start = 0
        for entry in entries {
            values.append(Value(tag: entry.tag, value: try cursor.take(entry.end - start).all.copied()))
            start = entry.end
        }
    }

    private static func tag(_ cursor: inout ByteCursor) throws(EndOfBytes) -> [UInt8] {
        let tag = try cursor.take(4).all.copied()
        guard tag.allSatisfy({ $0 == 0 || (48...90).contains($0) }) else { throw EndOfBytes() }
        return tag
    }

    /// The tags in order, joined by hyphens, their padding left out.
    var tagNames: [UInt8] { Array(values.map { $0.tag.filter { $0 != 0 } }.joined(separator: [45])) }
}
