import AppLayer
import Detection
import EventLog
import FlowTracking
import NetTypes
import PacketIO
import Wire

/// Verbs 5 to 9 for a packet whose flow is known: its bytes to the parser, rules, and the conclusion.
extension Pipeline {
    // MARK: streams

    /// Puts the payload into the stream and what is new of it before the parser.
    mutating func takePayload(_ index: FlowIndex, _ segment: TCPSegment, _ bytes: RawSpan) -> Verdict {
        if refusesEarlyData(index, segment) { return refuseEarlyData(index, bytes) }
        if segment.flags.contains(.syn), !segment.options.isFastOpen, settings.compatibleWithSuricata {
            return holdOrJudge(index, bytes)
        }
        if !settings.flow.isInline, wantsBytes(index), packet.payloadLength > 0 || flows[index].conversation >= 0 {
            let conversation = conversation(of: index, base: streamStarts(index))
            // What flowbits made on the client's SYN did not know the server's number yet.
            conversation.toServer.begin(at: streamStarts(index).0)
            conversation.toClient.begin(at: streamStarts(index).1)
            _ = isBeyondDepth(index, segment)
            if let verdict = feedAcknowledged(conversation, index, segment, bytes) { return verdict }
            chooseStreamWindow(conversation, index)
        } else if packet.payloadLength > 0, !segment.flags.contains(.rst), wantsBytes(index),
            !isBeyondDepth(index, segment)
        {
            let conversation = conversation(of: index, base: streamStarts(index))
            if let verdict = feed(conversation, index, segment, bytes) { return verdict }
            if context.streamEvents.contains(index: UInt8(StreamFault.overlapDifferentData.index)),
                let changed = withStreamBytes(conversation, segment, bytes)
            {
                if settings.log.needsFrames { nesting.bytes = changed }
                return holdOrJudge(index, unsafe changed.span.bytes)
            }
        }
        if decision.disposition != .accept, !settings.observesOnly { return conclude(index) }
        if segment.flags.contains(.ack) { skipGap(index, segment) }
        if let verdict = noteGap(index) { return verdict }
        noteEnd(index, segment)
        return holdOrJudge(index, bytes)
    }

    /// Tells the parser of a side's last byte. Beside the path that is known when both sides agree.
    private mutating func noteEnd(_ index: FlowIndex, _ segment: TCPSegment) {
        let isOver = segment.flags.contains(.rst) || segment.flags.contains(.fin) && isInOrder(index, segment)
        guard let conversation = conversations[flows[index].conversation] else { return }
        if settings.flow.isInline {
            if isOver { conversation.session.end(context.direction) }
        } else if flows[index].tcp.state == .closed {
            // What nobody has acknowledged is read with the flow's end.
            if !conversation.toServer.hasPending { conversation.session.end(.toServer) }
            if !conversation.toClient.hasPending { conversation.session.end(.toClient) }
        }
    }

    /// The bytes are not put into order any more: `stream.depth`. Said once for a direction.
    private mutating func isBeyondDepth(_ index: FlowIndex, _ segment: TCPSegment) -> Bool {
        let depth = settings.flow.streamDepth
        guard depth > 0, let conversation = conversations[flows[index].conversation],
            let start = conversation[stream: context.direction].offset(of: segment.sequence)
        else { return false }
        if start &+ UInt64(segment.payloadLength) > depth, conversation.noteDepthReached(context.direction) {
            counters.streamFaults[StreamFault.depthReached.index] += 1
            context.streamEvents.insert(.depthReached)
        }
        return start >= depth
    }

    /// Nothing that was sent before the segment's end is still to come: a FIN may overtake the data before it.
    private func isInOrder(_ index: FlowIndex, _ segment: TCPSegment) -> Bool {
        guard let conversation = conversations[flows[index].conversation] else { return true }
        return conversation.withStream(context.direction) { stream in
            stream.offset(of: segment.end).map { $0 <= stream.delivered } ?? true
        }
    }

