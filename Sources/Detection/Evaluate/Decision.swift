import NetTypes
import RuleLanguage

/// A signature that matched a packet, for the log.
public struct MatchedSignature: Sendable {
    public var signature: Int32
    /// The transaction that matched; -1 for a match of the packet or stream.
    public var transaction: Int64
    /// The match was in the reassembled stream.
    public var isInStream: Bool
    /// What the match did: the rule's action, or what a rate filter made of it.
    public var action: RuleAction
}

/// What the evaluator concluded about one packet, and why.
public struct Decision: Sendable {
    public enum Disposition: UInt8, Sendable {
        case accept
        case drop
        /// Drop and answer.
        case reject
    }

    public var disposition = Disposition.accept
    public var reason = DropReason.none
    /// The signature that decided; -1 when none did.
    public var signature: Int32 = -1
    /// Which ends a reject answers.
    public var rejectAction = RuleAction.reject
    /// Some rule passed the packet.
    public var isPassed = false
    /// The packet is to be logged for a tag.
    public var isTagged = false
    /// Alerts beyond the most one packet may have.
    public var discardedAlerts = 0

    public init() {}

    public mutating func drop(_ reason: DropReason) {
        guard disposition == .accept else { return }
        disposition = .drop
        self.reason = reason
    }
}
