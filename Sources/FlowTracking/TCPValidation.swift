import NetTypes
import Wire

/// The acceptability tests shared by all states.
extension TCPConnection {
    /// RFC 9293 section 3.10.7.4, fifth step: an acknowledgment must lie between a window behind the last one and the
    /// right edge of what the other side could have sent.
    func isAckAcceptable(_ segment: TCPSegment, _ direction: FlowDirection) -> Bool {
        guard segment.hasAck else { return true }
        let receiver = endpoint(direction.opposite)
        let ack = segment.acknowledgment
        if ack == receiver.lastAck { return true }
        if ack < receiver.lastAck {
            return receiver.window == 0 || ack >= receiver.lastAck + -Int(receiver.window)
        }
        return ack <= receiver.windowEdge
    }

    /// RFC 5961 section 3.2: a reset counts only at exactly the next expected number; an acknowledgment with it must
    /// be acceptable. To a SYN, it must acknowledge that SYN.
    func isResetAcceptable(_ segment: TCPSegment, _ direction: FlowDirection) -> Bool {
        if isForgedReset(segment, direction) { return false }
        if usesTimestamps, !isTimestampAcceptable(segment, direction) { return false }
        if state == .synSent {
            guard direction == .toClient else { return segment.sequence == client.nextSequence }
            return segment.hasAck && segment.acknowledgment == client.initialSequence + 1
        }
        guard isAckAcceptable(segment, direction) else { return false }
        return isMidstream || segment.sequence == endpoint(direction).nextSequence
    }

    /// What is wrong with a reset that does not count.
    func resetFault(_ segment: TCPSegment, _ direction: FlowDirection) -> StreamFault {
        if isForgedReset(segment, direction) { return .suspectedReset }
        return usesTimestamps && !isTimestampAcceptable(segment, direction) ? .invalidTimestamp : .resetInvalidAck
    }

    /// An endpoint that has no key throws it away, and the connection goes on.
    private func isForgedReset(_ segment: TCPSegment, _ direction: FlowDirection) -> Bool {
        segment.options.isAuthenticated && !endpoint(direction).isAuthenticating && !isMidstream
    }

    /// What answers a SYN echoes its timestamp, or has none (RFC 7323 section 3.2); another echo shows that the sender has
    /// not seen the SYN. Some send 0.
    func echoesTimestamp(_ segment: TCPSegment) -> Bool {
        guard let timestamp = segment.options.timestamp, timestamp.echo != 0 else { return true }
        return usesTimestamps && (client.lastTimestamp == 0 || timestamp.echo == client.lastTimestamp)
    }

    /// Protection against wrapped sequence numbers, RFC 7323 section 5: a timestamp older than the newest seen is
    /// refused, unless the connection was idle for 24 days.
    func isTimestampAcceptable(_ segment: TCPSegment, _ direction: FlowDirection) -> Bool {
        guard let timestamp = segment.options.timestamp else { return true }
        let sender = endpoint(direction)
        guard sender.lastTimestamp != 0 else { return true }
        let isOlder = Int32(bitPattern: timestamp.value &- sender.lastTimestamp) < 0
        guard isOlder else { return true }
        let idle = segment.time &- sender.lastTimestampSeen
        return idle > 24 * 86_400 * 1_000_000
    }

    /// RFC 7323 section 4.3: only a segment at the left edge (Last.ACK.sent) moves the value on, so that one overtaken by
    /// a later one is not taken for old.
    mutating func takeTimestamp(_ segment: TCPSegment, _ direction: FlowDirection) {
        guard usesTimestamps, let timestamp = segment.options.timestamp else { return }
        withSides(direction) { sender, _ in
            guard segment.sequence <= sender.lastAck else { return }
            if Int32(bitPattern: timestamp.value &- sender.lastTimestamp) >= 0 {
                sender.lastTimestamp = timestamp.value
                sender.lastTimestampSeen = segment.time
            }
        }
    }

    /// RFC 9293 section 3.8.4: at most one byte of garbage, one before the next number.
    mutating func isKeepAlive(_ segment: TCPSegment, _ direction: FlowDirection) -> Bool {
        // Suricata takes one for that before the connection is open as well.
        guard state == .established || state == .synReceived && followsSuricata, segment.payloadLength <= 1,
            segment.flags.isDisjoint(with: [.syn, .fin, .rst]), segment.hasAck
        else { return false }
        let receiver = endpoint(direction.opposite)
        let sender = endpoint(direction)
        guard segment.sequence == sender.nextSequence + -1, segment.acknowledgment == receiver.nextSequence,
            sender.nextSequence + -1 != sender.initialSequence || segment.payloadLength == 0
        else { return false }
        withSides(direction) { sender, _ in sender.isKeepAlivePending = true }
        return true
    }

    mutating func isKeepAliveAnswer(_ segment: TCPSegment, _ direction: FlowDirection) -> Bool {
        guard state == .established, segment.payloadLength == 0, segment.flags == .ack else { return false }
        let receiver = endpoint(direction.opposite)
        let sender = endpoint(direction)
        guard receiver.isKeepAlivePending, segment.sequence == sender.nextSequence,
            segment.acknowledgment == receiver.nextSequence
        else { return false }
        withSides(direction) { _, receiver in receiver.isKeepAlivePending = false }
        return true
    }

    mutating func close(by segment: TCPSegment, _ direction: FlowDirection) -> TCPOutcome {
        stateBeforeReset = state
        state = .closed
        withSides(direction) { sender, receiver in
            sender.hasSentReset = true
            if segment.hasAck { receiver.acknowledge(segment.acknowledgment) }
        }
        return .accepted
    }
}
