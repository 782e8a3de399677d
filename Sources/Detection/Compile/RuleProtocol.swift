import AppLayer
import NetTypes

/// What the protocol word of a rule's header means.
struct RuleProtocol: Hashable, Sendable {
    /// IP protocols it covers; empty means all.
    var ipProtocols: [IPProtocol] = []
    var ipVersion: IPVersion?
    /// Set for application protocols.
    var appProtocol = AppProtocol.unknown
    /// `http` covers HTTP/1 and HTTP/2.
    var coversHTTP2 = false
    /// `tcp-pkt`: payload of packets only; `tcp-stream`: reassembled stream only.
    var packetsOnly = false
    var streamOnly = false

    init?(name: String) {
        switch name {
        case "ip", "pkthdr": break
        case "ip4", "ipv4": ipVersion = .v4
        case "ip6", "ipv6": ipVersion = .v6
        case "tcp": ipProtocols = [.tcp]
        case "tcp-pkt":
            ipProtocols = [.tcp]
            packetsOnly = true
        case "tcp-stream":
            ipProtocols = [.tcp]
            streamOnly = true
        case "udp": ipProtocols = [.udp]
        case "sctp": ipProtocols = [.sctp]
        case "icmp": ipProtocols = [.icmp, .icmpv6]
        case "icmpv4": ipProtocols = [.icmp]
        case "icmpv6": ipProtocols = [.icmpv6]
        default:
            guard let found = RuleProtocol.applications[name] else { return nil }
            appProtocol = found.appProtocol
            ipProtocols = found.ipProtocols
            coversHTTP2 = name == "http"
        }
    }

    /// Whether a flow of this application protocol is meant.
    func covers(_ other: AppProtocol) -> Bool {
        // DCE RPC travels within SMB.
        appProtocol == other || coversHTTP2 && other == .http2 || appProtocol == .dcerpc && other == .smb
    }

    static var names: [String] {
        ["ip", "tcp", "tcp-pkt", "tcp-stream", "udp", "icmp", "icmpv4", "icmpv6", "ip4", "ip6", "pkthdr", "sctp"]
            + applications.keys.sorted()
    }

    static let applications: [String: (appProtocol: AppProtocol, ipProtocols: [IPProtocol])] = [
        "http": (.http1, [.tcp]), "http1": (.http1, [.tcp]), "http2": (.http2, [.tcp]), "tls": (.tls, [.tcp]),
        "ssl": (.tls, [.tcp]), "dns": (.dns, [.tcp, .udp]), "ssh": (.ssh, [.tcp]), "smtp": (.smtp, [.tcp]),
        "ftp": (.ftp, [.tcp]), "ftp-data": (.ftpData, [.tcp]), "imap": (.imap, [.tcp]), "pop3": (.pop3, [.tcp]),
        "smb": (.smb, [.tcp]), "dcerpc": (.dcerpc, [.tcp, .udp]), "quic": (.quic, [.udp]), "ntp": (.ntp, [.udp]),
        "dhcp": (.dhcp, [.udp]), "tftp": (.tftp, [.udp]), "ike": (.ike, [.udp]), "ikev2": (.ike, [.udp]),
        "krb5": (.krb5, [.tcp, .udp]), "nfs": (.nfs, [.tcp, .udp]), "rdp": (.rdp, [.tcp]), "rfb": (.rfb, [.tcp]),
        "sip": (.sip, [.tcp, .udp]), "snmp": (.snmp, [.udp]), "mqtt": (.mqtt, [.tcp]), "telnet": (.telnet, [.tcp]),
        "bittorrent-dht": (.bittorrentDHT, [.udp]), "modbus": (.modbus, [.tcp]), "dnp3": (.dnp3, [.tcp]),
        "enip": (.enip, [.tcp, .udp]), "dnscrypt": (.dnscrypt, [.tcp, .udp]), "ldap": (.ldap, [.tcp]),
        "pgsql": (.pgsql, [.tcp]), "socks": (.socks, [.tcp]),
        "xmpp": (.xmpp, [.tcp]),
    ]
}
