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
        writer.beginObject("fileinfo")
        fileFields(exchange, direction, transaction, isOver: true)
        writer.endObject()
        writer.endObject()
    }

    /// The file a transaction carries in this direction, in alerts.
    mutating func files(_ transaction: Transaction, _ direction: FlowDirection) {
        guard case .http(let exchange) = transaction.facts, exchange.hasFile(direction) else { return }
        writer.beginArray("files")
        writer.beginObject()
        fileFields(exchange, direction, transaction, isOver: false)
        writer.endObject()
        writer.endArray()
    }

    /// - Parameter isOver: no more of it will come.
    private mutating func fileFields(
        _ exchange: HTTPExchange, _ direction: FlowDirection, _ transaction: Transaction, isOver: Bool
    ) {
        let body = exchange.body(direction)
        let isComplete = transaction.isComplete(direction) && !body.isFull
        writer.member("filename", bytes: exchange.fileName(direction))
        writer.member("gaps", false)
        writer.member("state", literal: isComplete ? "CLOSED" : isOver || body.isFull ? "TRUNCATED" : "UNKNOWN")
        writer.member("stored", false)
        writer.member("size", body.length)
        writer.member("tx_id", transaction.identifier)
    }
}
