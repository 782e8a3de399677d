import AppLayer
import Detection
import FlowTracking
import NetTypes

extension EVEEncoder {
    /// A `fileinfo` record: a body that has been read.
    mutating func file(
        _ file: HTTPFile, _ direction: FlowDirection, transaction: Transaction, flow: Flow, time: Timestamp,
        packetNumber: UInt64?
    ) {
        begin("fileinfo", time: time, flow: flow, packetNumber: packetNumber)
        vlan(flow.vlan)
        tuple(direction == .toServer ? flow.tuple : flow.tuple.reversed)
        packetSource(isPacket: packetNumber != nil)
        facts(transaction)
        writer.member("app_proto", transaction.appProtocol.name)
        writer.beginObject("fileinfo")
        fileFields(file, transaction, isOver: true)
        writer.endObject()
        writer.endObject()
    }

    /// The file a transaction carries in this direction, in alerts.
    mutating func files(_ transaction: Transaction, _ direction: FlowDirection) {
        guard case .http(let exchange) = transaction.facts, exchange.hasFile(direction) else { return }
        writer.beginArray("files")
        for file in exchange.files(direction, isOver: transaction.isComplete(direction)) {
            writer.beginObject()
            fileFields(file, transaction, isOver: false)
            writer.endObject()
        }
        writer.endArray()
    }

    /// - Parameter isOver: no more of it will come.
    private mutating func fileFields(_ file: HTTPFile, _ transaction: Transaction, isOver: Bool) {
        let isCut = file.body.isFull || file.body.hasGap
        writer.member("filename", bytes: file.name)
        writer.member("gaps", file.body.hasGap)
        writer.member(
            "state", literal: file.isComplete && !isCut ? "CLOSED" : isOver || isCut ? "TRUNCATED" : "UNKNOWN")
        writer.member("stored", false)
        writer.member("size", file.body.length)
        writer.member("tx_id", transaction.identifier)
    }
}
