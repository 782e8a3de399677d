import AppLayer
import FlowTracking
import NetTypes

/// What tracking and sniffing have found out about the packet at hand.
public struct PacketContext: Sendable {
    /// Direction in the flow.
    public var direction = FlowDirection.toClient
    public var hasFlow = false
    public var time = Timestamp(microseconds: 0)
    /// The flow was established before this packet (`flow:established`). For TCP that begins behind the handshake's
    /// third packet; otherwise both directions have been seen.
    public var isEstablished = false
    /// The TCP connection is established or later, this packet included: application data may be judged.
    public var isStreamEstablished = false
    /// The payload has become part of the stream.
    public var isInStream = false
    public var sessionEvents: SessionEvents = []
    public var hasPorts = true
    /// Made at the flow's end: it has no headers of its own that a rule could ask about.
    public var isMade = false
    /// Put together from fragments.
    public var isReassembled = false
    /// The payload is a packet that has been judged by itself: rules look at the headers alone.
    public var isPayloadJudgedInside = false
    /// Stream offset of the payload's first byte.
    public var streamOffset = 0
    /// The part of the stream that is inspected with the packet, where that is not what came with it.
    public var streamWindow = StreamWindow.packet
    /// An ICMP error that belongs to the flow it quotes.
    public var isRelatedError = false
    /// Checksums count as they are; otherwise all count as right.
    public var verifiesChecksums = false
    /// How far each side's sequence numbers have come; nil without a TCP session.
    public var streamSizes: (client: UInt32, server: UInt32)?
    /// Whole seconds of the clock from the flow's first packet to this one; nil without a flow.
    public var flowAge: Int64?
    /// What is odd about the packet in its connection.
    public var streamEvents = StreamEvents()

    /// The packet is judged by its headers and events alone.
    public var isPayloadHidden = false

    public init() {}
}

/// What of a stream is inspected on a packet.
public enum StreamWindow: Sendable {
    /// The packet's payload and what lies around it.
    case packet
    case nothing
    /// Everything in order from this offset on.
    case since(UInt64)
    /// The same, and what never came into order.
    case rest(since: UInt64)
}