    /// Suricata's parser of TLS gives up where acknowledged bytes were never seen, that of SSH but within a banner; a flow
    /// that is passed is dropped then as well.
    private mutating func noteGap(_ index: FlowIndex) -> Verdict? {
        guard settings.compatibleWithSuricata, !isBlocked(index),
            let conversation = conversations[flows[index].conversation]
        else { return nil }
        // Where one side shows the protocol, what waits of the other is read at once.
        let isRecognized = !context.sessionEvents.isDisjoint(with: [.recognitionDoneToServer, .recognitionDoneToClient])
        guard
            hasGap(conversation, index, context.direction)
                || isRecognized && conversation[stream: context.direction.opposite].delivered == 0
                    && hasGap(conversation, index, context.direction.opposite)
        else { return nil }
        counters.reassemblyGaps += 1
        let isPassed = flows[index].disposition == .passed
        if isPassed { flows[index].disposition = .undecided }
        let verdict = handleException(.applicationError, .applicationError, standard: .dropFlow, flow: index)
        // A policy that leaves the flow alone leaves it passed.
        if isPassed, flows[index].disposition == .undecided { flows[index].disposition = .passed }
        return verdict
    }

    private func hasGap(_ conversation: Conversation, _ index: FlowIndex, _ direction: FlowDirection) -> Bool {
        let sender = direction == .toServer ? flows[index].tcp.client : flows[index].tcp.server
        let acknowledged = sender.hasSentFin ? sender.lastAck + -1 : sender.lastAck
        let stream = conversation[stream: direction]
        guard stream.hasGap(acknowledged: acknowledged) else { return false }
        return switch conversation.session.appProtocol {
        case .tls: true
        case .ssh: stream.delivered == 0 || hasBanner(conversation.session, direction)
        default: false
        }
    }

    private func hasBanner(_ session: AppLayerSession, _ direction: FlowDirection) -> Bool {
        guard case .ssh(let handshake) = session.transactions.first?.facts else { return false }
        return handshake.banner(direction) != nil
    }

    /// Data in a SYN (TCP Fast Open, RFC 7413), which a server may take at once, before rules about the established
    /// connection can speak.
    private func refusesEarlyData(_ index: FlowIndex, _ segment: TCPSegment) -> Bool {
        segment.flags.contains(.syn) && !segment.flags.contains(.ack) && packet.payloadLength > 0
            && flows[index].disposition == .undecided && !policy.signatures.isEmpty
            && !settings.compatibleWithSuricata && !settings.observesOnly
    }

    /// Differs: Suricata judges it with the SYN. Only a flow that its first packet decides takes it along; else the client
    /// sends its SYN again without data, as RFC 7413 section 4.2 has it do, and the data when the connection stands.
    private mutating func refuseEarlyData(_ index: FlowIndex, _ bytes: RawSpan) -> Verdict {
        evaluator.judge(
            packet, bytes, context, flow: &flows[index], conversation: conversations[flows[index].conversation],
            decision: &decision)
        if decision.disposition == .accept, flows[index].disposition == .undecided { decision.drop(.streamError) }
        return conclude(index)
    }

    /// A flow that is decided and has nothing left to log is not read any more.
    private func wantsBytes(_ index: FlowIndex) -> Bool {
        !isBlocked(index) && !flows[index].flags.contains(.finishedReading)
    }

    /// Sequence numbers of the first bytes of both sides.
    private func streamStarts(_ index: FlowIndex) -> (SequenceNumber, SequenceNumber) {
        let tcp = flows[index].tcp
        return (tcp.client.initialSequence + 1, tcp.server.initialSequence + 1)
    }

