import FlowTracking
import NetTypes
import Wire

extension EVEEncoder {
    /// An `anomaly` record: something odd about a packet's headers or its place in a connection.
    mutating func anomaly(_ type: StaticString, _ name: String, _ event: EventPacket, flow: Flow?) {
        begin("anomaly", time: event.time, flow: flow, packetNumber: event.number)
        vlan(event.packet.vlan)
        addresses(event.packet)
        packetSource(isPacket: true)
        writer.beginObject("anomaly")
        writer.member("type", literal: type)
        writer.member("event", name)
        writer.endObject()
        writer.endObject()
    }
}
