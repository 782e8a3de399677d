import NetTypes
import Wire

/// What the application layer of one flow concluded from one packet.
public struct SessionEvents: OptionSet, Sendable {
    public let rawValue: UInt16
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// Recognition has ended for this direction, with a protocol or without.
    public static let recognitionDoneToServer = SessionEvents(rawValue: 1)
    public static let recognitionDoneToClient = SessionEvents(rawValue: 2)
    /// The parser has given up.
    public static let malformed = SessionEvents(rawValue: 4)
    /// The connection changed its protocol.
    public static let protocolChanged = SessionEvents(rawValue: 8)

    // What rules ask for by `app-layer-event:applayer_...`: about the connection, not about a transaction.
    /// The two sides speak different protocols.
    public static let mismatchedProtocols = SessionEvents(rawValue: 16)
    /// The server speaks first in a protocol where that is the client's part.
    public static let wrongDirectionFirst = SessionEvents(rawValue: 32)
    /// One side's words are those of no protocol, the other's are.
    public static let recognizedInOneDirection = SessionEvents(rawValue: 64)
    /// Recognition has ended without a result.
    public static let recognitionSkipped = SessionEvents(rawValue: 128)
    /// What follows STARTTLS is no TLS.
    public static let noTLSAfterStartTLS = SessionEvents(rawValue: 256)
    /// After a hand-over the connection speaks something that was not asked for.
    public static let unexpectedProtocol = SessionEvents(rawValue: 512)

    /// Any of them.
    public static let odd: SessionEvents = [
        .mismatchedProtocols, .wrongDirectionFirst, .recognizedInOneDirection, .recognitionSkipped,
        .noTLSAfterStartTLS, .unexpectedProtocol,
    ]
    /// The first bytes are a server's: client and server change places, in the session from here on.
    public static let reversed = SessionEvents(rawValue: 1024)

    /// The events that rules can name.
    public static let byName: [String: SessionEvents] = [
        "applayer_mismatch_protocol_both_directions": .mismatchedProtocols,
        "applayer_wrong_direction_first_data": .wrongDirectionFirst,
        "applayer_detect_protocol_only_one_direction": .recognizedInOneDirection,
        "applayer_proto_detection_skipped": .recognitionSkipped,
        "applayer_no_tls_after_starttls": .noTLSAfterStartTLS,
        "applayer_unexpected_protocol": .unexpectedProtocol,
    ]
}

/// The application layer of one flow: recognises its protocol and runs that protocol's parser.
public final class AppLayerSession {
    /// The flow's protocol: that of the direction that was recognised first.
    public private(set) var appProtocol = AppProtocol.unknown
    public private(set) var toServerProtocol = AppProtocol.unknown
    public private(set) var toClientProtocol = AppProtocol.unknown
    /// The protocol before a hand-over (CONNECT, upgrade); unknown without one.
    public private(set) var originalProtocol = AppProtocol.unknown
    public private(set) var malformed: MalformedReason?
    public private(set) var parser: (any ApplicationParser)?

    private let settings: AppLayerSettings
    private let isStream: Bool
    private var ports: (client: UInt16, server: UInt16)
    /// The flow's beginning was not seen: what looks like its client may be its server.
    private var mayReverse: Bool
    /// What came before recognition, by direction.
    private var early: (toServer: [UInt8], toClient: [UInt8]) = ([], [])
    /// No pattern fits this direction.
    private var hasNoMatch = (toServer: false, toClient: false)
    private var ended = (toServer: false, toClient: false)
    private var handOvers = 0
    /// Line ends that stray behind the last HTTP head are no part of what follows a hand-over.
    private var skipsLineEnds = (toServer: false, toClient: false)
    /// What the protocol before a hand-over has announced.
    private var successor: AppProtocol?

    /// Changes of protocol that are followed. A proxy behind a proxy makes two; each takes a recursion when both sides
    /// have sent everything at once.
    static let maximumHandOvers = 8

    /// Another connection has announced this one.
    private var announced: FTPTransfer?

    /// - Parameters:
    ///   - isMidstream: the beginning of the connection was not seen.
    ///   - announced: what an FTP connection has said about this one.
    public init(
        isStream: Bool, clientPort: UInt16 = 0, serverPort: UInt16, settings: AppLayerSettings,
        isMidstream: Bool = false, announced: FTPTransfer? = nil
    ) {
        self.announced = announced
        self.isStream = isStream
        ports = (clientPort, serverPort)
        mayReverse = settings.reversesFlows && (isMidstream || !isStream)
        self.settings = settings
    }

