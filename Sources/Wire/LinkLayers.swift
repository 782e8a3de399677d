import NetTypes

/// The layers between a frame's start and its IP header. None of them is a packet of its own: what they carry is this
/// packet.
extension PacketDecoder {
    /// Most layers of one packet, those of the packets around it included: Suricata's number. Real frames have six.
    public static let maximumLayers = 16

    /// Counts a layer of the packet.
    static func enter(_ packet: inout Packet) throws(DecodeEvent) {
        packet.layers &+= 1
        guard packet.layers <= maximumLayers else { throw .tooManyLayers }
    }

    static func ethernet(_ bytes: RawSpan, at offset: Int, into packet: inout Packet) throws(DecodeEvent) {
        guard bytes.byteCount &- offset >= 14 else { throw .ethernetTooSmall }
        try network(bytes.bigEndian16(at: offset &+ 12), bytes, at: offset &+ 14, into: &packet)
    }

    /// What an EtherType announces.
    static func network(
        _ type: UInt16, _ bytes: RawSpan, at offset: Int, into packet: inout Packet
    ) throws(DecodeEvent) {
        try enter(&packet)
        packet.etherType = type
        switch type {
        case EtherType.ipv4, EtherType.ipv6:
            try decodeIP(bytes, at: offset, expecting: type == EtherType.ipv4 ? .v4 : .v6, into: &packet)
        // 802.1Q, 802.1ad and the older QinQ types all have the same four bytes.
        case EtherType.tag, EtherType.providerTag, EtherType.oldTag, EtherType.oldTag2:
            try tagged(bytes, at: offset, into: &packet)
        case EtherType.mpls, EtherType.mplsMulticast: try labelled(bytes, at: offset, into: &packet)
        case EtherType.pppoeSession: try pppoeSession(bytes, at: offset, into: &packet)
        case EtherType.pppoeDiscovery:
            if bytes.byteCount &- offset < 6 { packet.events.insert(.pppoeTooSmall) }
            rest(bytes, at: offset, into: &packet)
        case EtherType.vnTag: try virtualTag(bytes, at: offset, into: &packet)
        case EtherType.backbone: try backbone(bytes, at: offset, into: &packet)
        case EtherType.serviceHeader: try serviceHeader(bytes, at: offset, into: &packet)
        case EtherType.bridging: try ethernet(bytes, at: offset, into: &packet)
        case EtherType.dataCenter:
            guard bytes.byteCount &- offset >= 16 else { throw .dataCenterTooSmall }
            try ethernet(bytes, at: offset &+ 2, into: &packet)
        default: rest(bytes, at: offset, into: &packet)
        }
    }

    /// Nothing here reads what follows.
    static func rest(_ bytes: RawSpan, at offset: Int, into packet: inout Packet) {
        packet.payloadOffset = offset
        packet.payloadLength = max(0, bytes.byteCount &- offset)
    }

    /// EtherTypes other than IP that are no surprise behind a tag.
    private static func isKnownBehindTag(_ type: UInt16) -> Bool {
        switch type {
        case EtherType.ipv4, EtherType.ipv6, EtherType.arp, EtherType.tag, EtherType.providerTag, EtherType.oldTag,
            EtherType.oldTag2, EtherType.pppoeDiscovery, EtherType.pppoeSession, EtherType.mpls,
            EtherType.mplsMulticast, EtherType.backbone, EtherType.vnTag, EtherType.serviceHeader,
            EtherType.dataCenter, EtherType.bridging:
            true
        default: false
        }
    }

    private static func tagged(_ bytes: RawSpan, at offset: Int, into packet: inout Packet) throws(DecodeEvent) {
        guard bytes.byteCount &- offset >= 4 else { throw .vlanHeaderTooSmall }
        guard packet.vlan.count < maximumVLANTags else { throw .vlanTooManyLayers }
        packet.vlan.append(bytes.bigEndian16(at: offset) & 0x0fff)
        let type = bytes.bigEndian16(at: offset &+ 2)
        if !isKnownBehindTag(type) { packet.events.insert(.vlanUnknownType) }
        try network(type, bytes, at: offset &+ 4, into: &packet)
    }

    /// RFC 3032: labels of four bytes up to the one with the bottom-of-stack bit. What follows has no type; its first half
    /// byte tells (RFC 4928 section 3).
    private static func labelled(_ bytes: RawSpan, at start: Int, into packet: inout Packet) throws(DecodeEvent) {
        packet.encapsulations.insert(.mpls)
        var offset = start
        var label: UInt32
        repeat {
            guard bytes.byteCount &- offset >= 4 else { throw .mplsHeaderTooSmall }
            label = bytes.bigEndian32(at: offset)
            offset &+= 4
        } while label & 0x100 == 0
        switch label >> 12 {
        case 0: return try decodeIP(bytes, at: offset, expecting: .v4, into: &packet)
        case 1: throw .mplsRouterAlert
        case 2: return try decodeIP(bytes, at: offset, expecting: .v6, into: &packet)
        case 3: throw .mplsImplicitNull
        case 4..<16: throw .mplsReservedLabel
        default: break
        }
        guard offset < bytes.byteCount else { throw .mplsTooSmall }
        switch bytes.byte(at: offset) >> 4 {
        case 4: try decodeIP(bytes, at: offset, expecting: .v4, into: &packet)
        case 6: try decodeIP(bytes, at: offset, expecting: .v6, into: &packet)
        // The control word of a pseudowire (RFC 4448 section 4.6).
        case 0:
            guard bytes.byteCount &- offset >= 4 else { throw .mplsTooSmall }
            try ethernet(bytes, at: offset &+ 4, into: &packet)
        default:
            packet.events.insert(.mplsUnknownPayload)
            rest(bytes, at: offset, into: &packet)
        }
    }

