import AppLayer
import Detection
import EventLog
import FlowTracking
import NetTypes
import PacketIO
import Wire

/// Streams as a listener beside the path reads them (`stream.inline=off`, Suricata's IDS mode): bytes count once their
/// receiver has acknowledged them, and what is left at a flow's end is judged then, on a packet made for it.
extension Pipeline {
    /// Bytes of a stream that are worth an inspection: Suricata's chunk.
    static let inspectionChunk: UInt64 = 2560

    /// Keeps the packet's payload, and hands on what it acknowledges of the other side's.
    mutating func feedAcknowledged(
        _ conversation: Conversation, _ index: FlowIndex, _ segment: TCPSegment, _ bytes: RawSpan
    ) -> Verdict? {
        let direction = context.direction
        if packet.payloadLength > 0, !segment.flags.contains(.rst) {
            let sequence = segment.flags.contains(.syn) ? segment.sequence + 1 : segment.sequence
            let payload = bytes.clamped(packet.payload)
            context.streamOffset = Int(truncatingIfNeeded: conversation[stream: direction].offset(of: sequence) ?? 0)
            let kept =
                direction == .toServer
                ? conversation.toServer.keep(sequence: sequence, payload, settings: settings.flow)
                : conversation.toClient.keep(sequence: sequence, payload, settings: settings.flow)
            if kept.conflicts {
                counters.overlapConflicts += 1
                context.streamEvents.insert(.overlapDifferentData)
            }
            context.isInStream = kept.isKept
        }
        let tcp = flows[index].tcp
        context.sessionEvents = hand(conversation, direction.opposite, until: tcp.lastAck(direction.opposite))
        return noteSession(conversation, index)
    }

    /// Hands on the bytes before `limit`.
    private mutating func hand(
        _ conversation: Conversation, _ direction: FlowDirection, until limit: SequenceNumber?
    ) -> SessionEvents {
        let session = conversation.session
        var events: SessionEvents = []
        if direction == .toServer {
            conversation.toServer.deliverKept(until: limit) { events.formUnion(session.feed(direction, $0)) }
        } else {
            conversation.toClient.deliverKept(until: limit) { events.formUnion(session.feed(direction, $0)) }
        }
        return events
    }

    /// The part of the packet's own stream that rules look into now.
    mutating func chooseStreamWindow(_ conversation: Conversation, _ index: FlowIndex) {
        let stream = conversation[stream: context.direction]
        let seen = conversation.inspected(context.direction)
        let isReady =
            stream.delivered &- seen >= Pipeline.inspectionChunk || flows[index].tcp.state == .closed
            || isWorthLooking(conversation.session, context.direction)
        context.streamWindow = isReady && stream.delivered > seen ? .since(seen) : .nothing
        if isReady { conversation.noteInspected(context.direction, stream.delivered) }
    }

    /// A parser says when a stretch of the stream is whole: one of HTTP with each message, others at any time.
    private func isWorthLooking(_ session: AppLayerSession, _ direction: FlowDirection) -> Bool {
        guard session.appProtocol == .http1 else { return session.appProtocol != .unknown }
        return session.transactions.last?.isComplete(direction) ?? true
    }

    /// Judges what has not been looked at when a flow ends.
    mutating func judgeRemainder(_ index: FlowIndex) {
        guard !settings.flow.isInline, flows[index].ipProtocol == .tcp, flows[index].tcp.isEstablished else { return }
        for direction in [FlowDirection.toServer, .toClient] {
            guard flows[index].disposition == .undecided,
                let conversation = conversations[flows[index].conversation]
            else { return }
            var events = hand(conversation, direction, until: nil)
            let seen = conversation.inspected(direction)
            let kept = conversation[stream: direction].kept(since: seen)
            if conversation.session.goesOnBehindGaps {
                events.formUnion(catchUp(conversation, direction, to: conversation[stream: direction].end))
            }
            conversation.session.end(direction)
            guard !kept.isEmpty || conversation.awaitsInspection(direction) else {
                continue
            }
            let outer = (packet, context, decision, nesting)
            nesting = Nesting(origin: .flowEnd)
            clearContext()
            context.direction = direction
            context.hasFlow = true
            context.isMade = true
            context.isEstablished = true
            context.isStreamEstablished = true
            context.sessionEvents = conversation.events(events, direction)
            context.streamSizes = flows[index].tcp.streamSizes
            context.flowAge = flows[index].age
            context.streamWindow = kept.isEmpty ? .nothing : .rest(since: seen)
            let tuple = direction == .toServer ? flows[index].tuple : flows[index].tuple.reversed
            packet = Packet.made(
                tuple, sequence: flows[index].tcp.nextSequence(direction),
                acknowledgment: flows[index].tcp.lastAck(direction.opposite), vlan: flows[index].vlan)
            evaluator.judge(
                packet, RawSpan(), context, flow: &flows[index], conversation: conversation, decision: &decision)
            _ = conclude(index)
            (packet, context, decision, nesting) = outer
        }
    }
}
