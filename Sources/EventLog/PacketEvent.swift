import Detection
import FlowTracking
import Wire

extension EVEEncoder {
    /// A `packet` record: one whole packet, as a tag asks for.
    mutating func packet(
        _ event: EventPacket, _ bytes: RawSpan, _ linkType: LinkType, flow: Flow?, conversation: Conversation?,
        policy: CompiledPolicy
    ) {
        begin("packet", time: event.time, flow: flow, packetNumber: event.number)
        vlan(event.packet.vlan)
        addresses(event.packet)
        packetSource(isPacket: true)
        metadata(conversation, policy)
        ethernet(event.ethernet)
        packetBytes(bytes.copied(), linkType)
        writer.endObject()
    }

    /// The packet's bytes in base64, and how to read them.
    mutating func packetBytes(_ bytes: [UInt8], _ linkType: LinkType) {
        writer.member("packet", bytes: Base64.encode(bytes))
        writer.beginObject("packet_info")
        writer.member("linktype", linkType.rawValue)
        writer.endObject()
    }
}
