import AppLayer
import Detection
import EventLog
import FlowTracking
import NetTypes
import PacketIO
import Wire

/// Verbs 4 and 5: which flow a packet belongs to, what it does to the connection, and its bytes in order.
extension Pipeline {
    mutating func handleWhole(_ bytes: RawSpan) -> Verdict {
        guard let tuple = packet.tuple else { return conclude(nil) }
        if let icmp = packet.icmp, let quoted = icmp.quoted, isRelated(icmp), let index = findQuoted(quoted) {
            return handleRelatedError(index, quoted, bytes)
        }
        let (key, senderIsFirst) = FlowKey.make(tuple, vlan: packet.vlan, depth: packet.depth)
        if let tcp = packet.tcp {
            return handleTCP(tcp, key, senderIsFirst, bytes)
        }
        if settings.compatibleWithSuricata, !tuple.ipProtocol.hasFlowInSuricata {
            judgeWithoutFlow(bytes)
            return conclude(nil)
        }
        guard let index = flows.find(key) ?? create(key, senderIsFirst) else { return handleWithoutRoom(bytes) }
        return handleDatagram(index, senderIsFirst, bytes)
    }

    // MARK: flows

    /// Makes room if need be: the oldest half-open flow is forgotten for a new one. Nil, and the packet is dropped, when
    /// every flow is established.
    mutating func create(_ key: FlowKey, _ senderIsFirst: Bool) -> FlowIndex? {
        if flows.isFull {
            guard let victim = flows.oldestHalfOpen else {
                counters.flowsRefused += 1
                return nil
            }
            counters.flowsEvicted += 1
            endFlow(victim, .forced)
        }
        counters.flows += 1
        let index = flows.insert(key, clientIsFirst: senderIsFirst, time: raw.time)
        flows[index].tcp.followsSuricata = settings.compatibleWithSuricata
        flows[index].tcp.isBesideThePath = !settings.flow.isInline
        flows.linkHalfOpen(index)
        flows.schedule(index, after: timeout(of: index), from: now)
        return index
    }

    /// A packet that would have opened a flow, and there is no room for one.
    private mutating func handleWithoutRoom(_ bytes: RawSpan) -> Verdict {
        if let verdict = handleException(.flowMemory, .flowMemory, standard: .dropPacket, flow: nil) { return verdict }
        judgeWithoutFlow(bytes)
        return conclude(nil)
    }

    func direction(_ index: FlowIndex, _ senderIsFirst: Bool) -> FlowDirection {
        flows[index].clientIsFirst == senderIsFirst ? .toServer : .toClient
    }

    /// Counts the packet to its flow and takes the flow's state before it.
    mutating func attach(_ index: FlowIndex, _ direction: FlowDirection) {
        touched = index
        context.hasFlow = true
        context.direction = direction
        flows[index].count(packet, direction, at: raw.time)
        context.flowAge = flows[index].age
    }

    /// Differs: every ICMP error shares the fate of the flow it is about; for Suricata ICMPv4's "unreachable" alone.
    private func isRelated(_ icmp: ICMPHeader) -> Bool {
        !settings.compatibleWithSuricata || packet.ip?.version == .v4 && icmp.type == 3
    }

    private func findQuoted(_ quoted: FlowTuple) -> FlowIndex? {
        flows.find(FlowKey.make(quoted, vlan: packet.vlan, depth: packet.depth).key)
    }

    /// An ICMP error shares the verdict of the flow it quotes; while that is undecided, rules judge the error itself. The
    /// error travels to the sender of the quoted packet.
    private mutating func handleRelatedError(_ index: FlowIndex, _ quoted: FlowTuple, _ bytes: RawSpan) -> Verdict {
        let (_, quotedIsFirst) = FlowKey.make(quoted, vlan: packet.vlan, depth: packet.depth)
        context.hasFlow = true
        context.isRelatedError = true
        context.flowAge = flows[index].age
        context.direction = direction(index, quotedIsFirst).opposite
        context.isEstablished = flows[index].state != .new
        switch flows[index].disposition {
        case .passed: decision.isPassed = true
        case .dropped: decision.drop(.flowDrop)
        case .undecided:
            let conversation = conversations[flows[index].conversation]
            if conversation?.isJudgedByRequest == true {
                decision.isPassed = true
                break
            }
            evaluator.judge(
                packet, bytes, context, flow: &flows[index], conversation: conversation, decision: &decision)
        }
        return conclude(index)
    }

