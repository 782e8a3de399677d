import NetTypes

/// What the members of a data set are, how a file writes them, and which bytes of a buffer are one.
enum DatasetKind: String, Sendable, CaseIterable {
    case string
    case md5
    case sha256
    case ipv4
    /// IPv6 addresses, and IPv4 ones among them.
    case ip

    init?(_ name: some StringProtocol) {
        self.init(rawValue: name == "ipv6" ? "ip" : String(name))
    }

    /// Length of a digest, which a file writes in hexadecimal.
    private var digestLength: Int? {
        switch self {
        case .md5: 16
        case .sha256: 32
        case .string, .ipv4, .ip: nil
        }
    }

    /// A member as a buffer has it; nil for bytes that can be none.
    func member(_ bytes: [UInt8]) -> [UInt8]? {
        switch self {
        case .string: return bytes
        case .md5, .sha256: return bytes.count == digestLength ? bytes : nil
        case .ipv4: return bytes.count == 4 ? bytes : nil
        case .ip:
            guard bytes.count == 16 else { return bytes.count == 4 ? bytes : nil }
            return bytes.starts(with: DatasetKind.mapped) ? Array(bytes[12...]) : bytes
        }
    }

    /// ::ffff:0:0/96 (RFC 4291 section 2.5.5.2).
    private static let mapped: [UInt8] = Array(repeating: 0, count: 10) + [255, 255]

    /// A member as a file writes it; nil when the text is none.
    func member(reading text: some StringProtocol) -> [UInt8]? {
        switch self {
        case .string:
            guard let bytes = Base64.decode(Array(text.utf8)), !bytes.isEmpty else { return nil }
            return bytes
        case .md5, .sha256:
            guard let bytes = DatasetKind.bytes(hexadecimal: Array(text.utf8)), bytes.count == digestLength else {
                return nil
            }
            return bytes
        case .ipv4: return IPAddress(text).flatMap { $0.isIPv4 ? DatasetKind.bytes(of: $0) : nil }
        case .ip: return IPAddress(text).flatMap { member(DatasetKind.bytes(of: $0)) }
        }
    }

    /// What a file has for a member.
    func text(of member: [UInt8]) -> [UInt8] {
        switch self {
        case .string: return Base64.encode(member)
        case .md5, .sha256:
            return member.flatMap { [DatasetKind.digits[Int($0 >> 4)], DatasetKind.digits[Int($0 & 15)]] }
        case .ipv4, .ip:
            let value = member.reduce(UInt128(0)) { $0 << 8 | UInt128($1) }
            return Array(IPAddress(value: value, version: member.count == 4 ? .v4 : .v6).description.utf8)
        }
    }

    private static let digits = Array("0123456789abcdef".utf8)

    private static func bytes(of address: IPAddress) -> [UInt8] {
        let width = address.bitWidth
        return stride(from: width - 8, through: 0, by: -8).map {
            UInt8(truncatingIfNeeded: address.value >> UInt128($0))
        }
    }

    private static func bytes(hexadecimal text: [UInt8]) -> [UInt8]? {
        func digit(_ letter: UInt8) -> UInt8? {
            switch letter {
            case 48...57: letter - 48
            case 65...70: letter - 55
            case 97...102: letter - 87
            default: nil
            }
        }
        guard text.count % 2 == 0 else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: text.count, by: 2) {
            guard let high = digit(text[index]), let low = digit(text[index + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }
}