    /// RFC 2516 section 4: version and type, code, session, length; then a PPP protocol number.
    private static func pppoeSession(_ bytes: RawSpan, at offset: Int, into packet: inout Packet) throws(DecodeEvent) {
        packet.encapsulations.insert(.pppoe)
        guard bytes.byteCount &- offset >= 7 else { throw .pppoeTooSmall }
        if bytes.byte(at: offset &+ 1) != 0 { packet.events.insert(.pppoeWrongCode) }
        try protocolNumber(bytes, at: offset &+ 6, into: &packet)
    }

    /// RFC 1661 section 2: a protocol number of two bytes, or of one odd byte where compression was agreed on.
    static func protocolNumber(_ bytes: RawSpan, at start: Int, into packet: inout Packet) throws(DecodeEvent) {
        try enter(&packet)
        var offset = start
        guard bytes.byteCount &- offset >= 1 else { throw .pppTooSmall }
        var number = UInt16(bytes.byte(at: offset))
        offset &+= 1
        if number & 1 == 0 {
            guard offset < bytes.byteCount else { throw .pppTooSmall }
            number = number << 8 | UInt16(bytes.byte(at: offset))
            offset &+= 1
        }
        switch number {
        case 0x0021: try decodeIP(bytes, at: offset, expecting: .v4, into: &packet)
        case 0x0057: try decodeIP(bytes, at: offset, expecting: .v6, into: &packet)
        case 0x0281, 0x0283: try labelled(bytes, at: offset, into: &packet)
        default:
            // Odd in its low byte and even in its high one (RFC 1661 section 2): else it is none.
            if number & 0x0101 != 1 { packet.events.insert(.pppWrongType) }
            rest(bytes, at: offset, into: &packet)
        }
    }

    /// PPP with or without its HDLC address and control bytes (RFC 1662 section 3.1).
    static func pointToPoint(_ bytes: RawSpan, at offset: Int, into packet: inout Packet) throws(DecodeEvent) {
        packet.encapsulations.insert(.ppp)
        guard bytes.byteCount &- offset >= 4 else { throw .pppTooSmall }
        // Some captures have the direction in place of the address.
        let isFramed = bytes.byte(at: offset &+ 1) == 0x03
        try protocolNumber(bytes, at: isFramed ? offset &+ 2 : offset, into: &packet)
    }

    /// Four bytes of tag, then an EtherType.
    private static func virtualTag(_ bytes: RawSpan, at offset: Int, into packet: inout Packet) throws(DecodeEvent) {
        packet.encapsulations.insert(.vnTag)
        guard bytes.byteCount &- offset >= 6 else { throw .vnTagHeaderTooSmall }
        try network(bytes.bigEndian16(at: offset &+ 4), bytes, at: offset &+ 6, into: &packet)
    }

    /// Service tag (4 bytes), customer addresses (12), EtherType.
    private static func backbone(_ bytes: RawSpan, at offset: Int, into packet: inout Packet) throws(DecodeEvent) {
        packet.encapsulations.insert(.backbone)
        guard bytes.byteCount &- offset >= 18 else { throw .backboneHeaderTooSmall }
        try network(bytes.bigEndian16(at: offset &+ 16), bytes, at: offset &+ 18, into: &packet)
    }

    /// Network service header (RFC 8300 section 2.2): length in words of four bytes, next protocol.
    private static func serviceHeader(_ bytes: RawSpan, at offset: Int, into packet: inout Packet) throws(DecodeEvent) {
        guard bytes.byteCount &- offset >= 8 else { throw .serviceHeaderTooSmall }
        let length = Int(bytes.byte(at: offset &+ 1) & 0x3f) &* 4
        guard length >= 8, length <= bytes.byteCount &- offset else { throw .serviceHeaderBadLength }
        switch bytes.byte(at: offset &+ 3) {
        case 1: try decodeIP(bytes, at: offset &+ length, expecting: .v4, into: &packet)
        case 2: try decodeIP(bytes, at: offset &+ length, expecting: .v6, into: &packet)
        case 3: try ethernet(bytes, at: offset &+ length, into: &packet)
        case 5: try labelled(bytes, at: offset &+ length, into: &packet)
        default:
            packet.events.insert(.serviceHeaderUnsupportedType)
            rest(bytes, at: offset &+ length, into: &packet)
        }
    }
}

/// Layers other than IP and VLAN that a packet has come in, for counters.
public struct Encapsulations: OptionSet, Sendable {
    public let rawValue: UInt8

    public init(rawValue: UInt8) { self.rawValue = rawValue }

    public static let mpls = Encapsulations(rawValue: 1)
    public static let pppoe = Encapsulations(rawValue: 2)
    public static let ppp = Encapsulations(rawValue: 4)
    public static let vnTag = Encapsulations(rawValue: 8)
    public static let backbone = Encapsulations(rawValue: 16)
    public static let ciscoHDLC = Encapsulations(rawValue: 32)
}
