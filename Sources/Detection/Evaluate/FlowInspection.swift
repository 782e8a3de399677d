import AppLayer
import FlowTracking
import NetTypes
import Wire

/// What the evaluator remembers about a flow: its bits, and how far each transaction has been inspected.
struct FlowInspection {
    /// What is known of one signature and one transaction in one direction.
    struct StoredState {
        var signature: Int32
        /// Engines that have matched, one bit each; the upper bits are verdicts on the whole.
        var flags: UInt32
        static let matched: UInt32 = 1 << 31
        static let cannotMatch: UInt32 = 1 << 30
    }

    /// One direction of one transaction.
    struct Side {
        var stored: [StoredState] = []
        /// The transaction was complete in this direction when it was inspected: nothing will change.
        var isDone = false
        /// Steps whose buffers have been searched for candidates in full, one bit each.
        var searchedSteps: UInt64 = 0
        var body = BodyInspection()
        /// What the literals of rules have found in the body.
        var bodyHits = LiteralHits()
    }

    struct TransactionState {
        var identifier: UInt64
        /// A rule has passed the request by what it says.
        var isPassed = false
        /// The request was complete, and judged, before the packet at hand.
        var isOver = false
        var toServer = Side()
        var toClient = Side()
    }

    /// How far the flow's requests are passed, where each is judged for itself.
    var requests = RequestCoverage()
    /// Transactions before this one are over and done with, whether or not their parser still has them.
    var firstOpen: UInt64 = 0
    var encryption = EncryptedPayload()
    private var bits: [UInt64] = []
    /// What the payload's literals have found, by direction.
    private var toServerHits = LiteralHits()
    private var toClientHits = LiteralHits()
    var transactions: [TransactionState] = []
    var tags = TagList()
    var variables = Variables()
    /// The flow's integers that are set (`flowint`): a policy names few.
    private(set) var integers: [(variable: Int32, value: UInt32)] = []

    /// Changes nothing: only so is what holds it lent and not copied.
    mutating func hits(_ direction: FlowDirection) -> [LiteralHits.Hit] {
        direction == .toServer ? toServerHits.hits : toClientHits.hits
    }

    mutating func updateHits(
        _ direction: FlowDirection, _ window: RawSpan, offset: Int, _ set: RuleSet, _ literals: LiteralSearch,
        _ scratch: InspectionScratch, generation: UInt32
    ) {
        if direction == .toServer {
            toServerHits.update(
                window, offset: offset, literals, scratch, generation: generation, isWanted: set.containsFiltered)
        } else {
            toClientHits.update(
                window, offset: offset, literals, scratch, generation: generation, isWanted: set.containsFiltered)
        }
    }

    func isSet(_ bit: Int32) -> Bool {
        let word = Int(bit) >> 6
        return word < bits.count && bits[word] & (1 << UInt64(bit & 63)) != 0
    }

    mutating func setBit(_ bit: Int32, _ value: Bool) {
        let word = Int(bit) >> 6
        if word >= bits.count {
            guard value else { return }
            bits += Array(repeating: 0, count: word - bits.count + 1)
        }
        if value { bits[word] |= 1 << UInt64(bit & 63) } else { bits[word] &= ~(1 << UInt64(bit & 63)) }
    }

    /// The connection speaks another protocol now, whose transactions are counted from 0 again.
    mutating func beginAnew() {
        transactions.removeAll()
        firstOpen = 0
    }

    mutating func toggleBit(_ bit: Int32) { setBit(bit, !isSet(bit)) }

    /// Numbers of all bits that are set.
    var setBits: [Int32] {
        bits.indices.flatMap { word in
            (0..<64).compactMap { bits[word] & (1 << UInt64($0)) != 0 ? Int32(word * 64 + $0) : nil }
        }
    }

    private func integer(_ variable: Int32) -> UInt32? { integers.first { $0.variable == variable }?.value }

