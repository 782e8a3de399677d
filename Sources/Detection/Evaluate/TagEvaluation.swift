import FlowTracking
import NetTypes
import Wire

/// Setting and following tags.
extension StatefulEvaluator {
    func setTags(
        _ signature: Signature, _ packet: borrowing Packet, _ context: PacketContext, _ conversation: Conversation?
    ) {
        let detail = policy.details[Int(signature.detail)]
        for index in signature.tags.asInt {
            let tag = policy.tags[index]
            if let host = tag.host {
                guard let ip = packet.ip else { continue }
                state.tag(
                    host == .source ? ip.source : ip.destination, tag, signatureID: detail.signatureID,
                    generatorID: detail.generatorID, at: context.time)
            } else if context.hasFlow {
                conversation?.inspection.tags.add(
                    tag, signatureID: detail.signatureID, generatorID: detail.generatorID, at: context.time)
            }
        }
    }

    /// Whether the packet is to be logged for a tag. Without rules that tag hosts no lock is taken.
    func followTags(
        _ packet: borrowing Packet, _ context: PacketContext, _ conversation: Conversation?
    ) -> Bool {
        var isTagged = false
        if context.hasFlow, let conversation, !conversation.inspection.tags.isEmpty {
            isTagged = conversation.inspection.tags.follow(length: packet.wireLength, at: context.time)
        }
        if policy.tagsHosts, let ip = packet.ip {
            let length = packet.wireLength
            let source = state.followTags(ip.source, length: length, at: context.time)
            let destination = state.followTags(ip.destination, length: length, at: context.time)
            isTagged = isTagged || source || destination
        }
        return isTagged
    }
}
