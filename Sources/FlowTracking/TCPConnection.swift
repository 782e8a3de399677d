import NetTypes
import Wire

/// A TCP connection seen from the middle: RFC 9293 section 3.3.2 for both endpoints at once, with the checks of
/// sections 3.4 and 3.10.7, RFC 5961 (resets) and RFC 7323 (timestamps).
///
/// Invariant: `client` is the side that sent the first SYN (or, picked up midstream, the presumed one); `endpoint`
/// and `peer` of a packet are found by direction alone, so that both directions run through the same code.
public struct TCPConnection: Sendable {
    public internal(set) var state = TCPState.none
    public internal(set) var client = TCPEndpoint()
    public internal(set) var server = TCPEndpoint()
    /// Both sides agreed to timestamps.
    var usesTimestamps = false
    /// Both SYNs carried the window scale option (RFC 7323 section 2.2); until the SYN/ACK, the client's did.
    var scalesWindows = false
    /// The first packet seen was not a SYN: windows and numbers are guesses and are checked less.
    public internal(set) var isMidstream = false
    /// Data or a second ACK has confirmed the handshake.
    var isConfirmed = false
    /// A bare SYN has come from the server too (simultaneous open, RFC 9293 section 3.5).
    var isSimultaneousOpen = false
    /// Suricata's view where it is laxer or stricter than the RFCs.
    public var followsSuricata = false
    /// Packets may go by unseen.
    public var isBesideThePath = false
    /// One side's packets alone come this way: set for a connection that was picked up for that.
    public var isOneSided = false
    /// State before a reset closed the connection; the other side may not have got it.
    var stateBeforeReset = TCPState.none

    public init() {}

    /// Established or later: application data may be judged.
    public var isEstablished: Bool { state.rawValue >= TCPState.established.rawValue }

    /// What the other side has acknowledged of the bytes of this direction.
    public func lastAck(_ direction: FlowDirection) -> SequenceNumber { endpoint(direction).lastAck }

    public func nextSequence(_ direction: FlowDirection) -> SequenceNumber { endpoint(direction).nextSequence }

    /// How far the sequence numbers of both sides have come, their SYN included (`stream_size`).
    public var streamSizes: (client: UInt32, server: UInt32) {
        (
            client.nextSequence.rawValue &- client.initialSequence.rawValue,
            server.nextSequence.rawValue &- server.initialSequence.rawValue
        )
    }

    func endpoint(_ direction: FlowDirection) -> TCPEndpoint { direction == .toServer ? client : server }

    /// Runs the packet's sender and receiver through `body`; the one code path for both directions.
    @inline(__always)
    mutating func withSides<R>(
        _ direction: FlowDirection, _ body: (inout TCPEndpoint, inout TCPEndpoint) -> R
    ) -> R {
        direction == .toServer ? body(&client, &server) : body(&server, &client)
    }

    /// Takes one packet. The connection must have left state `none` (by `open` or `pickUp`).
    public mutating func handle(_ segment: TCPSegment, _ direction: FlowDirection) -> TCPOutcome {
        withSides(direction) { sender, _ in sender.flagsSeen.formUnion(segment.flags) }
        if isKeepAlive(segment, direction) { return .keepAlive }
        if isKeepAliveAnswer(segment, direction) { return .keepAlive }
        withSides(direction) { sender, receiver in
            sender.isKeepAlivePending = false
            receiver.isKeepAlivePending = false
        }
        return dispatch(segment, direction, state)
    }

    mutating func dispatch(_ segment: TCPSegment, _ direction: FlowDirection, _ state: TCPState) -> TCPOutcome {
        switch state {
        case .none: .ignored
        case .synSent: inSynSent(segment, direction)
        case .synReceived: inSynReceived(segment, direction)
        case .established: inEstablished(segment, direction)
        case .finWait1, .finWait2, .closeWait, .closing, .lastAck, .timeWait: inClosing(segment, direction)
        case .closed: inClosed(segment, direction)
        }
    }

    // MARK: opening

    /// The first SYN of a connection.
    public mutating func open(_ segment: TCPSegment) {
        let (followsSuricata, isBesideThePath) = (followsSuricata, isBesideThePath)
        self = TCPConnection()
        (self.followsSuricata, self.isBesideThePath) = (followsSuricata, isBesideThePath)
        state = .synSent
        client.flagsSeen = segment.flags
        client.initialSequence = segment.sequence
        // Behind the SYN, and behind data that it may carry (RFC 7413). For Suricata those count with the option alone.
        let takesData = segment.options.isFastOpen || !followsSuricata
        client.nextSequence = takesData ? segment.end + 1 : segment.sequence + 1
        client.lastAck = segment.sequence
        takeSynOptions(segment, .toServer)
    }

    /// A packet of a connection whose start was not seen. `direction` is a guess: a SYN/ACK comes from the server,
    /// anything else is taken as the client's.
    public mutating func pickUp(_ segment: TCPSegment, _ direction: FlowDirection) {
        let (followsSuricata, isBesideThePath) = (followsSuricata, isBesideThePath)
        // Of a connection whose other side is on another way the SYN may have been seen.
        let flagsSeen = endpoint(direction).flagsSeen
        self = TCPConnection()
        (self.followsSuricata, self.isBesideThePath) = (followsSuricata, isBesideThePath)
        isMidstream = true
        let isSynAck = segment.flags.isSuperset(of: [.syn, .ack])
        state = isSynAck ? .synReceived : .established
        isConfirmed = !isSynAck
        withSides(direction) { sender, receiver in
            sender.flagsSeen = flagsSeen.union(segment.flags)
            sender.initialSequence = isSynAck ? segment.sequence : segment.sequence + -1
            sender.nextSequence = isSynAck ? segment.sequence + 1 : segment.end
            sender.lastAck = segment.sequence
            sender.window = 65535
            sender.windowShift = 14
            sender.windowEdge = sender.nextSequence + 65535
            receiver.initialSequence = segment.acknowledgment + -1
            receiver.nextSequence = segment.acknowledgment
            receiver.lastAck = segment.acknowledgment
            receiver.window = segment.window
            // The SYN that carried the shift was not seen: assume the largest.
            receiver.windowShift = 14
            receiver.windowEdge = segment.acknowledgment + Int(segment.window << 14)
        }
    }

    /// Window, scale, timestamp of a SYN or SYN/ACK: they say what the *other* side may send.
    mutating func takeSynOptions(_ segment: TCPSegment, _ direction: FlowDirection) {
        withSides(direction) { sender, receiver in
            sender.isAuthenticating = segment.options.isAuthenticated
            receiver.window = segment.window
            receiver.windowShift = segment.options.windowScale ?? 0
            if let timestamp = segment.options.timestamp {
                sender.lastTimestamp = timestamp.value
                sender.lastTimestampSeen = segment.time
            }
        }
        if direction == .toServer {
            usesTimestamps = segment.options.timestamp != nil
            scalesWindows = segment.options.windowScale != nil
        }
    }
}
