import AppLayer
import FlowTracking
import NetTypes
import RuleLanguage
import Wire

/// Tests and changes of what rules leave for each other, and the counting of thresholds.
extension StatefulEvaluator {
    /// The signature's tests of hosts' bits. Without any, no lock is taken.
    @inline(__always)
    func stateHolds(_ signature: Signature, _ packet: borrowing Packet, _ context: PacketContext) -> Bool {
        if signature.stateTests.isEmpty { return true }
        return hostBitsHold(signature.stateTests, packet, context)
    }

    private func hostBitsHold(_ tests: Range<Int32>, _ packet: borrowing Packet, _ context: PacketContext) -> Bool {
        guard let ip = packet.ip else { return false }
        for index in tests.asInt {
            let test = policy.stateTests[index]
            let isSet = state.isSet(test.bit, of: subject(test.track, ip), at: context.time)
            guard isSet == test.isSet else { return false }
        }
        return true
    }

    private func subject(_ track: StateTrack, _ ip: IPHeader) -> StateSubject {
        switch track {
        case .source, .rule: .host(ip.source)
        case .destination: .host(ip.destination)
        case .both: .pair(of: ip.source, ip.destination)
        }
    }

    /// The side effects of a match. They happen at once, even when the match then decides nothing.
    func apply(
        _ effects: Range<Int32>, _ packet: borrowing Packet, _ context: PacketContext, _ flow: inout Flow,
        _ conversation: Conversation?, _ transaction: Transaction? = nil
    ) {
        if !scratch.captured.isEmpty { keepCaptured(conversation) }
        for index in effects.asInt {
            switch policy.effects[index] {
            case .setFlowbit(let bit): conversation?.inspection.setBit(bit, true)
            case .clearFlowbit(let bit): conversation?.inspection.setBit(bit, false)
            case .toggleFlowbit(let bit): conversation?.inspection.toggleBit(bit)
            case .setFlowInteger(let variable, let operand): conversation?.inspection.setInteger(variable, operand)
            case .addToFlowInteger(let variable, let operand): conversation?.inspection.addToInteger(variable, operand)
            case .subtractFromFlowInteger(let variable, let operand):
                conversation?.inspection.subtractFromInteger(variable, operand)
            case .flow(let effect): if context.hasFlow { effect.apply(to: &flow, transaction) }
            case .changeHostBit(let change):
                guard let ip = packet.ip else { continue }
                state.change(
                    change.bit, of: subject(change.track, ip), change.change, seconds: Int64(change.seconds),
                    at: context.time)
            }
        }
    }

    /// What the patterns of a signature that matched have captured.
    private func keepCaptured(_ conversation: Conversation?) {
        for (capture, bytes) in scratch.captured {
            switch capture.target {
            case .packet: scratch.packetVariables.set(capture.variable, bytes)
            case .flow: conversation?.inspection.variables.set(capture.variable, bytes)
            }
        }
        scratch.dropCaptured()
    }

    /// What suppressions and thresholds make of a match; `action` becomes the rate filter's where one applies.
    func passThresholds(
        _ signature: Signature, _ packet: borrowing Packet, _ context: PacketContext, _ action: inout RuleAction
    ) -> ThresholdOutcome {
        guard let ip = packet.ip else { return .alert }
        for index in signature.suppressions.asInt
        where policy.suppressions[index].covers(source: ip.source, destination: ip.destination) {
            return .silent
        }
        let detail = policy.details[Int(signature.detail)]
        // Differs: for Suricata a rule with `<>` is two rules, which count by themselves.
        let rule = policy.compatibleWithSuricata ? UInt32(bitPattern: signature.order) : detail.signatureID
        for index in signature.thresholds.asInt {
            let test = policy.thresholds[index]
            let key = HostState.CounterKey(
                subject: test.track == .rule ? .rule(rule) : subject(test.track, ip),
                signatureID: detail.signatureID, generatorID: detail.generatorID)
            switch state.count(test, key, at: context.time) {
            case .none: return .none
            case .silent: return .silent
            case .changed: action = test.newAction
            case .alert: break
            }
        }
        return .alert
    }
}
