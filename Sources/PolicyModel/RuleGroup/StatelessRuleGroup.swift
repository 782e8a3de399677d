import RuleLanguage

/// One stateless rule: it judges a packet by its headers alone.
public struct StatelessRule: Sendable {
    /// The lowest comes first; the first rule that fits decides.
    public var priority: Int
    public var matchAttributes: MatchAttributes
    public var actions: StatelessActions
    public var location: SourceLocation

    public init(priority: Int, matchAttributes: MatchAttributes, actions: StatelessActions, location: SourceLocation) {
        self.priority = priority
        self.matchAttributes = matchAttributes
        self.actions = actions
        self.location = location
    }
}

/// A group of stateless rules.
public struct StatelessRuleGroup: Sendable {
    /// By priority: the first that fits decides.
    public var rules: [StatelessRule] = []
    public var customActions: [CustomAction] = []
    public var location: SourceLocation

    public init(rules: [StatelessRule], customActions: [CustomAction] = [], location: SourceLocation) {
        self.rules = rules.sorted { $0.priority < $1.priority }
        self.customActions = customActions
        self.location = location
    }

    /// Reads `StatelessRulesAndCustomActions`.
    init(_ node: DocumentNode, _ problems: inout [Diagnostic]) {
        location = node.location
        let keys = ["StatelessRules", "CustomActions"]
        guard let fields = DocumentFields(node, of: "StatelessRulesAndCustomActions", keys: keys, &problems) else {
            return
        }
        customActions = CustomAction.list(fields["CustomActions"], &problems)
        var priorities: Set<Int> = []
        for item in fields.required("StatelessRules", &problems)?.list(&problems) ?? [] {
            guard let rule = StatelessRuleGroup.rule(item, customActions, &problems) else { continue }
            if !priorities.insert(rule.priority).inserted {
                problems.error(
                    at: item.location, "Priority has duplicate values: \(rule.priority) is used by another rule")
            }
            rules.append(rule)
        }
        rules.sort { $0.priority < $1.priority }
    }

    private static func rule(
        _ node: DocumentNode, _ customActions: [CustomAction], _ problems: inout [Diagnostic]
    ) -> StatelessRule? {
        let keys = ["RuleDefinition", "Priority"]
        guard let fields = DocumentFields(node, of: "the stateless rule", keys: keys, &problems) else { return nil }
        let priority = fields.required("Priority", &problems)?.integer(in: 1...65535, &problems)
        guard let definition = fields.required("RuleDefinition", &problems),
            let parts = DocumentFields(
                definition, of: "RuleDefinition", keys: ["MatchAttributes", "Actions"], &problems)
        else { return nil }
        let match = parts.required("MatchAttributes", &problems).map { MatchAttributes($0, &problems) }
        let actions = parts.required("Actions", &problems).flatMap {
            StatelessActions($0, name: "Actions", defined: customActions, &problems)
        }
        guard let priority, let match, let actions else { return nil }
        return StatelessRule(priority: priority, matchAttributes: match, actions: actions, location: node.location)
    }

    /// Units the service counts: for each rule the product of the lengths of its lists, an empty one counting as one.
    /// TCP flags do not count.
    public var capacity: Int {
        rules.reduce(0) { sum, rule in
            let match = rule.matchAttributes
            let counts = [
                match.sources.count, match.destinations.count, match.sourcePorts.count, match.destinationPorts.count,
                match.protocols.count,
            ]
            let product = counts.reduce(1) { saturated($0.multipliedReportingOverflow(by: max(1, $1))) }
            return saturated(sum.addingReportingOverflow(product))
        }
    }

    /// A hostile document can make the product of its lists as large as it likes.
    private func saturated(_ result: (partialValue: Int, overflow: Bool)) -> Int {
        result.overflow ? .max : result.partialValue
    }
}
