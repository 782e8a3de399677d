import NetTypes
import RuleLanguage

/// How often something has matched for one subject.
struct ThresholdCounter: Sendable {
    var start: Timestamp
    var count: UInt32
    /// A rate filter has changed the action since this second.
    var changedSince: Int64?
}

/// What a threshold makes of a match.
enum ThresholdOutcome: Equatable {
    /// The match counts in full.
    case alert
    /// It acts and is not logged.
    case silent
    /// It counts for nothing.
    case none
    /// It counts with the rate filter's action.
    case changed
}

/// `threshold`, `detection_filter`, and the `event_filter`s and `rate_filter`s of a threshold file.
struct ThresholdTest: Sendable {
    enum Kind: UInt8, Sendable {
        case limit
        case threshold
        /// Once in each period, at the count.
        case both
        /// `detection_filter`: from the match after the count on.
        case detection
        case rate
    }

    var kind: Kind
    var track: StateTrack
    var count: UInt32
    var seconds: UInt32
    /// Of a rate filter: what the match does once there are too many, and for how many seconds.
    var newAction = RuleAction.alert
    var timeout: UInt32 = 0

    /// Takes a match into account. A period begins with the first match and lasts `seconds`, both ends included.
    func count(_ counter: inout ThresholdCounter?, at time: Timestamp) -> ThresholdOutcome {
        guard var known = counter else {
            if kind != .threshold || count != 1 { counter = ThresholdCounter(start: time, count: 1) }
            switch kind {
            case .limit, .rate: return .alert
            case .threshold, .both: return count == 1 ? .alert : .none
            case .detection: return .none
            }
        }
        defer { counter = known }
        if kind == .rate { return countRate(&known, at: time) }
        let isWithin = time.microseconds <= known.start.microseconds &+ Int64(seconds) &* 1_000_000
        if isWithin {
            known.count &+= 1
        } else {
            known = ThresholdCounter(start: time, count: 1)
        }
        switch kind {
        case .limit: return !isWithin || known.count <= count ? .alert : .silent
        case .threshold:
            guard isWithin, known.count >= count else { return .none }
            known.count = 0
            return .alert
        case .both: return known.count == count ? .alert : known.count > count && isWithin ? .silent : .none
        case .detection: return isWithin && known.count > count ? .alert : .none
        case .rate: return .alert
        }
    }

    private func countRate(_ counter: inout ThresholdCounter, at time: Timestamp) -> ThresholdOutcome {
        if let since = counter.changedSince {
            if time.seconds &- since <= Int64(timeout) { return .changed }
            counter.changedSince = nil
            return .alert
        }
        guard time.microseconds <= counter.start.microseconds &+ Int64(seconds) &* 1_000_000 else {
            counter = ThresholdCounter(start: time, count: 1)
            return .alert
        }
        counter.count &+= 1
        guard counter.count > count else { return .alert }
        counter.changedSince = time.seconds
        return .changed
    }
}

/// `suppress` of a threshold file: matches of these addresses act and are not logged.
struct Suppression: Sendable {
    enum End: UInt8, Sendable {
        case any
        case source
        case destination
        case either
    }

    var end: End
    var addresses: AddressSet

    func covers(source: IPAddress, destination: IPAddress) -> Bool {
        switch end {
        case .any: true
        case .source: addresses.contains(source)
        case .destination: addresses.contains(destination)
        case .either: addresses.contains(source) || addresses.contains(destination)
        }
    }
}
