/// IP version as the first nibble of a packet says it (RFC 791, RFC 8200).
public enum IPVersion: UInt8, Sendable {
    case v4 = 4
    case v6 = 6
}

/// An IPv4 or IPv6 address. An IPv4 address keeps its 32 bits in `low`; it is never equal to an IPv6 address,
/// an IPv4-mapped one (::ffff:a.b.c.d) included, so that a rule for one family cannot be met by a packet of the other.
@frozen
public struct IPAddress: Hashable, Sendable {
    public let high: UInt64
    public let low: UInt64
    public let version: IPVersion

    @inlinable
    public init(v4 bits: UInt32) {
        high = 0
        low = UInt64(bits)
        version = .v4
    }

    @inlinable
    public init(v6High: UInt64, v6Low: UInt64) {
        high = v6High
        low = v6Low
        version = .v6
    }

    @inlinable
    public var isIPv4: Bool { version == .v4 }

    /// The address as one number: 32 significant bits for IPv4, 128 for IPv6.
    @inlinable
    public var value: UInt128 { UInt128(high) << 64 | UInt128(low) }

    @inlinable
    public var v4Bits: UInt32 { UInt32(truncatingIfNeeded: low) }

    /// 32 or 128.
    @inlinable
    public var bitWidth: Int { isIPv4 ? 32 : 128 }
}

extension IPAddress {
    /// Reads dotted decimal (exactly four parts, no leading zeros beyond one digit) or RFC 4291 text.
    public init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        if bytes.contains(UInt8(ascii: ":")) {
            guard let groups = IPAddress.groups(v6: bytes) else { return nil }
            var high: UInt64 = 0
            var low: UInt64 = 0
            for index in 0..<4 { high = high << 16 | UInt64(groups[index]) }
            for index in 4..<8 { low = low << 16 | UInt64(groups[index]) }
            self.init(v6High: high, v6Low: low)
        } else {
            guard let bits = IPAddress.bits(v4: bytes[...]) else { return nil }
            self.init(v4: bits)
        }
    }

    private static func bits(v4 bytes: ArraySlice<UInt8>) -> UInt32? {
        let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bits: UInt32 = 0
        for part in parts {
            guard (1...3).contains(part.count), part.allSatisfy({ (48...57).contains($0) }) else { return nil }
            if part.count > 1, part.first == 48 { return nil }
            let value = part.reduce(0) { $0 * 10 + Int($1 - 48) }
            guard value <= 255 else { return nil }
            bits = bits << 8 | UInt32(value)
        }
        return bits
    }

    private static func groups(v6 bytes: [UInt8]) -> [UInt16]? {
        let colon = UInt8(ascii: ":")
        var head: [UInt16] = []
        var tail: [UInt16] = []
        var sawGap = false
        var index = 0
        if bytes.count >= 2, bytes[0] == colon {
            guard bytes[1] == colon else { return nil }
            sawGap = true
            index = 2
        }
        while index < bytes.count {
            let end = bytes[index...].firstIndex(of: colon) ?? bytes.count
            let part = bytes[index..<end]
            if end == bytes.count, part.contains(UInt8(ascii: ".")) {
                guard let bits = bits(v4: part) else { return nil }
                let pair = [UInt16(truncatingIfNeeded: bits >> 16), UInt16(truncatingIfNeeded: bits)]
                if sawGap { tail += pair } else { head += pair }
                index = end
                break
            }
            guard (1...4).contains(part.count), let group = hexadecimal(part) else { return nil }
            if sawGap { tail.append(group) } else { head.append(group) }
            guard end < bytes.count else {
                index = end
                break
            }
            index = end + 1
            if index == bytes.count { return nil }
            if bytes[index] == colon {
                guard !sawGap else { return nil }
                sawGap = true
                index += 1
            }
        }
        let count = head.count + tail.count
        guard sawGap ? count <= 7 : count == 8 else { return nil }
        return head + Array(repeating: 0, count: 8 - count) + tail
    }

    private static func hexadecimal(_ digits: ArraySlice<UInt8>) -> UInt16? {
        var value: UInt16 = 0
        for digit in digits {
            guard let nibble = digit.hexadecimalDigitValue else { return nil }
            value = value << 4 | UInt16(nibble)
        }
        return value
    }

    /// The sixteen-bit groups of an IPv6 address.
    var groups: [UInt16] {
        (0..<8).map { index in
            let word = index < 4 ? high : low
            return UInt16(truncatingIfNeeded: word >> UInt64(48 - 16 * (index & 3)))
        }
    }

    /// All eight groups with four digits each, as EVE records write IPv6 addresses; IPv4 in dotted decimal.
    public var expanded: String {
        if isIPv4 { return description }
        return groups.map { group in
            let digits = String(group, radix: 16)
            return String(repeating: "0", count: 4 - digits.count) + digits
        }.joined(separator: ":")
    }
}

extension IPAddress: CustomStringConvertible {
    /// Dotted decimal, or RFC 5952 (longest run of zero groups compressed, lower case).
    public var description: String {
        if isIPv4 {
            return (0..<4).map { String((v4Bits >> UInt32(24 - 8 * $0)) & 255) }.joined(separator: ".")
        }
        let groups = self.groups
        var best = 0..<0
        var index = 0
        while index < 8 {
            guard groups[index] == 0 else {
                index += 1
                continue
            }
            let start = index
            while index < 8, groups[index] == 0 { index += 1 }
            if index - start > best.count, index - start > 1 { best = start..<index }
        }
        let hex = groups.map { String($0, radix: 16) }
        if best.isEmpty { return hex.joined(separator: ":") }
        return hex[..<best.lowerBound].joined(separator: ":") + "::" + hex[best.upperBound...].joined(separator: ":")
    }
}

extension UInt8 {
    /// 0 to 15 for an ASCII hexadecimal digit, else nil.
    @inlinable
    public var hexadecimalDigitValue: UInt8? {
        switch self {
        case 48...57: self &- 48
        case 65...70: self &- 55
        case 97...102: self &- 87
        default: nil
        }
    }
}
