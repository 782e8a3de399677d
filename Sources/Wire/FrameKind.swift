/// What the first bytes of a frame, or of a packet inside another, are.
public enum FrameKind: Hashable, Sendable {
    case link(LinkType)
    /// What an EtherType announces; no link header.
    case etherType(UInt16)
    /// PPP (RFC 1661 section 2), with or without address and control.
    case pointToPoint
    /// IPv4 and nothing else, as an IP header has announced.
    case ipv4
    case ipv6
}

/// EtherTypes (IANA "IEEE 802 Numbers") that are read here.
enum EtherType {
    static let ipv4: UInt16 = 0x0800
    static let arp: UInt16 = 0x0806
    static let tag: UInt16 = 0x8100
    static let ipv6: UInt16 = 0x86dd
    static let pppoeDiscovery: UInt16 = 0x8863
    static let pppoeSession: UInt16 = 0x8864
    static let mpls: UInt16 = 0x8847
    static let mplsMulticast: UInt16 = 0x8848
    static let providerTag: UInt16 = 0x88a8
    /// 802.1ah: provider backbone bridges, "MAC in MAC".
    static let backbone: UInt16 = 0x88e7
    static let vnTag: UInt16 = 0x8926
    static let serviceHeader: UInt16 = 0x894f
    /// Cisco's data center Ethernet, "FabricPath".
    static let dataCenter: UInt16 = 0x8903
    static let oldTag: UInt16 = 0x9100
    static let oldTag2: UInt16 = 0x9200
    static let bridging: UInt16 = 0x6558
    static let ppp: UInt16 = 0x880b
    static let erspan2: UInt16 = 0x88be
    static let erspan3: UInt16 = 0x22eb
}
