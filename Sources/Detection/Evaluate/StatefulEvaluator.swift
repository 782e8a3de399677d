import AppLayer
import FlowTracking
import NetTypes
import RuleLanguage
import Wire

/// Judges packets by the stateful rules of a policy.
///
/// A packet goes through phases: address-only signatures, packet and stream signatures, transactions. What matches is
/// queued and side effects (flowbits) happen at once, so that a later phase sees them. Then the queue is settled in rule
/// order: the first pass ends it, a drop does not.
public struct StatefulEvaluator: ~Copyable {
    let policy: CompiledPolicy
    let state: HostState
    /// A pass by what a request says covers that request alone: `inspect.every-request`.
    public var judgesEveryRequest = false
    private var cache = RuleSetCache()
    let scratch: InspectionScratch
    var queue: [QueuedMatch] = []
    /// Signatures to be looked at, in the phase at hand.
    var candidates: [Int32] = []
    /// Signatures to be logged for the packet judged last, in rule order.
    public internal(set) var alerts: [MatchedSignature] = []

    struct QueuedMatch {
        var signature: Int32
        var transaction: Int64
        var isInStream: Bool
    }

    /// - Parameter state: what rules keep beyond a flow, shared with the evaluators of other queues.
    public init(policy: CompiledPolicy, state: HostState) {
        self.policy = policy
        self.state = state
        scratch = InspectionScratch(datasets: policy.datasets.map(state.dataset))
    }

    /// What patterns have captured for the packet judged last, for the log.
    public var packetVariables: Variables { scratch.packetVariables }

    /// The alerts are written; a packet that no rule judges has none.
    public mutating func clearAlerts() { alerts.removeAll(keepingCapacity: true) }

    /// - Parameter flow: the packet's flow, or any record when `context.hasFlow` is false.
    public mutating func judge(
        _ packet: borrowing Packet, _ bytes: RawSpan, _ context: PacketContext, flow: inout Flow,
        conversation: Conversation?, decision: inout Decision
    ) {
        queue.removeAll(keepingCapacity: true)
        alerts.removeAll(keepingCapacity: true)
        scratch.beginPacket()
        guard let tuple = packet.tuple else { return }
        if context.sessionEvents.contains(.protocolChanged) { conversation?.inspection.beginAnew() }
        let set = ruleSet(for: tuple, context, &flow)
        runAddressOnly(set, packet, bytes, context, &flow, conversation)
        runPacket(set, packet, bytes, context, &flow, conversation)
        if let conversation, inspectsTransactions(packet, context, flow, conversation) {
            runTransactions(set, packet, bytes, context, &flow, conversation)
        }
        conversation?.noteEncryption(context.direction, hasPayload: packet.payloadLength > 0)
        if !queue.isEmpty { settle(packet, &flow, context, conversation, &decision) }
        if !policy.tags.isEmpty { decision.isTagged = followTags(packet, context, conversation) }
        if judgesEveryRequest { conversation?.closeRequests(context, payload: packet.payloadLength) }
        // Differs: what was not looked through to the end is not forwarded; Suricata has no such limit.
        if scratch.isExhausted, !policy.compatibleWithSuricata { decision.drop(.inspectionLimit) }
    }

    mutating func ruleSet(for tuple: FlowTuple, _ context: PacketContext, _ flow: inout Flow) -> RuleSet {
        // An ICMP error or a fragment is not what its flow's set was made for.
        let isOwn = context.hasFlow && !context.isRelatedError && context.hasPorts
        let known = flow.ruleSet(context.direction)
        if isOwn, known >= 0, flow.generation == policy.generation { return cache.sets[Int(known)] }
        let found = cache.set(for: tuple, direction: context.direction, hasPorts: context.hasPorts, policy: policy)
        if isOwn {
            if flow.generation != policy.generation {
                flow.ruleSets = (-1, -1)
                flow.generation = policy.generation
            }
            flow.setRuleSet(found.number, context.direction)
        }
        return found.set
    }

    // MARK: phase 1

