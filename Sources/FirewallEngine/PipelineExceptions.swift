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
    mutating func handleException(
        _ cause: ExceptionCause, _ reason: DropReason, standard: ExceptionPolicy, flow index: FlowIndex?
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
            if let index, flows[index].disposition == .undecided {
                flows[index].disposition = .dropped
                flows[index].dropReason = reason.rawValue
            }
        case .passPacket: decision.isPassed = true
        case .passFlow, .bypass:
            decision.isPassed = true
            if let index, flows[index].disposition == .undecided {
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
        if settings.compatibleWithSuricata, packet.ip != nil, event.isOfTransport {
            judgeWithoutFlow(bytes)
        } else {
            evaluator.judgeEvents(packet, bytes, context, decision: &decision)
        }
        // Differs: Suricata forwards what it cannot decode; what cannot be read cannot be judged.
        let standard: ExceptionPolicy = settings.compatibleWithSuricata ? .ignore : .dropPacket
        if decision.disposition == .accept,
            let verdict = handleException(.decodeError, .decodeError, standard: standard, flow: nil)
        {
            return verdict
        }
        return conclude(nil)
    }

    // MARK: anomalies

    /// Writes what the decoder and the tracker found odd about the packet.
    mutating func recordAnomalies(_ index: FlowIndex?) {
        for found in packet.events.all { counters.decodeEvents[Int(found.index)] += 1 }
        guard settings.log.logsAnomalies, recorder.isEnabled else { return }
        if anomalies.second != now.seconds { anomalies = (now.seconds, 0) }
        let event = EventPacket(number: raw.number, time: raw.time, packet: packet)
        let flow = index.map { flows[$0] }
        for found in packet.events.all where isAnomalyLogged() {
            recorder.anomaly("decode", "decoder.\(found.rawValue)", event, flow: flow)
        }
        for found in context.streamEvents.all where isAnomalyLogged() {
            recorder.anomaly("stream", "stream.\(found.rawValue)", event, flow: flow)
        }
    }

    private mutating func isAnomalyLogged() -> Bool {
        anomalies.count += 1
        return settings.log.logsEveryDrop || anomalies.count <= settings.anomaliesPerSecond
    }
}
