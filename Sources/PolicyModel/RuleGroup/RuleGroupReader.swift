import RuleLanguage

/// Reads the `RuleGroup` object of a document.
struct RuleGroupReader {
    static let keys = ["RuleVariables", "ReferenceSets", "RulesSource", "StatefulRuleOptions"]
    private static let sources = ["RulesString", "RulesSourceList", "StatefulRules", "StatelessRulesAndCustomActions"]

    /// What the request says, or the caller when the document is the bare group; nil: whatever its content is.
    let type: RuleGroupType?

    func read(_ node: DocumentNode, _ problems: inout [Diagnostic]) -> RuleGroup? {
        guard let fields = DocumentFields(node, of: "RuleGroup", keys: RuleGroupReader.keys, &problems),
            let source = fields.required("RulesSource", &problems),
            let sourceFields = DocumentFields(source, of: "RulesSource", keys: RuleGroupReader.sources, &problems)
        else { return nil }
        let present = RuleGroupReader.sources.filter(sourceFields.contains)
        guard present.count == 1, let name = present.first, let content = sourceFields[name] else {
            problems.error(
                at: source.location,
                "RulesString, RulesSourceList, StatefulRules must set exactly one of them: found "
                    + (present.isEmpty ? "none" : present.joined(separator: " and ")),
                hint: "a stateless group has StatelessRulesAndCustomActions in their place")
            return nil
        }
        let isStateless = name == "StatelessRulesAndCustomActions"
        check(type: isStateless, name: name, content: content, fields: fields, &problems)
        if isStateless {
            // Taken by the service in a stateless group too, where nothing refers to it.
            if let sets = fields["ReferenceSets"] { _ = IPSetReference.map(sets, &problems) }
            return .stateless(StatelessRuleGroup(content, &problems))
        }
        return stateful(name: name, content: content, fields: fields, &problems).map(RuleGroup.stateful)
    }

    private func check(
        type isStateless: Bool, name: String, content: DocumentNode, fields: DocumentFields,
        _ problems: inout [Diagnostic]
    ) {
        if let type, type != .stateless, isStateless {
            problems.error(
                at: content.location, "StatelessRulesAndCustomActions is invalid: the rule group is \(type.rawValue)")
        }
        if type == .stateless, !isStateless {
            problems.error(
                at: content.location,
                "StatelessRulesAndCustomActions cannot be null: the rule group is STATELESS, which has no \(name)")
        }
        guard isStateless else { return }
        for key in ["RuleVariables", "StatefulRuleOptions"] {
            if let node = fields[key] {
                problems.error(at: node.location, "\(key) cannot be provided: the rule group is stateless")
            }
        }
    }

    // MARK: stateful

    private func stateful(
        name: String, content: DocumentNode, fields: DocumentFields, _ problems: inout [Diagnostic]
    ) -> StatefulRuleGroup? {
        let order = fields["StatefulRuleOptions"].flatMap { options in
            DocumentFields(options, of: "StatefulRuleOptions", keys: ["RuleOrder"], &problems)?["RuleOrder"]?
                .word(of: RuleOrder.self, &problems)
        }
        var group = StatefulRuleGroup(
            source: .rulesString, rules: [], ruleOrder: order ?? .actionOrder,
            variables: fields["RuleVariables"].map { RuleVariables($0, &problems) } ?? RuleVariables(),
            ipSetReferences: fields["ReferenceSets"].map { IPSetReference.map($0, &problems) } ?? [:],
            location: fields.node.location)
        let checks = ServiceRuleChecks(
            order: group.ruleOrder, variables: group.variables, ipSetReferences: Set(group.ipSetReferences.keys),
            source: name == "StatefulRules" ? "RuleOptions" : name)
        switch name {
        case "RulesSourceList":
            guard let list = DomainList(content, &problems) else { return nil }
            group.source = .domainList(list)
            group.rules = DomainListRules.rules(of: list, order: group.ruleOrder, &problems)
        case "StatefulRules":
            group.source = .statefulRules
            group.rules = RuleGroupReader.statefulRules(content, checks, &problems)
        default:
            group.rules = RulesString(node: content).rules(checks, &problems)
        }
        return group
    }

    private static func statefulRules(
        _ node: DocumentNode, _ checks: ServiceRuleChecks, _ problems: inout [Diagnostic]
    ) -> [RuleSyntax] {
        var checks = checks
        var rules: [RuleSyntax] = []
        for item in node.list(&problems) ?? [] {
            guard let text = StatefulRuleText(item, &problems) else { continue }
            let place = item.location
            let result = RuleParser(file: place.file, path: place.path, firstLine: place.line).parse(text.text)
            problems += result.diagnostics
            for rule in result.rules {
                guard rule.options.count == text.optionCount else {
                    problems.error(
                        at: place, "a Keyword or Setting holds more than one option",
                        hint: "write a semicolon inside a value as '\\;'")
                    continue
                }
                let found = checks.problems(of: rule)
                problems += found
                if !found.hasErrors { rules.append(rule) }
            }
        }
        return rules
    }

    /// A request's `Rules`: rules without variables and without an order of their own.
    static func flat(_ node: DocumentNode, _ problems: inout [Diagnostic]) -> RuleGroup {
        let checks = ServiceRuleChecks(
            order: .actionOrder, variables: RuleVariables(), ipSetReferences: [], source: "Rules")
        let rules = RulesString(node: node).rules(checks, &problems)
        return .stateful(
            StatefulRuleGroup(source: .rulesString, rules: rules, ruleOrder: .actionOrder, location: node.location))
    }
}
