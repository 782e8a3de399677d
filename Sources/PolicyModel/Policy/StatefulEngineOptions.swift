/// In which order stateful rules are judged.
public enum RuleOrder: String, Hashable, Sendable, CaseIterable {
    /// Pass, drop, reject, alert over all groups; inside one action by the `priority` keyword.
    case actionOrder = "DEFAULT_ACTION_ORDER"
    /// Groups by priority, rules as written.
    case strictOrder = "STRICT_ORDER"
}

/// What happens to TCP packets of a connection whose beginning was not seen.
public enum StreamExceptionPolicy: String, Hashable, Sendable, CaseIterable {
    case drop = "DROP"
    case `continue` = "CONTINUE"
    case reject = "REJECT"
}

/// How the stateful engine of a policy works. An option left out has the service's default.
public struct StatefulEngineOptions: Hashable, Sendable {
    public var ruleOrder = RuleOrder.actionOrder
    public var streamExceptionPolicy = StreamExceptionPolicy.drop
    /// Seconds without a packet after which a TCP connection is forgotten, 60 to 6,000.
    public var tcpIdleTimeoutSeconds = 350

    public init() {}
}
