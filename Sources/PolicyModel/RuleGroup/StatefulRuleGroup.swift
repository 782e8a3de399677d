import RuleLanguage

/// A group of stateful rules, whatever they were written as.
public struct StatefulRuleGroup: Sendable {
    /// What the rules were written as.
    public enum Source: Sendable {
        /// Suricata text in a document.
        case rulesString
        /// Five-tuples in JSON, `StatefulRules`.
        case statefulRules
        /// `RulesSourceList`.
        case domainList(DomainList)
        /// A file of Suricata rules. What the service refuses in rules (actions beyond four, `gid`, ...) is allowed.
        case rulesFile
        /// A file with a domain name or an address on each line.
        case plainList(PlainList)
    }

    public var source: Source
    /// In written order. A rule with an error is not among them.
    ///
    /// Where a rule stands: a rule of a file has its line and column. For one inside a document, `line` is the line of
    /// the file (of a JSON string: the one it begins on), `path` names the element and, for `RulesString`, the line
    /// inside the string, and `column` counts in the rule's own text:
    /// `groups.json:18:45: error: RulesSource.RulesString line 3: unknown action 'allow'`.
    public var rules: [RuleSyntax]
    public var ruleOrder: RuleOrder
    public var variables: RuleVariables
    public var ipSetReferences: [String: IPSetReference]
    public var location: SourceLocation

    public init(
        source: Source, rules: [RuleSyntax], ruleOrder: RuleOrder, variables: RuleVariables = RuleVariables(),
        ipSetReferences: [String: IPSetReference] = [:], location: SourceLocation
    ) {
        self.source = source
        self.rules = rules
        self.ruleOrder = ruleOrder
        self.variables = variables
        self.ipSetReferences = ipSetReferences
        self.location = location
    }

    /// Units of capacity: one for each rule. For domain lists two formulas are told, and the truth lies between them.
    public var capacity: ClosedRange<Int> {
        if case .domainList(let list) = source { return list.capacity }
        return rules.count...rules.count
    }

    /// Rules made from a list; nil when the rules were written as such.
    public var generatedRuleCount: Int? {
        switch source {
        case .domainList, .plainList: rules.count
        case .rulesString, .statefulRules, .rulesFile: nil
        }
    }
}
