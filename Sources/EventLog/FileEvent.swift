import AppLayer
import Detection
import FlowTracking
import NetTypes

extension EVEEncoder {
    /// A `fileinfo` record: a body that has been read.
    mutating func file(
        _ exchange: HTTPExchange, _ direction: FlowDirection, transaction: Transaction, flow: Flow, time: Timestamp,
        packetNumber: UInt64?
    ) {
        begin("fileinfo", time: time, flow: flow, packetNumber: packetNumber)
        vlan(flow.vlan)
        tuple(direction == .toServer ? flow.tuple : flow.tuple.reversed)
        packetSource(isPacket: packetNumber != nil)
        facts(transaction)
        writer.member("app_proto", transaction.appProtocol.name)
        let body = exchange.body(direction)
        writer.beginObject("fileinfo")
        writer.member("filename", bytes: exchange.fileName(direction))
        writer.member("gaps", false)
        writer.member("state", literal: transaction.isComplete(direction) && !body.isFull ? "CLOSED" : "TRUNCATED")
        writer.member("stored", false)
        writer.member("size", body.length)
        writer.member("tx_id", transaction.identifier)
        writer.endObject()
        writer.endObject()
    }
}