    /// Suricata judges these on the first packet of each direction. Differs: a pass, drop or reject is judged on every
    /// packet while the flow is undecided, or else one packet-scope pass on the SYN would silence it for good.
    private mutating func runAddressOnly(
        _ set: RuleSet, _ packet: borrowing Packet, _ bytes: RawSpan, _ context: PacketContext, _ flow: inout Flow,
        _ conversation: Conversation?
    ) {
        guard !set.addressOnly.isEmpty else { return }
        let done: FlowFlags = context.direction == .toServer ? .addressRulesDoneToServer : .addressRulesDoneToClient
        let isRepeated = context.hasFlow && flow.flags.contains(done)
        if context.hasFlow { flow.flags.insert(done) }
        if isRepeated, policy.compatibleWithSuricata { return }
        for index in set.addressOnly {
            let signature = policy.signatures[Int(index)]
            // A threshold counts flows here, as in Suricata, not packets.
            if isRepeated, signature.action == .alert || !signature.thresholds.isEmpty { continue }
            guard policy.holds(signature.packetTests, of: signature, packet, bytes, context, conversation, scratch),
                stateHolds(signature, packet, context)
            else { continue }
            if !isRepeated { apply(signature.effects, packet, context, &flow, conversation) }
            queue.append(QueuedMatch(signature: index, transaction: -1, isInStream: false))
        }
    }

    // MARK: phase 2

    private mutating func runPacket(
        _ set: RuleSet, _ packet: borrowing Packet, _ bytes: RawSpan, _ context: PacketContext, _ flow: inout Flow,
        _ conversation: Conversation?
    ) {
        let isNoise = isEncrypted(packet, context, conversation)
        let hasPayload =
            packet.payloadLength > 0 && !context.isPayloadHidden && !context.isPayloadJudgedInside && !isNoise
        // TCP's protocol counts from the established connection on, that of datagrams at once.
        let isStream = packet.tcp != nil
        let isJudgeable = context.isStreamEstablished || !isStream
        let appProtocol = isJudgeable ? conversation?.session.appProtocol ?? .unknown : .unknown
        candidates.removeAll(keepingCapacity: true)
        if hasPayload || context.hasStreamWindow, set.hasFiltered {
            collectPayloadCandidates(set, packet, bytes, context, conversation)
        }
        var nextWalked = 0
        var nextFound = 0
        while nextWalked < set.packet.count || nextFound < candidates.count {
            let index: Int32
            // Both lists are in rule order; side effects want the whole in it.
            if nextFound == candidates.count
                || nextWalked < set.packet.count && set.packet[nextWalked] < candidates[nextFound]
            {
                index = set.packet[nextWalked]
                nextWalked &+= 1
            } else {
                index = candidates[nextFound]
                nextFound &+= 1
            }
            let signature = policy.signatures[Int(index)]
            let needs = signature.requirements
            if needs.contains(.payload), !hasPayload, !context.hasStreamWindow { continue }
            if needs.contains(.flow), !context.hasFlow { continue }
            guard signature.accepts(appProtocol) else { continue }
            scratch.dropCaptured()
            guard policy.holds(signature.packetTests, of: signature, packet, bytes, context, conversation, scratch),
                stateHolds(signature, packet, context)
            else { continue }
            var isInStream = false
            if !signature.payload.isEmpty {
                guard let place = findPayload(signature, packet, bytes, context, conversation) else { continue }
                isInStream = place == .stream
            }
            apply(signature.effects, packet, context, &flow, conversation)
            queue.append(QueuedMatch(signature: index, transaction: -1, isInStream: isInStream))
        }
    }

    func isEncrypted(_ packet: borrowing Packet, _ context: PacketContext, _ conversation: Conversation?)
        -> Bool
    {
        guard let encryption = conversation?.inspection.encryption, encryption.isNoted, let tuple = packet.tuple else {
            return false
        }
        return encryption.hides(tuple, context.direction, policy)
    }

    // MARK: phase 3

