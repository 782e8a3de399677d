import AppLayer
import Detection
import EventLog
import FlowTracking
import NetTypes
import PacketIO
import Wire

/// What happens when a packet cannot be handled as it should be.
extension Pipeline {
    /// Applies the policy for `cause` to the packet, and to its flow when there is one. Nil when the packet goes on as if
    /// nothing had happened.
    /// - Parameter standard: the policy when the user has not chosen one.
    /// - Parameter decidesFlow: false where the packet proves nothing about its flow: anybody may have sent it.
    mutating func handleException(
        _ cause: ExceptionCause, _ reason: DropReason, standard: ExceptionPolicy, flow index: FlowIndex?,
        decidesFlow: Bool = true
    ) -> Verdict? {
        let chosen = settings.exceptions.chosen(cause) ?? standard
        let policy = settings.observesOnly && chosen.blocks ? .ignore : chosen
        counters.exceptions[Int(cause.rawValue)].count(policy)
        if let index { flows[index].note(cause, policy) }
        switch policy {
        case .ignore: return nil
        case .dropPacket: decision.drop(reason)
        case .dropFlow, .reject:
            decision.drop(reason)
            if policy == .reject { decision.disposition = .reject }
            if decidesFlow, let index, flows[index].disposition == .undecided {
                flows[index].disposition = .dropped
                flows[index].dropReason = reason.rawValue
            }
        case .passPacket: decision.isPassed = true
        case .passFlow, .bypass:
            decision.isPassed = true
            if decidesFlow, let index, flows[index].disposition == .undecided {
                flows[index].disposition = .passed
                if policy == .bypass {
                    flows[index].flags.insert(.bypassed)
                    endBypassed(index)
                }
            }
        }
        return conclude(index)
    }

    /// A bypassed flow is not read any more.
    mutating func endBypassed(_ index: FlowIndex) {
        if flows[index].disposition == .undecided { flows[index].disposition = .passed }
        releaseConversation(index)
    }

    // MARK: packets that cannot be decoded

    /// Rules with events and without a protocol judge the packet; then the policy.
    mutating func handleUndecodable(_ bytes: RawSpan, _ event: DecodeEvent) -> Verdict {
        counters.invalid += 1
        packet.events.insert(event)
        context.hasPorts = false
        let index = attachUnsound(event, bytes)
        if settings.compatibleWithSuricata, packet.ip != nil, event.isOfTransport {
            judgeWithoutFlow(bytes)
        } else {
            evaluator.judgeEvents(packet, bytes, context, decision: &decision)
        }
        // Differs: Suricata forwards what it cannot decode; what cannot be read cannot be judged.
        let standard: ExceptionPolicy = settings.compatibleWithSuricata ? .ignore : .dropPacket
        if decision.disposition == .accept,
            let verdict = handleException(
                .decodeError, .decodeError, standard: standard, flow: index, decidesFlow: false)
        {
            return verdict
        }
        return conclude(index)
    }

    /// The flow of a datagram with an impossible length, its own or that of the packet around it: its ports can be read, and
    /// the flow's record tells who sends such. It takes nobody's place.
    private mutating func attachUnsound(_ event: DecodeEvent, _ bytes: RawSpan) -> FlowIndex? {
        guard !settings.compatibleWithSuricata, let tuple = unsoundTuple(event, bytes) else { return nil }
        let (key, senderIsFirst) = FlowKey.make(tuple, vlan: packet.vlan, depth: packet.depth)
        guard let index = flows.find(key) ?? (flows.isFull ? nil : create(key, senderIsFirst)) else { return nil }
        attach(index, direction(index, senderIsFirst))
        return index
    }

