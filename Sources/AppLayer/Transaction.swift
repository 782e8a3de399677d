import NetTypes

/// What a parser has read, by protocol. Each holds a class: transactions live with their flow, not with a packet.
public enum TransactionFacts {
    case tls(TLSHandshake)
    case http(HTTPExchange)
    case dns(DNSMessage)
    case ssh(SSHHandshake)
    case smtp(SMTPMail)
    case ftpData(FTPTransfer)
    case quic(QUICPacket)
}

/// One exchange within a flow: a TLS handshake, an HTTP request with its response, a DNS message. Rules are inspected
/// for each transaction and direction as it progresses.
public final class Transaction {
    /// Counted from 0 in its flow.
    public let identifier: UInt64
    public let appProtocol: AppProtocol
    public let facts: TransactionFacts
    /// How far each direction has come, in the protocol's own steps; a step never goes back.
    public internal(set) var progressToServer: UInt8 = 0
    public internal(set) var progressToClient: UInt8 = 0
    /// The step that completes each direction.
    public let completeToServer: UInt8
    public let completeToClient: UInt8
    /// What its parser has noticed, each once, in the order seen.
    public private(set) var events: [AppLayerEvent] = []
    /// Its parser has read more since rules looked last, by direction. Without the bookkeeping rules look on every packet.
    private var news = (toServer: false, toClient: false)
    private let keepsNews: Bool
    /// The one direction it is about, when it is a message and not an exchange.
    private let only: FlowDirection?
    /// Set by the log once the record is written.
    public var isLogged = false
    /// Events that the log has.
    public var loggedEvents = 0
    /// A `config` rule wants no record of it, nor of its answer.
    public private(set) var isLeftOut = false

    public func leaveOut() {
        isLogged = true
        isLeftOut = true
    }

    init(
        identifier: UInt64, appProtocol: AppProtocol, facts: TransactionFacts, complete: (UInt8, UInt8),
        keepsNews: Bool = false, only: FlowDirection? = nil
    ) {
        self.keepsNews = keepsNews
        self.only = only
        self.identifier = identifier
        self.appProtocol = appProtocol
        self.facts = facts
        completeToServer = complete.0
        completeToClient = complete.1
    }

    /// Rules look at it in this direction.
    public func concerns(_ direction: FlowDirection) -> Bool { only == nil || only == direction }

    public func progress(_ direction: FlowDirection) -> UInt8 {
        direction == .toServer ? progressToServer : progressToClient
    }

    public func isComplete(_ direction: FlowDirection) -> Bool {
        direction == .toServer ? progressToServer >= completeToServer : progressToClient >= completeToClient
    }

    public var isComplete: Bool { isComplete(.toServer) && isComplete(.toClient) }

    func update(_ direction: FlowDirection) {
        if direction == .toServer { news.toServer = true } else { news.toClient = true }
    }

    /// False when rules have nothing new to look at in this direction; they do so now.
    public func takeNews(_ direction: FlowDirection) -> Bool {
        guard keepsNews, !isComplete(direction) else { return true }
        defer { if direction == .toServer { news.toServer = false } else { news.toClient = false } }
        return direction == .toServer ? news.toServer : news.toClient
    }

    func raise(_ event: AppLayerEvent) {
        if !events.contains(event) { events.append(event) }
    }

    func reach(_ step: UInt8, _ direction: FlowDirection) {
        if direction == .toServer {
            progressToServer = max(progressToServer, step)
        } else {
            progressToClient = max(progressToClient, step)
        }
    }
}

extension Transaction {
    /// Some of a file has come, in either direction.
    public var carriesFile: Bool {
        guard case .http(let exchange) = facts else { return false }
        return exchange.hasFile(.toServer) || exchange.hasFile(.toClient)
    }
}