    // MARK: UDP, ICMP and others

    private mutating func handleDatagram(_ index: FlowIndex, _ senderIsFirst: Bool, _ bytes: RawSpan) -> Verdict {
        let direction = direction(index, senderIsFirst)
        if beginsAnotherConnection(index, direction, bytes) {
            let key = flows[index].key
            endFlow(index, .timeout)
            guard let next = create(key, senderIsFirst) else { return handleWithoutRoom(bytes) }
            return handleDatagram(next, senderIsFirst, bytes)
        }
        attach(index, direction)
        if flows[index].isBidirectional, flows[index].state == .new {
            flows[index].state = .established
            flows.unlinkHalfOpen(index)
        }
        context.isEstablished = flows[index].isBidirectional
        if let verdict = decidedVerdict(index) { return verdict }
        if case .udp(let udp) = packet.transport, packet.payloadLength > 0 {
            let conversation = conversation(of: index, base: (SequenceNumber(0), SequenceNumber(0)))
            context.sessionEvents = conversation.session.feed(
                datagram: bytes.clamped(packet.payload), direction, ports: (udp.sourcePort, udp.destinationPort))
            if direction == .toServer { noteConnection(index, conversation.session) }
            if let verdict = noteSession(conversation, index) { return verdict }
        }
        return holdOrJudge(index, bytes)
    }

    // MARK: TCP

    private mutating func handleTCP(
        _ tcp: TCPHeader, _ key: FlowKey, _ senderIsFirst: Bool, _ bytes: RawSpan
    ) -> Verdict {
        let segment = TCPSegment(
            tcp, payloadLength: packet.payloadLength + packet.payloadMissing, time: raw.time.microseconds)
        // The context says whether checksums are looked at.
        let isChecksumWrong = context.verifiesChecksums && !Checksum.isTransportValid(bytes, of: packet)
        if isChecksumWrong {
            counters.badChecksums += 1
            context.streamEvents.insert(.badChecksum)
        }
        if let found = flows.find(key) {
            if isUnopened(found), direction(found, senderIsFirst) == .toServer {
                return continueUnopened(found, segment, bytes, isChecksumWrong: isChecksumWrong)
            }
            if segment.flags.contains(.syn),
                segment.opensAgain(
                    flows[found], direction(found, senderIsFirst), compatible: settings.compatibleWithSuricata)
            {
                endFlow(found, .timeout)
            } else {
                return continueTCP(found, segment, senderIsFirst, bytes, isChecksumWrong: isChecksumWrong)
            }
        }
        if isChecksumWrong { return judgeOutsideStream(key, senderIsFirst, bytes) }
        if segment.flags.contains(.syn), !segment.flags.contains(.ack) {
            guard let index = create(key, senderIsFirst) else { return handleWithoutRoom(bytes) }
            attach(index, .toServer)
            flows[index].tcp.open(segment)
            noteStream(index, nil)
            return takePayload(index, segment, bytes)
        }
        return handleMidstream(segment, key, senderIsFirst, bytes)
    }

    /// Differs: Suricata makes a flow of a packet with a wrong checksum; here strangers take no room.
    private mutating func judgeOutsideStream(_ key: FlowKey, _ senderIsFirst: Bool, _ bytes: RawSpan) -> Verdict {
        guard settings.compatibleWithSuricata, let index = create(key, senderIsFirst) else {
            judgeWithoutFlow(bytes)
            return conclude(nil)
        }
        attach(index, .toServer)
        return judge(index, bytes)
    }

    /// The segment's bytes have been read already. Suricata has forgotten them by then where their sender has gone on.
    private func isKnown(_ segment: TCPSegment, _ index: FlowIndex, _ direction: FlowDirection) -> Bool {
        guard let conversation = conversations[flows[index].conversation] else { return false }
        let sender = direction == .toServer ? flows[index].tcp.client : flows[index].tcp.server
        let isForgotten = sender.hasSentFin && conversation.session.appProtocol(direction).isRecognized
        guard isForgotten || !settings.compatibleWithSuricata else { return false }
        let stream = conversation[stream: direction]
        return stream.offset(of: segment.end).map { $0 <= stream.delivered } ?? true
    }

