import NetTypes
import Wire

/// SYN-SENT and SYN-RECEIVED (RFC 9293 sections 3.5 and 3.10.7.3).
extension TCPConnection {
    mutating func inSynSent(_ segment: TCPSegment, _ direction: FlowDirection) -> TCPOutcome {
        let flags = segment.flags
        if direction == .toClient, !echoesTimestamp(segment) { return .invalid(.invalidTimestamp) }
        if flags.contains(.rst) {
            guard isResetAcceptable(segment, direction) else { return .invalid(resetFault(segment, direction)) }
            // A client that answers a forged packet goes on waiting (RFC 9293 section 3.10.7.3).
            return direction == .toServer ? .ignored : close(by: segment, direction)
        }
        if flags.isSuperset(of: [.syn, .ack]) { return synAck(segment, direction) }
        if flags.contains(.syn) {
            if direction == .toClient { simultaneousSyn(segment) }
            // A client's SYN again, or with other numbers: the newest counts, nothing has answered yet.
            if direction == .toServer, segment.sequence != client.initialSequence { open(segment) }
            return .ignored
        }
        // An ACK or data before the SYN/ACK: no endpoint has a connection for it.
        return .ignored
    }

    private mutating func simultaneousSyn(_ segment: TCPSegment) {
        isSimultaneousOpen = true
        server.initialSequence = segment.sequence
        server.nextSequence = segment.sequence + 1
        server.lastAck = segment.sequence
        takeAnswer(segment)
        client.windowEdge = client.initialSequence + 1 + Int(client.window)
        server.windowEdge = server.nextSequence + Int(server.window)
    }

    /// Options and window of the server's SYN or SYN/ACK: what both sides offered holds.
    private mutating func takeAnswer(_ segment: TCPSegment) {
        takeSynOptions(segment, .toClient)
        scalesWindows = scalesWindows && segment.options.windowScale != nil
        if !scalesWindows {
            client.windowShift = 0
            server.windowShift = 0
        }
        usesTimestamps = usesTimestamps && segment.options.timestamp != nil
    }

    private mutating func synAck(_ segment: TCPSegment, _ direction: FlowDirection) -> TCPOutcome {
        if direction == .toServer {
            guard isSimultaneousOpen, segment.acknowledgment == server.initialSequence + 1,
                segment.sequence == client.initialSequence
            else { return .invalid(.synAckWrongDirection) }
            state = .synReceived
            takeHandshakeAck(segment, direction)
            return .ignored
        }
        guard segment.acknowledgment == client.initialSequence + 1 || segment.acknowledgment == client.nextSequence
        else { return .invalid(.synAckWrongAck) }
        // Data of the SYN that the server has not taken comes again.
        client.nextSequence = segment.acknowledgment
        server.initialSequence = segment.sequence
        server.nextSequence = segment.sequence + 1
        server.lastAck = segment.sequence + 1
        takeAnswer(segment)
        client.acknowledge(segment.acknowledgment)
        // The window of a SYN/ACK is never scaled.
        client.windowEdge = client.lastAck + Int(client.window)
        server.windowEdge = server.lastAck + Int(server.window)
        state = .synReceived
        return .ignored
    }

    private mutating func takeHandshakeAck(_ segment: TCPSegment, _ direction: FlowDirection) {
        takeTimestamp(segment, direction)
        withSides(direction) { sender, receiver in
            receiver.acknowledge(segment.acknowledgment)
            // The window of a SYN/ACK (simultaneous open) is not scaled.
            let shift = segment.flags.contains(.syn) ? 0 : receiver.windowShift
            receiver.window = segment.window << UInt32(shift)
            sender.advanceNextSequence(to: segment.end)
            receiver.advanceWindowEdge()
            sender.advanceWindowEdge()
        }
    }

    mutating func inSynReceived(_ segment: TCPSegment, _ direction: FlowDirection) -> TCPOutcome {
        let flags = segment.flags
        if flags.contains(.rst) {
            guard isResetAcceptable(segment, direction) else { return .invalid(resetFault(segment, direction)) }
            return close(by: segment, direction)
        }
        if flags.contains(.fin) { return finish(segment, direction) }
        if flags.isSuperset(of: [.syn, .ack]) { return synAckAgain(segment, direction) }
        if flags.contains(.syn) {
            guard direction == .toServer else { return .invalid(.synToClientOnSynReceived) }
            guard segment.sequence == client.initialSequence else { return .invalid(.synResendDifferentSequence) }
            return .ignored
        }
        guard flags.contains(.ack) else { return .ignored }
        return finalAck(segment, direction)
    }

    private mutating func synAckAgain(_ segment: TCPSegment, _ direction: FlowDirection) -> TCPOutcome {
        guard direction == .toClient || isSimultaneousOpen || isMidstream else {
            return .invalid(.synAckToServerOnSynReceived)
        }
        guard segment.acknowledgment == client.initialSequence + 1 || isSimultaneousOpen || isMidstream else {
            return .invalid(.synAckResendDifferentAck)
        }
        guard segment.sequence == endpoint(direction).initialSequence else {
            return .invalid(.synAckResendDifferentSequence)
        }
        return .ignored
    }

    /// The third packet of the handshake, or the first to arrive behind it.
    private mutating func finalAck(_ segment: TCPSegment, _ direction: FlowDirection) -> TCPOutcome {
        if usesTimestamps, !isTimestampAcceptable(segment, direction) { return .invalid(.invalidTimestamp) }
        let sender = endpoint(direction)
        let receiver = endpoint(direction.opposite)
        // Bytes from before the connection: no receiver takes them.
        if segment.payloadLength > 0, segment.end <= sender.initialSequence + 1 { return .ignored }
        let isNext = segment.sequence == sender.nextSequence
        let acksAll = segment.acknowledgment == receiver.nextSequence
        if direction == .toClient, !isMidstream {
            // The server may answer data of the SYN that it has acknowledged (RFC 7413 section 4.2.2).
            let hasTakenEarlyData = receiver.lastAck > receiver.initialSequence + 1
            if isBesideThePath || hasTakenEarlyData, isNext, segment.acknowledgment >= receiver.lastAck {
                return establish(segment, direction)
            }
            // Inline the client's ACK has been seen if there was one: this is somebody else's, or comes too early.
            let isData = segment.payloadLength > 0 && isNext && segment.acknowledgment == receiver.lastAck
            return .invalid(isData ? .handshakeDataInjection : .ackWrongDirection)
        }
        if isNext, acksAll || isMidstream { return establish(segment, direction) }
        // The right acknowledgment and later data: the plain ACK, or first segments, are on another way or lost.
        if acksAll, segment.sequence > sender.nextSequence, segment.sequence <= sender.windowEdge {
            return establish(segment, direction)
        }
        return .invalid(.handshakeWrongSequenceOrAck)
    }

    private mutating func establish(_ segment: TCPSegment, _ direction: FlowDirection) -> TCPOutcome {
        state = .established
        takeHandshakeAck(segment, direction)
        return .accepted
    }
}
