/// Link-layer header types by their number in capture files (tcpdump.org/linktypes).
public struct LinkType: RawRepresentable, Hashable, Sendable {
    public let rawValue: Int32

    public init(rawValue: Int32) { self.rawValue = rawValue }

    /// BSD loopback: the address family in four bytes of the capturing host's order.
    public static let null = LinkType(rawValue: 0)
    public static let ethernet = LinkType(rawValue: 1)
    public static let ppp = LinkType(rawValue: 9)
    /// PPP in HDLC framing.
    public static let pppSerial = LinkType(rawValue: 50)
    /// PPP session packets without their Ethernet header.
    public static let pppoe = LinkType(rawValue: 51)
    public static let ciscoHDLC = LinkType(rawValue: 104)
    /// PPP behind a byte for the direction.
    public static let pppDirection = LinkType(rawValue: 166)
    /// IP without a link header, as libpcap numbers it on Linux and as files do.
    public static let rawLinux = LinkType(rawValue: 12)
    public static let rawBSD = LinkType(rawValue: 14)
    public static let raw = LinkType(rawValue: 101)
    /// OpenBSD loopback: the address family in network order.
    public static let loop = LinkType(rawValue: 108)
    /// Linux "cooked" captures, version 1 and 2.
    public static let linuxCooked = LinkType(rawValue: 113)
    public static let linuxCooked2 = LinkType(rawValue: 276)
    public static let ipv4 = LinkType(rawValue: 228)
    public static let ipv6 = LinkType(rawValue: 229)
    /// IEEE 802.11 frames, and those behind a driver's header.
    public static let wireless = LinkType(rawValue: 105)
    public static let radiotap = LinkType(rawValue: 127)
    /// Packets that netfilter has logged.
    public static let netfilterLog = LinkType(rawValue: 239)
    public static let infiniBand = LinkType(rawValue: 242)
    /// Darwin's captures with the process.
    public static let processTap = LinkType(rawValue: 258)
    /// Frames of a switch's own port, with its tag.
    public static let switchTag = LinkType(rawValue: 284)
    public static let extendedSwitchTag = LinkType(rawValue: 285)
}
