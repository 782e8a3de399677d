/// A ClientHello as a test wants it (RFC 8446 section 4.1.2). By default that of a present-day browser; every list can
/// be emptied or replaced.
public struct ClientHelloBytes: Sendable {
    public var legacyVersion: UInt16 = 0x0303
    public var sessionID: [UInt8] = Array(1...32)
    public var ciphers: [UInt16] = [0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030]
    /// Host names of the server_name extension; empty leaves the extension out.
    public var names: [String]
    /// Bytes of the server_name extension instead of `names`.
    public var rawServerName: [UInt8]?
    public var alpn: [String] = ["h2", "http/1.1"]
    public var supportedVersions: [UInt16] = [0x0304, 0x0303]
    public var groups: [UInt16] = [0x001d, 0x0017, 0x0018]
    public var pointFormats: [UInt8] = [0]
    public var signatureAlgorithms: [UInt16] = [0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601]
    /// Key shares by group and size: 0x001d has 32 bytes, the hybrid 0x11ec has 1216.
    public var keyShares: [(group: UInt16, size: Int)] = [(0x001d, 32)]
    /// Further extensions, in this order, behind the others.
    public var others: [(type: UInt16, content: [UInt8])] = [(0x0017, []), (0xff01, [0]), (0x0023, [])]
    /// GREASE values (RFC 8701) in ciphers, groups, versions and at both ends of the extensions.
    public var hasGrease = false
    /// The padding extension (RFC 7685) brings the message, header included, to this size.
    public var paddedSize: Int?
    /// SSLv3 and early TLS 1.0 clients send none.
    public var hasExtensions = true

    public init(_ name: String? = "example.com") { names = name.map { [$0] } ?? [] }

    public func with(_ change: (inout ClientHelloBytes) -> Void) -> ClientHelloBytes {
        var copy = self
        change(&copy)
        return copy
    }

    /// A hello with a post-quantum key share: too large for one segment of an Ethernet.
    public static func postQuantum(_ name: String? = "example.com") -> ClientHelloBytes {
        ClientHelloBytes(name).with {
            $0.groups = [0x11ec, 0x001d, 0x0017, 0x0018]
            $0.keyShares = [(0x11ec, 1216), (0x001d, 32)]
        }
    }

    /// The handshake message with its four-byte header.
    public var message: [UInt8] { written.bytes }

    /// Where the lengths stand in `message`.
    public var lengths: [LengthField] { written.lengths }

    private var written: ByteWriter {
        let plain = write(padding: nil)
        guard let paddedSize, paddedSize >= plain.bytes.count + 4 else { return plain }
        return write(padding: paddedSize - plain.bytes.count - 4)
    }

    private func write(padding: Int?) -> ByteWriter {
        var writer = ByteWriter()
        writer.u8(1)
        writer.block(3) { body in
            body.u16(legacyVersion)
            body.append((0..<32).map { UInt8(0x80 + $0) })
            body.block(1) { $0.append(sessionID) }
            body.block(2) { list in
                if hasGrease { list.u16(0x0a0a) }
                for cipher in ciphers { list.u16(cipher) }
            }
            body.block(1) { $0.u8(0) }
            if hasExtensions { body.block(2) { writeExtensions(&$0, padding: padding) } }
        }
        return writer
    }

    private func writeExtensions(_ list: inout ByteWriter, padding: Int?) {
        func add(_ type: UInt16, _ content: (inout ByteWriter) -> Void) {
            list.u16(type)
            list.block(2, content)
        }
        if hasGrease { add(0x1a1a) { _ in } }
        if let rawServerName {
            add(0) { $0.append(rawServerName) }
        } else if !names.isEmpty {
            add(0) { content in
                content.block(2) { entries in
                    for name in names {
                        entries.u8(0)
                        entries.block(2) { $0.append(utf8(name)) }
                    }
                }
            }
        }
        if !groups.isEmpty {
            add(10) {
                $0.block(2) { list in for group in (hasGrease ? [0x2a2a] + groups : groups) { list.u16(group) } }
            }
        }
        if !pointFormats.isEmpty { add(11) { $0.block(1) { $0.append(pointFormats) } } }
        if !signatureAlgorithms.isEmpty {
            add(13) { $0.block(2) { list in for algorithm in signatureAlgorithms { list.u16(algorithm) } } }
        }
        if !alpn.isEmpty {
            add(16) { $0.block(2) { list in for name in alpn { list.block(1) { $0.append(utf8(name)) } } } }
        }
        if !supportedVersions.isEmpty {
            let versions = hasGrease ? [0x3a3a] + supportedVersions : supportedVersions
            add(43) { $0.block(1) { list in for version in versions { list.u16(version) } } }
        }
        if !keyShares.isEmpty {
            add(51) { content in
                content.block(2) { list in
                    for share in keyShares {
                        list.u16(share.group)
                        list.block(2) { $0.append([UInt8](repeating: 0x5a, count: share.size)) }
                    }
                }
            }
        }
        for other in others { add(other.type) { $0.append(other.content) } }
        if hasGrease { add(0x4a4a) { $0.u8(0) } }
        if let padding { add(21) { $0.append([UInt8](repeating: 0, count: padding)) } }
    }
}
