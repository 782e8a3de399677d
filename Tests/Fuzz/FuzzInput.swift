import NetTypes

/// Reads a fuzzer's bytes as a script: numbers, and pieces that carry their length. At the end numbers are 0 and pieces empty.
struct FuzzInput {
    let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { position >= bytes.count }

    mutating func u8() -> UInt8 {
        guard position < bytes.count else { return 0 }
        defer { position += 1 }
        return bytes[position]
    }

    mutating func u16() -> UInt16 { UInt16(u8()) << 8 | UInt16(u8()) }

    /// As many bytes as the next two say, or what is left.
    mutating func piece() -> [UInt8] {
        let count = min(Int(u16()), bytes.count - position)
        defer { position += count }
        return Array(bytes[position..<(position + count)])
    }

    mutating func direction() -> FlowDirection { u8() & 1 == 0 ? .toServer : .toClient }
}

/// The other side of `FuzzInput`, for seeds.
struct FuzzScript {
    var bytes: [UInt8] = []

    mutating func u8(_ value: UInt8) { bytes.append(value) }

    mutating func piece(_ piece: [UInt8]) {
        bytes += [UInt8(truncatingIfNeeded: piece.count >> 8), UInt8(truncatingIfNeeded: piece.count)] + piece
    }
}