    private func value(of operand: FlowIntegerOperand) -> UInt32 {
        switch operand {
        case .number(let number): number
        case .variable(let variable): integer(variable) ?? 0
        }
    }

    func holds(_ test: FlowIntegerTest) -> Bool {
        guard let value = integer(test.variable) else { return test.comparison == .isNotSet }
        let other = self.value(of: test.operand)
        return switch test.comparison {
        case .isSet: true
        case .isNotSet: false
        case .equal: value == other
        case .notEqual: value != other
        case .less: value < other
        case .lessOrEqual: value <= other
        case .greater: value > other
        case .greaterOrEqual: value >= other
        }
    }

    mutating func setInteger(_ variable: Int32, _ operand: FlowIntegerOperand) { store(variable, value(of: operand)) }

    /// An unset integer counts as 0. Sums wrap, as in Suricata.
    mutating func addToInteger(_ variable: Int32, _ operand: FlowIntegerOperand) {
        store(variable, (integer(variable) ?? 0) &+ value(of: operand))
    }

    /// An unset integer stays unset.
    mutating func subtractFromInteger(_ variable: Int32, _ operand: FlowIntegerOperand) {
        if let value = integer(variable) { store(variable, value &- self.value(of: operand)) }
    }

    private mutating func store(_ variable: Int32, _ value: UInt32) {
        if let place = integers.firstIndex(where: { $0.variable == variable }) {
            integers[place].value = value
        } else {
            integers.append((variable, value))
        }
    }

    /// Rules will not look at the transaction again: not at one they have passed, nor at answers once any is.
    func isDone(_ state: TransactionState) -> Bool {
        state.isPassed || state.toServer.isDone && (state.toClient.isDone || requests.hasPassed)
    }

    /// Index of a transaction's state, made when it is new.
    mutating func index(of transaction: Transaction) -> Int {
        if let index = transactions.firstIndex(where: { $0.identifier == transaction.identifier }) { return index }
        var state = TransactionState(identifier: transaction.identifier)
        state.toServer.isDone = !transaction.concerns(.toServer)
        state.toClient.isDone = !transaction.concerns(.toClient)
        transactions.append(state)
        return transactions.count - 1
    }
}

/// What a flow needs beside its record while it is undecided or its application layer is read: streams, parsers, and
/// the evaluator's memory.
public final class Conversation {
    public let session: AppLayerSession
    public var toServer: StreamReassembler
    public var toClient: StreamReassembler
    var inspection = FlowInspection()
    /// Directions whose recognition has ended since their last packet (Suricata judges `app-layer-protocol` once more
    /// on the next packet of that direction).
    private var recognitionEcho: SessionEvents = []
    /// Directions that have reached `stream.depth`.
    private var depthReached: UInt8 = 0
    private var inspectedBytes: (toServer: UInt64, toClient: UInt64) = (0, 0)
    /// Numbers of the flow's bits that are set, for the log.
    public var flowbits: [Int32] { inspection.setBits }
    /// Numbers and values of the flow's integers that are set, for the log.
    public var flowIntegers: [(variable: Int32, value: UInt32)] { inspection.integers }

    /// What patterns have captured, for the log.
    public var variables: Variables { inspection.variables }

    public init(session: AppLayerSession, toServer: StreamReassembler, toClient: StreamReassembler) {
        self.session = session
        self.toServer = toServer
        self.toClient = toClient
    }

    /// Some transaction has not been inspected to its end.
    public func awaitsInspection(_ direction: FlowDirection) -> Bool {
        session.transactions.contains { transaction in
            guard transaction.identifier >= inspection.firstOpen, transaction.concerns(direction) else { return false }
            let known = inspection.transactions.first { $0.identifier == transaction.identifier }
            return known?.isDone(direction) != true
        }
    }

