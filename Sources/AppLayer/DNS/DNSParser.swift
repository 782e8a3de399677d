import NetTypes
import Wire

/// Reads DNS over UDP, a message a datagram, and over TCP, where two bytes of length stand before each message
/// (RFC 1035 section 4.2). Every message is a transaction, complete at once.
public final class DNSParser: ApplicationParser {
    public let appProtocol = AppProtocol.dns
    public private(set) var transactions: [Transaction] = []
    private let isStream: Bool
    private var nextIdentifier: UInt64 = 0
    /// A message that is not complete, with its length bytes; at most 65,537.
    private var partial: (toServer: [UInt8], toClient: [UInt8]) = ([], [])

    /// Messages kept until the evaluator has seen them.
    static let maximumTransactions = 64

    init(isStream: Bool) { self.isStream = isStream }

    public func feed(_ direction: FlowDirection, _ bytes: RawSpan) -> ParserStatus {
        isStream ? feedStream(direction, bytes) : take(bytes, direction)
    }

    public func end(_ direction: FlowDirection) {}

    public func release(before identifier: UInt64) {
        transactions.removeAll { $0.identifier < identifier }
    }

    private func take(_ bytes: RawSpan, _ direction: FlowDirection) -> ParserStatus {
        guard let message = try? DNSMessage(bytes) else { return .malformed(.dnsMalformed) }
        if transactions.count >= DNSParser.maximumTransactions { transactions.removeFirst() }
        let transaction = Transaction(
            identifier: nextIdentifier, appProtocol: .dns, facts: .dns(message), complete: (1, 1), only: direction)
        for event in message.events { transaction.raise(event) }
        transaction.reach(1, .toServer)
        transaction.reach(1, .toClient)
        transactions.append(transaction)
        nextIdentifier += 1
        return .proceeding
    }

    private func feedStream(_ direction: FlowDirection, _ bytes: RawSpan) -> ParserStatus {
        var buffer = direction == .toServer ? partial.toServer : partial.toClient
        unsafe bytes.withUnsafeBytes { unsafe buffer.append(contentsOf: $0) }
        var position = 0
        var status = ParserStatus.proceeding
        while buffer.count - position >= 2, status == .proceeding {
            let length = Int(buffer[position]) << 8 | Int(buffer[position + 1])
            guard buffer.count - position - 2 >= length else { break }
            let message = unsafe buffer.span.bytes.extracting((position + 2)..<(position + 2 + length))
            status = take(message, direction)
            position += 2 + length
        }
        buffer.removeFirst(position)
        if direction == .toServer { partial.toServer = buffer } else { partial.toClient = buffer }
        return status
    }

    // MARK: recognition

    /// NetBIOS names, multicast DNS, LLMNR: they have DNS's format, and ask the neighbours instead of a server.
    static let otherPorts: [UInt16] = [137, 5353, 5355]

    /// - Parameter strictly: off port 53 only a message that fits in every respect counts: one question of a known
    ///   class, nothing left over, no answers in a query.
    static func probe(datagram bytes: RawSpan, strictly: Bool) -> Bool {
        guard bytes.byteCount >= 12, let message = try? DNSMessage(bytes) else { return false }
        let records =
            Int(message.questionCount) + Int(message.counts.answers) + Int(message.counts.authority)
            + Int(message.counts.additional)
        guard 12 + 2 * records <= bytes.byteCount else { return false }
        guard strictly else { return true }
        guard message.questions.count == 1, [1, 3, 255].contains(message.questions[0].dnsClass),
            message.opcode <= 5, message.flags & 0x40 == 0
        else { return false }
        if message.isResponse { return true }
        return message.counts.answers == 0 && message.responseCode == 0
            && (message.counts.additional + message.counts.authority > 0 || message.end == bytes.byteCount)
    }

    enum Probe {
        case recognized
        case undecided
        case noMatch
    }

    static func probe(stream bytes: RawSpan, _ direction: FlowDirection) -> Probe {
        guard bytes.byteCount >= 2 else { return .undecided }
        let length = Int(bytes.bigEndian16(at: 0))
        guard length >= 12 else { return .noMatch }
        guard bytes.byteCount >= 14 else { return .undecided }
        guard bytes.byteCount >= 2 + length else {
            // The header alone: sane counts and opcode.
            let records = (0..<4).reduce(0) { $0 + Int(bytes.bigEndian16(at: 6 + 2 * $1)) }
            let opcode = bytes.byte(at: 4) >> 3 & 15
            return records > 0 && 12 + 2 * records <= length && opcode <= 5 ? .recognized : .noMatch
        }
        return probe(datagram: bytes.extracting(2..<(2 + length)), strictly: false) ? .recognized : .noMatch
    }
}
