/// The bytes of a text in UTF-8.
public func utf8(_ text: String) -> [UInt8] { Array(text.utf8) }

/// The bytes of a text of hexadecimal digits.
public func bytes(hex text: String) -> [UInt8] {
    let digits = text.compactMap { $0.hexDigitValue.map(UInt8.init) }
    return stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}

/// A length field of a built message: where it stands and how wide it is.
public struct LengthField: Hashable, Sendable {
    public let offset: Int
    public let width: Int

    /// The field's value in `bytes`.
    public func value(in bytes: [UInt8]) -> Int {
        bytes[offset..<(offset + width)].reduce(0) { $0 << 8 | Int($1) }
    }

    /// `bytes` with another value in the field; the value is cut to the field's width.
    public func setting(_ value: Int, in bytes: [UInt8]) -> [UInt8] {
        var changed = bytes
        for index in 0..<width {
            changed[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * (width - 1 - index)))
        }
        return changed
    }
}

/// Appends numbers in network byte order, and blocks behind their length; remembers where each length stands.
public struct ByteWriter {
    public private(set) var bytes: [UInt8] = []
    public private(set) var lengths: [LengthField] = []

    public init() {}

    public mutating func u8(_ value: UInt8) { bytes.append(value) }

    public mutating func u16(_ value: UInt16) { number(Int(value), width: 2) }

    public mutating func u32(_ value: UInt32) { number(Int(value), width: 4) }

    public mutating func append(_ more: [UInt8]) { bytes += more }

    public mutating func number(_ value: Int, width: Int) {
        for index in 0..<width { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * (width - 1 - index)))) }
    }

    /// What `body` appends, behind its length in `width` bytes.
    public mutating func block(_ width: Int, _ body: (inout ByteWriter) -> Void) {
        let field = LengthField(offset: bytes.count, width: width)
        lengths.append(field)
        number(0, width: width)
        let start = bytes.count
        body(&self)
        bytes = field.setting(bytes.count - start, in: bytes)
    }
}

/// The Internet checksum (RFC 1071), byte pair by byte pair: not the product's, so that tests compare two of them.
public func internetChecksum(_ bytes: [UInt8]) -> UInt16 {
    var sum: UInt32 = 0
    for index in stride(from: 0, to: bytes.count, by: 2) {
        let low = index + 1 < bytes.count ? bytes[index + 1] : 0
        sum += UInt32(bytes[index]) << 8 | UInt32(low)
        sum = (sum & 0xffff) + (sum >> 16)
    }
    return ~UInt16(truncatingIfNeeded: sum)
}
