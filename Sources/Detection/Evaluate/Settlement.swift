import FlowTracking
import RuleLanguage

/// The last step of a packet's judgment: what its matches come to, in rule order.
extension StatefulEvaluator {
    mutating func settle(_ flow: inout Flow, _ context: PacketContext, _ decision: inout Decision) {
        queue.sort { ($0.signature, -$0.transaction) < ($1.signature, -$1.transaction) }
        for match in queue {
            let signature = policy.signatures[Int(match.signature)]
            // Differs: a default action is for what no rule decided; Suricata would log it behind a rule's drop as well.
            if match.signature >= policy.firstDefault, decision.disposition != .accept, decision.signature >= 0,
                decision.signature < policy.firstDefault, !policy.compatibleWithSuricata
            {
                return
            }
            applyAction(of: signature, match, &flow, context, &decision)
            guard signature.logs || signature.action == .pass else { continue }
            guard alerts.count < StatefulEvaluator.maximumAlerts else {
                decision.discardedAlerts += 1
                continue
            }
            if signature.logs {
                alerts.append(
                    MatchedSignature(
                        signature: match.signature, transaction: match.transaction, isInStream: match.isInStream))
            }
            if signature.action == .pass { return }
        }
    }

    private func applyAction(
        of signature: Signature, _ match: QueuedMatch, _ flow: inout Flow, _ context: PacketContext,
        _ decision: inout Decision
    ) {
        guard signature.action != .alert, signature.action != .config else { return }
        if signature.action == .pass {
            if decision.disposition == .accept, !decision.isPassed { decision.signature = match.signature }
            decision.isPassed = true
        } else {
            if decision.disposition == .accept {
                decision.disposition = .drop
                decision.reason =
                    match.signature >= policy.firstDefault && !policy.compatibleWithSuricata ? .defaultAction : .rules
                decision.signature = match.signature
            }
            if signature.action.isReject, decision.disposition != .reject {
                decision.disposition = .reject
                decision.rejectAction = signature.action
            }
        }
        let reachesFlow = signature.scope == .flow || signature.scope == .flowIfInStream && match.isInStream
        guard reachesFlow, context.hasFlow, flow.disposition == .undecided else { return }
        flow.disposition = signature.action == .pass ? .passed : .dropped
        flow.dropReason = signature.action == .pass ? 0 : decision.reason.rawValue
        flow.decidingSignature = match.signature
        flow.generation = policy.generation
    }
}
