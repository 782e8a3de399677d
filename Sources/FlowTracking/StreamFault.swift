/// Something about a TCP packet that does not fit its connection. Raw values are the event names of Suricata's
/// `stream-event` keyword.
public enum StreamFault: String, Error, Hashable, Sendable, CaseIterable {
    // Handshake
    case synAckWrongDirection = "3whs_synack_in_wrong_direction"
    case synAckWrongAck = "3whs_synack_with_wrong_ack"
    case synAckResendDifferentAck = "3whs_synack_resend_with_diff_ack"
    case synAckResendDifferentSequence = "3whs_synack_resend_with_diff_seq"
    case synAckToServerOnSynReceived = "3whs_synack_toserver_on_syn_recv"
    case synToClientOnSynReceived = "3whs_syn_toclient_on_syn_recv"
    case synResendDifferentSequence = "3whs_syn_resend_diff_seq_on_syn_recv"
    case ackWrongDirection = "3whs_ack_in_wrong_dir"
    case handshakeDataInjection = "3whs_ack_data_inject"
    case handshakeWrongSequenceOrAck = "3whs_wrong_seq_wrong_ack"
    // Established
    case establishedSynAckResend = "est_synack_resend"
    case establishedSynAckToServer = "est_synack_toserver"
    case establishedSynAckDifferentAck = "est_synack_resend_with_diff_ack"
    case establishedSynAckDifferentSequence = "est_synack_resend_with_diff_seq"
    case establishedSynResend = "est_syn_resend"
    case establishedSynResendDifferentSequence = "est_syn_resend_diff_seq"
    case establishedSynToClient = "est_syn_toclient"
    case establishedInvalidAck = "est_invalid_ack"
    case establishedOutOfWindow = "est_packet_out_of_window"
    case packetBeforeLastAck = "est_pkt_before_last_ack"
    // Closing
    case finOutOfWindow = "fin_out_of_window"
    case finInvalidAck = "fin_invalid_ack"
    case closingOutOfWindow = "closewait_pkt_before_last_ack"
    case closingInvalidAck = "closewait_invalid_ack"
    case closedAckPacket = "timewait_ack_wrong_seq"
    // No session
    case finWithoutSession = "fin_but_no_session"
    case rstWithoutSession = "rst_but_no_session"
    // Any state
    case resetInvalidAck = "rst_invalid_ack"
    case suspectedReset = "suspected_rst_inject"
    case invalidAck = "pkt_invalid_ack"
    case brokenAck = "pkt_broken_ack"
    case invalidTimestamp = "pkt_invalid_timestamp"
    case shutdownSynResend = "shutdown_syn_resend"
    case badChecksum = "invalid_checksum"
    case badWindowUpdate = "pkt_bad_window_update"
    case retransmission = "pkt_retransmission"
    case spuriousRetransmission = "pkt_spurious_retransmission"
    case wrongThread = "wrong_thread"
    // Reassembly
    case overlapDifferentData = "reassembly_overlap_different_data"
    case sequenceGap = "reassembly_seq_gap"
    case depthReached = "reassembly_depth_reached"
    case reassemblyMemory = "reassembly_insert_memcap"
    case segmentBeforeBase = "reassembly_segment_before_base_seq"

    /// The acknowledgment lies where none can: named for the state, and once more for any state.
    public var isInvalidAck: Bool {
        switch self {
        case .establishedInvalidAck, .finInvalidAck, .closingInvalidAck: true
        default: false
        }
    }

    /// Place in `allCases`, for counters.
    public var index: Int { StreamFault.places[self] ?? 0 }

    private static let places = Dictionary(uniqueKeysWithValues: allCases.enumerated().map { ($1, $0) })
}

/// The faults found about one packet, one bit each.
public struct StreamEvents: Hashable, Sendable {
    private var bits: UInt64 = 0

    public init() {}

    public var isEmpty: Bool { bits == 0 }

    public mutating func insert(_ fault: StreamFault) { bits |= 1 << UInt64(fault.index & 63) }

    /// - Parameter index: of the fault in `StreamFault.allCases`.
    public func contains(index: UInt8) -> Bool { bits & (1 << UInt64(index & 63)) != 0 }

    public var all: [StreamFault] {
        isEmpty ? [] : StreamFault.allCases.filter { contains(index: UInt8($0.index)) }
    }
}
