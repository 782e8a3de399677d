import Detection
import PacketIO

/// One JSON line for each packet: its number, the verdict, why, and the rule that decided.
public struct VerdictWriter: ~Copyable {
    private var writer = JSONWriter()
    private let sink: any EventSink

    public init(sink: any EventSink) { self.sink = sink }

    public mutating func write(number: UInt64, verdict: Verdict, decision: Decision, policy: CompiledPolicy) {
        writer.beginObject()
        writer.member("pcap_cnt", number)
        switch verdict {
        case .accept: writer.member("verdict", literal: "accept")
        case .drop: writer.member("verdict", literal: "drop")
        case .reject: writer.member("verdict", literal: "reject")
        case .hold: writer.member("verdict", literal: "hold")
        }
        if decision.disposition != .accept {
            writer.member("reason", decision.reason.name)
        } else if decision.isPassed {
            writer.member("reason", literal: "rules")
        }
        if decision.signature >= 0, Int(decision.signature) < policy.signatures.count {
            writer.member("sid", policy.detail(of: decision.signature).signatureID)
            writer.member("rule_group", policy.group(of: decision.signature)?.name ?? "default action")
        }
        writer.endObject()
        writer.endLine()
        _ = sink.write(writer.bytes)
        writer.clear()
    }

    public mutating func flush() { sink.flush() }
}
