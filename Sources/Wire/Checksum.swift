import NetTypes

/// The Internet checksum (RFC 1071).
public enum Checksum {
    /// The ones' complement sum of 16-bit words, not yet folded or complemented; an odd last byte counts as high byte.
    public static func sum(_ bytes: RawSpan, initial: UInt64 = 0) -> UInt64 {
        var total = initial
        var offset = 0
        let count = bytes.byteCount
        while offset &+ 8 <= count {
            let word = bytes.bigEndian64(at: offset)
            total &+= (word >> 32) &+ (word & 0xffff_ffff)
            offset &+= 8
        }
        while offset &+ 2 <= count {
            total &+= UInt64(bytes.bigEndian16(at: offset))
            offset &+= 2
        }
        if offset < count { total &+= UInt64(bytes.byte(at: offset)) << 8 }
        return total
    }

    public static func fold(_ sum: UInt64) -> UInt16 {
        var value = sum
        while value > 0xffff { value = (value >> 16) &+ (value & 0xffff) }
        return UInt16(truncatingIfNeeded: value)
    }

    /// True when the IPv4 header's checksum is right. IPv6 has none: true.
    public static func isIPHeaderValid(_ bytes: RawSpan, of ip: IPHeader) -> Bool {
        guard ip.version == .v4 else { return true }
        return fold(sum(bytes.clamped(ip.offset..<(ip.offset &+ ip.headerLength)))) == 0xffff
    }

    /// True when the checksum of a TCP, UDP or ICMP packet is right, or cannot be judged: no such protocol, a
    /// fragment, bytes missing, or IPv4 UDP without checksum (RFC 768).
    public static func isTransportValid(_ bytes: RawSpan, of packet: Packet) -> Bool {
        guard let ip = packet.ip, packet.payloadMissing == 0 else { return true }
        let start: Int
        switch packet.transport {
        case .tcp(let header): start = header.offset
        case .udp(let header):
            start = header.offset
            let stated = bytes.bigEndian16(at: start &+ 6)
            if stated == 0 { return ip.version == .v4 }
        case .icmp(let header): start = header.offset
        case .none, .other, .sctp: return true
        }
        let body = bytes.clamped(start..<(packet.payloadOffset &+ packet.payloadLength))
        var initial: UInt64 = 0
        if !(ip.version == .v4 && ip.upperProtocol == .icmp) {
            initial = pseudoHeaderSum(ip, length: body.byteCount)
        }
        return fold(sum(body, initial: initial)) == 0xffff
    }

    /// RFC 9293 section 3.1 and RFC 8200 section 8.1.
    public static func pseudoHeaderSum(_ ip: IPHeader, length: Int) -> UInt64 {
        var total = UInt64(ip.upperProtocol.rawValue) &+ UInt64(length)
        for word in [ip.source.high, ip.source.low, ip.destination.high, ip.destination.low] {
            total &+= (word >> 32) &+ (word & 0xffff_ffff)
        }
        return total
    }
}
