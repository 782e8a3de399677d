import NetTypes
import Wire

/// Reads the Initial packets of a QUIC flow, whose keys everybody knows, up to both hellos (RFC 9000, RFC 9001 section 5).
/// Every packet with a long header that is looked at is a transaction, complete at once; what follows the hellos is
/// encrypted and not looked at.
///
/// Datagrams may come in any order, and a flow may carry one connection after the other: a client's Initial packet that
/// opens with keys made of its own connection ID begins a new one (a Retry makes the client do so too).
public final class QUICParser: ApplicationParser {
    public let appProtocol = AppProtocol.quic
    public private(set) var transactions: [Transaction] = []
    private var nextIdentifier: UInt64 = 0
    private let settings: AppLayerSettings
    private var keys: QUICInitialKeys?
    private var client: Side
    private var server: Side
    private var hasRetried = false

    private struct Side {
        var stream: QUICCryptoStream
        var hasHello = false
        /// The largest packet number so far.
        var largest = -1
        /// The stream cannot be read any further.
        var isBroken = false

        init(limit: Int) { stream = QUICCryptoStream(limit: limit) }
    }

    /// Packets kept until the evaluator has seen them: those of one datagram. Senders put two or three into one; more
    /// than this cannot be judged, and the flow is given up.
    static let maximumTransactions = 64

    init(settings: AppLayerSettings) {
        self.settings = settings
        client = Side(limit: settings.tlsHandshakeBytes)
        server = Side(limit: settings.tlsHandshakeBytes)
    }

    var connectionID: [UInt8]? { keys?.connectionID }

    /// The client's hello has begun and is not whole: rules by name cannot match yet.
    var awaitsHello: Bool { client.stream.isPending && !client.hasHello && !client.isBroken }

    public func end(_ direction: FlowDirection) {}

    public func release(before identifier: UInt64) {
        transactions.removeAll { $0.identifier < identifier }
    }

    // MARK: datagrams

    /// - Parameter bytes: one datagram: packets one behind the other (RFC 9000 section 12.2).
    public func feed(_ direction: FlowDirection, _ bytes: RawSpan) -> ParserStatus {
        var position = 0
        do throws(MalformedReason) {
            while position < bytes.byteCount {
                let rest = bytes.extracting(position..<bytes.byteCount)
                guard let header = try? QUICHeader(rest), header.kind != .oneRTT else { return .proceeding }
                if settings.compatibleWithSuricata, direction == .toServer ? client.hasHello : server.hasHello {
                    return .proceeding
                }
                let length = header.length + header.payloadLength
                try take(header, rest.extracting(0..<length), direction)
                // Where a packet of another version ends is not known.
                guard header.version.initialSalt != nil else { return .proceeding }
                position += length
            }
        } catch {
            return .malformed(error)
        }
        return .proceeding
    }

    private func take(
        _ header: QUICHeader, _ packet: RawSpan, _ direction: FlowDirection
    ) throws(MalformedReason) {
        if header.version.isClear { return try takeClear(header, packet, direction) }
        switch header.kind {
        case .initial where header.version.initialSalt != nil:
            if direction == .toServer {
                try takeClientInitial(header, packet)
            } else {
                try takeServerInitial(header, packet)
            }
        case .initial, .zeroRTT, .handshake, .oneRTT:
            guard !(direction == .toServer ? client : server).hasHello else { return }
            _ = try append(QUICPacket(version: header.version), direction)
        case .retry where direction == .toClient:
            // The client comes again, with a token and another connection ID, from which new keys are made: they show it.
            // What this packet says alone may be said by anybody. Suricata believes the first one.
            if settings.compatibleWithSuricata, !hasRetried { client.hasHello = false }
            hasRetried = true
            _ = try append(QUICPacket(version: header.version), direction)
        case .retry, .versionNegotiation: _ = try append(QUICPacket(version: header.version), direction)
        }
    }

    private func startOver() {
        keys = nil
        client = Side(limit: settings.tlsHandshakeBytes)
        server = Side(limit: settings.tlsHandshakeBytes)
    }

    private func append(_ facts: QUICPacket, _ direction: FlowDirection) throws(MalformedReason) -> Transaction {
        guard transactions.count < QUICParser.maximumTransactions else { throw .quicTooManyPackets }
        let transaction = Transaction(
            identifier: nextIdentifier, appProtocol: .quic, facts: .quic(facts), complete: (1, 1), only: direction)
        transaction.reach(1, .toServer)
        transaction.reach(1, .toClient)
        transactions.append(transaction)
        nextIdentifier += 1
        return transaction
    }

    // MARK: Initial packets

