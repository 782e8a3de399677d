import AppLayer
import NetTypes
import Wire

extension CompiledPolicy {
    /// The buffer's bytes with its transforms applied.
    func bytes(
        of use: Int32, _ transaction: Transaction, _ direction: FlowDirection, instance: Int,
        _ body: inout BodyInspection
    ) -> BufferBytes? {
        let use = bufferUses[Int(use)]
        guard instance == 0 || StickyBuffer.byID[Int(use.buffer.rawValue)].isMultiple,
            var bytes = transaction.bytes(of: use.buffer, direction, instance: instance, &body)
        else { return nil }
        let offset = bytes.offset
        for transform in use.transforms { bytes = transform.apply(bytes) }
        bytes.offset = offset
        return bytes
    }

    /// Runs the engines of a signature that have not matched yet. True when the last one has.
    /// - Parameter flags: which engines have matched; receives the verdict on the whole.
    func run(
        _ range: Range<Int32>, _ transaction: Transaction, _ direction: FlowDirection, _ body: inout BodyInspection,
        _ flags: inout UInt32
    ) -> Bool {
        let progress = transaction.progress(direction)
        var matched = 0
        for (number, index) in range.asInt.enumerated() {
            let engine = engines[index]
            let bit = UInt32(1) << UInt32(min(number, 29))
            guard flags & bit == 0, engine.toServer == (direction == .toServer) else { continue }
            guard progress >= engine.progress else { return false }
            let isComplete = progress > engine.progress
            guard holds(engine, transaction, direction, &body, isComplete: isComplete) else {
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
        _ engine: InspectEngine, _ transaction: Transaction, _ direction: FlowDirection, _ body: inout BodyInspection,
        isComplete: Bool
    ) -> Bool {
        switch engine.subject {
        case .tests:
            return engine.conditions.asInt.allSatisfy { transactionTests[$0].holds(transaction) }
        case .buffer(let use):
            var instance = 0
            while let bytes = bytes(of: use, transaction, direction, instance: instance, &body) {
                var inspector = ContentInspector(policy: self, streamOffset: bytes.offset, isComplete: isComplete)
                let span = unsafe bytes.storage.span.bytes.extracting(bytes.range)
                if inspector.matches(engine.conditions, span) { return true }
                instance += 1
            }
            return false
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