    public var transactions: [Transaction] { parser?.transactions ?? [] }

    /// The protocol as recognised in one direction.
    public func appProtocol(_ direction: FlowDirection) -> AppProtocol {
        direction == .toServer ? toServerProtocol : toClientProtocol
    }

    /// More bytes would change nothing that rules can ask about.
    public var isDone: Bool { malformed != nil || appProtocol == .failed || appProtocol.isRecognized && parser == nil }

    // MARK: streams

    /// Takes the next bytes of one direction of a TCP connection.
    public func feed(_ direction: FlowDirection, _ bytes: RawSpan) -> SessionEvents {
        guard malformed == nil, appProtocol != .failed else { return [] }
        let bytes = withoutStrayLineEnds(bytes, direction)
        guard bytes.byteCount > 0 else { return [] }
        if appProtocol(direction) != .unknown { return parse(direction, bytes) }
        if let transfer = announced { return begin(transfer, direction, bytes) }
        return recognize(direction, bytes)
    }

    @_lifetime(copy bytes)
    private func withoutStrayLineEnds(_ bytes: RawSpan, _ direction: FlowDirection) -> RawSpan {
        guard direction == .toServer ? skipsLineEnds.toServer : skipsLineEnds.toClient else { return bytes }
        var count = 0
        while count < bytes.byteCount, bytes.byte(at: count) == 13 || bytes.byte(at: count) == 10 { count &+= 1 }
        if count < bytes.byteCount {
            if direction == .toServer { skipsLineEnds.toServer = false } else { skipsLineEnds.toClient = false }
        }
        return bytes.extracting(count..<bytes.byteCount)
    }

    /// An announced connection is what it was announced as, whatever its bytes.
    private func begin(_ transfer: FTPTransfer, _ direction: FlowDirection, _ bytes: RawSpan) -> SessionEvents {
        announced = nil
        // Differs: Suricata takes lists of files for nothing it knows.
        if settings.compatibleWithSuricata, !transfer.isFile { return recognize(direction, bytes) }
        appProtocol = .ftpData
        toServerProtocol = .ftpData
        toClientProtocol = .ftpData
        parser = FTPDataParser(transfer, direction)
        return parse(direction, bytes).union([.recognitionDoneToServer, .recognitionDoneToClient])
    }

    /// Connections that this one has announced since it was asked last.
    public func takeExpected() -> [ExpectedConnection] {
        appProtocol == .ftp ? (parser as? FTPParser)?.takeExpected() ?? [] : []
    }

    private func recognize(_ direction: FlowDirection, _ bytes: RawSpan) -> SessionEvents {
        let kept = direction == .toServer ? early.toServer : early.toClient
        if kept.isEmpty { return recognize(direction, all: bytes, isKept: false) }
        guard kept.count + bytes.byteCount <= settings.recognitionBytes || hasNoMatch(direction) == false else {
            return fail()
        }
        keep(bytes, direction)
        let all = direction == .toServer ? early.toServer : early.toClient
        return recognize(direction, all: unsafe all.span.bytes, isKept: true)
    }

    /// - Parameter all: every byte of this direction so far.
    private func recognize(_ direction: FlowDirection, all: RawSpan, isKept: Bool) -> SessionEvents {
        let answer = ProtocolDetector.examine(stream: all, direction, serverPort: ports.server, settings: settings)
        if isBackwards(answer, direction, all) {
            reverse()
            return recognize(direction.opposite, all: all, isKept: isKept).union(.reversed)
        }
        switch answer {
        case .recognized(.http2) where !settings.readsHTTP2: return fail()
        case .recognized(let found):
            var events = setProtocol(found, direction)
            clearEarly(direction)
            if direction == .toClient {
                events.formUnion(parseEarlyRequest())
            } else if found == .smtp || found == .ftp || found == .http2 {
                events.formUnion(parseGreeting())
            }
            guard malformed == nil else { return events }
            events.formUnion(parse(direction, all))
            return events
        // A server's first frame shows nothing, and says all when the client has begun.
        case .noMatch where appProtocol.isRecognized, .undecided where appProtocol == .http2:
            // The other direction is known: this one's bytes go to its parser.
            var events = setProtocol(appProtocol, direction)
            clearEarly(direction)
            events.formUnion(parse(direction, all))
            return appProtocol == .http2 ? events : events.union(.recognizedInOneDirection)
        case .noMatch:
            if direction == .toServer { hasNoMatch.toServer = true } else { hasNoMatch.toClient = true }
            if hasNoMatch.toServer, hasNoMatch.toClient { return fail() }
            if !isKept { keep(all, direction) }
            return keptTooMuch(direction) ? fail() : []
        case .undecided:
            if !isKept { keep(all, direction) }
            return []
        }
    }

