import AppLayer
import NetTypes

/// Connections that others have announced (FTP), until they come.
struct ExpectationTable {
    private struct Key: Hashable {
        var source: IPAddress
        var destination: IPAddress
        var port: UInt16
    }

    /// Announcements that wait: thousands of transfers a second at the usual delays. When it is full, the oldest are
    /// dropped if they have expired, else new ones are not taken: their connections are judged without the name.
    static let capacity = 4096
    /// Seconds until an announcement is void: Suricata's.
    static let lifetime: Int64 = 30

    private var waiting: [Key: (transfer: FTPTransfer, until: Int64)] = [:]

    var isEmpty: Bool { waiting.isEmpty }

    /// - Parameter tuple: of the announcing connection, as its client sends.
    mutating func add(_ connection: ExpectedConnection, _ tuple: FlowTuple, now: Timestamp) {
        if waiting.count >= ExpectationTable.capacity { waiting = waiting.filter { $0.value.until >= now.seconds } }
        guard waiting.count < ExpectationTable.capacity else { return }
        let isPassive = connection.direction == .toServer
        let key = Key(
            source: isPassive ? tuple.source : tuple.destination,
            destination: isPassive ? tuple.destination : tuple.source, port: connection.port)
        waiting[key] = (connection.transfer, now.seconds + ExpectationTable.lifetime)
    }

    /// The announcement of a new connection, which is used up.
    mutating func take(_ tuple: FlowTuple, now: Timestamp) -> FTPTransfer? {
        guard !waiting.isEmpty else { return nil }
        let key = Key(source: tuple.source, destination: tuple.destination, port: tuple.destinationPort)
        guard let found = waiting.removeValue(forKey: key), found.until >= now.seconds else { return nil }
        return found.transfer
    }
}
