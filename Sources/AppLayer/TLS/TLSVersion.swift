/// Version numbers of the record layer and of hellos.
public enum TLSVersion {
    public static let ssl2: UInt16 = 0x0002
    public static let ssl3: UInt16 = 0x0300
    public static let tls10: UInt16 = 0x0301
    public static let tls11: UInt16 = 0x0302
    public static let tls12: UInt16 = 0x0303
    public static let tls13: UInt16 = 0x0304

    /// TLS 1.3 or one of its drafts (0x7fNN, and Facebook's 0xfbNN), which were deployed widely.
    public static func is13(_ version: UInt16) -> Bool {
        version == tls13 || [0x7f, 0xfb].contains(version >> 8)
    }

    static func isKnown(_ version: UInt16) -> Bool { (ssl3...tls13).contains(version) || is13(version) }

    /// Drafts before 16, which used the final number in the ServerHello itself.
    static let draftBefore16: UInt16 = 0x7f01

    /// Until draft 21 a ServerHello of TLS 1.3 had neither session identifier nor compression method.
    static func hasShortServerHello(_ version: UInt16) -> Bool {
        (0x7f00...0x7f15).contains(version) || version == tls13
    }

    /// The name in EVE records.
    public static func name(_ version: UInt16) -> String {
        switch version {
        case 0: return "UNDETERMINED"
        case ssl2: return "SSLv2"
        case ssl3: return "SSLv3"
        case tls10: return "TLSv1"
        case tls11: return "TLS 1.1"
        case tls12: return "TLS 1.2"
        case tls13: return "TLS 1.3"
        case draftBefore16: return "TLS 1.3 draft-<16"
        case 0x7f10...0x7f1c: return "TLS 1.3 draft-\(version & 0xff)"
        case 0xfb14...0xfb1a: return "TLS 1.3 draft-\(version & 0xff)-fb"
        default:
            let digits = String(version, radix: 16)
            return "0x" + String(repeating: "0", count: 4 - digits.count) + digits
        }
    }
}
