/// DNSCrypt asks for its server's certificate in the form of a DNS query (DNSCrypt version 2, "Certificates"): for
/// `2.dnscrypt-cert.provider`. Everything behind it is encrypted.
enum DNSCrypt {
    private static let prefixes = ["2.dnscrypt-cert.", "2.securedns."].map { Array($0.utf8) }

    static func isCertificateQuery(_ message: DNSMessage) -> Bool {
        guard message.questions.count == 1 else { return false }
        return prefixes.contains { message.questions[0].name.bytes.map(\.lowercased).starts(with: $0) }
    }
}
