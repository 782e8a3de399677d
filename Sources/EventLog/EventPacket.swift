import NetTypes
import Wire

/// The packet an event is about.
public struct EventPacket: Sendable {
    public var number: UInt64
    public var time: Timestamp
    public var packet: Packet

    public init(number: UInt64, time: Timestamp, packet: Packet) {
        self.number = number
        self.time = time
        self.packet = packet
    }
}
