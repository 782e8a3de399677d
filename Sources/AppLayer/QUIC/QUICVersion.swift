/// A QUIC version number (RFC 9000 section 15), and what depends on it.
public struct QUICVersion: Hashable, Sendable {
    public let rawValue: UInt32

    init(_ rawValue: UInt32) { self.rawValue = rawValue }

    public static let negotiation = QUICVersion(0)
    public static let version1 = QUICVersion(1)
    /// RFC 9369.
    public static let version2 = QUICVersion(0x6b33_43cf)
    /// Google's QUIC with encrypted Initial packets, the last of its kind.
    static let q050 = QUICVersion(0x5130_3530)

    /// The four bytes on the wire.
    public var bytes: [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: rawValue >> (24 - 8 * UInt32($0))) } }

    /// Google's QUIC, "Q" and three digits, with its hello in clear.
    var isClear: Bool { [0x5130_3339, 0x5130_3433, 0x5130_3434, 0x5130_3435, 0x5130_3436].contains(rawValue) }

    /// Whatever else Google's QUIC has in its header before version Q046.
    var hasOldTypes: Bool { isClear && rawValue < 0x5130_3436 }

    /// Google's with TLS: encrypted like the drafts, frames as before.
    var hasGoogleFrames: Bool { rawValue == 0x5430_3530 || rawValue == 0x5430_3531 }

    /// The version's name in EVE records.
    public var name: String {
        if self == .version2 { return "v2" }
        return isClear ? String(decoding: bytes, as: UTF8.self) : String(rawValue, radix: 16)
    }

    /// The version's number in the CYU fingerprint; nil for versions without.
    var fingerprintName: String? {
        switch rawValue {
        case 0x5130_3433: "43"
        case 0x5130_3434, 0x5130_3435: "44"
        case 0x5130_3436: "46"
        default: nil
        }
    }

    /// The salt of the Initial secret (RFC 9001 section 5.2); nil for a version whose Initial packets cannot be read.
    var initialSalt: [UInt8]? {
        switch rawValue {
        case 1, 0xff00_0021...0xff00_0022:
            [
                0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17, 0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc,
                0xbb, 0x7f, 0x0a,
            ]
        case 0x6b33_43cf:
            [
                0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93, 0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9,
                0xbd, 0x2e, 0xd9,
            ]
        // Drafts 29 to 32 (draft-ietf-quic-tls-29 section 5.2).
        case 0xff00_001d...0xff00_0020:
            [
                0xaf, 0xbf, 0xec, 0x28, 0x99, 0x93, 0xd2, 0x4c, 0x9e, 0x97, 0x86, 0xf1, 0x9c, 0x61, 0x11, 0xe0, 0x43,
                0x90, 0xa8, 0x99,
            ]
        // Drafts 23 to 28, and versions that Facebook's apps spoke.
        case 0xff00_0017...0xff00_001c, 0xface_b002, 0xface_b00e:
            [
                0xc3, 0xee, 0xf7, 0x12, 0xc7, 0x2e, 0xbb, 0x5a, 0x11, 0xa7, 0xd2, 0x43, 0x2b, 0xb4, 0x63, 0x65, 0xbe,
                0xf9, 0xf5, 0x02,
            ]
        // Drafts 21 and 22, and Facebook's version of them.
        case 0xff00_0015...0xff00_0016, 0xface_b001:
            [
                0x7f, 0xbc, 0xdb, 0x0e, 0x7c, 0x66, 0xbb, 0xe9, 0x19, 0x3a, 0x96, 0xcd, 0x21, 0x51, 0x9e, 0xbd, 0x7a,
                0x02, 0x64, 0x4a,
            ]
        // Google's with TLS, T050 and T051.
        case 0x5430_3530:
            [
                0x7f, 0xf5, 0x79, 0xe5, 0xac, 0xd0, 0x72, 0x91, 0x55, 0x80, 0x30, 0x4c, 0x43, 0xa2, 0x36, 0x7c, 0x60,
                0x48, 0x83, 0x10,
            ]
        case 0x5430_3531:
            [
                0x7a, 0x4e, 0xde, 0xf4, 0xe7, 0xcc, 0xee, 0x5f, 0xa4, 0x50, 0x6c, 0x19, 0x12, 0x4f, 0xc8, 0xcc, 0xda,
                0x6e, 0x03, 0x3d,
            ]
        case QUICVersion.q050.rawValue:
            [
                0x50, 0x45, 0x74, 0xef, 0xd0, 0x66, 0xfe, 0x2f, 0x9d, 0x94, 0x5c, 0xfc, 0xdb, 0xd3, 0xa7, 0xf0, 0xd3,
                0xb5, 0x6b, 0x45,
            ]
        default: nil
        }
    }

    /// What key labels begin with (RFC 9001 section 5.1, RFC 9369 section 3.3.2).
    var labelPrefix: String { self == .version2 ? "quicv2 " : "quic " }
}