    /// - Returns: a verdict when an exception policy has decided.
    private mutating func feed(
        _ conversation: Conversation, _ index: FlowIndex, _ segment: TCPSegment, _ bytes: RawSpan
    ) -> Verdict? {
        let payload = bytes.clamped(packet.payload)
        let sequence = segment.flags.contains(.syn) ? segment.sequence + 1 : segment.sequence
        let direction = context.direction
        let session = conversation.session
        // What flowbits made on the client's SYN did not know the server's number yet.
        if direction == .toServer {
            conversation.toServer.begin(at: streamStarts(index).0)
        } else {
            conversation.toClient.begin(at: streamStarts(index).1)
        }
        context.streamOffset = Int(
            truncatingIfNeeded: conversation.withStream(direction) { $0.offset(of: sequence) } ?? 0)
        let isToServer = direction == .toServer
        let inserted =
            isToServer
            ? conversation.toServer.insert(sequence: sequence, payload, settings: settings.flow)
            : conversation.toClient.insert(sequence: sequence, payload, settings: settings.flow)
        if inserted.conflicts {
            counters.overlapConflicts += 1
            context.streamEvents.insert(.overlapDifferentData)
            // Differs: Suricata forwards it. Which version the endpoint reads cannot be known, so only one gets there.
            if !settings.compatibleWithSuricata {
                decision.drop(.overlapConflict)
                return nil
            }
        }
        switch inserted.insertion {
        case .deliver(let from):
            context.isInStream = true
            var events: SessionEvents = []
            if isToServer {
                conversation.toServer.deliver(payload, from: from) {
                    let way = events.contains(.reversed) ? direction.opposite : direction
                    events.formUnion(session.feed(way, $0))
                }
            } else {
                conversation.toClient.deliver(payload, from: from) { events.formUnion(session.feed(direction, $0)) }
            }
            context.sessionEvents = events
            if let verdict = noteSession(conversation, index) { return verdict }
        case .stored, .known: context.isInStream = true
        case .refused(let fault):
            counters.reassemblyRefused += 1
            context.streamEvents.insert(fault)
            if flows[index].disposition == .passed {
                // Only the log still wanted to read: the connection goes on unread.
                releaseConversation(index)
            } else {
                // The hole before it is not filled: both come again.
                let standard: ExceptionPolicy = settings.compatibleWithSuricata ? .ignore : .dropPacket
                return handleException(.reassemblyMemory, .streamReassembly, standard: standard, flow: index)
            }
        }
        return nil
    }

    /// The flow's conversation, made when it is needed first.
    mutating func conversation(of index: FlowIndex, base: (SequenceNumber, SequenceNumber)) -> Conversation {
        if let known = conversations[flows[index].conversation] { return known }
        let tuple = flows[index].tuple
        var appLayer = settings.appLayer
        appLayer.keepsBodies = policy.inspectsBodies
        appLayer.measuresBodies = settings.log.logsFiles
        appLayer.reversesFlows = settings.compatibleWithSuricata || settings.flow.midstream == .track
        // Beside the path the stream is inspected in larger pieces.
        let history =
            settings.flow.isInline
            ? max(StatefulEvaluator.streamWindow, settings.historyBytes) : 1 << 17
        let conversation = Conversation(
            session: AppLayerSession(
                isStream: tuple.ipProtocol == .tcp, clientPort: tuple.sourcePort, serverPort: tuple.destinationPort,
                settings: appLayer, isMidstream: flows[index].flags.contains(.midstream),
                announced: tuple.ipProtocol == .tcp ? expectations.take(tuple, now: now) : nil),
            toServer: StreamReassembler(firstByte: base.0, historyLimit: history),
            toClient: StreamReassembler(firstByte: base.1, historyLimit: history))
        flows[index].conversation = conversations.add(conversation)
        return conversation
    }

    /// Takes over what the session has found out.
    /// - Returns: a verdict when the parser has given up and the policy for that has decided.
    mutating func noteSession(_ conversation: Conversation, _ index: FlowIndex) -> Verdict? {
        if context.sessionEvents.contains(.reversed) {
            conversation.reverse()
            flows[index].reverse()
            context.direction = context.direction.opposite
        }
        countProtocol(conversation.session.appProtocol, index)
        for connection in conversation.session.takeExpected() {
            expectations.add(connection, flows[index].tuple, now: now)
        }
        guard context.sessionEvents.contains(.malformed) else { return nil }
        counters.parserErrors += 1
        if conversation.session.malformed == .tlsNameChanged, flows[index].disposition == .passed {
            // The one decision that is taken back: it was for another name.
            flows[index].disposition = .undecided
            flows[index].decidingSignature = -1
        }
        guard flows[index].disposition == .undecided else { return nil }
        // What answers a request that is passed goes on; further requests do not, for nobody can read them.
        if conversation.isJudgedByRequest, context.direction == .toClient { return nil }
        // Differs: as Suricata's parsers and ours give up on different bytes, compat leaves such flows to the rules.
        // Without rules there is nothing to keep.
        let standard: ExceptionPolicy =
            settings.compatibleWithSuricata || policy.signatures.isEmpty ? .ignore : .dropFlow
        return handleException(.applicationError, .applicationError, standard: standard, flow: index)
    }

