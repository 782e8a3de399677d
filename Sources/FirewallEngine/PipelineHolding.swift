import AppLayer
import Detection
import EventLog
import FlowTracking
import NetTypes
import PacketIO
import Wire

/// A held packet's verdict, with what the log of verdicts says about it.
public struct HeldVerdict: Sendable {
    public var packet: RawPacket
    public var verdict: Verdict
    public var decision: Decision
}

/// Session holding: the packets of a ClientHello or request whose name is not complete stay in the kernel without a
/// verdict, so that no byte of a denied one leaves and an allowed one in two segments needs no retransmission. They are
/// evaluated once, when they are released: no alert, flowbit or threshold is theirs before.
///
/// Lost packets are harmless. The kernel drops what waits when any netfilter table or hook is removed; the sender's
/// retransmission comes to an undecided flow and is held, or to a decided one.
extension Pipeline {
    /// Holds the packet while its flow waits for a name, and whatever carries payload or an end behind held packets; other
    /// packets are judged.
    mutating func holdOrJudge(_ index: FlowIndex, _ bytes: RawSpan) -> Verdict {
        // A packet inside another has no verdict of its own that could come late.
        guard isHolding, nesting.origin == .wire, context.direction == .toServer, flows[index].disposition == .undecided
        else {
            return judge(index, bytes)
        }
        let follows = !holds.isEmpty && holds.contains(index)
        let isEnd = packet.tcp.map { $0.flags.contains(.fin) || $0.flags.contains(.rst) } ?? false
        guard packet.payloadLength > 0 || follows && isEnd else { return judge(index, bytes) }
        let waits = awaitsName(index)
        guard waits || follows, let source = packet.ip?.source else { return judge(index, bytes) }
        if !context.isInStream, let tcp = packet.tcp, let stream = conversations[flows[index].conversation]?.toServer {
            context.streamOffset = Int(truncatingIfNeeded: stream.offset(of: tcp.sequence) ?? 0)
        }
        switch holds.add(packet, raw, context, bytes, flow: index, source: source, now: now, isLast: !waits) {
        case .held:
            counters.held += 1
            return .hold
        case .copy:
            counters.holdCopies += 1
            decision.drop(.holdCopy)
        case .overCap:
            counters.holdOverCaps += 1
            decision.drop(.holdMemory)
        }
        return conclude(index)
    }

    private var isHolding: Bool { settings.hold.isEnabled && !settings.compatibleWithSuricata }

    private mutating func awaitsName(_ index: FlowIndex) -> Bool {
        guard let conversation = conversations[flows[index].conversation] else { return false }
        if flows[index].ipProtocol == .tcp, !flows[index].tcp.isEstablished { return false }
        var asking = PacketContext()
        asking.hasFlow = true
        asking.direction = .toServer
        let tuple = flows[index].tuple
        return evaluator.awaits(tuple, asking, flow: &flows[index], conversation: conversation) != .nothing
    }

    /// Releases what waited for the packet handled last.
    mutating func settleHeld() {
        guard touched >= 0, holds.contains(touched) else { return }
        if flows[touched].disposition == .undecided, awaitsName(touched) { return }
        releaseHeld(touched)
    }

    /// Judges a flow's held packets in the order of the stream.
    private mutating func releaseHeld(_ index: FlowIndex) {
        forEachHeld(index) { pipeline, bytes in
            pipeline.counters.holdReleased += 1
            return pipeline.judge(index, bytes)
        }
    }

    /// Drops a flow's held packets.
    mutating func dropHeld(_ index: FlowIndex, _ reason: DropReason) {
        guard holds.contains(index) else { return }
        forEachHeld(index) { pipeline, bytes in
            if reason == .holdTimeout { pipeline.counters.holdTimedOut += 1 }
            pipeline.decision.drop(reason)
            return pipeline.conclude(index)
        }
    }

    /// Makes each held packet the one at hand; afterwards the one that was is it again.
    private mutating func forEachHeld(_ index: FlowIndex, _ body: (inout Pipeline, RawSpan) -> Verdict) {
        let present = (raw, packet, context, decision, nesting)
        for held in holds.take(index) {
            (raw, packet, context, decision) = (held.raw, held.packet, held.context, Decision())
            nesting = Nesting(frame: .link(raw.linkType))
            if settings.log.needsFrames { nesting.bytes = held.bytes }
            let verdict = body(&self, unsafe held.bytes.span.bytes)
            released.append(HeldVerdict(packet: raw, verdict: verdict, decision: decision))
        }
        (raw, packet, context, decision, nesting) = present
    }

    /// Ends the wait of flows whose time is up.
    mutating func expireHeld() {
        while let index = holds.nextDue(now) {
            let dropsLate = settings.hold.dropsLate
            forEachHeld(index) { pipeline, bytes in
                pipeline.counters.holdTimedOut += 1
                // A bare FIN or RST gives nothing away.
                if !dropsLate || pipeline.packet.payloadLength == 0 { return pipeline.judge(index, bytes) }
                pipeline.decision.drop(.holdTimeout)
                return pipeline.conclude(index)
            }
        }
    }

    // MARK: the source's side

    /// Verdicts of packets held before, oldest release first.
    public mutating func takeReleased() -> [HeldVerdict] {
        // Nearly always, and nothing is allocated for it.
        guard !released.isEmpty else { return [] }
        defer {
            released.removeAll()
            firstReleased = 0
        }
        return Array(released[firstReleased...])
    }

    public mutating func nextRelease() -> Release? {
        guard firstReleased < released.count else {
            if firstReleased > 0 {
                released.removeAll(keepingCapacity: true)
                firstReleased = 0
            }
            return nil
        }
        defer { firstReleased += 1 }
        return Release(packet: released[firstReleased].packet, verdict: released[firstReleased].verdict)
    }

    public mutating func noteLost() { counters.holdLost += 1 }

    /// Drops all that waits: nobody will answer it later.
    public mutating func end() {
        for index in holds.waiting { dropHeld(index, .holdShutdown) }
    }
}
