/// An IP protocol number (IANA "Assigned Internet Protocol Numbers").
@frozen
public struct IPProtocol: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt8

    @inlinable
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    public static let hopByHop = IPProtocol(rawValue: 0)
    public static let icmp = IPProtocol(rawValue: 1)
    public static let ipv4 = IPProtocol(rawValue: 4)
    public static let tcp = IPProtocol(rawValue: 6)
    public static let udp = IPProtocol(rawValue: 17)
    public static let ipv6 = IPProtocol(rawValue: 41)
    public static let routing = IPProtocol(rawValue: 43)
    public static let fragment = IPProtocol(rawValue: 44)
    public static let gre = IPProtocol(rawValue: 47)
    public static let esp = IPProtocol(rawValue: 50)
    public static let authentication = IPProtocol(rawValue: 51)
    public static let icmpv6 = IPProtocol(rawValue: 58)
    public static let noNext = IPProtocol(rawValue: 59)
    public static let destinationOptions = IPProtocol(rawValue: 60)
    public static let sctp = IPProtocol(rawValue: 132)
    public static let mobility = IPProtocol(rawValue: 135)
    public static let hostIdentity = IPProtocol(rawValue: 139)
    public static let shim6 = IPProtocol(rawValue: 140)

    /// Protocols whose header begins with a source and a destination port.
    @inlinable
    public var hasPorts: Bool { rawValue == 6 || rawValue == 17 || rawValue == 132 }
}

extension IPProtocol: CustomStringConvertible {
    /// The name as EVE records write it, or the number in three digits.
    public var description: String {
        switch self {
        case .icmp: "ICMP"
        case .tcp: "TCP"
        case .udp: "UDP"
        case .icmpv6: "IPv6-ICMP"
        case .sctp: "SCTP"
        case .gre: "GRE"
        case .esp: "ESP"
        case .ipv4: "IPIP"
        case .ipv6: "IPv6"
        default: String(repeating: "0", count: 3 - min(3, String(rawValue).count)) + String(rawValue)
        }
    }
}

extension IPProtocol {
    /// The number behind a keyword of /etc/protocols that rules use by name.
    public init?(name: String) {
        let table: [String: UInt8] = [
            "ip": 0, "hopopt": 0, "icmp": 1, "igmp": 2, "ggp": 3, "ipip": 4, "ip4": 4, "ipencap": 4, "st": 5, "tcp": 6,
            "egp": 8, "igp": 9, "pup": 12, "udp": 17, "hmp": 20, "xns-idp": 22, "rdp": 27, "iso-tp4": 29, "dccp": 33,
            "xtp": 36, "ddp": 37, "idpr-cmtp": 38, "ip6": 41, "ipv6": 41, "ipv6-route": 43, "ipv6-frag": 44,
            "idrp": 45, "rsvp": 46, "gre": 47, "esp": 50, "ah": 51, "skip": 57, "icmpv6": 58, "ipv6-icmp": 58,
            "ipv6-nonxt": 59, "ipv6-opts": 60, "rspf": 73, "vmtp": 81, "eigrp": 88, "ospf": 89, "ax.25": 93,
            "etherip": 97, "encap": 98, "pim": 103, "ipcomp": 108, "vrrp": 112, "l2tp": 115, "isis": 124, "sctp": 132,
            "fc": 133, "mobility-header": 135, "udplite": 136, "mpls-in-ip": 137, "manet": 138, "hip": 139,
            "shim6": 140, "wesp": 141, "rohc": 142,
        ]
        guard let number = table[name.lowercased()] else { return nil }
        self.init(rawValue: number)
    }
}
