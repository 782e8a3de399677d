import NetTypes
import Wire

/// Reads DNS over UDP, a message a datagram, and over TCP, where two bytes of length stand before each message
/// (RFC 1035 section 4.2). Every message is a transaction, complete at once.
public final class DNSParser: ApplicationParser {
    public let appProtocol = AppProtocol.dns
    public private(set) var transactions: [Transaction] = []
    private let isStream: Bool
    private let settings: AppLayerSettings
    private var nextIdentifier: UInt64 = 0
    /// Bytes were missing, and no message has begun since.
    private var isLost = (toServer: false, toClient: false)
    /// A message that is not complete, with its length bytes; at most 65,537.
    private var partial: (toServer: [UInt8], toClient: [UInt8]) = ([], [])

    /// Identifiers of queries that a rule has left out of the log: their answers are left out too.
    private var leftOut: [UInt16] = []
    static let maximumLeftOut = 64

    /// Messages kept until the evaluator has seen them.
    static let maximumTransactions = 64

    init(isStream: Bool, settings: AppLayerSettings) {
        self.isStream = isStream
        self.settings = settings
    }

    public func feed(_ direction: FlowDirection, _ bytes: RawSpan) -> ParserStatus {
        isStream ? feedStream(direction, bytes) : take(bytes, direction)
    }

    public func end(_ direction: FlowDirection) {}

    /// Bytes are missing: what comes is read from the next message on, once one shows.
    func skipGap(_ direction: FlowDirection) {
        if direction == .toServer {
            partial.toServer = []
            isLost.toServer = true
        } else {
            partial.toClient = []
            isLost.toClient = true
        }
    }

    /// A query has begun and is not complete. One with more bytes than queries have waits for nobody.
    var awaitsQuery: Bool { (1...512).contains(partial.toServer.count) }

    public func release(before identifier: UInt64) {
        for transaction in transactions where transaction.identifier < identifier && transaction.isLeftOut {
            guard case .dns(let message) = transaction.facts else { continue }
            if leftOut.count >= DNSParser.maximumLeftOut { leftOut.removeFirst() }
            leftOut.append(message.identifier)
        }
        transactions.removeAll { $0.identifier < identifier }
    }

    /// The answer to a query without a record.
    private func isLeftOut(_ message: DNSMessage) -> Bool {
        guard message.isResponse else { return false }
        if let place = leftOut.firstIndex(of: message.identifier) {
            leftOut.remove(at: place)
            return true
        }
        return transactions.contains {
            guard $0.isLeftOut, case .dns(let query) = $0.facts else { return false }
            return query.identifier == message.identifier
        }
    }

    private func take(_ bytes: RawSpan, _ direction: FlowDirection) -> ParserStatus {
        let isCompatible = settings.compatibleWithSuricata
        guard let message = try? DNSMessage(bytes, compatibleWithSuricata: isCompatible) else {
            if isCompatible { transactions.last?.raise(.dnsMalformedData) }
            return .malformed(.dnsMalformed)
        }
        let isOdd = message.isResponse != (direction == .toClient)
        let oddity: AppLayerEvent = direction == .toServer ? .dnsNotRequest : .dnsNotResponse
        if isOdd, isCompatible {
            transactions.last?.raise(oddity)
            return .malformed(.dnsMalformed)
        }
        if transactions.count >= DNSParser.maximumTransactions { transactions.removeFirst() }
        let transaction = Transaction(
            identifier: nextIdentifier, appProtocol: .dns, facts: .dns(message), complete: (1, 1), only: direction)
        for event in message.events { transaction.raise(event) }
        if isOdd { transaction.raise(oddity) }
        if isLeftOut(message) { transaction.leaveOut() }
        transaction.reach(1, .toServer)
        transaction.reach(1, .toClient)
        transactions.append(transaction)
        nextIdentifier += 1
        // Differs: a name that is not kept in full cannot be judged; Suricata judges what it has kept.
        let isReadable = message.nameFlags.subtracting(.dotted).isEmpty && !message.isMalformed
        return isCompatible || isReadable ? .proceeding : .malformed(.dnsMalformed)
    }

