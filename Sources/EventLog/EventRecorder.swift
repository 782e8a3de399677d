import AppLayer
import Detection
import FlowTracking
import NetTypes
import Wire

/// Turns what the pipeline found into log records. One recorder belongs to one pipeline; records are gathered and handed
/// to the sink in larger pieces.
public struct EventRecorder: ~Copyable {
    /// Bytes gathered before they go to the sink.
    static let pieceSize = 1 << 15

    private var encoder: EVEEncoder
    private var pending: [UInt8] = []
    private let sink: (any EventSink)?
    public let settings: LogSettings
    /// Records the sink did not take.
    public private(set) var lost: UInt64 = 0
    private var pendingRecords: UInt64 = 0

    /// - Parameter sink: nil writes nothing.
    public init(sink: (any EventSink)?, settings: LogSettings) {
        self.sink = sink
        self.settings = settings
        encoder = EVEEncoder(settings: settings)
    }

    /// Where the packet at hand comes from.
    public var origin: PacketOrigin {
        get { encoder.origin }
        set { encoder.origin = newValue }
    }

    /// Path of the capture that is replayed.
    public var capture: String {
        get { encoder.capture }
        set { encoder.capture = newValue }
    }

    public var isEnabled: Bool { sink != nil }

    public mutating func alert(
        _ match: MatchedSignature, _ decision: Decision, _ event: EventPacket, flow: Flow?, direction: FlowDirection,
        conversation: Conversation?, policy: CompiledPolicy, packetVariables: Variables = Variables()
    ) {
        guard isEnabled else { return }
        encoder.alert(
            match, decision, event, flow: flow, direction: direction, conversation: conversation, policy: policy,
            packetVariables: packetVariables)
        finish()
    }

    public mutating func drop(
        _ decision: Decision, _ event: EventPacket, flow: Flow?, direction: FlowDirection, conversation: Conversation?,
        policy: CompiledPolicy
    ) {
        guard isEnabled else { return }
        encoder.drop(decision, event, flow: flow, direction: direction, conversation: conversation, policy: policy)
        finish()
    }

    /// A packet that a tag wants logged.
    public mutating func packet(
        _ event: EventPacket, _ bytes: RawSpan, _ linkType: LinkType, flow: Flow?, conversation: Conversation?,
        policy: CompiledPolicy
    ) {
        guard isEnabled else { return }
        encoder.packet(event, bytes, linkType, flow: flow, conversation: conversation, policy: policy)
        finish()
    }

    /// - Parameters:
    ///   - type: `decode` or `stream`.
    ///   - name: the event with its prefix.
    public mutating func anomaly(
        _ type: StaticString, _ name: String, _ event: EventPacket, flow: Flow?, conversation: Conversation?,
        policy: CompiledPolicy, frame: (bytes: [UInt8], linkType: LinkType)?
    ) {
        guard isEnabled else { return }
        encoder.anomaly(type, name, event, flow: flow, conversation: conversation, policy: policy, frame: frame)
        finish()
    }

    public mutating func anomaly(
        application event: String, transaction: Transaction?, flow: Flow, direction: FlowDirection, time: Timestamp,
        packetNumber: UInt64?, conversation: Conversation?, policy: CompiledPolicy
    ) {
        guard isEnabled else { return }
        encoder.anomaly(
            application: event, transaction: transaction, flow: flow, direction: direction, time: time,
            packetNumber: packetNumber, conversation: conversation, policy: policy)
        finish()
    }

    public mutating func flow(
        _ flow: Flow, _ reason: FlowEndReason, time: Timestamp, conversation: Conversation?, policy: CompiledPolicy,
        ethernet: LinkAddressSet? = nil
    ) {
        guard isEnabled, !flow.flags.contains(.unlogged) else { return }
        encoder.flow(flow, reason, time: time, conversation: conversation, policy: policy, ethernet: ethernet)
        finish()
        guard settings.logsNetflow else { return }
        for direction in [FlowDirection.toServer, .toClient] where flow.counters(direction).packets > 0 {
            encoder.netflow(flow, direction, time: time, conversation: conversation, policy: policy)
            finish()
        }
    }

    public mutating func transaction(
        _ transaction: Transaction, flow: Flow, time: Timestamp, packetNumber: UInt64?, conversation: Conversation?,
        policy: CompiledPolicy
    ) {
        guard isEnabled else { return }
        for part in 0..<EVEEncoder.parts(of: transaction) where isWanted(transaction, part: part) {
            encoder.transaction(
                transaction, part: part, flow: flow, time: time, packetNumber: packetNumber, conversation: conversation,
                policy: policy)
            finish()
        }
    }

    /// Files of the exchange: those that have come in full, or all of them.
    public mutating func files(
        _ transaction: Transaction, completeOnly: Bool, flow: Flow, time: Timestamp, packetNumber: UInt64?
    ) {
        guard isEnabled, case .http(let exchange) = transaction.facts else { return }
        for direction in [FlowDirection.toServer, .toClient] where exchange.hasFile(direction) {
            let logged = direction == .toServer ? exchange.loggedFiles.toServer : exchange.loggedFiles.toClient
            for file in exchange.files(direction, isOver: transaction.isComplete(direction)).dropFirst(logged) {
                guard file.isComplete || !completeOnly else { break }
                if direction == .toServer {
                    exchange.loggedFiles.toServer += 1
                } else {
                    exchange.loggedFiles.toClient += 1
                }
                encoder.file(
                    file, direction, transaction: transaction, flow: flow, time: time, packetNumber: packetNumber)
                finish()
            }
        }
    }

    public mutating func stats(
        _ counters: Counters, activeFlows: Int, uptime: Int64, time: Timestamp, policy: CompiledPolicy
    ) {
        guard isEnabled else { return }
        encoder.stats(counters, activeFlows: activeFlows, uptime: uptime, time: time, policy: policy)
        finish()
    }

    private func isWanted(_ transaction: Transaction, part: Int) -> Bool {
        guard case .dns(let message) = transaction.facts else { return true }
        guard message.isResponse else {
            return settings.dns.requests && settings.dns.logs(message.questions[part].type)
        }
        return settings.dns.responses
            && (settings.dns.types.isEmpty || message.questions.contains { settings.dns.logs($0.type) })
    }

    private mutating func finish() {
        pending += encoder.takeLine()
        pendingRecords += 1
        if pending.count >= EventRecorder.pieceSize { hand() }
    }

    /// Hands what is gathered to the sink.
    public mutating func hand() {
        guard !pending.isEmpty, let sink else { return }
        if !sink.write(pending) { lost &+= pendingRecords }
        pending.removeAll(keepingCapacity: true)
        pendingRecords = 0
    }

    public mutating func flush() {
        hand()
        sink?.flush()
    }
}
