import AppLayer
import Detection
import FlowTracking
import NetTypes
import RuleLanguage
import Wire

extension EVEEncoder {
    /// An `alert` record: one signature that matched one packet.
    mutating func alert(
        _ match: MatchedSignature, _ decision: Decision, _ event: EventPacket, flow: Flow?, direction: FlowDirection,
        conversation: Conversation?, policy: CompiledPolicy, packetVariables: Variables
    ) {
        begin("alert", time: event.time, flow: flow, packetNumber: event.number)
        vlan(event.packet.vlan)
        var transaction = conversation?.session.transactions.first { Int64($0.identifier) == match.transaction }
        let guess = transaction == nil && settings.guessesTransaction ? onlyTransaction(conversation, direction) : nil
        transaction = transaction ?? guess
        let forwardedFor = forwardedFor(transaction ?? conversation?.session.transactions.last)
        addresses(event.packet, forwardedFor, direction)
        packetSource(event.origin)
        if let transaction { writer.member("tx_id", transaction.identifier) }
        if guess != nil { writer.member("tx_guessed", true) }
        metadata(conversation, policy, packetVariables: packetVariables)
        ethernet(event.ethernet)
        alertObject(
            match.signature, action: match.action, decision, policy, tuple: event.packet.tuple,
            forwardedFor: forwardedFor)
        carrier(of: event)
        application(conversation?.session)
        if flow != nil { writer.member("direction", literal: direction == .toServer ? "to_server" : "to_client") }
        if let transaction = transaction ?? conversation?.session.transactions.last { factsOfAlert(transaction) }
        if let transaction { files(transaction, direction) }
        if let flow { flowSummary(flow) }
        payload(match, event, conversation?[stream: direction])
        if settings.alertPacket { frame(of: event) }
        verdict(decision, direction: direction, event.packet)
        extra(match.signature, decision, policy)
        writer.endObject()
    }

    /// The one transaction that a match in the payload can be about.
    private func onlyTransaction(_ conversation: Conversation?, _ direction: FlowDirection) -> Transaction? {
        let concerned = conversation?.session.transactions.filter { $0.concerns(direction) } ?? []
        return concerned.count == 1 ? concerned[0] : nil
    }

    private func forwardedFor(_ transaction: Transaction?) -> IPAddress? {
        guard let rule = settings.forwardedFor, case .http(let exchange)? = transaction?.facts else { return nil }
        return rule.address(exchange)
    }

    /// The packet's ends; the client's as the proxy names it where that is wanted.
    private mutating func addresses(_ packet: Packet, _ forwardedFor: IPAddress?, _ direction: FlowDirection) {
        guard let forwardedFor, settings.forwardedFor?.mode == .overwrite, var tuple = packet.tuple else {
            addresses(packet)
            return
        }
        if direction == .toServer { tuple.source = forwardedFor } else { tuple.destination = forwardedFor }
        self.tuple(tuple)
    }

    /// - Parameters:
    ///   - action: what the match did, where a rate filter may have changed the rule's own action.
    ///   - tuple: for the ends of a rule with `target`.
    mutating func alertObject(
        _ number: Int32, action: RuleAction? = nil, _ decision: Decision, _ policy: CompiledPolicy,
        tuple: FlowTuple? = nil, forwardedFor: IPAddress? = nil
    ) {
        let signature = policy.signatures[Int(number)]
        let detail = policy.detail(of: number)
        writer.beginObject("alert")
        writer.member("action", literal: isBlocked(action ?? signature.action) ? "blocked" : "allowed")
        writer.member("gid", detail.generatorID)
        writer.member("signature_id", detail.signatureID)
        writer.member("rev", detail.revision)
        writer.member("signature", detail.message)
        writer.member("category", detail.classification)
        writer.member("severity", detail.severity)
        if let targetsSource = detail.targetsSource, let tuple {
            end("source", targetsSource ? tuple.reversed : tuple)
            end("target", targetsSource ? tuple : tuple.reversed)
        }
        if let forwardedFor, settings.forwardedFor?.mode == .extraData { writer.member("xff", forwardedFor.expanded) }
        if !detail.metadata.isEmpty { metadata(detail.metadata) }
        writer.endObject()
    }

    private mutating func end(_ name: StaticString, _ tuple: FlowTuple) {
        writer.beginObject(name)
        writer.member("ip", tuple.source.expanded)
        if tuple.ipProtocol.hasPorts { writer.member("port", tuple.sourcePort) }
        writer.endObject()
    }

    /// Values by key, as Suricata groups them.
    private mutating func metadata(_ pairs: [(key: String, value: String)]) {
        var order: [String] = []
        var values: [String: [String]] = [:]
        for pair in pairs {
            if values[pair.key] == nil { order.append(pair.key) }
            values[pair.key, default: []].append(pair.value)
        }
        writer.beginObject("metadata")
        for key in order.sorted() {
            writer.beginArray(key: key)
            for value in values[key] ?? [] { writer.element(value) }
            writer.endArray()
        }
        writer.endObject()
    }

    /// Where nothing is held up, a reject still counts for as much as its answer does.
    private func isBlocked(_ action: RuleAction) -> Bool {
        settings.observesOnly ? action.isReject : action.blocks
    }

    mutating func verdict(_ decision: Decision, direction: FlowDirection, _ packet: borrowing Packet) {
        writer.beginObject("verdict")
        switch decision.disposition {
        case .accept: writer.member("action", literal: decision.isPassed ? "pass" : "alert")
        case .drop: writer.member("action", literal: settings.observesOnly ? "alert" : "drop")
        case .reject:
            writer.member("action", literal: settings.observesOnly ? "alert" : "drop")
            let sender = direction == .toServer
            switch decision.rejectAction {
            case .rejectBoth: writer.member("reject-target", literal: "both")
            case .rejectDestination: writer.member("reject-target", literal: sender ? "to_server" : "to_client")
            default: writer.member("reject-target", literal: "to_client")
            }
            writer.beginArray("reject")
            writer.element(packet.tcp != nil ? "tcp-reset" : "icmp-prohib")
            writer.endArray()
        }
        writer.endObject()
    }

    /// What Suricata has no field for: the rule group, the policy's generation, the reason.
    mutating func extra(_ number: Int32, _ decision: Decision, _ policy: CompiledPolicy) {
        guard !settings.compatibleWithSuricata else { return }
        writer.beginObject("weir")
        if number >= 0 {
            if let group = policy.group(of: number) {
                writer.member("rule_group", group.name)
                if group.resource != group.name { writer.member("resource", group.resource) }
            } else {
                writer.member("rule_group", "default action")
            }
        }
        writer.member("generation", policy.generation)
        if decision.disposition != .accept { writer.member("reason", decision.reason.name) }
        writer.endObject()
    }
}
