/// Limits and time-outs of flow tracking. Times in seconds.
public struct FlowSettings: Sendable {
    /// Most flows at once. 262,144 flows take about 100 MiB with all tables, enough for an office of thousands.
    /// When they are in use, the oldest half-open flow is forgotten for a new one; with none, the packet is dropped.
    public var capacity = 262_144
    /// TCP connections that are not established, as of Suricata's flow time-outs.
    public var tcpNew = 60
    /// AWS: TcpIdleTimeoutSeconds, 60 to 6000.
    public var tcpIdle = 350
    public var tcpClosed = 10
    /// AWS: fixed at 120.
    public var udpIdle = 120
    public var icmpIdle = 30
    public var otherIdle = 30
    /// What starts a TCP flow whose SYN was not seen.
    public var midstream = MidstreamPolicy.drop
    /// A connection of which one direction alone is seen is followed all the same: for captures, not for a gateway.
    public var followsOneSide = false
    /// Bytes count when they come; otherwise when their receiver has acknowledged them.
    public var isInline = true
    /// Bytes of one direction that are put into order; 0 for all.
    public var streamDepth: UInt64 = 0
    /// Bytes without order kept for one direction of one flow; more waits for retransmission.
    public var pendingBytes = 262_144
    /// Out-of-order segments kept for one direction; a list of tiny ones costs more than its bytes.
    public var pendingSegments = 512

    public init() {}
}

/// AWS's StreamExceptionPolicy for TCP packets without a known session, and `track` for analysis.
public enum MidstreamPolicy: String, Sendable, CaseIterable {
    /// Drop the packet and the rest of its flow.
    case drop
    /// Judge each packet without a session: never established, no application protocol.
    case `continue`
    /// As drop, and reset the sender.
    case reject
    /// Pick the flow up as if its start had been seen.
    case track
    /// Let the flow go on, unread and unjudged.
    case bypass
    /// Let the flow pass.
    case pass = "pass-flow"
    /// Pick the flow up for the log, and let it pass.
    case trackPassed = "track-pass"
}