    /// All that was seen of the flow are packets with wrong checksums.
    private func isUnopened(_ index: FlowIndex) -> Bool {
        settings.compatibleWithSuricata && flows[index].tcp.state == .none
            && flows[index].flags.isDisjoint(with: [.midstream, .judgedWithoutSession])
    }

    private mutating func continueUnopened(
        _ index: FlowIndex, _ segment: TCPSegment, _ bytes: RawSpan, isChecksumWrong: Bool
    ) -> Verdict {
        attach(index, .toServer)
        guard !isChecksumWrong, segment.flags.contains(.syn), !segment.flags.contains(.ack) else {
            return judge(index, bytes)
        }
        flows[index].tcp.open(segment)
        noteStream(index, nil)
        return takePayload(index, segment, bytes)
    }

    private mutating func continueTCP(
        _ index: FlowIndex, _ segment: TCPSegment, _ senderIsFirst: Bool, _ bytes: RawSpan, isChecksumWrong: Bool
    ) -> Verdict {
        let direction = direction(index, senderIsFirst)
        attach(index, direction)
        context.isEstablished = flows[index].state != .new
        if flows[index].flags.contains(.bypassed) {
            countBypassed()
            decision.isPassed = true
            return conclude(index)
        }
        if flows[index].flags.contains(.judgedWithoutSession) {
            return handleWithoutSession(index, segment, direction, bytes)
        }
        if isBlocked(index) {
            followDropped(index, segment, direction)
            decision.drop(.flowDrop)
            return conclude(index)
        }
        guard !isChecksumWrong else { return judge(index, bytes) }
        if isOneSided(index, segment, direction) {
            flows[index].tcp.pickUp(segment, direction)
            flows[index].tcp.isOneSided = true
        }
        let wasClosed = flows[index].tcp.state == .closed
        var outcome = flows[index].tcp.handle(segment, direction)
        if outcome.fault == .closingOutOfWindow, isKnown(segment, index, direction) { outcome = .ignored }
        updateState(index)
        if !wasClosed, flows[index].tcp.state == .closed { noteClose(index) }
        noteStream(index, outcome.fault)
        // Differs: a payload that its receiver would not take, or not yet, and that no rule has seen, is not forwarded.
        let isUnread =
            packet.payloadLength > 0 && flows[index].disposition == .undecided && !outcome.takesPayload
            && !outcome.isKeepAlive && !policy.signatures.isEmpty
        let isRefused = outcome.isInvalid || isUnread && !settings.compatibleWithSuricata
        if isRefused, !settings.observesOnly {
            decision.drop(.streamError)
            if settings.compatibleWithSuricata {
                context.isPayloadHidden = true
                return judge(index, bytes)
            }
            // Only for their alerts: the packet goes nowhere.
            evaluator.judgeEvents(packet, bytes, context, decision: &decision)
            return conclude(index)
        }
        context.isStreamEstablished = flows[index].tcp.isEstablished
        // Data that comes with the handshake's last acknowledgment is data of an established connection.
        if outcome.takesPayload, packet.payloadLength > 0, flows[index].state == .established {
            context.isEstablished = true
        }
        if outcome.takesPayload { return takePayload(index, segment, bytes) }
        return holdOrJudge(index, bytes)
    }

    /// The receiver has acknowledged bytes that were never seen: their sender will not send them again. For captures; a
    /// gateway sees every byte that arrives.
    mutating func skipGap(_ index: FlowIndex, _ segment: TCPSegment) {
        guard settings.compatibleWithSuricata || settings.flow.midstream == .track,
            let conversation = conversations[flows[index].conversation], conversation.session.goesOnBehindGaps
        else { return }
        // Inline no rule has seen those bytes: only a log may go on behind them.
        if conversation.session.appProtocol == .http1, settings.flow.isInline, !policy.signatures.isEmpty { return }
        let sender = context.direction.opposite
        let (offset, delivered) = conversation.withStream(sender) {
            ($0.offset(of: segment.acknowledgment), $0.delivered)
        }
        // One more is the sender's FIN.
        guard let acknowledged = offset, acknowledged > delivered &+ 1 else {
            return
        }
        counters.reassemblyGaps += 1
        context.sessionEvents.formUnion(catchUp(conversation, sender, to: acknowledged))
    }

