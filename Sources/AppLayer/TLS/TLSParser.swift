import NetTypes
import Wire

/// Reads the TLS record layer (RFC 8446 section 5.1, RFC 5246 section 6.2.1) and the handshake messages in it, which
/// may be cut over any number of records and segments.
///
///     record     0 type (20 change_cipher_spec, 21 alert, 22 handshake, 23 application_data, 24 heartbeat)
///                1 version   3 length   5 fragment
///     handshake  0 type   1 length (24 bits)   4 body
public final class TLSParser: ApplicationParser {
    public let appProtocol = AppProtocol.tls
    public private(set) var transactions: [Transaction]
    private let handshake = TLSHandshake()
    private let transaction: Transaction
    private let settings: AppLayerSettings
    private var client = Side()
    private var server = Side()
    private var isFinished = (client: false, server: false)

    /// The record and the handshake message one side is in the middle of.
    private struct Side {
        /// Header bytes of a record that is not complete.
        var header: [UInt8] = []
        var type: UInt8 = 0
        /// Bytes of the record's fragment still to come.
        var remaining = 0
        /// A handshake message, header included, that is not complete.
        var message: [UInt8] = []
        /// Encrypted from here on: handshake records are not read.
        var isEncrypted = false
    }

    /// - Parameter origin: the protocol that has handed over to TLS.
    init(settings: AppLayerSettings, origin: AppProtocol = .unknown) {
        self.settings = settings
        handshake.origin = origin
        transaction = Transaction(
            identifier: 0, appProtocol: .tls, facts: .tls(handshake),
            complete: (TLSHandshake.Step.finished, TLSHandshake.Step.finished), keepsNews: true)
        transactions = [transaction]
    }

    public func feed(_ direction: FlowDirection, _ bytes: RawSpan) -> ParserStatus {
        transaction.update(direction)
        handshake.lastMessage = []
        var cursor = ByteCursor(bytes)
        do throws(MalformedReason) {
            while !cursor.isAtEnd {
                if direction == .toServer {
                    try readRecord(&cursor, &client, direction)
                } else {
                    try readRecord(&cursor, &server, direction)
                }
            }
        } catch {
            return .malformed(error)
        }
        return .proceeding
    }

    public func end(_ direction: FlowDirection) {
        if direction == .toServer { isFinished.client = true } else { isFinished.server = true }
        if isFinished.client, isFinished.server {
            transaction.reach(TLSHandshake.Step.finished, .toServer)
            transaction.reach(TLSHandshake.Step.finished, .toClient)
        }
    }

    public func release(before identifier: UInt64) {}

    // MARK: records

    private func readRecord(
        _ cursor: inout ByteCursor, _ side: inout Side, _ direction: FlowDirection
    ) throws(MalformedReason) {
        if side.remaining == 0 {
            guard try readHeader(&cursor, &side) else { return }
        }
        let count = min(side.remaining, cursor.remaining)
        side.remaining -= count
        guard let fragment = try? cursor.take(count) else { return }
        switch side.type {
        case 20: sawChangeCipherSpec(&side, direction)
        case 22 where !side.isEncrypted: try readHandshake(fragment.all, &side, direction)
        case 23: sawApplicationData()
        default: break
        }
    }

    /// Five bytes, possibly in pieces. False when more are needed.
    private func readHeader(_ cursor: inout ByteCursor, _ side: inout Side) throws(MalformedReason) -> Bool {
        while side.header.count < 5 {
            guard let byte = try? cursor.u8() else { return false }
            side.header.append(byte)
        }
        let header = side.header
        side.header.removeAll(keepingCapacity: true)
        guard (20...24).contains(header[0]) else { throw .tlsInvalidRecordType }
        guard header[1] == 3 else { throw .tlsInvalidRecordVersion }
        side.type = header[0]
        side.remaining = Int(header[3]) << 8 | Int(header[4])
        // RFC 5246 section 6.2.3: 2^14 and at most 2,048 for compression and encryption.
        guard side.remaining <= 16_384 + 2_048 else { throw .tlsInvalidRecordLength }
        return true
    }

    private func sawChangeCipherSpec(_ side: inout Side, _ direction: FlowDirection) {
        if direction == .toServer {
            handshake.sawClientChangeCipherSpec = true
        } else {
            handshake.sawServerChangeCipherSpec = true
        }
        // Until TLS 1.2 everything behind it is encrypted; in TLS 1.3 it is a placebo in front of encrypted records,
        // but behind a HelloRetryRequest both hellos are plain (RFC 8446 section 4.1.2, appendix D.4).
        side.isEncrypted = handshake.serverHello?.isRetryRequest != true
    }

    private func sawApplicationData() {
        handshake.isEncrypted = true
        // Early data may precede the ServerHello (RFC 8446 section 2.3): the handshake is not over then.
        guard handshake.serverHello != nil else { return }
        handshake.isDataOnly = true
        finishHandshake()
    }

