import NetTypes
import Wire

/// From the first FIN to the end (RFC 9293 sections 3.6 and 3.10.7.4, eighth step).
extension TCPConnection {
    /// A FIN in SYN-RECEIVED or ESTABLISHED. Data sent again may come with it.
    mutating func finish(_ segment: TCPSegment, _ direction: FlowDirection) -> TCPOutcome {
        if usesTimestamps, !isTimestampAcceptable(segment, direction) { return .invalid(.invalidTimestamp) }
        let sender = endpoint(direction)
        // For Suricata such a connection stays open: nothing has acknowledged what led to the FIN.
        if isOneSided, followsSuricata { return .accepted }
        // For Suricata the first FIN may come before data that nobody has acknowledged.
        let isInPlace =
            followsSuricata
            ? segment.sequence >= sender.lastAck && segment.sequence <= sender.windowEdge
            : segment.end >= sender.nextSequence && segment.sequence <= sender.lastAck + Int(sender.window)
        guard isMidstream || isInPlace else { return .invalid(.finOutOfWindow) }
        guard isMidstream || isAckAcceptable(segment, direction) else { return .invalid(.finInvalidAck) }
        state = direction == .toServer ? .closeWait : .finWait1
        takeFin(segment, direction)
        return .accepted
    }

    private mutating func takeFin(_ segment: TCPSegment, _ direction: FlowDirection) {
        takeTimestamp(segment, direction)
        withSides(direction) { sender, receiver in
            sender.hasSentFin = true
            sender.advanceNextSequence(to: segment.end + 1)
            receiver.window = segment.window << UInt32(receiver.windowShift)
            if segment.hasAck { receiver.acknowledge(segment.acknowledgment) }
            receiver.advanceWindowEdge()
        }
    }

    /// FIN-WAIT-1, FIN-WAIT-2, CLOSE-WAIT, CLOSING, LAST-ACK, TIME-WAIT.
    mutating func inClosing(_ segment: TCPSegment, _ direction: FlowDirection) -> TCPOutcome {
        let flags = segment.flags
        if flags.contains(.rst) {
            guard isClosingResetAcceptable(segment, direction) else { return .invalid(.resetInvalidAck) }
            return close(by: segment, direction)
        }
        if flags.contains(.syn) { return .invalid(.shutdownSynResend) }
        if flags.contains(.fin) { return finAgain(segment, direction) }
        guard flags.contains(.ack) else { return .ignored }
        return closingAck(segment, direction)
    }

    /// After a FIN a reset may carry the number before or behind it.
    private func isClosingResetAcceptable(_ segment: TCPSegment, _ direction: FlowDirection) -> Bool {
        if isMidstream { return true }
        guard isAckAcceptable(segment, direction) else { return false }
        let sender = endpoint(direction)
        return segment.sequence == sender.nextSequence
            || sender.hasSentFin && segment.sequence == sender.nextSequence + -1
    }

    private mutating func finAgain(_ segment: TCPSegment, _ direction: FlowDirection) -> TCPOutcome {
        let sender = endpoint(direction)
        guard isMidstream || isAckAcceptable(segment, direction) else { return .invalid(.finInvalidAck) }
        if sender.hasSentFin {
            guard segment.end + 1 == sender.nextSequence || segment.end + 1 < sender.nextSequence else {
                return .invalid(.finOutOfWindow)
            }
            return .accepted
        }
        // For Suricata the second one lies behind all that its side has sent, far out of the window too.
        let isInPlace =
            followsSuricata
            ? segment.sequence >= sender.nextSequence && segment.sequence <= sender.lastAck + Int(sender.window)
            : segment.sequence >= sender.lastAck && segment.end <= sender.windowEdge + 1
        guard isMidstream || isInPlace else { return .invalid(.finOutOfWindow) }
        let receiverFinAcknowledged =
            segment.hasAck && segment.acknowledgment >= endpoint(direction.opposite).nextSequence
        switch state {
        case .finWait1: state = receiverFinAcknowledged ? .timeWait : .closing
        case .finWait2: state = .timeWait
        case .closeWait: state = .lastAck
        default: break
        }
        takeFin(segment, direction)
        return .accepted
    }

    private mutating func closingAck(_ segment: TCPSegment, _ direction: FlowDirection) -> TCPOutcome {
        // RFC 9293 section 3.6: a side that has sent FIN sends nothing more.
        let sender = endpoint(direction)
        if sender.hasSentFin, !followsSuricata, segment.payloadLength > 0, segment.end > sender.nextSequence + -1 {
            return .invalid(.closingOutOfWindow)
        }
        if state == .closeWait, segment.payloadLength > 0, segment.end <= sender.lastAck {
            return .invalid(.closingOutOfWindow)
        }
        let outcome = transfer(segment, direction)
        guard outcome.takesPayload else { return outcome }
        let receiver = endpoint(direction.opposite)
        let acksFin = receiver.hasSentFin && segment.acknowledgment >= receiver.nextSequence
        switch state {
        case .finWait1 where direction == .toServer && acksFin: state = .finWait2
        case .closing where acksFin: state = .timeWait
        case .lastAck where direction == .toServer && acksFin: state = .closed
        case .timeWait where acksFin && segment.payloadLength == 0: state = .closed
        default: break
        }
        return outcome
    }

    /// A side that has not sent a reset may not have received the other's: its packets still count; for Suricata not.
    mutating func inClosed(_ segment: TCPSegment, _ direction: FlowDirection) -> TCPOutcome {
        if segment.flags.contains(.rst) || followsSuricata { return .ignored }
        let sender = endpoint(direction)
        let receiver = endpoint(direction.opposite)
        guard !sender.hasSentReset, receiver.hasSentReset, stateBeforeReset != .none, stateBeforeReset != .closed else {
            return .ignored
        }
        let outcome = dispatch(segment, direction, stateBeforeReset)
        state = .closed
        return outcome
    }
}