    /// The bytes are what a server says, and nothing was seen of the flow before.
    private func isBackwards(_ answer: ProtocolDetector.Answer, _ direction: FlowDirection, _ bytes: RawSpan) -> Bool {
        guard mayReverse, direction == .toServer, !appProtocol.isRecognized, early.toClient.isEmpty else {
            return false
        }
        switch answer {
        case .undecided: return false
        case .recognized(let found):
            // The bit QR of the message, behind its length in a stream.
            let place = isStream ? 4 : 2
            return found == .dns && bytes.byteCount > place && bytes.byte(at: place) & 0x80 != 0
        case .noMatch:
            guard isStream else { return false }
            let other = ProtocolDetector.examine(
                stream: bytes, .toClient, serverPort: ports.client, settings: settings)
            if case .recognized = other { return true }
            return false
        }
    }

    private func reverse() {
        mayReverse = false
        ports = (ports.server, ports.client)
        early = (early.toClient, early.toServer)
        hasNoMatch = (hasNoMatch.toClient, hasNoMatch.toServer)
        ended = (ended.toClient, ended.toServer)
    }

    /// The server's words show the protocol, and the client's, which came before, did not: they are read first, for the
    /// server answers them. (A server's early words wait for its next ones, behind the client's request.)
    private func parseEarlyRequest() -> SessionEvents {
        guard hasNoMatch.toServer, toServerProtocol == .unknown else { return [] }
        let bytes = early.toServer
        early.toServer = []
        return setProtocol(appProtocol, .toServer).union(parse(.toServer, unsafe bytes.span.bytes))
    }

    /// The server's greeting comes before the client's first words, and they make sense behind it alone. (Servers of HTTP/2
    /// may speak first.)
    private func parseGreeting() -> SessionEvents {
        let bytes = early.toClient
        early.toClient = []
        return parse(.toClient, unsafe bytes.span.bytes)
    }

    private func hasNoMatch(_ direction: FlowDirection) -> Bool {
        direction == .toServer ? hasNoMatch.toServer : hasNoMatch.toClient
    }

    private func keptTooMuch(_ direction: FlowDirection) -> Bool {
        (direction == .toServer ? early.toServer.count : early.toClient.count) > settings.recognitionBytes
    }

    private func setProtocol(_ found: AppProtocol, _ direction: FlowDirection) -> SessionEvents {
        if direction == .toServer { toServerProtocol = found } else { toClientProtocol = found }
        var events: SessionEvents = direction == .toServer ? .recognitionDoneToServer : .recognitionDoneToClient
        if !appProtocol.isRecognized {
            appProtocol = found
            parser = makeParser(found)
            let clientIsSilent = early.toServer.isEmpty && originalProtocol == .unknown
            if direction == .toClient, clientIsSilent, found == .tls || found == .http1 {
                events.insert(.wrongDirectionFirst)
            }
            if successor == .tls, found != .tls { events.formUnion([.unexpectedProtocol, .noTLSAfterStartTLS]) }
        } else if found != appProtocol {
            events.insert(.mismatchedProtocols)
        }
        return events
    }

    private func fail() -> SessionEvents {
        var events: SessionEvents = .recognitionSkipped
        if successor == .tls { events.formUnion([.unexpectedProtocol, .noTLSAfterStartTLS]) }
        if toServerProtocol == .unknown { events.insert(.recognitionDoneToServer) }
        if toClientProtocol == .unknown { events.insert(.recognitionDoneToClient) }
        appProtocol = .failed
        toServerProtocol = .failed
        toClientProtocol = .failed
        early = ([], [])
        return events
    }

