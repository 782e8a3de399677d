import AppLayer
import NetTypes
import TestSupport
import Wire

/// One piece of what a side says.
struct Said: Sendable {
    var direction: FlowDirection
    var bytes: [UInt8]

    static func client(_ bytes: [UInt8]) -> Said { Said(direction: .toServer, bytes: bytes) }
    static func server(_ bytes: [UInt8]) -> Said { Said(direction: .toClient, bytes: bytes) }
    static func client(_ text: String) -> Said { client(utf8(text)) }
    static func server(_ text: String) -> Said { server(utf8(text)) }
}

/// A session and what it made of a conversation.
final class Conversation {
    let session: AppLayerSession
    private(set) var events: SessionEvents = []

    init(port: UInt16 = 443, settings: AppLayerSettings = AppLayerSettings()) {
        session = AppLayerSession(isStream: true, serverPort: port, settings: settings)
    }

    convenience init(_ said: [Said], port: UInt16 = 443, settings: AppLayerSettings = AppLayerSettings()) {
        self.init(port: port, settings: settings)
        for piece in said { say(piece) }
    }

    /// A stream never delivers nothing.
    @discardableResult
    func say(_ said: Said) -> SessionEvents {
        guard !said.bytes.isEmpty else { return [] }
        let new = session.feed(said.direction, said.bytes.span.bytes)
        events.formUnion(new)
        return new
    }

    @discardableResult
    func client(_ bytes: [UInt8]) -> SessionEvents { say(.client(bytes)) }

    @discardableResult
    func server(_ bytes: [UInt8]) -> SessionEvents { say(.server(bytes)) }

    @discardableResult
    func client(_ text: String) -> SessionEvents { say(.client(text)) }

    @discardableResult
    func server(_ text: String) -> SessionEvents { say(.server(text)) }

    var tls: TLSHandshake? {
        if case .tls(let handshake) = session.transactions.first?.facts { handshake } else { nil }
    }

    var http: [HTTPExchange] {
        session.transactions.compactMap { if case .http(let exchange) = $0.facts { exchange } else { nil } }
    }

    var dns: [DNSMessage] {
        session.transactions.compactMap { if case .dns(let message) = $0.facts { message } else { nil } }
    }

    var ssh: SSHHandshake? {
        if case .ssh(let handshake) = session.transactions.first?.facts { handshake } else { nil }
    }

    var serverName: String? { tls?.clientHello?.serverName.map { text($0) } }

    /// Everything that a rule or a record could ask for, as text: two conversations with the same one are the same.
    var facts: [String] {
        let protocols = [
            session.appProtocol, session.toServerProtocol, session.toClientProtocol, session.originalProtocol,
        ].map(\.name)
        let head = "\(protocols) malformed \(session.malformed?.rawValue ?? "no") awaits \(session.awaitsName)"
        return [head]
            + (session.handedOver + session.transactions).map { transaction in
                "\(transaction.identifier) \(transaction.progressToServer)/\(transaction.progressToClient) \(transaction.events) \(describe(transaction.facts))"
            }
    }
}

func text(_ bytes: some Sequence<UInt8>) -> String { String(decoding: Array(bytes), as: UTF8.self) }

private func describe(_ facts: TransactionFacts) -> String {
    switch facts {
    case .tls(let tls):
        let hello = tls.clientHello.map { "\($0)" } ?? "no hello"
        let chains = [tls.clientCertificates, tls.serverCertificates].map { $0.map { "\($0)" } ?? "-" }
        // `lastMessage` is about the piece read last.
        return "\(hello) \(tls.serverHello.map { "\($0)" } ?? "") \(chains) \(tls.isEncrypted)"
            + " \(tls.sawClientChangeCipherSpec) \(tls.sawServerChangeCipherSpec)"
    case .http(let http):
        let names = [http.method, http.target, http.requestVersion, http.statusCode, http.reason].map {
            $0.map(text) ?? "-"
        }
        let host =
            "\(http.host.map(text) ?? "-") \(http.rawHost.map(text) ?? "-") \(http.port ?? 0) \(http.isHostAmbiguous)"
        return "\(names) \(host) \(http.status) \(describe(http.request)) \(describe(http.response))"
    case .dns(let dns):
        let questions = dns.questions.map { "\(text($0.name.bytes)) \($0.type) \($0.dnsClass)" }
        return "\(dns.identifier) \(dns.flags) \(questions) \(dns.counts)"
    case .quic(let packet): return "\(packet.version) \(packet.serverName.map(text) ?? "-")"
    case .ftpData(let transfer): return "\(transfer.command ?? "-") \(text(transfer.file))"
    case .smtp(let mail):
        return "\(mail.helo.map(text) ?? "-") \(mail.sender.map(text) ?? "-") \(mail.recipients.map(text))"
            + " \(text(mail.content)) \(mail.attachments.map(text))"
    case .ssh(let ssh):
        return [ssh.client, ssh.server].map { $0.map { text($0.protocolVersion) + "|" + text($0.software) } ?? "-" }
            .joined(separator: " ")
            + " \([ssh.clientExchange, ssh.serverExchange].map { $0.map { text($0.text) } ?? "-" })"
    }
}

private func describe(_ message: HTTPMessage) -> String {
    let fields = message.fields.map { "\(text(message.head[$0.name]))=\(text(message.head[$0.value])) \($0.isFolded)" }
    return "\(message.isHeadComplete) \(message.bodyLength) \(fields)"
}

/// `said` with each piece cut anew: the bytes and the order of the sides stay.
func recut(_ said: [Said], _ random: inout SeededRandom) -> [Said] {
    said.flatMap { piece in random.pieces(of: piece.bytes).map { Said(direction: piece.direction, bytes: $0) } }
}

/// `said` byte by byte.
func byteByByte(_ said: [Said]) -> [Said] {
    said.flatMap { piece in piece.bytes.map { Said(direction: piece.direction, bytes: [$0]) } }
}