    private func inspectsTransactions(
        _ packet: borrowing Packet, _ context: PacketContext, _ flow: borrowing Flow, _ conversation: Conversation
    ) -> Bool {
        // What an HTTP parser had read when it gave up is still judged.
        let session = conversation.session
        guard context.hasFlow, !context.isRelatedError, session.malformed == nil || session.appProtocol == .http1
        else { return false }
        guard flow.ipProtocol == .tcp, !context.isStreamEstablished else { return true }
        // Data in a SYN may reach the application at once (RFC 7413). Differs: Suricata judges it by its transactions
        // there and then, when no rule that asks for an established connection can speak for it; so it does with the first
        // packet of a connection that is picked up in its middle.
        return policy.compatibleWithSuricata && context.isInStream
    }

    private mutating func runTransactions(
        _ set: RuleSet, _ packet: borrowing Packet, _ bytes: RawSpan, _ context: PacketContext, _ flow: inout Flow,
        _ conversation: Conversation
    ) {
        for transaction in conversation.session.transactions
        where transaction.identifier >= conversation.inspection.firstOpen {
            let place = conversation.inspection.index(of: transaction)
            if conversation.inspection.transactions[place].isPassed { continue }
            // Without signatures too: what is complete and seen in both directions can be let go.
            inspect(transaction, place, set, packet, bytes, context, &flow, conversation)
        }
    }

    private mutating func inspect(
        _ transaction: Transaction, _ place: Int, _ set: RuleSet, _ packet: borrowing Packet, _ bytes: RawSpan,
        _ context: PacketContext, _ flow: inout Flow, _ conversation: Conversation
    ) {
        guard !conversation.inspection.transactions[place].isDone(context.direction),
            transaction.takeNews(context.direction)
        else { return }
        var side = conversation.inspection.transactions[place].takeSide(context.direction)
        if policy.inspectsBodies {
            let isOver =
                transaction.progress(context.direction) > HTTPMessage.Step.body
                || conversation.session.hasEnded(context.direction)
            side.body.begin(.of(context.direction, compatible: policy.compatibleWithSuricata), isOver: isOver)
        }
        collectCandidates(transaction, set, context.direction, &side)
        // Suricata finds only rules with a literal before the connection counts as established.
        let isStream = packet.tcp != nil
        let needsLiteral = policy.compatibleWithSuricata && isStream && !context.isStreamEstablished
        for index in candidates {
            let signature = policy.signatures[Int(index)]
            if needsLiteral, signature.requirements.contains(.noLiteral) { continue }
            scratch.dropCaptured()
            guard
                matches(signature, transaction, &side, packet, bytes, context, conversation)
            else { continue }
            apply(signature.effects, packet, context, &flow, conversation, transaction)
            queue.append(QueuedMatch(signature: index, transaction: Int64(transaction.identifier), isInStream: false))
        }
        if transaction.isComplete(context.direction) { side.isDone = true }
        if policy.inspectsBodies { transaction.settleBody(context.direction, &side) }
        conversation.inspection.transactions[place].setSide(context.direction, side)
    }

    /// Signatures worth a look: those whose literal is in its buffer, those without a literal, and those begun earlier.
    private mutating func collectCandidates(
        _ transaction: Transaction, _ set: RuleSet, _ direction: FlowDirection, _ side: inout FlowInspection.Side
    ) {
        candidates.removeAll(keepingCapacity: true)
        let progress = transaction.progress(direction)
        var searched = side.searchedSteps
        for matcher in policy.matchers(transaction.appProtocol, direction) {
            guard progress >= matcher.progress else { break }
            let step = UInt64(1) << UInt64(matcher.progress)
            // Once a later step is reached the buffer is complete: one search is enough.
            guard side.searchedSteps & step == 0 else { continue }
            if progress > matcher.progress { searched |= step }
            var instance = 0
            while let bytes = policy.bytes(
                of: matcher.use, transaction, direction, instance: instance, &side.body, scratch)
            {
                let span = unsafe bytes.storage.span.bytes.extracting(bytes.range)
                func add(_ signature: Int32) {
                    guard set.containsTransaction(signature) else { return }
                    candidates.append(signature)
                }
                for signature in matcher.others { add(signature) }
                matcher.forEachEnding(span, add)
                if bytes.isOfBody, matcher.isBody {
                    side.bodyHits.update(
                        span, offset: bytes.offset, matcher.literals, scratch, generation: policy.generation,
                        isWanted: set.containsTransaction)
                    for hit in side.bodyHits.hits { candidates.append(hit.signature) }
                } else {
                    matcher.forEachLiteral(span, scratch, add)
                }
                instance += 1
            }
        }
        side.searchedSteps = searched
        candidates += set.unfiltered
        for stored in side.stored
        where stored.flags & (FlowInspection.StoredState.matched | FlowInspection.StoredState.cannotMatch) == 0 {
            candidates.append(stored.signature)
        }
        candidates.sort()
        candidates.removeRepeated()
    }

