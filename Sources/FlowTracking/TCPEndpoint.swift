import Wire

/// One side of a connection: what it has sent, and what the other side has said about it. Both sides are alike.
public struct TCPEndpoint: Sendable {
    public var initialSequence = SequenceNumber(0)
    /// The number behind the last byte sent (SND.NXT of this side).
    public var nextSequence = SequenceNumber(0)
    /// Highest acknowledgment the other side has sent (SND.UNA of this side).
    public var lastAck = SequenceNumber(0)
    /// Right edge of what this side may send: the other side's acknowledgment and scaled window, never moving back.
    public var windowEdge = SequenceNumber(0)
    /// The other side's advertised window, scaled.
    public var window: UInt32 = 0
    /// Shift of the windows the other side advertises (RFC 7323 section 2).
    public var windowShift: UInt8 = 0
    public var flagsSeen: TCPFlags = []
    public var hasSentReset = false
    public var hasSentFin = false
    public var isKeepAlivePending = false
    /// It authenticates its segments (RFC 2385, RFC 5925), as its SYN has shown.
    public var isAuthenticating = false
    /// Newest timestamp value (RFC 7323 section 3), when both sides use the option.
    public var lastTimestamp: UInt32 = 0
    public var lastTimestampSeen: Int64 = 0

    public init() {}

    mutating func advanceWindowEdge() {
        let edge = lastAck + Int(window)
        if edge > windowEdge { windowEdge = edge }
    }

    mutating func advanceNextSequence(to sequence: SequenceNumber) {
        if sequence > nextSequence { nextSequence = sequence }
    }

    /// Takes an acknowledgment for this side's data.
    mutating func acknowledge(_ ack: SequenceNumber) {
        if ack > lastAck { lastAck = ack }
    }
}

/// What a TCP packet says, without its place in memory.
public struct TCPSegment: Sendable {
    public var flags: TCPFlags
    public var sequence: SequenceNumber
    public var acknowledgment: SequenceNumber
    public var window: UInt32
    public var options: TCPOptions
    /// Payload bytes on the wire.
    public var payloadLength: Int
    public var time: Int64

    public init(_ header: TCPHeader, payloadLength: Int, time: Int64) {
        flags = header.flags
        sequence = header.sequence
        acknowledgment = header.acknowledgment
        window = UInt32(header.window)
        options = header.options
        self.payloadLength = payloadLength
        self.time = time
    }

    public var hasAck: Bool { flags.contains(.ack) }
    /// The number behind the payload's last byte.
    public var end: SequenceNumber { sequence + payloadLength }
}

/// What the tracker concluded about one packet.
public struct TCPOutcome: Sendable {
    /// No endpoint in a sane state would act on this packet; inline it is dropped by default.
    public var isInvalid = false
    /// The payload belongs into the stream.
    public var takesPayload = false
    public var fault: StreamFault?
    /// Its one byte is garbage, from before the next number.
    public var isKeepAlive = false

    static let keepAlive = TCPOutcome(isKeepAlive: true)
    public static let ignored = TCPOutcome()
    static let accepted = TCPOutcome(takesPayload: true)

    static func invalid(_ fault: StreamFault) -> TCPOutcome { TCPOutcome(isInvalid: true, fault: fault) }
    /// Strange, but left alone: forwarded, its payload not used.
    static func unused(_ fault: StreamFault) -> TCPOutcome { TCPOutcome(fault: fault) }
}
