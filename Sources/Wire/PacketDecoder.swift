import NetTypes

/// Turns the bytes of a frame into a `Packet`. Pure: nothing is kept between packets.
public enum PacketDecoder {
    /// Most 802.1Q / 802.1ad tags on one frame. Two are in use (QinQ); deeper stacks are a known evasion.
    public static let maximumVLANTags = 3

    /// - Parameters:
    ///   - bytes: the frame from its link header on.
    ///   - wireLength: its length on the wire, at least `bytes.byteCount`; more when the capture cut it.
    ///   - packet: receives what could be read, also when an error is thrown.
    /// - Throws: the first thing wrong with the headers. Traffic that is not IP is no error: `packet.ip` stays nil.
    public static func decode(
        _ bytes: RawSpan, linkType: LinkType, wireLength: Int, into packet: inout Packet
    ) throws(DecodeEvent) {
        try decode(bytes, as: .link(linkType), wireLength: wireLength, layers: 0, into: &packet)
    }

    /// Decodes a frame or a packet from inside another.
    /// - Parameter layers: those around it; too many end the decoding.
    public static func decode(
        _ bytes: RawSpan, as kind: FrameKind, wireLength: Int, layers: Int, into packet: inout Packet
    ) throws(DecodeEvent) {
        packet = Packet()
        packet.capturedLength = bytes.byteCount
        packet.wireLength = max(wireLength, bytes.byteCount)
        packet.layers = layers
        switch kind {
        case .link(let type): try decode(bytes, type, into: &packet)
        case .etherType(let type): try network(type, bytes, at: 0, into: &packet)
        case .pointToPoint: try pointToPoint(bytes, at: 0, into: &packet)
        case .ipv4: try decodeIP(bytes, at: 0, expecting: .v4, into: &packet)
        case .ipv6: try decodeIP(bytes, at: 0, expecting: .v6, into: &packet)
        }
    }

    private static func decode(
        _ bytes: RawSpan, _ linkType: LinkType, into packet: inout Packet
    ) throws(DecodeEvent) {
        switch linkType {
        case .ethernet: try ethernet(bytes, at: 0, into: &packet)
        case .raw, .rawLinux, .rawBSD, .ipv4, .ipv6:
            try decodeIP(bytes, at: 0, into: &packet)
        case .linuxCooked:
            guard bytes.byteCount >= 16 else { throw .linuxCookedTooSmall }
            try network(bytes.bigEndian16(at: 14), bytes, at: 16, into: &packet)
        case .linuxCooked2:
            guard bytes.byteCount >= 20 else { throw .linuxCookedTooSmall }
            try network(bytes.bigEndian16(at: 0), bytes, at: 20, into: &packet)
        case .null, .loop:
            try decodeLoopback(bytes, into: &packet)
        case .ppp, .pppSerial, .pppDirection:
            try pointToPoint(bytes, at: 0, into: &packet)
        case .pppoe:
            try network(EtherType.pppoeSession, bytes, at: 0, into: &packet)
        case .ciscoHDLC:
            // Address, control, EtherType.
            packet.encapsulations.insert(.ciscoHDLC)
            guard bytes.byteCount >= 4 else { throw .ciscoHDLCTooSmall }
            try network(bytes.bigEndian16(at: 2), bytes, at: 4, into: &packet)
        default:
            guard try captured(bytes, linkType, into: &packet) else { throw .linkTypeUnsupported }
        }
    }

    /// The family field is in the capturing host's byte order (null) or network order (loop); address families are
    /// small numbers, so the byte order can be told from the value.
    private static func decodeLoopback(_ bytes: RawSpan, into packet: inout Packet) throws(DecodeEvent) {
        guard bytes.byteCount >= 4 else { throw .loopbackTooSmall }
        var family = bytes.bigEndian32(at: 0)
        if family > 0xffff { family = family.byteSwapped }
        // AF_INET, and AF_INET6 of Linux, NetBSD/OpenBSD, FreeBSD and Darwin.
        guard [2, 10, 24, 28, 30].contains(family) else { throw .loopbackUnsupported }
        try decodeIP(bytes, at: 4, into: &packet)
    }

    /// - Parameter expecting: what the link header announced; without it the first nibble decides.
    static func decodeIP(
        _ bytes: RawSpan, at offset: Int, expecting: IPVersion? = nil, into packet: inout Packet
    ) throws(DecodeEvent) {
        try enter(&packet)
        let available = bytes.byteCount &- offset
        guard available >= 1 else { throw expecting == .v6 ? .ipv6TooSmall : .ipv4TooSmall }
        let nibble = bytes.byte(at: offset) >> 4
        switch expecting ?? IPVersion(rawValue: nibble) {
        case .v4:
            guard available >= 20 else { throw .ipv4TooSmall }
            guard nibble == 4 else { throw .ipv4WrongVersion }
            // Where the header begins, should it end here.
            packet.payloadOffset = offset
            packet.ip = try IPDecoder.ipv4(
                bytes, at: offset, wireEnd: packet.wireLength, events: &packet.events)
        case .v6:
            guard available >= 40 else { throw .ipv6TooSmall }
            guard nibble == 6 else { throw .ipv6WrongVersion }
            packet.ip = try IPDecoder.ipv6(
                bytes, at: offset, wireEnd: packet.wireLength, events: &packet.events)
        case nil:
            throw .rawInvalidVersion
        }
        guard let ip = packet.ip else { return }
        if packet.etherType == 0 { packet.etherType = ip.version == .v4 ? 0x0800 : 0x86dd }
        let start = ip.offset &+ ip.headerLength
        let end = ip.offset &+ ip.totalLength
        packet.payloadOffset = min(start, bytes.byteCount)
        packet.payloadLength = max(0, min(end, bytes.byteCount) &- packet.payloadOffset)
        packet.payloadMissing = max(0, end &- max(start, bytes.byteCount))
        guard !ip.isFragment else { return }
        try TransportDecoder.decode(bytes, ip: ip, into: &packet)
    }
}