    /// Reads what there is before `offset`, and tells the parser of what there is not.
    func catchUp(_ conversation: Conversation, _ sender: FlowDirection, to offset: UInt64) -> SessionEvents {
        let session = conversation.session
        var events: SessionEvents = []
        if sender == .toServer {
            conversation.toServer.catchUp(
                to: offset, gap: { events.formUnion(session.skipGap(sender, $0)) },
                body: { events.formUnion(session.feed(sender, $0)) })
        } else {
            conversation.toClient.catchUp(
                to: offset, gap: { events.formUnion(session.skipGap(sender, $0)) },
                body: { events.formUnion(session.feed(sender, $0)) })
        }
        return events
    }

    /// The client goes on, and no answer to its SYN was seen.
    private func isOneSided(_ index: FlowIndex, _ segment: TCPSegment, _ direction: FlowDirection) -> Bool {
        guard direction == .toServer, flows[index].tcp.state == .synSent,
            segment.flags.intersection([.syn, .ack, .rst]) == .ack
        else { return false }
        if settings.flow.followsOneSide { return true }
        return settings.flow.midstream == .track && !settings.compatibleWithSuricata
    }

    mutating func countBypassed() {
        counters.bypassedPackets += 1
        counters.bypassedBytes += UInt64(packet.wireLength)
    }

    /// What rules may ask about the packet's place in its connection.
    private mutating func noteStream(_ index: FlowIndex, _ fault: StreamFault?) {
        context.streamSizes = flows[index].tcp.streamSizes
        guard let fault else { return }
        counters.streamFaults[fault.index] += 1
        context.streamEvents.insert(fault)
        if fault.isInvalidAck { context.streamEvents.insert(.invalidAck) }
    }

    /// The packet has closed the connection.
    private mutating func noteClose(_ index: FlowIndex) {
        guard settings.compatibleWithSuricata, packet.payloadLength == 0 else { return }
        guard let session = conversations[flows[index].conversation]?.session else { return }
        context.sessionEvents.formUnion(session.takeOtherProtocol(context.direction))
    }

    /// A dropped flow is followed only to its end, so that its place is free soon.
    private mutating func followDropped(_ index: FlowIndex, _ segment: TCPSegment, _ direction: FlowDirection) {
        guard segment.flags.contains(.rst) || segment.flags.contains(.fin) else { return }
        flows.schedule(index, after: settings.flow.tcpClosed, from: now)
    }

    /// Keeps the flow's own state and timers in step with the connection's.
    private mutating func updateState(_ index: FlowIndex) {
        let state = flows[index].tcp.flowState
        guard state != flows[index].state else { return }
        flows[index].state = state
        flows.unlinkHalfOpen(index)
        if state == .closed { flows.schedule(index, after: settings.flow.tcpClosed, from: now) }
    }

    /// The first packet of a flow is not a SYN: StreamExceptionPolicy.
    private mutating func handleMidstream(
        _ segment: TCPSegment, _ key: FlowKey, _ senderIsFirst: Bool, _ bytes: RawSpan
    ) -> Verdict {
        counters.midstream += 1
        // The server's side is all that comes this way.
        if settings.flow.followsOneSide, settings.flow.midstream == .continue,
            segment.flags.isSuperset(of: [.syn, .ack])
        {
            return pickUp(segment, key, senderIsFirst, bytes)
        }
        switch settings.flow.midstream {
        case .drop where !settings.observesOnly, .reject where !settings.observesOnly:
            return refuseMidstream(segment, key, senderIsFirst)
        case .continue, .bypass, .pass, .drop, .reject:
            guard let index = create(key, senderIsFirst) else { return handleWithoutRoom(bytes) }
            attach(index, .toServer)
            flows[index].flags.formUnion([.midstream, .judgedWithoutSession])
            let policy: ExceptionPolicy =
                switch settings.flow.midstream {
                case .bypass: .bypass
                case .pass: .passFlow
                default: .ignore
                }
            noteMidstream(policy, index)
            if policy == .bypass {
                flows[index].flags.insert(.bypassed)
                endBypassed(index)
                decision.isPassed = true
                return conclude(index)
            }
            if policy == .passFlow { flows[index].disposition = .passed }
            return handleWithoutSession(index, segment, context.direction, bytes)
        case .track, .trackPassed: return pickUp(segment, key, senderIsFirst, bytes)
        }
    }

