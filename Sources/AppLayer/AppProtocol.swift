/// An application protocol, recognised by content.
public enum AppProtocol: UInt8, Hashable, Sendable, CaseIterable {
    case unknown = 0
    /// Recognition has ended without a result.
    case failed
    case http1
    case http2
    case tls
    case dns
    case ssh
    case smtp
    case ftp
    case ftpData
    case imap
    case pop3
    case smb
    case dcerpc
    case quic
    case ntp
    case dhcp
    case tftp
    case ike
    case krb5
    case nfs
    case rdp
    case rfb
    case sip
    case snmp
    case mqtt
    case telnet
    case bittorrentDHT
    case modbus
    case dnp3
    case enip
    case dnscrypt
    case ldap
    case pgsql
    case socks
    case xmpp

    /// The name in EVE records and in rules.
    public var name: String {
        switch self {
        case .unknown: "unknown"
        case .failed: "failed"
        case .http1: "http"
        case .http2: "http2"
        case .tls: "tls"
        case .dns: "dns"
        case .ssh: "ssh"
        case .smtp: "smtp"
        case .ftp: "ftp"
        case .ftpData: "ftp-data"
        case .imap: "imap"
        case .pop3: "pop3"
        case .smb: "smb"
        case .dcerpc: "dcerpc"
        case .quic: "quic"
        case .ntp: "ntp"
        case .dhcp: "dhcp"
        case .tftp: "tftp"
        case .ike: "ike"
        case .krb5: "krb5"
        case .nfs: "nfs"
        case .rdp: "rdp"
        case .rfb: "rfb"
        case .sip: "sip"
        case .snmp: "snmp"
        case .mqtt: "mqtt"
        case .telnet: "telnet"
        case .bittorrentDHT: "bittorrent-dht"
        case .modbus: "modbus"
        case .dnp3: "dnp3"
        case .enip: "enip"
        case .dnscrypt: "dnscrypt"
        case .ldap: "ldap"
        case .pgsql: "pgsql"
        case .socks: "socks"
        case .xmpp: "xmpp"
        }
    }

    /// A protocol was found, whichever.
    @inlinable
    public var isRecognized: Bool { rawValue > 1 }
}
