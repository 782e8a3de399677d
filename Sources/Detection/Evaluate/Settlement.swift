import FlowTracking
import RuleLanguage
import Wire

/// The last step of a packet's judgment: what its matches come to, in rule order.
extension StatefulEvaluator {
    mutating func settle(
        _ packet: borrowing Packet, _ flow: inout Flow, _ context: PacketContext, _ conversation: Conversation?,
        _ decision: inout Decision
    ) {
        let payload = packet.payloadLength
        queue.sort { ($0.signature, -$0.transaction) < ($1.signature, -$1.transaction) }
        for match in queue {
            let signature = policy.signatures[Int(match.signature)]
            // Differs: a default action is for what no rule decided; Suricata would log it behind a rule's drop as well.
            if match.signature >= policy.firstDefault, decision.disposition != .accept, decision.signature >= 0,
                decision.signature < policy.firstDefault, !policy.compatibleWithSuricata
            {
                return
            }
            var action = signature.action
            var outcome = ThresholdOutcome.alert
            if !signature.thresholds.isEmpty || !signature.suppressions.isEmpty {
                outcome = passThresholds(signature, packet, context, &action)
                if outcome == .none { continue }
            }
            var isOfRequest = false
            if judgesEveryRequest, match.transaction >= 0, let conversation {
                // What the pass of a request would have ended is judged for the other requests alone.
                if conversation.inspection.isPassed(match.transaction) { continue }
                isOfRequest = action == .pass && policy.isAboutRequest(signature)
            }
            if !signature.tags.isEmpty { setTags(signature, packet, context, conversation) }
            applyAction(action, of: signature, match, &flow, context, reachesFlow: !isOfRequest, &decision)
            if isOfRequest, let conversation {
                flow.decidingSignature = match.signature
                flow.generation = policy.generation
                conversation.inspection.pass(match.transaction)
            }
            // A silenced pass acts, and does not end the queue.
            guard outcome != .silent, signature.logs || action == .pass else { continue }
            guard alerts.count < policy.maximumAlerts else {
                decision.discardedAlerts += 1
                continue
            }
            if signature.logs, action != .pass || signature.action == .pass {
                alerts.append(
                    MatchedSignature(
                        signature: match.signature, transaction: match.transaction, isInStream: match.isInStream,
                        action: action))
            }
            if action == .pass, !isOfRequest || conversation?.hasOpenRequest(context, payload: payload) != true {
                return
            }
        }
    }

    private func applyAction(
        _ action: RuleAction, of signature: Signature, _ match: QueuedMatch, _ flow: inout Flow,
        _ context: PacketContext, reachesFlow: Bool, _ decision: inout Decision
    ) {
        guard action != .alert, action != .config else { return }
        if action == .pass {
            if decision.disposition == .accept, !decision.isPassed { decision.signature = match.signature }
            decision.isPassed = true
        } else {
            if decision.disposition == .accept {
                decision.disposition = .drop
                decision.reason =
                    match.signature >= policy.firstDefault && !policy.compatibleWithSuricata
                    ? .defaultAction : action != signature.action ? .thresholdDetectionFilter : .rules
                decision.signature = match.signature
            }
            if action.isReject, decision.disposition != .reject {
                decision.disposition = .reject
                decision.rejectAction = action
            }
        }
        let hasFlowScope = signature.scope == .flow || signature.scope == .flowIfInStream && match.isInStream
        guard reachesFlow, hasFlowScope, context.hasFlow, flow.disposition == .undecided else { return }
        flow.disposition = action == .pass ? .passed : .dropped
        flow.dropReason = action == .pass ? 0 : decision.reason.rawValue
        flow.decidingSignature = match.signature
        flow.generation = policy.generation
    }
}
