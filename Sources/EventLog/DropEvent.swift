import AppLayer
import Detection
import FlowTracking
import NetTypes
import Wire

extension EVEEncoder {
    /// A `drop` record: one packet that does not go on, its headers, and why.
    mutating func drop(
        _ decision: Decision, _ event: EventPacket, flow: Flow?, direction: FlowDirection, conversation: Conversation?,
        policy: CompiledPolicy
    ) {
        begin("drop", time: event.time, flow: flow, packetNumber: event.number)
        vlan(event.packet.vlan)
        addresses(event.packet)
        packetSource(event.origin)
        metadata(conversation, policy)
        ethernet(event.ethernet)
        if flow != nil { writer.member("direction", literal: direction == .toServer ? "to_server" : "to_client") }
        writer.beginObject("drop")
        if let ip = event.packet.ip { header(ip) }
        transport(event.packet)
        writer.member("reason", decision.reason.name)
        writer.endObject()
        let deciding = decision.signature >= 0 ? decision.signature : flow?.decidingSignature ?? -1
        let isCurrent = decision.signature >= 0 || flow?.generation == policy.generation
        if decision.signature >= 0 { alertObject(decision.signature, decision, policy) }
        verdict(decision, direction: direction, event.packet)
        if !settings.compatibleWithSuricata, let conversation { names(conversation) }
        extra(isCurrent ? deciding : -1, decision, policy)
        writer.endObject()
    }

    private mutating func header(_ ip: IPHeader) {
        writer.member("len", ip.totalLength)
        if ip.version == .v4 {
            writer.member("tos", ip.typeOfService)
            writer.member("ttl", ip.timeToLive)
            writer.member("ipid", ip.identification)
        } else {
            writer.member("tc", ip.typeOfService)
            writer.member("hoplimit", ip.timeToLive)
        }
    }

    private mutating func transport(_ packet: Packet) {
        switch packet.transport {
        case .tcp(let tcp):
            writer.member("tcpseq", tcp.sequence.rawValue)
            writer.member("tcpack", tcp.acknowledgment.rawValue)
            writer.member("tcpwin", tcp.window)
            writer.member("syn", tcp.flags.contains(.syn))
            writer.member("ack", tcp.flags.contains(.ack))
            writer.member("psh", tcp.flags.contains(.psh))
            writer.member("rst", tcp.flags.contains(.rst))
            writer.member("urg", tcp.flags.contains(.urg))
            writer.member("fin", tcp.flags.contains(.fin))
            writer.member("tcpres", tcp.reserved)
            writer.member("tcpurgp", tcp.urgentPointer)
        case .udp(let udp): writer.member("udplen", udp.length)
        case .icmp(let icmp):
            writer.member("icmp_id", icmp.identifier)
            writer.member("icmp_seq", icmp.sequence)
        case .none, .other, .sctp: break
        }
    }

    /// The name a dropped flow asked for.
    private mutating func names(_ conversation: Conversation) {
        guard let transaction = conversation.session.transactions.last else { return }
        facts(transaction)
    }
}
