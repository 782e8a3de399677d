/// Why a packet was dropped. The names up to `tunnelPacketDrop` are those of Suricata's drop records and counters.
public enum DropReason: UInt8, Sendable, CaseIterable {
    case none = 0
    case decodeError
    case defragError
    case defragMemory
    case flowMemory
    case flowDrop
    case applicationError
    case applicationMemory
    case rules
    case thresholdDetectionFilter
    case queueError
    case streamError
    case streamMemory
    case streamMidstream
    case streamUrgent
    case streamReassembly
    case tunnelPacketDrop
    // Weir's own.
    case statelessRule
    case statelessDefault
    case defaultAction
    case overlapConflict
    case fragmentWithoutUDP
    case inspectionLimit
    // Of packets that waited for their flow's name, or would have.
    case holdCopy
    case holdMemory
    case holdTimeout
    case holdShutdown

    public var name: String {
        switch self {
        case .none: "none"
        case .decodeError: "decode error"
        case .defragError: "defrag error"
        case .defragMemory: "defrag memcap"
        case .flowMemory: "flow memcap"
        case .flowDrop: "flow drop"
        case .applicationError: "applayer error"
        case .applicationMemory: "applayer memcap"
        case .rules: "rules"
        case .thresholdDetectionFilter: "threshold detection_filter"
        case .queueError: "nfq error"
        case .streamError: "stream error"
        case .streamMemory: "stream memcap"
        case .streamMidstream: "stream midstream"
        case .streamUrgent: "stream urgent"
        case .streamReassembly: "stream reassembly"
        case .tunnelPacketDrop: "tunnel packet drop"
        case .statelessRule: "stateless rule"
        case .statelessDefault: "stateless default"
        case .defaultAction: "default action"
        case .overlapConflict: "stream overlap conflict"
        case .fragmentWithoutUDP: "fragment not UDP"
        case .inspectionLimit: "inspection limit"
        case .holdCopy: "hold copy"
        case .holdMemory: "hold memcap"
        case .holdTimeout: "hold timeout"
        case .holdShutdown: "hold shutdown"
        }
    }

    public var isOfHolding: Bool { rawValue >= DropReason.holdCopy.rawValue }

    /// The name as a counter, under `ips.drop_reason`.
    public var counterName: String { name.map { $0 == " " ? "_" : String($0) }.joined() }
}
