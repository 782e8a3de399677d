/// A network in CIDR notation (RFC 4632, RFC 4291 section 2.3): host bits below the prefix length are cleared.
public struct IPPrefix: Hashable, Sendable {
    public let address: IPAddress
    public let length: Int

    /// Nil when `length` does not fit the address's family.
    public init?(_ address: IPAddress, length: Int) {
        guard (0...address.bitWidth).contains(length) else { return nil }
        self.length = length
        let keep = address.bitWidth - length
        let value: UInt128 = keep >= 128 ? 0 : (address.value >> UInt128(keep)) << UInt128(keep)
        self.address = IPAddress(value: value, version: address.version)
    }

    /// `10.0.0.0/8`, `2001:db8::/32`, or an address alone (its full length).
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let address = IPAddress(first) else { return nil }
        guard parts.count == 2 else {
            self.init(address, length: address.bitWidth)
            return
        }
        let digits = parts[1]
        guard (1...3).contains(digits.utf8.count), digits.utf8.allSatisfy({ (48...57).contains($0) }),
            let length = Int(digits)
        else { return nil }
        self.init(address, length: length)
    }

    public var first: IPAddress { address }

    public var last: IPAddress {
        let host = address.bitWidth - length
        let ones: UInt128 = host >= 128 ? .max : (UInt128(1) << UInt128(host)) - 1
        return IPAddress(value: address.value | ones, version: address.version)
    }
}

extension IPPrefix: CustomStringConvertible {
    public var description: String { "\(address)/\(length)" }
}

extension IPAddress {
    /// The address with this numeric value; bits above the family's width are ignored.
    public init(value: UInt128, version: IPVersion) {
        switch version {
        case .v4: self.init(v4: UInt32(truncatingIfNeeded: value))
        case .v6: self.init(v6High: UInt64(truncatingIfNeeded: value >> 64), v6Low: UInt64(truncatingIfNeeded: value))
        }
    }
}
