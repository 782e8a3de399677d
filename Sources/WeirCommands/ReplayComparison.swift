import Detection
import EventLog
import FirewallEngine
import NetTypes
import PacketIO
import Wire

/// The same capture and the same rules in a second pipeline that decides as Suricata does (and AWS with it): tells where
/// the two part, so that a policy tested here does not surprise there.
final class ReplayComparison {
    /// Packets of one flow that are judged differently.
    struct Difference {
        var tuple: FlowTuple?
        /// Number of the first of them.
        var packet: UInt64
        var count = 1
        var here: String
        var there: String
        var why: String
    }

    /// Flows in the report; packets are counted beyond.
    static let maximumFlows = 1000

    private(set) var packets = 0
    private(set) var differences: [Difference] = []
    private let policy: CompiledPolicy
    private var pipeline: Pipeline
    private var index: [FlowTuple: Int] = [:]
    /// Judged there, not here yet.
    private var waiting: [Waiting] = []

    private struct Waiting {
        var tuple: FlowTuple?
        var verdict: Verdict
        var decision: Decision
    }

    /// - Parameter policy: compiled for `compat.suricata=on`.
    init(policy: CompiledPolicy, settings: EngineSettings) {
        var settings = settings
        settings.compatibleWithSuricata = true
        self.policy = policy
        pipeline = Pipeline(policy: policy, state: HostState(seed: settings.seed), settings: settings, sink: nil)
    }

    /// A packet is judged there; how it is judged here may come later, when it is held.
    func handle(_ raw: RawPacket, _ bytes: RawSpan, tuple: FlowTuple?) {
        let verdict = pipeline.handle(raw, bytes: bytes)
        waiting.append(Waiting(tuple: tuple, verdict: verdict, decision: pipeline.decision))
    }

    /// How it was judged here, in the order of the capture.
    func settle(_ raw: RawPacket, _ verdict: Verdict, _ decision: Decision, _ own: CompiledPolicy) {
        guard !waiting.isEmpty else { return }
        let other = waiting.removeFirst()
        guard (other.verdict == .accept) != (verdict == .accept) else { return }
        let tuple = other.tuple
        packets += 1
        if let tuple, let known = index[tuple] ?? index[tuple.reversed] {
            differences[known].count += 1
            return
        }
        guard differences.count < ReplayComparison.maximumFlows else { return }
        if let tuple { index[tuple] = differences.count }
        differences.append(
            Difference(
                tuple: tuple, packet: raw.number, here: Self.describe(verdict, decision, own),
                there: Self.describe(other.verdict, other.decision, policy),
                why: Self.reason(decision, other.decision, own)))
    }

    private static func describe(_ verdict: Verdict, _ decision: Decision, _ policy: CompiledPolicy) -> String {
        let word: String =
            switch verdict {
            case .accept: decision.isPassed ? "passed" : "accepted"
            case .drop: "dropped"
            case .reject: "rejected"
            case .hold: "held"
            }
        if decision.signature >= 0, Int(decision.signature) < policy.signatures.count {
            let group = policy.group(of: decision.signature)?.name ?? "default action"
            return "\(word) by \(group) sid \(policy.detail(of: decision.signature).signatureID)"
        }
        return decision.disposition == .accept ? word : "\(word): \(decision.reason.name)"
    }

    private static func reason(_ here: Decision, _ there: Decision, _ policy: CompiledPolicy) -> String {
        switch here.reason {
        case .overlapConflict: "a second version of bytes that were seen before is not forwarded here"
        case .decodeError: "what cannot be decoded is not forwarded here"
        case .defragError: "fragments are not forwarded before they are judged as a whole here"
        case .applicationError: "what the parser cannot read is not forwarded here"
        case .streamError, .streamReassembly: "what no rule could read is not forwarded here"
        case .streamMidstream: "TCP packets without a session make no flow here"
        case .inspectionLimit: "what was not looked through to its end is not forwarded here"
        case .flowDrop: "the flow was decided otherwise by an earlier packet"
        default: byRules(here, there, policy)
        }
    }

    private static func byRules(_ here: Decision, _ there: Decision, _ policy: CompiledPolicy) -> String {
        if here.disposition == .accept {
            return here.isPassed
                ? "a name, protocol or flow is recognised here and not there" : "dropped by Suricata's own exceptions"
        }
        if there.isPassed { return "there an earlier match passes all of the flow; here each request is judged" }
        if here.signature >= 0, policy.signatures[Int(here.signature)].kind == .addressOnly {
            return "rules of addresses are judged on a flow's first packet alone there"
        }
        return "the rule does not see this packet, its name or its protocol there"
    }
}
