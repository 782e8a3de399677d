import RuleLanguage

/// A firewall policy as written: which rule groups apply, in which order, and what happens to the rest.
public struct FirewallPolicy: Sendable {
    public var statelessDefaultActions: StatelessActions
    /// For fragments of UDP packets.
    public var statelessFragmentDefaultActions: StatelessActions
    public var statelessCustomActions: [CustomAction] = []
    public var statelessRuleGroupReferences: [StatelessRuleGroupReference] = []
    public var statefulRuleGroupReferences: [StatefulRuleGroupReference] = []
    /// Without repetitions, in written order.
    public var statefulDefaultActions: [StatefulDefaultAction] = []
    public var statefulEngineOptions = StatefulEngineOptions()
    public var tlsInspectionConfigurationARN: String?
    public var enablesTLSSessionHolding = false
    /// `PolicyVariables`, of which `HOME_NET` is the only one.
    public var homeNet: VariableDefinition?
    public var location: SourceLocation

    public init(
        statelessDefaultActions: StatelessActions, statelessFragmentDefaultActions: StatelessActions,
        location: SourceLocation
    ) {
        self.statelessDefaultActions = statelessDefaultActions
        self.statelessFragmentDefaultActions = statelessFragmentDefaultActions
        self.location = location
    }
}

/// A stateful rule group of a policy.
public struct StatefulRuleGroupReference: Sendable {
    /// A change of what the rules of a group do.
    public enum Override: String, Hashable, Sendable, CaseIterable {
        /// Rules that drop only alert.
        case dropToAlert = "DROP_TO_ALERT"
    }

    public var resourceARN: ResourceARN
    /// In strict order, where the lowest comes first; nil in action order.
    public var priority: Int?
    public var override: Override?
    public var deepThreatInspection: Bool?
    public var location: SourceLocation
}

/// A stateless rule group of a policy; the one with the lowest priority comes first.
public struct StatelessRuleGroupReference: Sendable {
    public var resourceARN: ResourceARN
    public var priority: Int
    public var location: SourceLocation
}