    private func matches(
        _ signature: Signature, _ transaction: Transaction, _ side: inout FlowInspection.Side,
        _ packet: borrowing Packet, _ bytes: RawSpan, _ context: PacketContext, _ conversation: Conversation
    ) -> Bool {
        let stored = side.stored.firstIndex { $0.signature == signature.order }
        var flags = stored.map { side.stored[$0].flags } ?? 0
        guard flags & (FlowInspection.StoredState.matched | FlowInspection.StoredState.cannotMatch) == 0 else {
            return false
        }
        guard signature.accepts(transaction.appProtocol) else { return false }
        if stored == nil {
            guard policy.holds(signature.packetTests, of: signature, packet, bytes, context, conversation, scratch),
                stateHolds(signature, packet, context)
            else { return false }
        }
        let occasion = TransactionTest.Occasion(
            direction: context.direction, time: context.time, compatibleWithSuricata: policy.compatibleWithSuricata)
        let repeats = signature.requirements.contains(.sharesNumbers)
        var outcome = policy.run(
            signature.engines, transaction, occasion, &side.body, &flags, repeats: repeats, scratch, hasPayload: nil)
        if outcome == .needsPayload {
            let isThere = findsBesideBuffers(signature, packet, bytes, context, conversation)
            outcome = policy.run(
                signature.engines, transaction, occasion, &side.body, &flags, repeats: repeats, scratch,
                hasPayload: isThere)
        }
        let isMatch = outcome == .matched
        // In Suricata what is absent from a message is absent again with each packet of its body.
        if isMatch, policy.compatibleWithSuricata, signature.requirements.contains(.onlyAbsence),
            transaction.progress(context.direction) > progress(of: signature)
        {
            return true
        }
        if let stored {
            side.stored[stored].flags = flags
        } else if flags != 0 {
            side.stored.append(FlowInspection.StoredState(signature: signature.order, flags: flags))
        }
        return isMatch
    }
}

extension StatefulEvaluator {
    /// The step from which the last of its buffers is there.
    private func progress(of signature: Signature) -> UInt8 {
        policy.engines[signature.engines.asInt].map(\.progress).max() ?? 0
    }
}

extension FlowInspection.TransactionState {
    func isDone(_ direction: FlowDirection) -> Bool { direction == .toServer ? toServer.isDone : toClient.isDone }

    /// Taken out, and put back by `setSide`: changing a copy would copy all it holds.
    mutating func takeSide(_ direction: FlowDirection) -> FlowInspection.Side {
        var side = FlowInspection.Side()
        if direction == .toServer { swap(&side, &toServer) } else { swap(&side, &toClient) }
        return side
    }

    mutating func setSide(_ direction: FlowDirection, _ side: FlowInspection.Side) {
        if direction == .toServer { toServer = side } else { toClient = side }
    }
}

extension FlowEffect {
    func apply(to flow: inout Flow, _ transaction: Transaction?) {
        switch self {
        case .bypass: flow.flags.insert(.bypassed)
        case .leaveTransactionOut: transaction?.leaveOut()
        case .leaveTransactionsOut: flow.flags.insert(.transactionsUnlogged)
        case .leaveFlowOut: flow.flags.insert(.unlogged)
        }
    }
}