    private mutating func countProtocol(_ found: AppProtocol, _ index: FlowIndex) {
        guard flows[index].applicationProtocol != found.rawValue else { return }
        flows[index].applicationProtocol = found.rawValue
        guard found != .unknown else { return }
        if flows[index].ipProtocol == .tcp {
            counters.protocolsOverTCP[Int(found.rawValue)] += 1
        } else {
            counters.protocolsOverUDP[Int(found.rawValue)] += 1
        }
    }

    // MARK: rules

    /// The verdict of a flow that is decided already; nil while it is not.
    mutating func decidedVerdict(_ index: FlowIndex) -> Verdict? {
        switch flows[index].disposition {
        case .undecided: return nil
        case .passed:
            if flows[index].flags.contains(.bypassed) { countBypassed() }
            // Names are still read for the log.
            if conversations[flows[index].conversation] != nil || packet.tcp == nil && !isRead(index) { return nil }
            decision.isPassed = true
            decision.signature = flows[index].decidingSignature
            return conclude(index)
        case .dropped:
            if settings.observesOnly { return nil }
            decision.drop(.flowDrop)
            return conclude(index)
        }
    }

    /// The flow is dropped, and that takes effect.
    func isBlocked(_ index: FlowIndex) -> Bool { flows[index].disposition == .dropped && !settings.observesOnly }

    private func isRead(_ index: FlowIndex) -> Bool { flows[index].flags.contains(.finishedReading) }

    mutating func judge(_ index: FlowIndex, _ bytes: RawSpan) -> Verdict {
        switch flows[index].disposition {
        case .passed:
            decision.isPassed = true
            decision.signature = flows[index].decidingSignature
        case .dropped: if !settings.observesOnly { decision.drop(.flowDrop) }
        case .undecided:
            if policy.usesFlowbits, flows[index].conversation < 0 {
                _ = conversation(of: index, base: streamStarts(index))
            }
            let conversation = conversations[flows[index].conversation]
            if let conversation, evaluator.judgesEveryRequest, let verdict = judgeByRequest(conversation, index) {
                return verdict
            }
            if settings.compatibleWithSuricata, let conversation {
                context.sessionEvents = conversation.events(context.sessionEvents, context.direction)
            }
            evaluator.judge(
                packet, bytes, context, flow: &flows[index], conversation: conversation, decision: &decision)
            if let conversation { holdBackTunnelBytes(conversation, index) }
            if flows[index].flags.contains(.bypassed) { endBypassed(index) }
        }
        return conclude(index)
    }

    /// What the client sends behind a CONNECT before its answer comes again, and by then the answer tells what it is: the
    /// tunnel's, or further requests.
    private mutating func holdBackTunnelBytes(_ conversation: Conversation, _ index: FlowIndex) {
        guard evaluator.judgesEveryRequest, context.direction == .toServer, packet.payloadLength > 0,
            flows[index].disposition == .undecided, conversation.session.hasUnreadTunnelBytes
        else { return }
        decision.drop(.streamReassembly)
    }

    /// A flow of which some request is passed. Nil when the packet holds another one, which is judged for itself.
    private mutating func judgeByRequest(_ conversation: Conversation, _ index: FlowIndex) -> Verdict? {
        guard conversation.isJudgedByRequest else { return nil }
        if context.sessionEvents.contains(.protocolChanged) { conversation.handOver() }
        if conversation.isPassedForGood {
            flows[index].disposition = .passed
        } else if context.direction == .toServer, packet.payloadLength > 0, conversation.session.malformed != nil {
            // Met in an answer, which went through: what the client says now cannot be read.
            let standard: ExceptionPolicy = settings.compatibleWithSuricata ? .ignore : .dropFlow
            return handleException(.applicationError, .applicationError, standard: standard, flow: index)
        } else if !conversation.isCovered(context, payload: packet.payloadLength) {
            return nil
        }
        decision.isPassed = true
        decision.signature = flows[index].decidingSignature
        return conclude(index)
    }

