import RuleLanguage

/// What a request says its rule group is.
public enum RuleGroupType: String, Hashable, Sendable, CaseIterable {
    case stateless = "STATELESS"
    case stateful = "STATEFUL"
    /// A stateful group of domain lists, new in 2026; read as a stateful one.
    case statefulDomain = "STATEFUL_DOMAIN"
}

/// A rule group of either kind.
public enum RuleGroup: Sendable {
    case stateful(StatefulRuleGroup)
    case stateless(StatelessRuleGroup)

    /// Rules the engine judges; those made from a list are counted, not its entries.
    public var ruleCount: Int {
        switch self {
        case .stateful(let group): group.rules.count
        case .stateless(let group): group.rules.count
        }
    }

    /// Units of capacity that the service counts for it; a range where its formula is not known.
    public var capacity: ClosedRange<Int> {
        switch self {
        case .stateful(let group): group.capacity
        case .stateless(let group): group.capacity...group.capacity
        }
    }

    public var location: SourceLocation {
        switch self {
        case .stateful(let group): group.location
        case .stateless(let group): group.location
        }
    }
}
