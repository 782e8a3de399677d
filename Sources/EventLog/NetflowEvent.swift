import AppLayer
import Detection
import FlowTracking
import NetTypes
import Wire

extension EVEEncoder {
    /// A `netflow` record: one direction of a flow, when the flow is over.
    mutating func netflow(
        _ flow: Flow, _ direction: FlowDirection, time: Timestamp, conversation: Conversation?,
        policy: CompiledPolicy
    ) {
        begin("netflow", time: time, flow: flow, packetNumber: nil)
        vlan(flow.vlan)
        let tuple = direction == .toServer ? flow.tuple : flow.tuple.reversed
        self.tuple(tuple)
        if tuple.ipProtocol == .icmp || tuple.ipProtocol == .icmpv6 {
            writer.member("icmp_type", tuple.sourcePort)
            writer.member("icmp_code", 0)
        }
        if let known = AppProtocol(rawValue: flow.applicationProtocol), known != .unknown {
            writer.member("app_proto", known.name)
        }
        let counters = flow.counters(direction)
        writer.beginObject("netflow")
        writer.member("pkts", counters.packets)
        writer.member("bytes", counters.bytes)
        self.time("start", flow.start)
        self.time("end", flow.lastSeen)
        writer.member("age", max(0, flow.lastSeen.seconds - flow.start.seconds))
        writer.member("min_ttl", counters.minimumTTL)
        writer.member("max_ttl", counters.maximumTTL)
        writer.endObject()
        if tuple.ipProtocol == .tcp {
            let side = direction == .toServer ? flow.tcp.client : flow.tcp.server
            writer.beginObject("tcp")
            writer.member(
                "tcp_flags",
                String(decoding: JSONWriter.hexadecimal(side.flagsSeen.rawValue), as: UTF8.self))
            flags(side.flagsSeen)
            writer.endObject()
        }
        metadata(conversation, policy)
        writer.endObject()
    }
}
