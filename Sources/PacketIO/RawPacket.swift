import NetTypes
import Wire

/// A packet as its source hands it over, beside its bytes.
@frozen
public struct RawPacket: Sendable {
    /// Counted from 1: the packet's number in its capture, or since the queue was opened.
    public var number: UInt64
    public var time: Timestamp
    public var linkType: LinkType
    /// Bytes on the wire, link header included; more than are at hand when the source cut the packet.
    public var wireLength: Int
    /// The packet mark of the kernel; 0 in a capture.
    public var mark: UInt32
    /// False when the kernel has not filled in the checksums yet (offload): they must not be verified then.
    public var hasChecksums: Bool
    /// The source's name for the packet, by which it is answered when its verdict comes later; 0 in a capture.
    public var ticket: UInt32

    @inlinable
    public init(
        number: UInt64, time: Timestamp, linkType: LinkType, wireLength: Int, mark: UInt32 = 0,
        hasChecksums: Bool = true, ticket: UInt32 = 0
    ) {
        self.ticket = ticket
        self.number = number
        self.time = time
        self.linkType = linkType
        self.wireLength = wireLength
        self.mark = mark
        self.hasChecksums = hasChecksums
    }
}

/// What the source is told to do with a packet.
@frozen
public enum Verdict: UInt8, Sendable {
    case drop = 0
    case accept = 1
    /// Drop, and answer the sender with a TCP reset or an ICMP "administratively prohibited".
    case reject = 2
    /// No verdict yet: the packet waits in the kernel, and `nextRelease` will have its verdict.
    case hold = 3
}

/// The late verdict of a packet that was held.
@frozen
public struct Release: Sendable {
    public var packet: RawPacket
    public var verdict: Verdict

    @inlinable
    public init(packet: RawPacket, verdict: Verdict) {
        self.packet = packet
        self.verdict = verdict
    }
}

/// Judges packets. One handler serves one source on one thread.
public protocol PacketHandler: ~Copyable {
    /// The one verdict for this packet. `bytes` are gone when the call returns.
    mutating func handle(_ packet: RawPacket, bytes: RawSpan) -> Verdict

    /// Called when no packet is at hand, and at least about ten times a second while there are.
    mutating func tick(now: Timestamp)

    /// The next packet whose verdict was held back and is there now, in the order in which they are to be carried out.
    /// To be asked after every packet and tick until there is none.
    mutating func nextRelease() -> Release?

    /// A held packet was gone when its verdict came.
    mutating func noteLost()

    /// No packet will come any more: what is held gets its verdict.
    mutating func end()
}

/// What a handler that holds no packets does.
extension PacketHandler where Self: ~Copyable {
    public mutating func nextRelease() -> Release? { nil }

    public mutating func noteLost() {}

    public mutating func end() {}
}

/// Where packets come from: a netfilter queue or a capture.
public protocol PacketSource: ~Copyable {
    /// Hands every packet to `handler` until the source ends or is told to stop.
    mutating func run(_ handler: inout some PacketHandler & ~Copyable) throws
}
