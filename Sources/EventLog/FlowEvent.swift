import AppLayer
import Detection
import FlowTracking
import NetTypes
import Wire

/// Why a flow's record is written.
public enum FlowEndReason: Sendable {
    case timeout
    /// Made room for another.
    case forced
    case shutdown

    var name: StaticString {
        switch self {
        case .timeout: "timeout"
        case .forced: "forced"
        case .shutdown: "shutdown"
        }
    }
}

extension EVEEncoder {
    /// A `flow` record: written when the flow is over.
    mutating func flow(
        _ flow: Flow, _ reason: FlowEndReason, time: Timestamp, conversation: Conversation?, policy: CompiledPolicy,
        ethernet addresses: LinkAddressSet? = nil
    ) {
        begin("flow", time: time, flow: flow, packetNumber: nil)
        vlan(flow.vlan)
        let tuple = flow.tuple
        self.tuple(tuple)
        if tuple.ipProtocol == .icmp || tuple.ipProtocol == .icmpv6 {
            writer.member("icmp_type", tuple.sourcePort)
            writer.member("icmp_code", 0)
            if flow.isBidirectional { writer.member("response_icmp_type", tuple.destinationPort) }
        }
        if let conversation {
            application(conversation.session)
        } else if let known = AppProtocol(rawValue: flow.applicationProtocol), known != .unknown {
            writer.member("app_proto", known.name)
        }
        metadata(conversation, policy)
        writer.beginObject("flow")
        counters(flow)
        if flow.flags.contains(.bypassed) { bypassed() }
        self.time("start", flow.start)
        self.time("end", flow.lastSeen)
        writer.member("age", max(0, flow.lastSeen.seconds - flow.start.seconds))
        if flow.flags.contains(.bypassed) { writer.member("bypass", literal: "local") }
        writer.member("state", literal: flow.flags.contains(.bypassed) ? "bypassed" : state(flow))
        writer.member("reason", literal: reason.name)
        writer.member("alerted", flow.flags.contains(.hasAlerts))
        switch flow.disposition {
        case .undecided: break
        case .passed: writer.member("action", literal: "pass")
        case .dropped: writer.member("action", literal: "drop")
        }
        if !settings.compatibleWithSuricata { exceptions(flow) }
        writer.endObject()
        metadata(conversation, policy)
        ethernet(addresses)
        if tuple.ipProtocol == .tcp { tcp(flow.tcp) }
        if !settings.compatibleWithSuricata { own(flow, policy) }
        writer.endObject()
    }

    /// Counters of packets that a card or the kernel let through unseen: all of the flow's packets are seen here.
    private mutating func bypassed() {
        writer.beginObject("bypassed")
        writer.member("pkts_toserver", 0)
        writer.member("pkts_toclient", 0)
        writer.member("bytes_toserver", 0)
        writer.member("bytes_toclient", 0)
        writer.endObject()
    }

    private mutating func exceptions(_ flow: Flow) {
        let applied = flow.appliedExceptions
        guard !applied.isEmpty else { return }
        writer.beginArray("exception_policy")
        for (cause, policy) in applied {
            writer.beginObject()
            writer.member("target", cause.name)
            writer.member("policy", policy.recordName)
            writer.endObject()
        }
        writer.endArray()
    }

    private func state(_ flow: Flow) -> StaticString {
        switch flow.state {
        case .new: "new"
        case .established: "established"
        case .closed: "closed"
        }
    }

    private mutating func tcp(_ connection: TCPConnection) {
        let client = connection.client.flagsSeen
        let server = connection.server.flagsSeen
        let both = client.union(server)
        writer.beginObject("tcp")
        writer.member("tcp_flags", String(decoding: JSONWriter.hexadecimal(both.rawValue), as: UTF8.self))
        writer.member("tcp_flags_ts", String(decoding: JSONWriter.hexadecimal(client.rawValue), as: UTF8.self))
        writer.member("tcp_flags_tc", String(decoding: JSONWriter.hexadecimal(server.rawValue), as: UTF8.self))
        flags(both)
        writer.member("state", connection.state.name)
        // Parts of a stream kept apart from each other at most: here there is one, and what waits for it.
        writer.member("ts_max_regions", 1)
        writer.member("tc_max_regions", 1)
        writer.endObject()
    }

    mutating func flags(_ flags: TCPFlags) {
        for (flag, name) in EVEEncoder.flagNames where flags.contains(flag) { writer.member(name, true) }
    }

    private static let flagNames: [(TCPFlags, StaticString)] = [
        (.syn, "syn"), (.fin, "fin"), (.rst, "rst"), (.psh, "psh"), (.ack, "ack"), (.urg, "urg"), (.ece, "ecn"),
        (.cwr, "cwr"),
    ]

    /// Which rule passed or dropped the flow, and what was not written packet by packet.
    private mutating func own(_ flow: Flow, _ policy: CompiledPolicy) {
        let suppressed = flow.suppressed
        guard flow.disposition != .undecided || suppressed != (0, 0) else { return }
        writer.beginObject("weir")
        if flow.disposition != .undecided { decision(of: flow, policy) }
        if suppressed.alerts > 0 { writer.member("alerts_suppressed", suppressed.alerts) }
        if suppressed.drops > 0 { writer.member("drops_suppressed", suppressed.drops) }
        writer.endObject()
    }

    private mutating func decision(of flow: Flow, _ policy: CompiledPolicy) {
        if flow.decidingSignature >= 0, flow.generation == policy.generation {
            writer.member("rule_group", policy.group(of: flow.decidingSignature)?.name ?? "default action")
            writer.member("signature_id", policy.detail(of: flow.decidingSignature).signatureID)
        }
        writer.member("generation", flow.generation)
        if flow.disposition == .dropped, let reason = DropReason(rawValue: flow.dropReason) {
            writer.member("reason", reason.name)
        }
    }
}
