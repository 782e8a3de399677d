import AppLayer
import Detection
import EventLog
import FlowTracking
import NetTypes
import PacketIO

/// What is logged of a flow's names, and when its memory is given back.
extension Pipeline {
    /// Writes transactions that are complete, and lets go of what nobody needs any more.
    mutating func logTransactions(_ index: FlowIndex) {
        let slot = flows[index].conversation
        guard let conversation = conversations[slot] else { return }
        let isDropped = isBlocked(index)
        // Suricata keeps silent about a flow that is dropped at its ClientHello.
        let logsIncomplete = isDropped && !settings.compatibleWithSuricata
        if !conversation.session.handedOver.isEmpty {
            for transaction in conversation.session.takeHandedOver() where !transaction.isLogged {
                log(transaction, index, isOver: false)
            }
        }
        var kept: UInt64?
        for transaction in conversation.session.transactions {
            if transaction.carriesFile {
                recorder.files(
                    transaction, completeOnly: true, flow: flows[index], time: now, packetNumber: raw.number)
            }
            if !transaction.isLogged, isReady(transaction) || logsIncomplete && hasFacts(transaction) {
                log(transaction, index, isOver: false)
            }
            if kept == nil, !transaction.isLogged || !transaction.isComplete { kept = transaction.identifier }
        }
        if flows[index].disposition == .undecided {
            conversation.release(before: kept ?? .max)
            conversation.releaseFinished(isDecided: false)
        } else {
            conversation.session.parser?.release(before: kept ?? .max)
            conversation.releaseFinished(isDecided: true)
            // Suricata's parsers go on reading a passed flow, and may still give it up.
            let isFinished = !settings.compatibleWithSuricata && isFinished(conversation)
            if isDropped || isFinished { releaseConversation(index) }
        }
    }

    /// The record can be written: a TLS server has shown its certificate or the handshake is over, a response is complete, a DNS message is read.
    private func isReady(_ transaction: Transaction) -> Bool {
        switch transaction.facts {
        case .tls:
            transaction.progressToServer >= TLSHandshake.Step.handshakeDone
                || transaction.progressToClient >= TLSHandshake.Step.certificateReady
        case .http: transaction.isComplete
        case .dns, .quic: true
        case .ssh(let handshake):
            // Suricata computes HASSH for rules that ask for it, and waits for the key exchange no longer than that.
            transaction.isComplete
                || settings.compatibleWithSuricata && !policy.readsHASSH && handshake.client != nil
                    && handshake.server != nil
        case .smtp, .ftpData: transaction.isComplete
        }
    }

    private func hasFacts(_ transaction: Transaction) -> Bool {
        switch transaction.facts {
        case .tls(let handshake): handshake.clientHello != nil
        case .http(let exchange): exchange.request.hasStartLine || exchange.response.hasStartLine
        case .dns, .quic: true
        case .ssh(let handshake): handshake.client != nil || handshake.server != nil
        case .ftpData: true
        case .smtp(let mail): mail.helo != nil || mail.sender != nil
        }
    }

    private mutating func log(_ transaction: Transaction, _ index: FlowIndex, isOver: Bool) {
        transaction.isLogged = true
        if case .http(let exchange) = transaction.facts, let stream = exchange.http2, !stream.isWorthLogging { return }
        guard !flows[index].flags.contains(.transactionsUnlogged) else { return }
        switch transaction.facts {
        case .tls: counters.tls += 1
        case .http where transaction.appProtocol == .http2: counters.http2 += 1
        case .http: counters.http += 1
        case .dns:
            counters.dns += 1
            if flows[index].ipProtocol == .tcp { counters.dnsOverTCP += 1 }
        case .ssh: counters.ssh += 1
        case .smtp: counters.smtp += 1
        case .ftpData: counters.ftpData += 1
        case .quic: counters.quic += 1
        }
        recorder.transaction(
            transaction, flow: flows[index], time: now, packetNumber: isOver ? nil : packetNumber,
            conversation: conversations[flows[index].conversation], policy: policy)
        recorder.files(
            transaction, completeOnly: false, flow: flows[index], time: now, packetNumber: isOver ? nil : packetNumber)
        onTransaction?(transaction, flows[index])
    }

    /// Nothing more will come that a log or a rule could want of a passed flow.
    private func isFinished(_ conversation: Conversation) -> Bool {
        let session = conversation.session
        if session.isDone { return true }
        switch session.appProtocol {
        case .tls, .ssh: return session.transactions.allSatisfy(\.isLogged)
        default: return false
        }
    }

    mutating func releaseConversation(_ index: FlowIndex) {
        conversations.remove(flows[index].conversation)
        flows[index].conversation = -1
        flows[index].flags.insert(.finishedReading)
    }

    /// Writes the flow's last records and forgets it.
    mutating func endFlow(_ index: FlowIndex, _ reason: FlowEndReason) {
        if !holds.isEmpty { dropHeld(index, .holdTimeout) }
        judgeRemainder(index)
        var flow = flows[index]
        let conversation = conversations[flow.conversation]
        if flow.disposition == .undecided, conversation?.isJudgedByRequest == true { flow.disposition = .passed }
        if let conversation {
            conversation.session.end(.toServer)
            conversation.session.end(.toClient)
            for transaction in conversation.session.transactions where !transaction.isLogged && hasFacts(transaction) {
                log(transaction, index, isOver: true)
            }
        }
        recorder.flow(
            flow, reason, time: now, conversation: conversation, policy: policy,
            ethernet: settings.log.logsEthernet ? flowAddresses.removeValue(forKey: index) : nil)
        onFlowEnd?(flow, conversation)
        conversations.remove(flow.conversation)
        flows.remove(index)
    }
}
