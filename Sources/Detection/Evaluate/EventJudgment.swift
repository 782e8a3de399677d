import FlowTracking
import NetTypes
import RuleLanguage
import Wire

/// A signature with a decoder or stream event, and its header.
struct EventRule: Sendable {
    let signature: Int32
    let header: RuleHeader

    /// Without an IP header only a rule header without conditions fits.
    func fits(_ tuple: FlowTuple?) -> Bool {
        guard let tuple else {
            return header.ruleProtocol.ipProtocols.isEmpty && header.ruleProtocol.ipVersion == nil
                && header.anySource && header.anyDestination && header.anySourcePort && header.anyDestinationPort
        }
        return header.matches(tuple, hasPorts: false)
    }
}

extension StatefulEvaluator {
    /// Judges a packet that no other rule can judge, for its headers are broken or it belongs to no sane connection.
    public mutating func judgeEvents(
        _ packet: borrowing Packet, _ bytes: RawSpan, _ context: PacketContext, decision: inout Decision
    ) {
        guard !policy.eventRules.isEmpty else { return }
        queue.removeAll(keepingCapacity: true)
        clearAlerts()
        let tuple = packet.tuple
        let hasPayload = packet.payloadLength > 0
        for rule in policy.eventRules where rule.fits(tuple) {
            let signature = policy.signatures[Int(rule.signature)]
            guard !signature.requirements.contains(.flow) || context.hasFlow,
                signature.payload.isEmpty || hasPayload,
                policy.holds(signature.packetTests, of: signature, packet, bytes, context, nil, scratch),
                stateHolds(signature, packet, context)
            else { continue }
            queue.append(QueuedMatch(signature: rule.signature, transaction: -1, isInStream: false))
        }
        guard !queue.isEmpty else { return }
        var flow = Flow.placeholder(tuple ?? FlowTuple.unknown, time: Timestamp(microseconds: 0))
        // The match is the packet's alone, whatever flow it belongs to.
        var alone = PacketContext()
        alone.time = context.time
        settle(packet, &flow, alone, nil, &decision)
    }
}

extension FlowTuple {
    /// Of a packet whose IP header cannot be read.
    fileprivate static let unknown = FlowTuple(
        source: IPAddress(v4: 0), destination: IPAddress(v4: 0), sourcePort: 0, destinationPort: 0,
        ipProtocol: IPProtocol(rawValue: 255))
}
