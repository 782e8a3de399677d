import Detection
import EventLog
import FlowTracking
import NetTypes
import PacketIO
import Wire

/// Fragments of IP datagrams.
extension Pipeline {
    /// A fragment has no flow and no ports; rules without ports judge it. It is forwarded as it comes, but the one that
    /// makes its datagram whole shares the verdict of the datagram.
    ///
    /// Differs: Suricata resolves overlaps, lets fragments go that fit nowhere, and forgets a datagram that is whole. Here
    /// no fragment of a datagram that has been denied, has an overlap, or is over is forwarded.
    mutating func handleFragment(_ bytes: RawSpan) -> Verdict {
        context.hasPorts = false
        switch fragments.insert(packet, bytes, now: now.seconds, events: &packet.events) {
        case .waiting: break
        case .complete(let datagram):
            let whole = unsafe datagram.span.bytes
            let verdict = judgeInner(whole, nesting.frame, wireLength: whole.byteCount, from: .fragments)
            if verdict != .accept {
                decision.drop(.tunnelPacketDrop)
                if verdict == .reject { decision.disposition = .reject }
                return conclude(nil)
            }
        case .refused: if !settings.compatibleWithSuricata { decision.drop(.defragError) }
        case .noRoom:
            let standard: ExceptionPolicy = settings.compatibleWithSuricata ? .ignore : .dropPacket
            if let verdict = handleException(.fragmentMemory, .defragMemory, standard: standard, flow: nil) {
                return verdict
            }
        }
        // A part of a segment or datagram is no payload.
        packet.payloadLength = 0
        packet.payloadMissing = 0
        judgeWithoutFlow(bytes)
        return conclude(nil)
    }
}