    private func unsoundTuple(_ event: DecodeEvent, _ bytes: RawSpan) -> FlowTuple? {
        let start: Int
        let addresses: (source: IPAddress, destination: IPAddress)
        switch event {
        case .udpLengthBeyondPacket, .udpLengthTooSmall:
            guard let ip = packet.ip else { return nil }
            start = packet.payloadOffset
            addresses = (ip.source, ip.destination)
        case .ipv4Truncated:
            let offset = packet.payloadOffset
            // UDP, and its beginning.
            guard bytes.byteCount &- offset >= 20, bytes.byte(at: offset &+ 9) == IPProtocol.udp.rawValue,
                bytes.bigEndian16(at: offset &+ 6) & 0x1fff == 0
            else { return nil }
            start = offset &+ Int(bytes.byte(at: offset) & 15) &* 4
            addresses = (
                IPAddress(v4: bytes.bigEndian32(at: offset &+ 12)), IPAddress(v4: bytes.bigEndian32(at: offset &+ 16))
            )
        default: return nil
        }
        guard bytes.byteCount &- start >= 4 else { return nil }
        return FlowTuple(
            source: addresses.source, destination: addresses.destination, sourcePort: bytes.bigEndian16(at: start),
            destinationPort: bytes.bigEndian16(at: start &+ 2), ipProtocol: .udp)
    }

    // MARK: anomalies

    /// Writes what the decoder and the tracker found odd about the packet.
    mutating func recordAnomalies(_ index: FlowIndex?) {
        for found in packet.events.all { counters.decodeEvents[Int(found.index)] += 1 }
        guard !settings.log.anomalies.isDisjoint(with: [.decode, .stream]), recorder.isEnabled else { return }
        if anomalies.second != now.seconds { anomalies = (now.seconds, 0) }
        let event = eventPacket
        let frame = settings.log.logsAnomalyPackets ? (frame, raw.linkType) : nil
        let flow = index.map { flows[$0] }
        let conversation = flow.flatMap { conversations[$0.conversation] }
        for found in packet.events.all where settings.log.anomalies.contains(.decode) {
            let times = found == .ipv4OptionInvalidLength && packet.events.repeatsOptionLength ? 2 : 1
            for _ in 0..<times where isAnomalyLogged() {
                recorder.anomaly(
                    "decode", "decoder.\(found.rawValue)", event, flow: flow, conversation: conversation,
                    policy: policy, frame: frame)
            }
        }
        for found in context.streamEvents.all where settings.log.anomalies.contains(.stream) && isAnomalyLogged() {
            recorder.anomaly(
                "stream", "stream.\(found.rawValue)", event, flow: flow, conversation: conversation, policy: policy,
                frame: frame)
        }
    }

    /// Writes what parsers and the recognition of protocols found odd since the last packet.
    mutating func recordApplicationAnomalies(_ index: FlowIndex) {
        guard recorder.isEnabled, let conversation = conversations[flows[index].conversation] else { return }
        if !context.sessionEvents.isDisjoint(with: SessionEvents.odd) {
            for (name, event) in SessionEvents.byName.sorted(by: { $0.key < $1.key })
            where context.sessionEvents.contains(event) { recordAnomaly(name, nil, index, conversation) }
        }
        for transaction in conversation.session.transactions where transaction.loggedEvents < transaction.events.count {
            for event in transaction.events[transaction.loggedEvents...] {
                recordAnomaly(event.rawValue, transaction, index, conversation)
            }
            transaction.loggedEvents = transaction.events.count
        }
    }

    private mutating func recordAnomaly(
        _ event: String, _ transaction: Transaction?, _ index: FlowIndex, _ conversation: Conversation
    ) {
        if anomalies.second != now.seconds { anomalies = (now.seconds, 0) }
        guard isAnomalyLogged() else { return }
        recorder.anomaly(
            application: event, transaction: transaction, flow: flows[index], direction: context.direction, time: now,
            packetNumber: raw.number, conversation: conversation, policy: policy)
    }

    private mutating func isAnomalyLogged() -> Bool {
        anomalies.count += 1
        return settings.log.logsEveryDrop || anomalies.count <= settings.anomaliesPerSecond
    }
}
