import AppLayer
import Detection
import EventLog
import FlowTracking
import NetTypes

/// What a replay found, flow by flow, for people.
final class ReplaySummary {
    struct Entry {
        var tuple: FlowTuple
        var appProtocol: String
        var names: [String]
        var packets: UInt64
        var bytes: UInt64
        var verdict: String
        var rule: String
    }

    /// Flows kept for the table; counters go on beyond.
    static let maximumEntries = 100_000

    private(set) var entries: [Entry] = []
    private(set) var flowCount = 0
    private var names: [Int64: [String]] = [:]

    func take(_ transaction: Transaction, _ flow: Flow) {
        guard let name = transaction.name else { return }
        var known = names[flow.identifier] ?? []
        if known.count < 8, !known.contains(name) { known.append(name) }
        names[flow.identifier] = known
    }

    func take(_ flow: Flow, _ conversation: Conversation?, _ policy: CompiledPolicy) {
        flowCount += 1
        let found = names.removeValue(forKey: flow.identifier) ?? []
        guard entries.count < ReplaySummary.maximumEntries else { return }
        let known = AppProtocol(rawValue: flow.applicationProtocol) ?? .unknown
        entries.append(
            Entry(
                tuple: flow.tuple, appProtocol: known == .unknown || known == .failed ? "" : known.name, names: found,
                packets: flow.toServer.packets + flow.toClient.packets,
                bytes: flow.toServer.bytes + flow.toClient.bytes,
                verdict: verdict(flow), rule: rule(flow, policy)))
    }

    private func verdict(_ flow: Flow) -> String {
        switch flow.disposition {
        case .passed: "passed"
        case .dropped: "dropped"
        case .undecided: "by packet"
        }
    }

    private func rule(_ flow: Flow, _ policy: CompiledPolicy) -> String {
        guard flow.disposition != .undecided else { return "" }
        guard flow.decidingSignature >= 0, Int(flow.decidingSignature) < policy.signatures.count else {
            return DropReason(rawValue: flow.dropReason)?.name ?? ""
        }
        let detail = policy.detail(of: flow.decidingSignature)
        let group = policy.group(of: flow.decidingSignature)?.name
        let place = group.map { "\($0) sid \(detail.signatureID)" } ?? detail.message
        return group == nil || detail.message.isEmpty ? place : "\(place): \(detail.message)"
    }
}

extension Transaction {
    /// The name a client asked for.
    var name: String? {
        switch facts {
        case .tls(let handshake): handshake.clientHello?.serverName.map { String(decoding: $0, as: UTF8.self) }
        case .http(let exchange): exchange.host.map { String(decoding: $0, as: UTF8.self) }
        case .dns(let message):
            message.isResponse ? nil : message.questions.first.map { String(decoding: $0.name.bytes, as: UTF8.self) }
        case .ssh(let handshake): handshake.client.map { String(decoding: $0.software, as: UTF8.self) }
        case .quic(let packet): packet.serverName.map { String(decoding: $0, as: UTF8.self) }
        case .ftpData(let transfer): String(decoding: transfer.file, as: UTF8.self)
        case .smtp(let mail): mail.sender.map { String(decoding: $0, as: UTF8.self) }
        }
    }
}
