import AppLayer
import NetTypes
import Wire

/// Buffers that are parts of a single packet's headers, as sent. Rules with them judge single packets.
enum PacketBuffers {
    static let all = [
        buffer(.ipSource, "ip.src", "Source address, 4 or 16 bytes."),
        buffer(.ipDestination, "ip.dst", "Destination address, 4 or 16 bytes."),
        buffer(.ipv4Header, "ipv4.hdr", "IPv4 header with its options."),
        buffer(.ipv6Header, "ipv6.hdr", "IPv6 header with its extension headers."),
        buffer(.tcpHeader, "tcp.hdr", "TCP header with its options."),
        buffer(.udpHeader, "udp.hdr", "UDP header."),
        buffer(.icmpv4Header, "icmpv4.hdr", "ICMPv4 header."),
        buffer(.icmpv6Header, "icmpv6.hdr", "ICMPv6 header."),
    ]

    private static func buffer(_ id: BufferID, _ name: String, _ summary: String) -> StickyBuffer {
        StickyBuffer(
            id: id, name: name, appProtocol: .unknown, directions: [.toServer, .toClient], progress: 0,
            isOfPacket: true, summary: summary)
    }

    /// Protocols one of which the rule's header must cover; nil when any will do.
    static func protocols(of id: BufferID) -> [IPProtocol]? {
        switch id {
        case .tcpHeader: [.tcp]
        case .udpHeader: [.udp]
        case .icmpv4Header: [.icmp]
        case .icmpv6Header: [.icmpv6]
        default: nil
        }
    }

    /// Whether rules with the buffer go together with buffers of the application layer; addresses alone do.
    static func bindsToPackets(_ id: BufferID) -> Bool { id != .ipSource && id != .ipDestination }

    /// Where the buffer lies in the frame; nil when the packet has none.
    static func range(of id: BufferID, _ packet: borrowing Packet) -> Range<Int>? {
        guard let ip = packet.ip else { return nil }
        switch id {
        case .ipSource: return ip.version == .v4 ? piece(ip.offset &+ 12, 4) : piece(ip.offset &+ 8, 16)
        case .ipDestination: return ip.version == .v4 ? piece(ip.offset &+ 16, 4) : piece(ip.offset &+ 24, 16)
        case .ipv4Header: return ip.version == .v4 ? piece(ip.offset, ip.headerLength) : nil
        case .ipv6Header: return ip.version == .v6 ? piece(ip.offset, ip.isFragment ? 40 : ip.headerLength) : nil
        default: return transport(id, packet)
        }
    }

    private static func transport(_ id: BufferID, _ packet: borrowing Packet) -> Range<Int>? {
        switch (id, packet.transport) {
        case (.tcpHeader, .tcp(let header)): piece(header.offset, header.headerLength)
        case (.udpHeader, .udp(let header)): piece(header.offset, 8)
        case (.icmpv4Header, .icmp(let header)):
            packet.ip?.version == .v4 ? piece(header.offset, length(of: header)) : nil
        case (.icmpv6Header, .icmp(let header)):
            packet.ip?.version == .v6 ? piece(header.offset, 8) : nil
        default: nil
        }
    }

    /// The timestamps of RFC 792 and the router addresses of RFC 1256 (count and size stand in bytes 4 and 5) belong to
    /// the header.
    private static func length(of header: ICMPHeader) -> Int {
        switch header.type {
        case 13, 14: 20
        case 9: 8 &+ Int(header.identifier >> 8) &* Int(header.identifier & 0xff) &* 4
        default: 8
        }
    }

    private static func piece(_ offset: Int, _ length: Int) -> Range<Int> { offset..<(offset &+ length) }
}
