/// TLS records and handshake messages (RFC 8446, RFC 5246).
public enum TLSBytes {
    public enum ContentType: UInt8, Sendable {
        case changeCipherSpec = 20
        case alert = 21
        case handshake = 22
        case applicationData = 23
    }

    /// One record around `fragment`.
    public static func record(
        _ fragment: [UInt8], type: ContentType = .handshake, version: UInt16 = 0x0301
    ) -> [UInt8] {
        var record = ByteWriter()
        record.u8(type.rawValue)
        record.u16(version)
        record.block(2) { $0.append(fragment) }
        return record.bytes
    }

    /// `message` in as many records as it takes to cut it at `places`.
    public static func records(_ message: [UInt8], cutAt places: [Int], version: UInt16 = 0x0301) -> [UInt8] {
        let bounds = [0] + places + [message.count]
        return zip(bounds, bounds.dropFirst()).flatMap { record(Array(message[$0..<$1]), version: version) }
    }

    /// `message` in records of at most `size` bytes each.
    public static func records(_ message: [UInt8], size: Int) -> [UInt8] {
        records(message, cutAt: Array(stride(from: size, to: message.count, by: size)))
    }

    /// The first flight of a client: a ClientHello in one record.
    public static func clientHello(_ name: String? = "example.com") -> [UInt8] {
        record(ClientHelloBytes(name).message)
    }

    /// Any handshake message.
    public static func message(_ type: UInt8, _ body: [UInt8]) -> [UInt8] {
        var message = ByteWriter()
        message.u8(type)
        message.block(3) { $0.append(body) }
        return message.bytes
    }

    /// A ServerHello message.
    /// - Parameter version: 0x0304 stands in the supported_versions extension, older ones in the hello itself.
    public static func serverHello(
        version: UInt16 = 0x0304, cipher: UInt16 = 0x1301, sessionID: [UInt8] = Array(1...32), isRetry: Bool = false
    ) -> [UInt8] {
        // RFC 8446 section 4.1.3: the random of a HelloRetryRequest.
        let retry: [UInt8] = [
            0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
            0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
        ]
        var body = ByteWriter()
        body.u16(min(version, 0x0303))
        body.append(isRetry ? retry : Array(0x40..<0x60))
        body.block(1) { $0.append(sessionID) }
        body.u16(cipher)
        body.u8(0)
        body.block(2) { list in
            list.u16(0xff01)
            list.block(2) { $0.u8(0) }
            if version >= 0x0304 {
                list.u16(43)
                list.block(2) { $0.u16(version) }
            }
            if isRetry {
                list.u16(51)
                list.block(2) { $0.u16(0x0017) }
            }
        }
        return message(2, body.bytes)
    }

    public static let changeCipherSpec = record([1], type: .changeCipherSpec, version: 0x0303)

    /// Records that cannot be read: application data, and from TLS 1.3 on the rest of the handshake.
    public static func applicationData(_ count: Int = 64) -> [UInt8] {
        record([UInt8](repeating: 0xa5, count: count), type: .applicationData, version: 0x0303)
    }

    public static func alert(_ description: UInt8) -> [UInt8] {
        record([2, description], type: .alert, version: 0x0303)
    }
}
