import RuleLanguage

/// A policy together with its rule groups: all that is needed to compile it.
public struct PolicyBundle: Sendable {
    /// A stateful group in its place.
    public struct StatefulGroup: Sendable {
        /// By which logs and messages call it: the last part of the ARN, or the name of the file.
        public var name: String
        /// Nil for a file of rules that no policy refers to.
        public var resourceARN: ResourceARN?
        public var file: String
        /// Nil in action order.
        public var priority: Int?
        public var override: StatefulRuleGroupReference.Override?
        public var group: StatefulRuleGroup

        public init(
            name: String, resourceARN: ResourceARN? = nil, file: String, priority: Int? = nil,
            override: StatefulRuleGroupReference.Override? = nil, group: StatefulRuleGroup
        ) {
            self.name = name
            self.resourceARN = resourceARN
            self.file = file
            self.priority = priority
            self.override = override
            self.group = group
        }
    }

    /// A stateless group in its place.
    public struct StatelessGroup: Sendable {
        public var name: String
        public var resourceARN: ResourceARN
        public var file: String
        public var priority: Int
        public var group: StatelessRuleGroup

        public init(
            name: String, resourceARN: ResourceARN, file: String, priority: Int, group: StatelessRuleGroup
        ) {
            self.name = name
            self.resourceARN = resourceARN
            self.file = file
            self.priority = priority
            self.group = group
        }
    }

    /// A reference to a group that was not found, or of which it is not clear which one is meant.
    public struct UnresolvedReference: Sendable {
        public var resourceARN: ResourceARN
        public var location: SourceLocation
        /// Files that could be meant: none, or more than one.
        public var candidates: [String]
        /// Where the search went on.
        public var folder: String

        /// Whether it is an error is up to the caller: a policy can be checked without its groups, but not run.
        public func diagnostic(_ severity: Diagnostic.Severity) -> Diagnostic {
            let name = resourceARN.name
            guard candidates.isEmpty else {
                return Diagnostic(
                    severity, at: location,
                    "the rule group '\(name)' is in more than one file: \(candidates.joined(separator: ", "))",
                    hint: "say which file is meant for its ARN, or move the others away")
            }
            return Diagnostic(
                severity, at: location, "no file holds the rule group '\(name)'",
                hint: "looked in \(folder) for \(name).json, .yaml, .yml, .rules and for the RuleGroupName '\(name)'")
        }
    }

    /// `FirewallPolicyName`, or the name of the file; empty for files of rules without a policy.
    public var name: String
    public var policy: FirewallPolicy
    /// In the order of evaluation: by priority in strict order, as written in action order.
    public var statefulGroups: [StatefulGroup] = []
    /// By priority.
    public var statelessGroups: [StatelessGroup] = []
    public var unresolved: [UnresolvedReference] = []

    public init(name: String, policy: FirewallPolicy) {
        self.name = name
        self.policy = policy
    }

    /// Files of rules alone, in this order: every packet goes to the stateful engine, and there are no default actions.
    public init(ruleGroups: [StatefulGroup], order: RuleOrder) {
        name = ""
        let forward = StatelessActions(.forwardToStateful)
        let location = ruleGroups.first?.group.location ?? SourceLocation(file: "", line: 1, column: 1)
        policy = FirewallPolicy(
            statelessDefaultActions: forward, statelessFragmentDefaultActions: forward, location: location)
        policy.statefulEngineOptions.ruleOrder = order
        statefulGroups = ruleGroups
    }

    public var ruleOrder: RuleOrder { policy.statefulEngineOptions.ruleOrder }

    /// The variables that the rules of `group` see.
    public func effectiveVariables(
        for group: StatefulGroup, configured: RuleVariables = RuleVariables()
    ) -> EffectiveVariables {
        EffectiveVariables(group: group.group, policy: policy, configured: configured)
    }
}

/// What came of loading a policy: all that is wrong with it, and as much of it as could be loaded.
public struct BundleLoading: Sendable {
    public var bundle: PolicyBundle?
    public var diagnostics: [Diagnostic]

    public init(bundle: PolicyBundle? = nil, diagnostics: [Diagnostic] = []) {
        self.bundle = bundle
        self.diagnostics = diagnostics
    }
}
