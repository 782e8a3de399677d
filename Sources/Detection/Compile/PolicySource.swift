import PolicyModel
import RuleLanguage

/// What a policy is compiled from: groups in the order of evaluation, with everything they refer to at hand.
public struct PolicySource: Sendable {
    public struct Group: Sendable {
        public var name: String
        /// The rule group's ARN, or the file it came from.
        public var resource: String
        public var rules: [RuleSyntax]
        public var scope: VariableScope
        public var dropToAlert: Bool

        public init(
            name: String, resource: String, rules: [RuleSyntax], scope: VariableScope, dropToAlert: Bool = false
        ) {
            self.name = name
            self.resource = resource
            self.rules = rules
            self.scope = scope
            self.dropToAlert = dropToAlert
        }
    }

    public struct Stateless: Sendable {
        /// By priority.
        public var groups: [(name: String, group: StatelessRuleGroup)] = []
        public var defaultActions = StatelessActions(.forwardToStateful)
        public var fragmentDefaultActions = StatelessActions(.forwardToStateful)
        /// Metric dimension of each custom action of the policy, by name.
        public var customActions: [String: String] = [:]

        public init() {}
    }

    public var name = ""
    public var groups: [Group] = []
    public var order = RuleOrder.strictOrder
    public var defaultActions: [StatefulDefaultAction] = []
    public var stateless = Stateless()

    public init() {}
}

/// What does not come from the documents.
public struct CompileOptions: Sendable {
    /// Suricata's behaviour wherever ours differs.
    public var compatibleWithSuricata = false
    public var classifications = Classification.standard
    /// Names of references that rules may use; nil takes any.
    public var references: Set<String>?
    /// What happens to alerts of rules, beside the rules.
    public var thresholds: ThresholdFile?
    /// Most alerts one packet can have; a drop counts even beyond. The default is Suricata's.
    public var maximumAlerts = 15
    /// Leave rules with errors out instead of refusing the policy.
    public var skipsBadRules = false
    /// Which actions come first in DEFAULT_ACTION_ORDER.
    public var actionOrder: [RuleAction] = [.pass, .drop, .reject, .alert]
    /// Lines of the documents that are no rules by the grammar, for the count of what was refused.
    public var unreadRules = 0
    public var generation: UInt32 = 1
    public var names = StateNames()
    /// Countries of addresses; nil without a database.
    public var countries: CountryDatabase?
    public var reputations = ReputationTable()
    /// Files of data sets that rules name.
    public var datasets = DatasetFiles.none
    /// A rule that needs a database is refused without one; otherwise that is a warning.
    public var requiresDatabases = true
    /// A `requires` of an unknown kind counts as met; otherwise its rule is left out.
    public var ignoresUnknownRequirements = false
    /// Features that are switched off: rules that require them do not count.
    public var missingFeatures: Set<String> = []

    public init() {}
}

/// A policy, or why there is none.
public struct Compilation: Sendable {
    public var policy: CompiledPolicy?
    public var diagnostics: [Diagnostic] = []
    public var loadedRules = 0
    public var failedRules = 0
    /// Left out because they require another engine.
    public var skippedRules = 0
}
