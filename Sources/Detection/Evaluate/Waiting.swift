import AppLayer
import FlowTracking
import NetTypes

/// The one place that says whether a flow's verdict is still to come.
extension StatefulEvaluator {
    /// What an undecided flow waits for, as far as any signature could decide it by that; `nothing` when its packets are as
    /// well judged now. A server that speaks first, or a client whose words are those of no protocol, is not waited for.
    /// - Parameter context: of a packet of the client.
    public mutating func awaits(
        _ tuple: FlowTuple, _ context: PacketContext, flow: inout Flow, conversation: Conversation
    ) -> Awaited {
        guard flow.disposition == .undecided, context.direction == .toServer else { return .nothing }
        let session = conversation.session
        var awaited = session.awaited
        // The first bytes are missing, later ones are there: they can be anything yet.
        if awaited == .nothing, conversation.toServer.hasPending, session.isClientSilent { awaited = .recognition }
        guard awaited != .nothing else { return .nothing }
        let set = ruleSet(for: tuple, context, &flow)
        return set.isDecided(by: awaited, session.appProtocol) ? awaited : .nothing
    }
}
