import AppLayer
import NetTypes
import Wire

extension CompiledPolicy {
    /// The buffer's bytes with its transforms applied.
    func bytes(of use: Int32, _ transaction: Transaction, _ direction: FlowDirection) -> BufferBytes? {
        let use = bufferUses[Int(use)]
        guard var bytes = transaction.bytes(of: use.buffer, direction) else { return nil }
        for transform in use.transforms { bytes = transform.apply(bytes) }
        return bytes
    }

    /// Runs the engines of a signature that have not matched yet. True when the last one has.
    /// - Parameter flags: which engines have matched; receives the verdict on the whole.
    func run(_ range: Range<Int32>, _ transaction: Transaction, _ direction: FlowDirection, _ flags: inout UInt32)
        -> Bool
    {
        let progress = transaction.progress(direction)
        var matched = 0
        for (number, index) in range.asInt.enumerated() {
            let engine = engines[index]
            let bit = UInt32(1) << UInt32(min(number, 29))
            guard flags & bit == 0, engine.toServer == (direction == .toServer) else { continue }
            guard progress >= engine.progress else { return false }
            let isComplete = progress > engine.progress
            guard holds(engine, transaction, direction, isComplete: isComplete) else {
                if isComplete, case .buffer = engine.subject { flags |= FlowInspection.StoredState.cannotMatch | bit }
                return false
            }
            flags |= bit
            matched += 1
        }
        guard matched > 0 else { return false }
        flags |= FlowInspection.StoredState.matched
        return true
    }

    private func holds(
        _ engine: InspectEngine, _ transaction: Transaction, _ direction: FlowDirection, isComplete: Bool
    ) -> Bool {
        switch engine.subject {
        case .tests:
            return engine.conditions.asInt.allSatisfy { transactionTests[$0].holds(transaction) }
        case .buffer(let use):
            guard let bytes = bytes(of: use, transaction, direction) else { return false }
            var inspector = ContentInspector(policy: self, isComplete: isComplete)
            return inspector.matches(engine.conditions, unsafe bytes.storage.span.bytes.extracting(bytes.range))
        }
    }
}

extension TransactionTest {
    func holds(_ transaction: Transaction) -> Bool {
        switch self {
        case .event(let event): return transaction.events.contains(event)
        case .never: return false
        case .handshakeState(let mask, let inverted):
            guard let handshake = transaction.tls else { return false }
            return (mask & handshake.lastMessage.rawValue) ^ inverted != 0
        case .tlsVersion(let wanted, let isNegated):
            guard let handshake = transaction.tls else { return false }
            return handshake.version != 0 && (handshake.version == wanted) != isNegated
        }
    }
}

extension Transaction {
    var tls: TLSHandshake? { if case .tls(let handshake) = facts { handshake } else { nil } }
}
