import NetTypes
import Wire

/// Follows a protocol only to the point where its client changes to TLS: IMAP and POP3 (RFC 2595), XMPP (RFC 6120 section
/// 5), LDAP (RFC 4511 section 4.14), PostgreSQL (frontend/backend protocol, SSLRequest). The server's consent is not
/// waited for: what follows the request and looks like a TLS record is one, whatever a server answers.
public final class UpgradeParser: ApplicationParser {
    public let appProtocol: AppProtocol
    public let transactions: [Transaction] = []
    /// Client's bytes of a message that is not complete.
    private var kept: [UInt8] = []
    private var awaitsTLS = false
    /// Bytes of a message that are of no interest.
    private var skipped = 0

    /// A longer line or message is no request for TLS.
    static let maximumKept = 1024

    init(_ appProtocol: AppProtocol) { self.appProtocol = appProtocol }

    public var successor: AppProtocol? { .tls }

    public func feed(_ direction: FlowDirection, _ bytes: RawSpan) -> ParserStatus {
        guard direction == .toServer else { return .proceeding }
        var cursor = ByteCursor(bytes)
        while !cursor.isAtEnd {
            if awaitsTLS {
                if cursor.rest.byte(at: 0) == 0x16 { return .handOver(consumed: cursor.offset) }
                awaitsTLS = false
            }
            if skipped > 0 {
                let count = min(skipped, cursor.remaining)
                skipped -= count
                guard (try? cursor.skip(count)) != nil else { break }
                continue
            }
            guard let byte = try? cursor.u8() else { break }
            kept.append(byte)
            switch appProtocol {
            case .imap, .pop3: takeLine(byte)
            case .xmpp: takeElement(byte)
            case .ldap: takeMessage()
            default: takeStartup()
            }
            if kept.count > UpgradeParser.maximumKept { kept.removeFirst(UpgradeParser.maximumKept / 2) }
        }
        return .proceeding
    }

    public func end(_ direction: FlowDirection) {}

    public func release(before identifier: UInt64) {}

    /// `STLS`, or a tag and `STARTTLS`.
    private func takeLine(_ byte: UInt8) {
        guard byte == 10 else { return }
        let words = kept.split { $0 <= 32 }.map { String(decoding: $0, as: UTF8.self).uppercased() }
        awaitsTLS = appProtocol == .pop3 ? words == ["STLS"] : words.count == 2 && words[1] == "STARTTLS"
        kept = []
    }

    /// `<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>`, or with an end tag of its own.
    private func takeElement(_ byte: UInt8) {
        guard byte == UInt8(ascii: ">") else { return }
        let start = kept.lastIndex(of: UInt8(ascii: "<")) ?? 0
        let name = kept[start...].drop { $0 == UInt8(ascii: "<") || $0 == UInt8(ascii: "/") }
        awaitsTLS = name.starts(with: Array("starttls".utf8))
        kept = []
    }

    private static let startTLSOperation = Array("1.3.6.1.4.1.1466.20037".utf8)

    /// A message in BER: tag, length, content. An ExtendedRequest with the name of StartTLS asks for it.
    private func takeMessage() {
        guard kept.count >= 2 else { return }
        let short = Int(kept[1])
        let digits = short & 0x80 == 0 ? 0 : short & 0x7f
        guard digits <= 4 else {
            kept = []
            return
        }
        guard kept.count >= 2 + digits else { return }
        let length = digits == 0 ? short : kept[2..<(2 + digits)].reduce(0) { $0 << 8 | Int($1) }
        let whole = 2 + digits + length
        if whole > UpgradeParser.maximumKept {
            skipped = max(0, whole - kept.count)
            kept = []
        } else if kept.count >= whole {
            awaitsTLS = contains(UpgradeParser.startTLSOperation)
            kept = []
        }
    }

    private func contains(_ text: [UInt8]) -> Bool {
        guard kept.count >= text.count else { return false }
        return (0...(kept.count - text.count)).contains { kept[$0..<($0 + text.count)].elementsEqual(text) }
    }

    /// SSLRequest, or GSSENCRequest: eight bytes. The client asks again until it gives its startup message.
    static let sslRequest: [UInt8] = [0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f]
    static let encryptionRequest: [UInt8] = [0, 0, 0, 8, 4, 0xd2, 0x16, 0x30]

    private func takeStartup() {
        guard kept.count == 8 else { return }
        awaitsTLS = kept == UpgradeParser.sslRequest
        // Behind anything else only another request of eight bytes is of interest.
        if awaitsTLS || kept == UpgradeParser.encryptionRequest { kept = [] } else { kept.removeFirst() }
    }
}