    private func keep(_ bytes: RawSpan, _ direction: FlowDirection) {
        if direction == .toServer {
            unsafe bytes.withUnsafeBytes { unsafe early.toServer.append(contentsOf: $0) }
        } else {
            unsafe bytes.withUnsafeBytes { unsafe early.toClient.append(contentsOf: $0) }
        }
    }

    private func clearEarly(_ direction: FlowDirection) {
        if direction == .toServer { early.toServer = [] } else { early.toClient = [] }
    }

    // MARK: parsing

    private func makeParser(_ found: AppProtocol) -> (any ApplicationParser)? {
        switch found {
        case .tls: TLSParser(settings: settings, origin: originalProtocol)
        case .http1: HTTPParser(settings: settings)
        case .dns: DNSParser(isStream: isStream, settings: settings)
        case .ssh: SSHParser(settings: settings)
        case .smtp: SMTPParser(settings: settings)
        case .ftp: FTPParser()
        case .http2: HTTP2Parser(settings: settings)
        case .quic: QUICParser(settings: settings)
        // Differs: Suricata does not look for TLS behind IMAP, POP3, LDAP, XMPP and SOCKS.
        case .imap, .pop3, .ldap, .xmpp, .pgsql: settings.compatibleWithSuricata ? nil : UpgradeParser(found)
        case .socks: settings.compatibleWithSuricata ? nil : SOCKSParser()
        default: nil
        }
    }

    private func parse(_ direction: FlowDirection, _ bytes: RawSpan) -> SessionEvents {
        guard let parser, bytes.byteCount > 0 else { return [] }
        switch parser.feed(direction, bytes) {
        case .proceeding: return []
        case .malformed(let reason):
            malformed = reason
            return .malformed
        case .handOver(let consumed):
            return handOver(direction, bytes.clamped(consumed..<bytes.byteCount), from: parser)
        }
    }

    /// The transactions of the old protocol are gone: the evaluator has seen them on earlier packets, the log takes
    /// them from `handedOver`.
    private func handOver(
        _ direction: FlowDirection, _ rest: RawSpan, from parser: any ApplicationParser
    ) -> SessionEvents {
        handedOver += parser.transactions
        originalProtocol = appProtocol
        successor = parser.successor
        appProtocol = .unknown
        toServerProtocol = .unknown
        toClientProtocol = .unknown
        hasNoMatch = (false, false)
        if originalProtocol == .http1 { skipsLineEnds = (true, true) }
        self.parser = nil
        handOvers += 1
        guard handOvers <= AppLayerSession.maximumHandOvers else { return fail().union(.protocolChanged) }
        var events: SessionEvents = .protocolChanged
        if settings.readsHTTP2, let request = (parser as? HTTPParser)?.upgradedToHTTP2 {
            // Both sides know: the server's first frame follows its answer.
            appProtocol = .http2
            toServerProtocol = .http2
            toClientProtocol = .http2
            // Numbers go on, so that what was judged of the one is not taken for the other.
            let first = settings.compatibleWithSuricata ? 0 : (parser as? HTTPParser)?.nextIdentifier ?? 0
            self.parser = HTTP2Parser(settings: settings, upgradedBy: request, firstIdentifier: first)
            events.formUnion([.recognitionDoneToServer, .recognitionDoneToClient])
        }
        // Where the client leads, what its server has said belongs to the old protocol.
        if direction == .toServer { early.toClient = [] }
        let other = parser.takeEarlyBytes(direction.opposite)
        if !other.isEmpty { events.formUnion(feed(direction.opposite, unsafe other.span.bytes)) }
        if rest.byteCount > 0 { events.formUnion(feed(direction, rest)) }
        return events
    }

    /// Transactions of the protocol before a hand-over, until the log has taken them.
    public private(set) var handedOver: [Transaction] = []

    public func takeHandedOver() -> [Transaction] {
        defer { handedOver = [] }
        return handedOver
    }

    /// Its parser can go on behind bytes that were never seen: always, or where they are part of a body.
    public var goesOnBehindGaps: Bool { appProtocol == .dns && isStream || appProtocol == .http1 }

    /// Bytes of this direction are missing before the next.
    public func skipGap(_ direction: FlowDirection, _ count: Int) -> SessionEvents {
        if let parser = parser as? DNSParser {
            parser.skipGap(direction)
        } else if let parser = parser as? HTTPParser, malformed == nil,
            case .malformed(let reason) = parser.skipGap(direction, count)
        {
            malformed = reason
            return .malformed
        }
        return []
    }