    private func feedStream(_ direction: FlowDirection, _ bytes: RawSpan) -> ParserStatus {
        if direction == .toServer ? isLost.toServer : isLost.toClient {
            guard case .recognized = DNSParser.probe(stream: bytes, strictly: false, settings: settings) else {
                return .proceeding
            }
            if direction == .toServer { isLost.toServer = false } else { isLost.toClient = false }
        }
        var buffer = direction == .toServer ? partial.toServer : partial.toClient
        unsafe bytes.withUnsafeBytes { unsafe buffer.append(contentsOf: $0) }
        var position = 0
        var status = ParserStatus.proceeding
        while buffer.count - position >= 2, status == .proceeding {
            let length = Int(buffer[position]) << 8 | Int(buffer[position + 1])
            guard buffer.count - position - 2 >= length else { break }
            // A length of nothing says nothing.
            if length > 0 {
                let message = unsafe buffer.span.bytes.extracting((position + 2)..<(position + 2 + length))
                status = take(message, direction)
            }
            position += 2 + length
        }
        buffer.removeFirst(position)
        if direction == .toServer { partial.toServer = buffer } else { partial.toClient = buffer }
        return status
    }

    // MARK: recognition

    /// NetBIOS names, multicast DNS, LLMNR: they have DNS's format, and ask the neighbours instead of a server.
    static let otherPorts: [UInt16] = [137, 5353, 5355]

    /// A message by its shape.
    /// - Parameter strictly: off port 53 only a message that fits in every respect counts: one question of a known
    ///   class for a name of plain characters, nothing left over, no answers in a query.
    /// - Returns: DNS or DNSCrypt; nil when it is neither.
    static func probe(datagram bytes: RawSpan, strictly: Bool, settings: AppLayerSettings) -> AppProtocol? {
        let isCompatible = settings.compatibleWithSuricata
        guard bytes.byteCount >= 12, let message = try? DNSMessage(bytes, compatibleWithSuricata: isCompatible) else {
            return nil
        }
        let records =
            Int(message.questionCount) + Int(message.counts.answers) + Int(message.counts.authority)
            + Int(message.counts.additional)
        guard 12 + 2 * records <= bytes.byteCount || message.isMalformed else { return nil }
        if message.isMalformed, strictly || message.questions.isEmpty || message.opcode > 5 { return nil }
        guard strictly else { return .dns }
        guard message.questions.count == 1, [1, 3, 255].contains(message.questions[0].dnsClass),
            message.opcode <= 5, message.flags & 0x40 == 0, message.questions[0].name.bytes.allSatisfy(isPlain)
        else { return nil }
        if DNSCrypt.isCertificateQuery(message) { return .dnscrypt }
        if message.isResponse { return .dns }
        let isWhole = message.counts.additional + message.counts.authority > 0 || message.end == bytes.byteCount
        return message.counts.answers == 0 && message.responseCode == 0 && isWhole ? .dns : nil
    }

    /// Letters, digits, and what stands in names of services: by chance alone a name does not look like this.
    private static func isPlain(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (97...122).contains(byte.lowercased) || [45, 46, 95].contains(byte)
    }

    /// - Parameter strictly: off port 53 a message is judged once it is whole.
    static func probe(
        stream bytes: RawSpan, strictly: Bool, settings: AppLayerSettings
    ) -> ProtocolDetector.Answer {
        guard bytes.byteCount >= 2 else { return strictly ? .noMatch : .undecided }
        let length = Int(bytes.bigEndian16(at: 0))
        guard length >= 12 else { return .noMatch }
        guard bytes.byteCount >= 14 else { return strictly ? .noMatch : .undecided }
        guard bytes.byteCount >= 2 + length else {
            // The header alone: sane counts and opcode.
            let records = (0..<4).reduce(0) { $0 + Int(bytes.bigEndian16(at: 6 + 2 * $1)) }
            let opcode = bytes.byte(at: 4) >> 3 & 15
            let isSane = records > 0 && 12 + 2 * records <= length && opcode <= 5
            return isSane && !strictly ? .recognized(.dns) : .noMatch
        }
        let message = bytes.extracting(2..<(2 + length))
        return probe(datagram: message, strictly: strictly, settings: settings).map { .recognized($0) } ?? .noMatch
    }
}