    private func takeClientInitial(_ header: QUICHeader, _ packet: RawSpan) throws(MalformedReason) {
        let largest = client.largest
        let opened = keys?.client.open(packet, headerLength: header.length, largest: largest)
        if let opened { return try read(opened, header, .toServer) }
        if keys?.connectionID != header.destinationID || keys?.version != header.version,
            let own = QUICInitialKeys(version: header.version, connectionID: header.destinationID),
            let opened = own.client.open(packet, headerLength: header.length, largest: -1)
        {
            startOver()
            keys = own
            return try read(opened, header, .toServer)
        }
        // Behind the hello it is no part of the connection, or noise: its server will not read it either.
        let isNoise = client.hasHello
        let transaction = try append(QUICPacket(version: header.version), .toServer)
        transaction.raise(.quicFailedDecrypt)
        // Differs: Suricata says so and forwards it.
        if !isNoise, !settings.compatibleWithSuricata { throw .quicFailedDecrypt }
    }

    /// Whoever answers in the server's name without the keys is not heard by the client: nothing but the event comes of it.
    private func takeServerInitial(_ header: QUICHeader, _ packet: RawSpan) throws(MalformedReason) {
        if let opened = keys?.server.open(packet, headerLength: header.length, largest: server.largest) {
            return try read(opened, header, .toClient)
        }
        let transaction = try append(QUICPacket(version: header.version), .toClient)
        transaction.raise(.quicFailedDecrypt)
    }

    private func read(
        _ opened: (frames: [UInt8], number: Int), _ header: QUICHeader, _ direction: FlowDirection
    ) throws(MalformedReason) {
        var side = direction == .toServer ? client : server
        defer { if direction == .toServer { client = side } else { server = side } }
        side.largest = max(side.largest, opened.number)
        let hadHello = side.hasHello
        let facts = QUICPacket(version: header.version)
        var fault: MalformedReason?
        if header.version == .q050 {
            let messages = QUICFrames.messages(google: unsafe opened.frames.span.bytes, hasCryptoFrames: true)
            facts.messages = messages ?? []
            if messages == nil { fault = .quicMalformed }
        } else {
            do throws(QUICFrames.Fault) {
                try QUICFrames.read(
                    unsafe opened.frames.span.bytes, into: &side.stream, isGoogle: header.version.hasGoogleFrames)
            } catch {
                switch error {
                case .invalid: fault = .quicMalformed
                case .stream(.conflict): fault = .quicCryptoConflict
                case .stream(.tooLong): fault = .quicCryptoTooLong
                }
            }
            do throws(MalformedReason) {
                try readMessages(&side, facts, direction)
            } catch {
                fault = fault ?? error
            }
        }
        // Behind the hello only another one, or trouble, is worth a word.
        let isNews = facts.clientHello != nil || facts.serverHello != nil
        guard !hadHello || isNews || fault != nil else { return }
        let transaction = try append(facts, direction)
        guard let fault else { return }
        side.isBroken = true
        transaction.raise(fault == .quicCryptoTooLong ? .quicCryptoFragmentTooLong : .quicErrorOnData)
        if direction == .toServer, !settings.compatibleWithSuricata { throw fault }
    }

    /// Takes whole handshake messages from the head of the stream.
    private func readMessages(
        _ side: inout Side, _ facts: QUICPacket, _ direction: FlowDirection
    ) throws(MalformedReason) {
        while true {
            let ready = side.stream.ready
            guard ready.count >= 4 else { return }
            let bytes = unsafe ready.span.bytes
            let length = Int(bytes.bigEndian32(at: 0) & 0xff_ffff)
            guard length <= settings.tlsHandshakeBytes else { throw .tlsHandshakeTooLong }
            guard ready.count >= 4 + length else { return }
            side.stream.take(4 + length)
            do throws(EndOfBytes) {
                let body = bytes.extracting(4..<(4 + length))
                switch (ready[0], direction) {
                case (1, .toServer):
                    let hello = try ClientHello(body)
                    facts.clientHello = hello
                    facts.extensions = QUICExtension.list(hello)
                    side.hasHello = true
                case (2, .toClient):
                    let hello = try ServerHello(body)
                    facts.serverHello = hello
                    facts.extensions = QUICExtension.list(hello)
                    // Behind a HelloRetryRequest both say hello once more.
                    side.hasHello = settings.compatibleWithSuricata || !hello.isRetryRequest
                default: throw EndOfBytes()
                }
            } catch {
                throw .tlsInvalidHandshake
            }
        }
    }

    // MARK: Google's QUIC in clear

    private func takeClear(
        _ header: QUICHeader, _ packet: RawSpan, _ direction: FlowDirection
    ) throws(MalformedReason) {
        let facts = QUICPacket(version: header.version)
        let transaction = try append(facts, direction)
        guard header.kind == .initial else { return }
        let frames = packet.extracting(header.length..<packet.byteCount)
        let messages = QUICFrames.messages(google: frames, hasCryptoFrames: false)
        facts.messages = messages ?? []
        if messages == nil { transaction.raise(.quicErrorOnData) }
    }
}
