import AppLayer
import FlowTracking
import NetTypes
import Wire

/// What rules find by `content` without a buffer: in the packet, and in the stream around it.
extension StatefulEvaluator {
    /// Payload signatures whose literal stands in what they look into: the stream around the packet, or the packet.
    mutating func collectPayloadCandidates(
        _ set: RuleSet, _ packet: borrowing Packet, _ bytes: RawSpan, _ context: PacketContext,
        _ conversation: Conversation?
    ) {
        let payload = bytes.clamped(packet.payload)
        guard packet.tcp != nil else {
            return search(payload, policy.datagramMatcher(context.direction).literals, set)
        }
        let literals = policy.streamMatcher(context.direction).literals
        if context.isApartFromPackets {
            if let stream = conversation?.bytes(context.streamWindow, context.direction) {
                search(unsafe stream.bytes.span.bytes, literals, set)
            }
            search(payload, literals, set)
        } else if context.isInStream, let conversation, let window = streamWindow(packet, context, conversation) {
            let retained = conversation.retained(context.direction).bytes
            let span = unsafe retained.span.bytes.extracting(window.range)
            conversation.inspection.updateHits(
                context.direction, span, offset: window.offset, set, literals, scratch, generation: policy.generation)
            for hit in conversation.inspection.hits(context.direction) { candidates.append(hit.signature) }
            // Bytes that came first count in the stream; those of the packet may be others.
            if conversation.sawConflict(context.direction) { search(payload, literals, set) }
        } else {
            search(payload, literals, set)
        }
        candidates.sort()
        candidates.removeRepeated()
    }

    private mutating func search(_ payload: RawSpan, _ literals: LiteralSearch, _ set: RuleSet) {
        let work = literals.search(payload, scratch.literals) { signatures, _ in
            for signature in signatures where set.containsFiltered(signature) { candidates.append(signature) }
        }
        scratch.spend(payload.byteCount &+ work)
        candidates.sort()
    }

    enum PayloadPlace {
        case packet
        case stream
    }

    /// Content of TCP is looked for in the reassembled stream, and in the packet when the rule or the packet asks for it.
    func findPayload(
        _ signature: Signature, _ packet: borrowing Packet, _ bytes: RawSpan, _ context: PacketContext,
        _ conversation: Conversation?
    ) -> PayloadPlace? {
        let needs = signature.requirements
        let hasPayload = packet.payloadLength > 0
        if context.isApartFromPackets, needs.contains(.streamContent), let conversation {
            if let bytes = conversation.bytes(context.streamWindow, context.direction) {
                var inspector = ContentInspector(
                    policy: policy, scratch: scratch, streamOffset: Int(truncatingIfNeeded: bytes.start))
                if inspector.matches(signature.payload, unsafe bytes.bytes.span.bytes) { return .stream }
            }
            if !needs.contains(.packetContent), context.isInStream || !hasPayload { return nil }
        }
        guard hasPayload, !needs.contains(.streamOnly) || context.isInStream else { return nil }
        if needs.contains(.streamContent), !context.isApartFromPackets, context.isInStream, let conversation {
            if findInStream(signature, packet, bytes, context, conversation) { return .stream }
            if !needs.contains(.packetContent) { return nil }
        }
        var inspector = ContentInspector(policy: policy, scratch: scratch)
        return inspector.matches(signature.payload, bytes.clamped(packet.payload)) ? .packet : nil
    }

    /// Content without a buffer in a rule about buffers: TCP's is looked for in the stream alone.
    func findsBesideBuffers(
        _ signature: Signature, _ packet: borrowing Packet, _ bytes: RawSpan, _ context: PacketContext,
        _ conversation: Conversation
    ) -> Bool {
        guard packet.tcp != nil else {
            guard packet.payloadLength > 0 else { return false }
            var inspector = ContentInspector(policy: policy, scratch: scratch)
            return inspector.matches(signature.payload, bytes.clamped(packet.payload))
        }
        if context.isApartFromPackets {
            guard let bytes = conversation.bytes(context.streamWindow, context.direction) else { return false }
            var inspector = ContentInspector(
                policy: policy, scratch: scratch, streamOffset: Int(truncatingIfNeeded: bytes.start))
            return inspector.matches(signature.payload, unsafe bytes.bytes.span.bytes)
        }
        guard packet.payloadLength > 0, context.isInStream else { return false }
        // Of encrypted data the packet alone is looked at.
        if isEncrypted(packet, context, conversation) {
            var inspector = ContentInspector(policy: policy, scratch: scratch, streamOffset: context.streamOffset)
            return inspector.matches(signature.payload, bytes.clamped(packet.payload))
        }
        return findInStream(signature, packet, bytes, context, conversation)
    }

    /// Bytes of the stream around the packet that are inspected together with it.
    public static let streamWindow = 2560

    private func findInStream(
        _ signature: Signature, _ packet: borrowing Packet, _ bytes: RawSpan, _ context: PacketContext,
        _ conversation: Conversation
    ) -> Bool {
        guard let window = streamWindow(packet, context, conversation) else {
            var inspector = ContentInspector(policy: policy, scratch: scratch, streamOffset: context.streamOffset)
            return inspector.matches(signature.payload, bytes.clamped(packet.payload))
        }
        var inspector = ContentInspector(policy: policy, scratch: scratch, streamOffset: window.offset)
        let retained = conversation.retained(context.direction).bytes
        return inspector.matches(signature.payload, unsafe retained.span.bytes.extracting(window.range))
    }

    /// The part of the retained stream that is inspected with a packet, and its offset in the stream; nil when the packet
    /// is not in it.
    private func streamWindow(
        _ packet: borrowing Packet, _ context: PacketContext, _ conversation: Conversation
    ) -> (range: Range<Int>, offset: Int)? {
        let retained = conversation.retained(context.direction)
        let left = context.streamOffset
        let start = Int(retained.start)
        let end = start + retained.bytes.count
        guard left >= start, left + packet.payloadLength <= end else { return nil }
        let from = max(start, min(left, end - StatefulEvaluator.streamWindow))
        return ((from - start)..<retained.bytes.count, from)
    }
}
