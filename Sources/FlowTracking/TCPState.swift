/// A connection's state as a middlebox that sees both directions knows it (after RFC 9293 section 3.3.2).
/// The side that closes first is named in FIN-WAIT, CLOSING and TIME-WAIT, the other in CLOSE-WAIT and LAST-ACK;
/// a middlebox folds both views into one.
@frozen
public enum TCPState: UInt8, Sendable {
    case none
    case synSent
    case synReceived
    case established
    /// The server has sent FIN first.
    case finWait1
    /// That FIN is acknowledged.
    case finWait2
    case timeWait
    /// Client FIN, then server FIN: the last ACK is awaited.
    case lastAck
    /// The client has sent FIN first.
    case closeWait
    /// Both have sent FIN at once.
    case closing
    case closed

    /// The state as EVE flow records name it.
    public var name: String {
        switch self {
        case .none: "none"
        case .synSent: "syn_sent"
        case .synReceived: "syn_recv"
        case .established: "established"
        case .finWait1: "fin_wait1"
        case .finWait2: "fin_wait2"
        case .timeWait: "time_wait"
        case .lastAck: "last_ack"
        case .closeWait: "close_wait"
        case .closing: "closing"
        case .closed: "closed"
        }
    }
}