    // MARK: conclusion

    /// The one place where a packet's handling ends: records, counters, and the verdict.
    mutating func conclude(_ index: FlowIndex?) -> Verdict {
        if decision.isTagged {
            let flow = index.map { flows[$0] }
            judged = (flow, flow.flatMap { conversations[$0.conversation] })
        }
        if settings.log.logsEthernet, let index, let addresses = eventPacket.ethernet {
            flowAddresses[index, default: LinkAddressSet()].add(addresses, isToServer: context.direction == .toServer)
        }
        record(index)
        if !packet.events.isEmpty || !context.streamEvents.isEmpty { recordAnomalies(index) }
        if let index {
            if settings.log.anomalies.contains(.application) { recordApplicationAnomalies(index) }
            logTransactions(index)
        }
        guard nesting.origin == .wire else { return nestedVerdict }
        switch settings.observesOnly ? .accept : decision.disposition {
        case .accept:
            counters.accepted += 1
            return .accept
        case .drop:
            counters.blocked += 1
            counters.dropReasons[Int(decision.reason.rawValue)] += 1
            return .drop
        case .reject:
            counters.rejected += 1
            counters.dropReasons[Int(decision.reason.rawValue)] += 1
            return .reject
        }
    }

    private mutating func record(_ index: FlowIndex?) {
        let alerts = evaluator.alerts
        guard !alerts.isEmpty || decision.disposition != .accept else { return }
        let event = eventPacket
        let flow = index.map { flows[$0] }
        let conversation = flow.flatMap { conversations[$0.conversation] }
        counters.alertsDiscarded += UInt64(decision.discardedAlerts)
        for match in alerts {
            guard isWorthLogging(match, index) else {
                counters.alertsSuppressed += 1
                continue
            }
            counters.alerts += 1
            recorder.alert(
                match, decision, event, flow: flow, direction: context.direction, conversation: conversation,
                policy: policy, packetVariables: evaluator.packetVariables)
        }
        if !alerts.isEmpty, let index { flows[index].flags.insert(.hasAlerts) }
        evaluator.clearAlerts()
        if decision.disposition != .accept, !settings.observesOnly, isDropLogged(index) {
            recorder.drop(
                decision, event, flow: flow, direction: context.direction, conversation: conversation, policy: policy)
        }
    }

    /// Differs: the alert of a default action is logged once for a flow and direction, not for every packet; the
    /// flow's record has the count.
    private mutating func isWorthLogging(_ match: MatchedSignature, _ index: FlowIndex?) -> Bool {
        guard match.signature >= policy.firstDefault, !settings.compatibleWithSuricata, let index else { return true }
        let mark: FlowFlags = context.direction == .toServer ? .defaultAlertToServer : .defaultAlertToClient
        guard !flows[index].flags.contains(mark) else {
            flows[index].suppressed.alerts &+= 1
            return false
        }
        flows[index].flags.insert(mark)
        return true
    }

    private mutating func isDropLogged(_ index: FlowIndex?) -> Bool {
        // A copy is no loss: what it holds is on its way. Held packets leave the flow's own record to its decision.
        if decision.reason == .holdCopy { return false }
        if settings.log.logsEveryDrop { return true }
        guard let index, !decision.reason.isOfHolding else {
            if flowlessDrops.second != now.seconds { flowlessDrops = (now.seconds, 0) }
            flowlessDrops.count += 1
            return flowlessDrops.count <= settings.flowlessDropsPerSecond
        }
        let mark: FlowFlags = context.direction == .toServer ? .dropLoggedToServer : .dropLoggedToClient
        guard !flows[index].flags.contains(mark) else {
            flows[index].suppressed.drops &+= 1
            return false
        }
        flows[index].flags.insert(mark)
        return true
    }
}
