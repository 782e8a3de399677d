import AppLayer
import NetTypes
import Wire

extension CompiledPolicy {
    /// The buffer's bytes with its transforms applied.
    func bytes(
        of use: Int32, _ transaction: Transaction, _ direction: FlowDirection, instance: Int,
        _ body: inout BodyInspection, _ scratch: InspectionScratch
    ) -> BufferBytes? {
        let use = bufferUses[Int(use)]
        guard instance == 0 || StickyBuffer.byID[Int(use.buffer.rawValue)].isMultiple,
            var bytes = transaction.bytes(of: use.buffer, direction, instance: instance, &body)
        else { return nil }
        let offset = bytes.offset
        for transform in use.transforms { bytes = transform.apply(bytes, scratch) }
        bytes.offset = offset
        return bytes
    }

    /// What a run of a signature's engines has come to.
    enum EngineOutcome {
        case notYet
        case matched
        /// All depends on the content without a buffer, which has not been looked for.
        case needsPayload
    }

    /// Runs the engines of a signature that have not matched yet.
    /// - Parameter flags: which engines have matched; receives the verdict on the whole.
    /// - Parameter repeats: those that have matched as well, for the numbers they read.
    /// - Parameter occasion: the packet that rules look at the transaction for.
    /// - Parameter hasPayload: whether the signature's content without a buffer is there; nil when that is not known.
    func run(
        _ range: Range<Int32>, _ transaction: Transaction, _ occasion: TransactionTest.Occasion,
        _ body: inout BodyInspection, _ flags: inout UInt32, repeats: Bool, _ scratch: InspectionScratch,
        hasPayload: Bool?
    ) -> EngineOutcome {
        let direction = occasion.direction
        let progress = transaction.progress(direction)
        var matched = 0
        for (number, index) in range.asInt.enumerated() {
            let engine = engines[index]
            let bit = UInt32(1) << UInt32(min(number, 29))
            guard repeats || flags & bit == 0, engine.toServer == (direction == .toServer) else { continue }
            guard progress >= engine.progress else { return .notYet }
            let isComplete = progress > engine.progress
            if engine.isOfPayload, hasPayload == nil { return .needsPayload }
            let holds =
                engine.isOfPayload
                ? hasPayload == true : holds(engine, transaction, occasion, &body, isComplete: isComplete, scratch)
            guard holds else {
                if isComplete, case .buffer = engine.subject { flags |= FlowInspection.StoredState.cannotMatch | bit }
                return .notYet
            }
            flags |= bit
            matched += 1
        }
        guard matched > 0 else { return .notYet }
        flags |= FlowInspection.StoredState.matched
        return .matched
    }

    private func holds(
        _ engine: InspectEngine, _ transaction: Transaction, _ occasion: TransactionTest.Occasion,
        _ body: inout BodyInspection, isComplete: Bool, _ scratch: InspectionScratch
    ) -> Bool {
        switch engine.subject {
        case .payload: return false
        case .tests:
            return engine.conditions.asInt.allSatisfy { transactionTests[$0].holds(transaction, occasion) }
        case .buffer(let use):
            var instance = 0
            while let bytes = bytes(of: use, transaction, occasion.direction, instance: instance, &body, scratch) {
                var inspector = ContentInspector(
                    policy: self, scratch: scratch, streamOffset: bytes.offset, isComplete: isComplete)
                let span = unsafe bytes.storage.span.bytes.extracting(bytes.range)
                if inspector.matches(engine.conditions, span) { return true }
                instance += 1
            }
            return false
        }
    }
}
