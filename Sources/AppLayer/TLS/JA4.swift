import Crypto

/// The JA4 fingerprint of a ClientHello (FoxIO, "JA4: TLS Client Fingerprinting"), such as
/// `t13d1516h2_8daaf6152771_e5627efa2ab1`: what the client offers, its sorted ciphers, its sorted extensions.
public enum JA4 {
    /// - Parameter isQUIC: the hello came in QUIC CRYPTO frames.
    public static func fingerprint(of hello: ClientHello, isQUIC: Bool = false) -> String {
        let ciphers = hello.cipherSuites.filter { !isGrease($0) }
        let extensions = hello.extensions.filter { !isGrease($0) }
        var result = isQUIC ? "q" : "t"
        result += version(hello)
        result += hello.extensions.contains(0) ? "d" : "i"
        result += twoDigits(ciphers.count) + twoDigits(extensions.count) + alpn(hello)
        result += "_" + hash(ciphers.sorted().map(hex).joined(separator: ","))
        // server_name and ALPN change from site to site and are left out.
        var last = extensions.filter { $0 != 0 && $0 != 16 }.sorted().map(hex).joined(separator: ",")
        let signatures = hello.signatureAlgorithms.filter { !isGrease($0) }
        if !signatures.isEmpty { last += "_" + signatures.map(hex).joined(separator: ",") }
        return result + "_" + hash(last)
    }

    /// Reserved values that clients sprinkle in (RFC 8701).
    static func isGrease(_ value: UInt16) -> Bool { value & 0x0f0f == 0x0a0a && value >> 8 == value & 0xff }

    private static func version(_ hello: ClientHello) -> String {
        let offered = hello.supportedVersions.filter { !isGrease($0) }.max() ?? hello.legacyVersion
        return switch offered {
        case 0x0304: "13"
        case 0x0303: "12"
        case 0x0302: "11"
        case 0x0301: "10"
        case 0x0300: "s3"
        case 0x0002: "s2"
        default: "00"
        }
    }

    private static func twoDigits(_ count: Int) -> String {
        let shown = min(count, 99)
        return (shown < 10 ? "0" : "") + String(shown)
    }

    /// First and last character of the first ALPN name; hexadecimal digits when one is not alphanumeric.
    private static func alpn(_ hello: ClientHello) -> String {
        guard let name = hello.protocols.first, let first = name.first, let last = name.last else { return "00" }
        if isAlphanumeric(first), isAlphanumeric(last) {
            return String(decoding: [first, last], as: UTF8.self)
        }
        let digits = Array("0123456789abcdef")
        return String([digits[Int(first >> 4)], digits[Int(last & 15)]])
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
    }

    private static func hex(_ value: UInt16) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 4 - digits.count) + digits
    }

    /// The first twelve digits of SHA-256; zeros for an empty list.
    private static func hash(_ text: String) -> String {
        guard !text.isEmpty else { return "000000000000" }
        return SHA256.hash(data: Array(text.utf8)).prefix(6).map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }
}