    private mutating func noteMidstream(_ policy: ExceptionPolicy, _ index: FlowIndex?) {
        counters.exceptions[Int(ExceptionCause.midstream.rawValue)].count(policy)
        if let index { flows[index].note(.midstream, policy) }
    }

    /// Differs: Suricata makes a flow of the packet and drops that; here a flood of strangers takes no room.
    private mutating func refuseMidstream(_ segment: TCPSegment, _ key: FlowKey, _ senderIsFirst: Bool) -> Verdict {
        let isReset = segment.flags.contains(.rst)
        if isReset { context.streamEvents.insert(.rstWithoutSession) }
        decision.drop(isReset ? .streamError : .streamMidstream)
        let policy: ExceptionPolicy = settings.flow.midstream == .reject ? .reject : .dropFlow
        if policy == .reject, !isReset { decision.disposition = .reject }
        guard settings.compatibleWithSuricata, !isReset, let index = create(key, senderIsFirst) else {
            if !isReset { noteMidstream(policy, nil) }
            return conclude(nil)
        }
        noteMidstream(policy, index)
        attach(index, .toServer)
        flows[index].flags.insert(.midstream)
        flows[index].disposition = .dropped
        flows[index].dropReason = decision.reason.rawValue
        return conclude(index)
    }

    /// A packet of a flow whose session is not known: an end without a beginning is invalid, whoever passed the flow.
    private mutating func handleWithoutSession(
        _ index: FlowIndex, _ segment: TCPSegment, _ direction: FlowDirection, _ bytes: RawSpan
    ) -> Verdict {
        if segment.flags.contains(.rst) || segment.flags.contains(.fin) {
            noteStream(index, segment.flags.contains(.rst) ? .rstWithoutSession : .finWithoutSession)
            if settings.compatibleWithSuricata, !settings.observesOnly { decision.drop(.streamError) }
        }
        return judge(index, bytes)
    }

    private mutating func pickUp(
        _ segment: TCPSegment, _ key: FlowKey, _ senderIsFirst: Bool, _ bytes: RawSpan
    ) -> Verdict {
        let isFromServer = segment.flags.isSuperset(of: [.syn, .ack])
        guard let index = create(key, isFromServer ? !senderIsFirst : senderIsFirst) else { return conclude(nil) }
        let direction: FlowDirection = isFromServer ? .toClient : .toServer
        attach(index, direction)
        flows[index].flags.insert(.midstream)
        flows[index].tcp.pickUp(segment, direction)
        updateState(index)
        noteStream(index, nil)
        if settings.flow.midstream == .trackPassed {
            noteMidstream(.passFlow, index)
            flows[index].disposition = .passed
        }
        // Suricata's rules about an application speak from the next packet on.
        context.isStreamEstablished = flows[index].tcp.isEstablished && !settings.compatibleWithSuricata
        return takePayload(index, segment, bytes)
    }
}

extension IPProtocol {
    /// Differs: here packets of any protocol between two hosts make a flow.
    fileprivate var hasFlowInSuricata: Bool {
        switch self {
        case .tcp, .udp, .icmp, .icmpv6, .sctp, .esp: true
        default: false
        }
    }
}

extension TCPSegment {
    /// A new connection on the addresses and ports of one that is over.
    ///
    /// Differs: for Suricata one that was dropped before its end goes on being dropped.
    func opensAgain(_ flow: Flow, _ direction: FlowDirection, compatible: Bool) -> Bool {
        guard flags.contains(.syn), !flags.contains(.ack) else { return false }
        if flow.flags.contains(.judgedWithoutSession) { return true }
        let former = direction == .toServer ? flow.tcp.client : flow.tcp.server
        guard former.initialSequence != sequence else { return false }
        switch flow.tcp.state {
        case .none, .lastAck, .closeWait, .closing, .closed, .timeWait: return true
        case .synSent, .synReceived, .established, .finWait1, .finWait2:
            return flow.disposition == .dropped && !compatible
        }
    }
}

extension TCPConnection {
    /// The flow state that rules and records speak of.
    var flowState: FlowState {
        switch state {
        case .none, .synSent, .synReceived: .new
        case .established, .finWait1, .finWait2, .closing, .closeWait: .established
        case .lastAck, .timeWait, .closed: .closed
        }
    }
}