    /// The sender has sent its last byte.
    public func hasEnded(_ direction: FlowDirection) -> Bool {
        direction == .toServer ? ended.toServer : ended.toClient
    }

    /// The sender has sent FIN or was reset.
    public func end(_ direction: FlowDirection) {
        if direction == .toServer { ended.toServer = true } else { ended.toClient = true }
        parser?.end(direction)
    }

    /// The connection is over. For Suricata a direction that has shown nothing then takes the other's protocol; a client
    /// that said nothing to a server of TLS has failed.
    public func takeOtherProtocol(_ direction: FlowDirection) -> SessionEvents {
        guard appProtocol.isRecognized, appProtocol(direction) == .unknown else { return [] }
        if direction == .toClient {
            toClientProtocol = appProtocol
            return []
        }
        toServerProtocol = appProtocol == .tls ? .failed : appProtocol
        return toServerProtocol == .failed ? .recognitionDoneToServer : []
    }

    // MARK: datagrams

    /// Takes one datagram of a UDP flow.
    public func feed(
        datagram bytes: RawSpan, _ direction: FlowDirection, ports: (source: UInt16, destination: UInt16)
    ) -> SessionEvents {
        // A malformed datagram says nothing about the next one.
        malformed = nil
        guard appProtocol(direction) == .unknown else { return parse(direction, bytes) }
        let answer = ProtocolDetector.examine(datagram: bytes, direction, ports: ports, settings: settings)
        if isBackwards(answer, direction, bytes) {
            reverse()
            return feed(datagram: bytes, direction.opposite, ports: ports).union(.reversed)
        }
        let other = appProtocol(direction.opposite)
        let found: AppProtocol
        switch answer {
        case .recognized(let recognized):
            found = recognized
            if !other.isRecognized {
                appProtocol = recognized
                parser = makeParser(recognized)
            }
        case .noMatch, .undecided:
            found = other.isRecognized ? other : .failed
            if !other.isRecognized { appProtocol = .failed }
        }
        if direction == .toServer { toServerProtocol = found } else { toClientProtocol = found }
        let events: SessionEvents = direction == .toServer ? .recognitionDoneToServer : .recognitionDoneToClient
        return events.union(appProtocol.isRecognized ? parse(direction, bytes) : [])
    }
}

extension AppLayerSession {
    /// The client has begun a TLS hello or an HTTP request and not finished the part that names its server: rules by name
    /// cannot match yet. The application-layer default actions wait for it.
    public var awaitsName: Bool {
        guard malformed == nil else { return false }
        switch appProtocol {
        case .unknown:
            if isStream, settings.dnsPorts.contains(ports.server), (1..<14).contains(earlyToServer.count) {
                return true
            }
            return ProtocolDetector.couldBecomeNamed(earlyToServer)
        case .dns: return (parser as? DNSParser)?.awaitsQuery == true
        case .tls:
            guard let facts = transactions.first?.facts, case .tls(let handshake) = facts else { return false }
            return handshake.clientHello == nil && !handshake.isEncrypted && !handshake.hasMalformedHello
        case .http1:
            guard let facts = transactions.last?.facts, case .http(let exchange) = facts else { return true }
            // Without a version the request line is all there may be (HTTP/0.9): a name does not follow.
            if exchange.request.hasStartLine, exchange.request.third.isEmpty { return false }
            return !exchange.request.isHeadComplete
        case .http2: return (parser as? HTTP2Parser)?.awaitsHead ?? false
        case .quic: return (parser as? QUICParser)?.awaitsHello ?? false
        default: return false
        }
    }

    /// The client has sent more behind a CONNECT whose answer has not come: whether that is the tunnel's or further
    /// requests, nobody can tell.
    public var hasUnreadTunnelBytes: Bool {
        appProtocol == .http1 && (parser as? HTTPParser)?.hasEarlyTunnelBytes == true
    }

    private var earlyToServer: [UInt8] { early.toServer }

    /// The client has not said a word yet.
    public var isClientSilent: Bool { appProtocol == .unknown && early.toServer.isEmpty }

    /// A TLS connection has come to its application data.
    public var isEncrypted: Bool {
        guard case .tls(let handshake)? = transactions.first?.facts else { return false }
        return handshake.isDataOnly
    }
}
