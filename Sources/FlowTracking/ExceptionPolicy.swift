/// What happens when the engine cannot do its work on a packet: memory is used up, a parser gives up, a session is
/// unknown. The names are Suricata's.
public enum ExceptionPolicy: String, Sendable, CaseIterable {
    case dropFlow = "drop-flow"
    case dropPacket = "drop-packet"
    /// As drop-flow, and the sender is told.
    case reject
    /// The flow goes on unread and unjudged.
    case bypass
    /// The flow passes; it is read for the log.
    case passFlow = "pass-flow"
    case passPacket = "pass-packet"
    /// As if nothing had happened: rules judge what there is.
    case ignore

    /// It means nothing for a packet without a flow.
    public var isOfFlows: Bool { self == .dropFlow || self == .passFlow || self == .bypass }

    /// The packet does not go on.
    public var blocks: Bool { self == .dropFlow || self == .dropPacket || self == .reject }

    /// The name in records: underscores, as counters have them.
    public var recordName: String { rawValue.split(separator: "-").joined(separator: "_") }
}

/// What a policy is for.
public enum ExceptionCause: UInt8, Sendable, CaseIterable {
    case midstream
    case reassemblyMemory
    case flowMemory
    case applicationError
    case decodeError
    case fragmentMemory

    /// The name in flow records and counters.
    public var name: String {
        switch self {
        case .midstream: "stream_midstream"
        case .reassemblyMemory: "stream_reassembly_memcap"
        case .flowMemory: "flow_memcap"
        case .applicationError: "app_layer_error"
        case .decodeError: "decode_error"
        case .fragmentMemory: "defrag_memcap"
        }
    }
}

/// The policies in force. What is not set follows `master`, and where that is not set either, the safe choice.
public struct ExceptionPolicies: Sendable {
    public var master: ExceptionPolicy?
    private var own: [ExceptionPolicy?] = Array(repeating: nil, count: ExceptionCause.allCases.count)

    public init() {}

    public subscript(cause: ExceptionCause) -> ExceptionPolicy? {
        get { own[Int(cause.rawValue)] }
        set { own[Int(cause.rawValue)] = newValue }
    }

    /// What the user has said, for the cause or for all; nil leaves it to the engine.
    public func chosen(_ cause: ExceptionCause) -> ExceptionPolicy? { self[cause] ?? master }
}
