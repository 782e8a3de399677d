import Detection
import FirewallEngine
import PacketIO

/// Packets of a replay whose verdicts are not written yet, because a packet before them is still held: the lines come out in
/// the order of the capture. It reaches over what one hold lasts of the capture's time.
struct VerdictBacklog {
    struct Line {
        var raw: RawPacket
        /// Empty when nobody will want them.
        var bytes: [UInt8]
        var verdict: Verdict
        var decision: Decision
    }

    private var lines: [Line] = []
    private var first = 0
    /// Verdicts that came before their packet's line: it was released by itself.
    private var early: [UInt64: HeldVerdict] = [:]

    var isEmpty: Bool { first == lines.count }

    /// - Parameter outcome: nil while the packet is held.
    mutating func append(_ raw: RawPacket, _ bytes: [UInt8], _ outcome: (verdict: Verdict, decision: Decision)?) {
        var outcome = outcome
        if outcome == nil, let known = early.removeValue(forKey: raw.number) {
            outcome = (known.verdict, known.decision)
        }
        lines.append(
            Line(raw: raw, bytes: bytes, verdict: outcome?.verdict ?? .hold, decision: outcome?.decision ?? Decision()))
    }

    mutating func settle(_ held: HeldVerdict) {
        // Numbers rise by one from line to line.
        guard first < lines.count, held.packet.number >= lines[first].raw.number,
            held.packet.number - lines[first].raw.number < UInt64(lines.count - first)
        else {
            early[held.packet.number] = held
            return
        }
        let index = first + Int(held.packet.number - lines[first].raw.number)
        lines[index].verdict = held.verdict
        lines[index].decision = held.decision
    }

    /// The next line that is complete and has no open one before it.
    mutating func next() -> Line? {
        guard first < lines.count, lines[first].verdict != .hold else { return nil }
        defer {
            first += 1
            if first == lines.count {
                lines.removeAll(keepingCapacity: true)
                first = 0
            } else if first > 4096, first * 2 > lines.count {
                lines.removeFirst(first)
                first = 0
            }
        }
        return lines[first]
    }
}
