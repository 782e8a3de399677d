/// A document in a few words, as `weir check` prints it.
public struct DocumentSummary: Hashable, Sendable {
    /// "stateful rule group", "firewall policy", ...
    public var kind: String
    /// Empty when the document has no name.
    public var name: String
    /// "create request", ...
    public var form: String
    /// Rules of a group.
    public var rules: Int?
    /// Set for rules that were made from a list.
    public var generatedRules: Int?
    /// Units of capacity that the service counts; for domain lists the two numbers that are told of it.
    public var capacity: ClosedRange<Int>?
    /// Units that the document reserves.
    public var declaredCapacity: Int?
    /// Rule groups a policy refers to, stateless and stateful.
    public var references: Int?

    public init(_ document: PolicyDocument) {
        switch document {
        case .ruleGroup(let document):
            kind = "stateless rule group"
            name = document.name ?? ""
            form = document.form.rawValue
            rules = document.group.ruleCount
            capacity = document.group.capacity
            declaredCapacity = document.declaredCapacity
            if case .stateful(let group) = document.group {
                kind = "stateful rule group"
                generatedRules = group.generatedRuleCount
            }
        case .firewallPolicy(let document):
            kind = "firewall policy"
            name = document.name ?? ""
            form = document.form.rawValue
            references =
                document.policy.statelessRuleGroupReferences.count + document.policy.statefulRuleGroupReferences.count
        case .loggingConfiguration(let configuration):
            kind = "logging configuration"
            name = configuration.firewallName ?? ""
            form = ""
        case .plainList(let list):
            kind = "plain list"
            name = ""
            form = ""
            rules = list.domains.count * 2 + list.addresses.count
            generatedRules = rules
        }
    }
}

extension DocumentSummary: CustomStringConvertible {
    /// `stateful rule group domain-allow (create request): 4 rules made from a list, capacity 5 to 7 of 100`
    public var description: String {
        var text = kind
        if !name.isEmpty { text += " \(name)" }
        if !form.isEmpty { text += " (\(form))" }
        var parts: [String] = []
        if let rules { parts.append(count(rules, "rule") + (generatedRules == nil ? "" : " made from a list")) }
        if let references { parts.append(count(references, "rule group reference")) }
        if let capacity {
            let isExact = capacity.lowerBound == capacity.upperBound
            let need = isExact ? "\(capacity.lowerBound)" : "\(capacity.lowerBound) to \(capacity.upperBound)"
            parts.append("capacity \(need)" + (declaredCapacity.map { " of \($0)" } ?? ""))
        }
        return parts.isEmpty ? text : "\(text): \(parts.joined(separator: ", "))"
    }

    private func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }
}
