import Detection
import FlowTracking
import NetTypes
import PolicyModel
import RuleLanguage
import TestSupport
import Wire

/// Rules compiled as one group, and packets judged by them outside any flow.
struct Ruleset {
    var policy: CompiledPolicy?
    var diagnostics: [Diagnostic]

    init(
        _ text: String, order: RuleOrder = .strictOrder, dropToAlert: Bool = false,
        options: CompileOptions = CompileOptions()
    ) {
        let parsed = RuleParser(file: "test.rules").parse(text)
        var source = PolicySource()
        source.order = order
        let scope = VariableScope(
            addresses: [
                "HOME_NET": "[10.0.0.0/8,fd00::/8]", "EXTERNAL_NET": "!$HOME_NET",
                "SERVERS": "[192.0.2.0/24,!192.0.2.9]",
            ],
            ports: ["WEB": "[80,443,8000:8100,!8080]"])
        source.groups = [
            .init(name: "group", resource: "test.rules", rules: parsed.rules, scope: scope, dropToAlert: dropToAlert)
        ]
        let compilation = PolicyCompiler.compile(source, options: options)
        policy = parsed.diagnostics.isEmpty ? compilation.policy : nil
        diagnostics = parsed.diagnostics + compilation.diagnostics
    }

    var errors: [Diagnostic] { diagnostics.filter { $0.severity == .error } }

    /// Judges one frame; the sids of its alerts, and what became of it. Of rules that were refused the sid is 0.
    func judge(_ frame: [UInt8]) -> (alerts: [UInt32], disposition: Decision.Disposition) {
        guard let policy else { return ([0], .accept) }
        let decoded = DecodedPacket(frame)
        guard let tuple = decoded.packet.tuple else { preconditionFailure("not IP") }
        var evaluator = StatefulEvaluator(policy: policy, state: HostState())
        var decision = Decision()
        var flow = Flow.placeholder(tuple, time: Timestamp(seconds: 1))
        evaluator.judge(
            decoded.packet, decoded.bytes.span.bytes, PacketContext(), flow: &flow, conversation: nil,
            decision: &decision)
        return (evaluator.alerts.map { policy.detail(of: $0.signature).signatureID }, decision.disposition)
    }

    /// The sids of the alerts of one packet, with checksums looked at or not.
    func judge(_ decoded: DecodedPacket, verifiesChecksums: Bool) -> [UInt32] {
        guard let policy, let tuple = decoded.packet.tuple else { return [0] }
        var evaluator = StatefulEvaluator(policy: policy, state: HostState())
        var decision = Decision()
        var flow = Flow.placeholder(tuple, time: Timestamp(seconds: 1))
        var context = PacketContext()
        context.verifiesChecksums = verifiesChecksums
        evaluator.judge(
            decoded.packet, decoded.bytes.span.bytes, context, flow: &flow, conversation: nil, decision: &decision)
        return evaluator.alerts.map { policy.detail(of: $0.signature).signatureID }
    }

    /// The sids of the alerts that a payload in a UDP datagram from inside raises.
    func alerts(_ payload: String) -> [UInt32] { alerts(utf8(payload)) }

    func alerts(_ payload: [UInt8]) -> [UInt32] {
        judge(PacketBuilder(from: "10.0.0.1", to: "192.0.2.1").udp(UDPFields(1000, 2000), payload)).alerts
    }
}
