import AppLayer
import NetTypes
import RuleLanguage

/// What kind of rule a signature is. It follows from the rule's options, and fixes the phase in which it is judged and
/// whether its verdict is for the packet or the flow (Suricata's signature types).
public enum SignatureKind: UInt8, Sendable {
    /// Addresses and ports alone: judged on the first packet of each direction.
    case addressOnly
    /// The same with a negated address: judged on every packet.
    case likeAddressOnly
    /// `app-layer-protocol` alone: judged when recognition ends.
    case protocolDetection
    /// Conditions on single packets.
    case packet
    /// `content` that may match in a packet or in the stream.
    case packetOrStream
    /// `content` of the reassembled stream.
    case stream
    /// An application protocol in the header and nothing else.
    case application
    /// Buffers of application transactions.
    case transaction
    /// Decoder and stream events.
    case event
}

/// How far a pass, drop or reject reaches.
public enum ActionScope: UInt8, Sendable {
    case packet
    case flow
    /// The flow when the match was in the stream, else the packet.
    case flowIfInStream
}

extension SignatureKind {
    public var scope: ActionScope {
        switch self {
        case .addressOnly, .likeAddressOnly, .protocolDetection, .application, .transaction: .flow
        case .packet, .event: .packet
        case .packetOrStream, .stream: .flowIfInStream
        }
    }
}

/// A rule as the evaluator uses it: a trivial record; lists are ranges into the policy's tables.
public struct Signature: Sendable {
    /// Place in the order of evaluation.
    public internal(set) var order: Int32
    public let action: RuleAction
    /// The packet's alert is written to the log.
    public internal(set) var logs: Bool
    public let kind: SignatureKind
    public let scope: ActionScope
    /// Applies to packets in this direction of a flow.
    let toServer: Bool
    let toClient: Bool
    /// Application protocol the flow must have; unknown for any.
    let appProtocol: AppProtocol
    /// Another protocol that does as well; unknown for none. `http` stands for HTTP/1 and HTTP/2, a fingerprint for TLS and QUIC.
    let alternative: AppProtocol
    let requirements: Requirements
    let header: Int32
    let packetTests: Range<Int32>
    let payload: Range<Int32>
    let engines: Range<Int32>
    let effects: Range<Int32>
    /// Tests of state beyond the flow, into the policy's table.
    let stateTests: Range<Int32>
    /// `threshold`, `detection_filter` and what a threshold file adds.
    var thresholds: Range<Int32>
    var suppressions: Range<Int32> = 0..<0
    let tags: Range<Int32>
    /// Index of what only messages need.
    public let detail: Int32

    struct Requirements: OptionSet, Sendable {
        let rawValue: UInt16
        /// Payload bytes in the packet.
        static let payload = Requirements(rawValue: 1)
        /// No payload bytes in the packet.
        static let noPayload = Requirements(rawValue: 2)
        static let flow = Requirements(rawValue: 4)
        /// Content is looked for in single packets, or in the stream.
        static let packetContent = Requirements(rawValue: 8)
        static let streamContent = Requirements(rawValue: 16)
        /// Content is not looked for in packets that are no part of a stream.
        static let streamOnly = Requirements(rawValue: 128)
        /// Not in packets made up at a flow's end.
        static let realPacket = Requirements(rawValue: 32)
        /// A number read in one buffer is used in another: all are looked at together.
        static let sharesNumbers = Requirements(rawValue: 64)
        /// Asks an HTTP message for nothing but the absence of literals.
        static let onlyAbsence = Requirements(rawValue: 256)
        /// None of its buffers has a literal that must be there.
        static let noLiteral = Requirements(rawValue: 512)
    }

    /// The flow has this signature's application protocol, or the signature asks for none.
    @inline(__always)
    func accepts(_ other: AppProtocol) -> Bool {
        appProtocol == .unknown || appProtocol == other || alternative == other && other != .unknown
    }

    @inline(__always)
    func applies(to direction: FlowDirection) -> Bool { direction == .toServer ? toServer : toClient }
}

/// What messages and logs say about a signature.
public struct SignatureDetail: Sendable {
    public var signatureID: UInt32
    public var generatorID: UInt32 = 1
    public var revision: UInt32 = 0
    public var message = ""
    public var classification = ""
    public var severity = 3
    /// The attacked end, if `target` names it: the source, or the destination.
    public var targetsSource: Bool?
    public var references: [String] = []
    public var metadata: [(key: String, value: String)] = []
    /// Index of the rule group; -1 for the policy's default actions.
    public var group: Int = -1
    public var location: SourceLocation
    public var text = ""
}
