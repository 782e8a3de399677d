import AppLayer
import Detection
import FlowTracking
import NetTypes
import Wire

extension EVEEncoder {
    /// An `anomaly` record: something odd about a packet's headers or its place in a connection.
    mutating func anomaly(
        _ type: StaticString, _ name: String, _ event: EventPacket, flow: Flow?, conversation: Conversation?,
        policy: CompiledPolicy, frame: (bytes: [UInt8], linkType: LinkType)?
    ) {
        begin("anomaly", time: event.time, flow: flow, packetNumber: event.number)
        vlan(event.packet.vlan)
        addresses(event.packet)
        packetSource(event.origin)
        metadata(conversation, policy)
        ethernet(event.ethernet)
        writer.beginObject("anomaly")
        writer.member("type", literal: type)
        writer.member("event", name)
        writer.endObject()
        if let frame { packetBytes(frame.bytes, frame.linkType) }
        writer.endObject()
    }

    /// An `anomaly` record of the application layer.
    /// - Parameters:
    ///   - event: a parser's, or `applayer_...` of the recognition of protocols.
    ///   - transaction: nil for what is about the connection.
    mutating func anomaly(
        application event: String, transaction: Transaction?, flow: Flow, direction: FlowDirection, time: Timestamp,
        packetNumber: UInt64?, conversation: Conversation?, policy: CompiledPolicy
    ) {
        begin("anomaly", time: time, flow: flow, packetNumber: packetNumber)
        vlan(flow.vlan)
        tuple(direction == .toServer ? flow.tuple : flow.tuple.reversed)
        packetSource(isPacket: packetNumber != nil)
        metadata(conversation, policy)
        if let transaction { writer.member("tx_id", transaction.identifier) }
        writer.beginObject("anomaly")
        if let name = transaction?.appProtocol.name ?? conversation?.session.appProtocol.name {
            writer.member("app_proto", name)
        }
        writer.member("type", literal: "applayer")
        writer.member("event", EVEEncoder.anomalyName(event, transaction?.appProtocol))
        writer.member("layer", literal: transaction == nil ? "proto_detect" : "proto_parser")
        writer.endObject()
        writer.endObject()
    }

    /// The name as Suricata's log has it: in capitals for its parsers in C and its recognition, else as rules name it.
    private static func anomalyName(_ event: String, _ appProtocol: AppProtocol?) -> String {
        guard let appProtocol else { return event.uppercased() }
        let name = event.split(separator: ".", maxSplits: 1).last.map(String.init) ?? event
        let isInCapitals = [.http1, .tls, .smtp, .ftp].contains(appProtocol)
        return isInCapitals ? name.uppercased() : name
    }
}