    private func finishHandshake() {
        transaction.reach(TLSHandshake.Step.handshakeDone, .toServer)
        transaction.reach(TLSHandshake.Step.handshakeDone, .toClient)
    }

    // MARK: handshake messages

    private func readHandshake(
        _ fragment: RawSpan, _ side: inout Side, _ direction: FlowDirection
    ) throws(MalformedReason) {
        if side.message.isEmpty {
            let used = try readMessages(in: fragment, direction)
            guard used < fragment.byteCount else { return }
            side.message = fragment.extracting(used..<fragment.byteCount).copied()
        } else {
            unsafe fragment.withUnsafeBytes { unsafe side.message.append(contentsOf: $0) }
            let used = try readMessages(in: unsafe side.message.span.bytes, direction)
            if used > 0 { side.message.removeFirst(used) }
        }
    }

    /// Reads the complete messages at the head of `bytes`; answers how many bytes they took.
    private func readMessages(in bytes: RawSpan, _ direction: FlowDirection) throws(MalformedReason) -> Int {
        var position = 0
        while bytes.byteCount &- position >= 4 {
            let length = Int(bytes.bigEndian32(at: position) & 0xff_ffff)
            guard length <= settings.tlsHandshakeBytes else {
                guard settings.compatibleWithSuricata else { throw .tlsHandshakeTooLong }
                // Suricata notes it and reads on; what follows has no beginning.
                transaction.raise(.tlsInvalidHandshakeMessage)
                return bytes.byteCount
            }
            guard bytes.byteCount &- position &- 4 >= length else { break }
            let body = bytes.extracting((position &+ 4)..<(position &+ 4 &+ length))
            try readMessage(bytes.byte(at: position), body, direction)
            position &+= 4 &+ length
        }
        return position
    }

    private func readMessage(_ type: UInt8, _ body: RawSpan, _ direction: FlowDirection) throws(MalformedReason) {
        let former = handshake.clientHello
        do throws(EndOfBytes) {
            switch (type, direction) {
            case (1, .toServer):
                handshake.clientHello = try readClientHello(body, former)
                handshake.lastMessage = .clientHello
            case (2, .toClient):
                let hello = try ServerHello(body)
                handshake.serverHello = hello
                handshake.lastMessage = .serverHello
                // The placebo that precedes early data may have come before.
                if hello.isRetryRequest { client.isEncrypted = false }
            case (11, _): readCertificates(body, direction)
            case (16, .toServer): handshake.lastMessage = .clientKeyExchange
            case (12, .toClient): handshake.lastMessage = .serverKeyExchange
            default: break
            }
        } catch {
            handshake.hasMalformedHello = true
            transaction.raise(.tlsHandshakeInvalidLength)
            // Differs: Suricata reads on. A server may read such a hello more kindly than we do.
            guard settings.compatibleWithSuricata else { throw .tlsInvalidHandshake }
        }
        // Differs: servers do not agree on which of several names counts.
        if handshake.clientHello?.hasSeveralNames == true, !settings.compatibleWithSuricata { throw .tlsSeveralNames }
        // Differs: a second hello, behind a HelloRetryRequest, must ask for what the first did (RFC 8446 section 4.1.2):
        // the connection may have been passed for the first one's name.
        if let former, former.serverName != handshake.clientHello?.serverName, !settings.compatibleWithSuricata {
            throw .tlsNameChanged
        }
    }

    private func readClientHello(_ body: RawSpan, _ former: ClientHello?) throws(EndOfBytes) -> ClientHello {
        var hello = try ClientHello(body, compatibleWithSuricata: settings.compatibleWithSuricata)
        if let former = former?.serverName, settings.compatibleWithSuricata, hello.serverName != nil {
            // For Suricata the connection has one name, and a second one is an oddity.
            hello.serverName = former
            hello.hasSeveralNames = true
        }
        if hello.hasSeveralNames { transaction.raise(.tlsMultipleSNIExtensions) }
        switch hello.nameProblem {
        case .length: transaction.raise(.tlsInvalidSNILength)
        case .type: transaction.raise(.tlsInvalidSNIType)
        case .list: transaction.raise(.tlsHandshakeInvalidLength)
        case nil: break
        }
        return hello
    }

    private func readCertificates(_ body: RawSpan, _ direction: FlowDirection) {
        // A second list, in a renegotiation, is encrypted: one that can be read is somebody's invention.
        guard handshake.certificates(direction) == nil else { return }
        guard let chain = try? CertificateChain(body) else {
            transaction.raise(.tlsInvalidCertificate)
            transaction.raise(.tlsInvalidHandshakeMessage)
            return
        }
        if direction == .toServer { handshake.clientCertificates = chain } else { handshake.serverCertificates = chain }
        if let problem = chain.problem {
            transaction.raise(problem)
            transaction.raise(.tlsInvalidHandshakeMessage)
        }
        if chain.leaf != nil { transaction.reach(TLSHandshake.Step.certificateReady, direction) }
    }
}
