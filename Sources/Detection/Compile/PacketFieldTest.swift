import NetTypes
import Wire

/// The `fragbits` keyword, on the three bits before the fragment offset of IPv4 (RFC 791).
struct FragmentBitsTest: Sendable {
    static let moreFragments: UInt8 = 1
    static let dontFragment: UInt8 = 2
    static let reserved: UInt8 = 4

    var modifier: TCPFlagTest.Modifier
    var bits: UInt8

    func matches(_ ip: IPHeader) -> Bool {
        guard ip.version == .v4 else { return false }
        let value =
            (ip.moreFragments ? FragmentBitsTest.moreFragments : 0)
            | (ip.dontFragment ? FragmentBitsTest.dontFragment : 0)
            | (ip.reservedBit ? FragmentBitsTest.reserved : 0)
        return switch modifier {
        case .exactly: value == bits
        case .all: value & bits == bits
        case .any: value & bits != 0
        case .not: value & bits != bits
        }
    }
}

/// The `stream_size` keyword: how far each side's sequence numbers have come from its first, its SYN included.
struct StreamSizeTest: Sendable {
    enum Side: UInt8, Sendable {
        case server, client, both, either
    }

    var side: Side
    var size: IntegerTest

    func matches(_ sizes: (client: UInt32, server: UInt32)) -> Bool {
        let client = size.matches(Int64(sizes.client))
        let server = size.matches(Int64(sizes.server))
        return switch side {
        case .server: server
        case .client: client
        case .both: client && server
        case .either: client || server
        }
    }
}

/// Which checksum a `-csum` keyword asks for.
enum ChecksumTest: UInt8, Sendable {
    case ipv4, tcpv4, tcpv6, udpv4, udpv6, icmpv4, icmpv6

    /// Whether the checksum is right; nil when the packet has none of the kind.
    /// - Parameter verifies: false counts every checksum as right.
    func isRight(_ packet: borrowing Packet, _ frame: RawSpan, verifies: Bool) -> Bool? {
        guard let ip = packet.ip else { return nil }
        let version: IPVersion
        switch self {
        case .ipv4: return ip.version == .v4 ? !verifies || Checksum.isIPHeaderValid(frame, of: ip) : nil
        case .tcpv4, .udpv4, .icmpv4: version = .v4
        case .tcpv6, .udpv6, .icmpv6: version = .v6
        }
        guard ip.version == version else { return nil }
        switch (self, packet.transport) {
        case (.tcpv4, .tcp), (.tcpv6, .tcp), (.icmpv4, .icmp), (.icmpv6, .icmp): break
        case (.udpv4, .udp(let udp)), (.udpv6, .udp(let udp)):
            // IPv4 UDP without a checksum (RFC 768) is neither.
            if version == .v4, udp.offset &+ 8 <= frame.byteCount, frame.bigEndian16(at: udp.offset &+ 6) == 0 {
                return nil
            }
        default: return nil
        }
        guard verifies else { return true }
        return Checksum.isTransportValid(frame, of: copy packet)
    }
}
