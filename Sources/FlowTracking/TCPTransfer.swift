import NetTypes
import Wire

/// ESTABLISHED, and the data that still flows while a connection closes (RFC 9293 section 3.10.7.4).
extension TCPConnection {
    mutating func inEstablished(_ segment: TCPSegment, _ direction: FlowDirection) -> TCPOutcome {
        let flags = segment.flags
        if flags.contains(.rst) {
            guard isResetAcceptable(segment, direction) else { return .invalid(resetFault(segment, direction)) }
            return close(by: segment, direction)
        }
        if flags.contains(.fin) { return finish(segment, direction) }
        if flags.contains(.syn) { return lateSyn(segment, direction) }
        guard flags.contains(.ack) else { return .ignored }
        isConfirmed = true
        return transfer(segment, direction)
    }

    /// A SYN or SYN/ACK on an open connection. The same one again, before data has flowed, says that an
    /// acknowledgment was lost; anything else is refused (RFC 5961 section 4 lets the endpoint challenge it).
    private mutating func lateSyn(_ segment: TCPSegment, _ direction: FlowDirection) -> TCPOutcome {
        if segment.hasAck {
            guard direction == .toClient else { return .invalid(.establishedSynAckToServer) }
            guard segment.acknowledgment == client.initialSequence + 1 else {
                return .invalid(.establishedSynAckDifferentAck)
            }
            guard segment.sequence == server.initialSequence else {
                return .invalid(.establishedSynAckDifferentSequence)
            }
            return isConfirmed ? .invalid(.establishedSynAckResend) : .ignored
        }
        guard direction == .toServer else { return .invalid(.establishedSynToClient) }
        guard segment.sequence == client.initialSequence else {
            return .invalid(.establishedSynResendDifferentSequence)
        }
        return isConfirmed ? .invalid(.establishedSynResend) : .ignored
    }

    /// Data or an acknowledgment: checked against both windows, then taken.
    mutating func transfer(_ segment: TCPSegment, _ direction: FlowDirection) -> TCPOutcome {
        if usesTimestamps, !isTimestampAcceptable(segment, direction) { return .unused(.invalidTimestamp) }
        guard isAckAcceptable(segment, direction) || isMidstream else { return .unused(.establishedInvalidAck) }
        let isMidstream = isMidstream
        let followsSuricata = followsSuricata
        let fault: StreamFault? = withSides(direction) { sender, receiver in
            if segment.end < sender.lastAck {
                // All of it is acknowledged already; useful only where acknowledged data was never seen here.
                guard sender.lastAck > sender.nextSequence, segment.end > sender.nextSequence else {
                    return .packetBeforeLastAck
                }
            }
            let isZeroWindowProbe =
                segment.payloadLength == 1 && segment.sequence == sender.nextSequence && sender.window == 0
            guard isZeroWindowProbe || isMidstream || segment.end <= sender.windowEdge else {
                // What lies beyond the window moves Suricata's next number all the same.
                if followsSuricata { sender.advanceNextSequence(to: segment.end) }
                return .establishedOutOfWindow
            }
            return nil
        }
        if let fault { return .unused(fault) }
        takeTimestamp(segment, direction)
        withSides(direction) { sender, receiver in
            sender.advanceNextSequence(to: segment.end)
            // The byte of a probe lies beyond the edge; it may be taken and acknowledged.
            if segment.end > sender.windowEdge { sender.windowEdge = segment.end }
            receiver.window = segment.window << UInt32(receiver.windowShift)
            if segment.hasAck { receiver.acknowledge(segment.acknowledgment) }
            receiver.advanceWindowEdge()
        }
        return .accepted
    }
}
