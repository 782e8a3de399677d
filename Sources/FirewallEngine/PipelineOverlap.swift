import Detection
import FlowTracking
import NetTypes
import Wire

/// Bytes of a segment that differ from those that came first for the same place.
extension Pipeline {
    /// The packet as Suricata sends it on inline: with the first bytes in the place of the later ones, so that rules about
    /// single packets see what the stream has. (Weir drops such a packet, and never changes one; this is for
    /// `compat.suricata` alone.) Nil when it stays as it is.
    /// - Precondition: the segment differs from what came before it.
    func withStreamBytes(_ conversation: Conversation, _ segment: TCPSegment, _ bytes: RawSpan) -> [UInt8]? {
        guard settings.compatibleWithSuricata, settings.flow.isInline, !segment.flags.contains(.syn),
            let tcp = packet.tcp, let ip = packet.ip,
            let start = conversation[stream: context.direction].offset(of: segment.sequence)
        else { return nil }
        let (first, known) = conversation[stream: context.direction].retained
        var changed = bytes.copied()
        for index in 0..<packet.payloadLength {
            let position = start &+ UInt64(index)
            guard position >= first, position < first &+ UInt64(known.count) else { continue }
            changed[packet.payloadOffset &+ index] = known[Int(position &- first)]
        }
        let checksum = tcp.offset &+ 16
        changed[checksum] = 0
        changed[checksum &+ 1] = 0
        let end = packet.payloadOffset &+ packet.payloadLength
        let sum = unsafe Pipeline.transportChecksum(changed.span.bytes.clamped(tcp.offset..<end), ip)
        changed[checksum] = UInt8(truncatingIfNeeded: sum >> 8)
        changed[checksum &+ 1] = UInt8(truncatingIfNeeded: sum)
        return changed
    }

    private static func transportChecksum(_ body: RawSpan, _ ip: IPHeader) -> UInt16 {
        ~Checksum.fold(Checksum.sum(body, initial: Checksum.pseudoHeaderSum(ip, length: body.byteCount)))
    }
}