    /// - Returns: true the first time.
    public func noteDepthReached(_ direction: FlowDirection) -> Bool {
        let mark: UInt8 = direction == .toServer ? 1 : 2
        defer { depthReached |= mark }
        return depthReached & mark == 0
    }

    /// How far the stream has been inspected, where that is not done packet by packet.
    public func inspected(_ direction: FlowDirection) -> UInt64 {
        direction == .toServer ? inspectedBytes.toServer : inspectedBytes.toClient
    }

    public func noteInspected(_ direction: FlowDirection, _ offset: UInt64) {
        if direction == .toServer { inspectedBytes.toServer = offset } else { inspectedBytes.toClient = offset }
    }

    /// Lets go of transactions before `identifier` that both the log and the rules are done with.
    public func release(before identifier: UInt64) {
        var limit = identifier
        for state in inspection.transactions where !inspection.isDone(state) {
            limit = min(limit, state.identifier)
        }
        if let last = session.transactions.last {
            limit = min(limit, last.identifier + 1)
            inspection.firstOpen = max(inspection.firstOpen, limit)
        }
        session.parser?.release(before: limit)
        inspection.transactions.removeAll { $0.identifier < limit }
    }

    /// Lets go of streams that the log, and the rules while the flow is undecided, are done with: they end in any order.
    public func releaseFinished(isDecided: Bool) {
        guard session.appProtocol == .http2 else { return }
        var finished: Set<UInt64> = []
        for transaction in session.transactions where transaction.isLogged && transaction.isComplete {
            let state = inspection.transactions.first { $0.identifier == transaction.identifier }
            // What comes beside requests that are passed is not judged.
            let isSeen = state.map(inspection.isDone) ?? (isJudgedByRequest && transaction.isOfConnection)
            if isDecided || isSeen { finished.insert(transaction.identifier) }
        }
        guard !finished.isEmpty else { return }
        session.parser?.release(finished: finished)
        inspection.transactions.removeAll { finished.contains($0.identifier) }
    }

    /// Client and server change places.
    public func reverse() { (toServer, toClient) = (toClient, toServer) }

    /// What the session has found out, with the echo of what it found out before.
    public func events(_ fresh: SessionEvents, _ direction: FlowDirection) -> SessionEvents {
        let own: SessionEvents = direction == .toServer ? .recognitionDoneToServer : .recognitionDoneToClient
        let echo = recognitionEcho.intersection(own)
        recognitionEcho.subtract(own)
        recognitionEcho.formUnion(fresh.intersection([.recognitionDoneToServer, .recognitionDoneToClient]))
        return fresh.union(echo)
    }

    func noteEncryption(_ direction: FlowDirection, hasPayload: Bool) {
        if inspection.encryption.isNoted {
            if hasPayload { inspection.encryption.sawPayload(direction) }
        } else if session.appProtocol == .tls, session.isEncrypted {
            inspection.encryption.note(direction)
        }
    }

    // The streams' parts by themselves: a copy of a whole stream counts references to all it holds.

    /// What a side's stream still keeps of what was delivered, and where that begins.
    func retained(_ direction: FlowDirection) -> (start: UInt64, bytes: [UInt8]) {
        direction == .toServer ? toServer.retained : toClient.retained
    }

    func sawConflict(_ direction: FlowDirection) -> Bool {
        direction == .toServer ? toServer.sawConflict : toClient.sawConflict
    }

    /// One side's stream, to be asked something: it is lent, not copied.
    public subscript(stream direction: FlowDirection) -> StreamReassembler {
        _read { if direction == .toServer { yield toServer } else { yield toClient } }
    }

    /// The same where the question is asked for each packet: a `_read` of a struct in a class may copy it, and counts
    /// references to all it holds.
    @inline(__always)
    public func withStream<Answer>(_ direction: FlowDirection, _ body: (inout StreamReassembler) -> Answer) -> Answer {
        direction == .toServer ? body(&toServer) : body(&toClient)
    }
}
