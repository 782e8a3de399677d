import NetTypes
import Wire

/// The packet an event is about.
public struct EventPacket: Sendable {
    public var number: UInt64
    public var time: Timestamp
    public var packet: Packet
    /// Nil where they are not logged.
    public var ethernet: LinkAddresses?

    public init(number: UInt64, time: Timestamp, packet: Packet, ethernet: LinkAddresses? = nil) {
        self.ethernet = ethernet
        self.number = number
        self.time = time
        self.packet = packet
    }
}
