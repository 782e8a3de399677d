import Crypto

/// The JA3 and JA3S fingerprints (Salesforce, "JA3: TLS client fingerprinting"): fields of a hello as decimal numbers,
/// and the MD5 of that text. GREASE values are left out.
public enum JA3 {
    /// `version,ciphers,extensions,groups,formats`.
    public static func text(of hello: ClientHello) -> [UInt8] {
        let formats = hello.pointFormats.map(UInt16.init)
        let lists = [hello.cipherSuites, hello.extensions, hello.supportedGroups, formats].map(list)
        return Array(([String(hello.legacyVersion)] + lists).joined(separator: ",").utf8)
    }

    /// `version,cipher,extensions`.
    public static func text(of hello: ServerHello) -> [UInt8] {
        Array("\(hello.legacyVersion),\(hello.cipherSuite),\(list(hello.extensions))".utf8)
    }

    private static func list(_ numbers: [UInt16]) -> String {
        numbers.filter { !JA4.isGrease($0) }.map(String.init).joined(separator: "-")
    }

    /// MD5 in lower-case hexadecimal digits.
    public static func hash(_ text: [UInt8]) -> [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        return Insecure.MD5.hash(data: text).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    }
}
