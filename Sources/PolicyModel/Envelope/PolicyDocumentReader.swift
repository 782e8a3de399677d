import RuleLanguage

/// Reads the text of any file that a user may hand in: rule group or policy in JSON or YAML, rules, or a plain list.
public struct PolicyDocumentReader: Sendable {
    public let file: String
    /// What a bare rule group is said to be; a request says so itself.
    public var type: RuleGroupType?
    /// For a file of rules, which has no place to say it.
    public var ruleOrder: RuleOrder

    public init(file: String, type: RuleGroupType? = nil, ruleOrder: RuleOrder = .strictOrder) {
        self.file = file
        self.type = type
        self.ruleOrder = ruleOrder
    }

    public func read(_ text: String) -> DocumentReading {
        let text = withoutByteOrderMark(text)
        var reading = DocumentReading()
        switch TextFormat(of: text, file: file) {
        case .rules:
            reading.document = .ruleGroup(rulesFile(text, &reading.diagnostics))
        case .plainList:
            reading.document = .plainList(PlainList(parsing: text, file: file, &reading.diagnostics))
        case .document:
            do throws(Diagnostic) {
                let root = try DocumentReader(file: file).read(text)
                reading.document = document(root, &reading.diagnostics)
            } catch {
                reading.diagnostics.append(error)
            }
            addSourceLines(text, to: &reading.diagnostics)
        }
        // Stable: what is on one line stays in the order it was found in.
        reading.diagnostics.sort { $0.location.line < $1.location.line }
        return reading
    }

    private func rulesFile(_ text: String, _ problems: inout [Diagnostic]) -> RuleGroupDocument {
        let result = RuleParser(file: file).parse(text)
        problems += result.diagnostics
        var sids = SidRegister()
        var rules: [RuleSyntax] = []
        for rule in result.rules {
            if let problem = sids.problem(of: rule, ofFile: true) {
                problems.append(problem)
            } else {
                rules.append(rule)
            }
        }
        let group = StatefulRuleGroup(
            source: .rulesFile, rules: rules, ruleOrder: ruleOrder,
            location: SourceLocation(file: file, line: 1, column: 1))
        return RuleGroupDocument(form: .rulesFile, group: .stateful(group))
    }

    // MARK: documents

    /// Tells the kind of document by its keys.
    private func document(_ root: DocumentNode, _ problems: inout [Diagnostic]) -> PolicyDocument? {
        guard let entries = root.entries(&problems) else { return nil }
        let keys = Set(entries.map(\.key))
        func has(_ names: [String]) -> Bool { !keys.isDisjoint(with: names) }
        if has(["Properties"]), has(["Type"]) { return template(root, &problems) }
        let groups = RuleGroupDocumentReader(type: type)
        if has(["RuleGroupResponse"]) { return groups.read(root, .describeResponse, &problems) }
        if has(["FirewallPolicyResponse"]) {
            return FirewallPolicyDocumentReader.read(root, .describeResponse, &problems)
        }
        if has(["RulesSource"]) { return groups.read(root, .bare, &problems) }
        if has(["RuleGroup", "RuleGroupName", "RuleGroupArn", "Rules"]) {
            return groups.read(root, has(["UpdateToken", "RuleGroupArn"]) ? .updateRequest : .createRequest, &problems)
        }
        if has(["FirewallPolicy", "FirewallPolicyName", "FirewallPolicyArn"]) {
            let form: PolicyDocument.Form = has(["UpdateToken", "FirewallPolicyArn"]) ? .updateRequest : .createRequest
            return FirewallPolicyDocumentReader.read(root, form, &problems)
        }
        if has(["LoggingConfiguration", "LogDestinationConfigs"]) {
            return LoggingConfiguration(root, &problems).map(PolicyDocument.loggingConfiguration)
        }
        if has(FirewallPolicyReader.keys) { return FirewallPolicyDocumentReader.read(root, .bare, &problems) }
        if has(RuleGroupReader.keys) { return groups.read(root, .bare, &problems) }
        problems.append(unknown(root, entries))
        return nil
    }

    private func unknown(_ root: DocumentNode, _ entries: [DocumentNode.Entry]) -> Diagnostic {
        let known =
            ["RulesSource", "RuleGroup", "Rules", "FirewallPolicy", "LoggingConfiguration"] + FirewallPolicyReader.keys
        let nearest = entries.prefix(20).lazy.compactMap { nearestName(to: $0.key, among: known) }.first
        let isTemplate = entries.contains { $0.key == "Resources" }
        return Diagnostic(
            at: root.location, "this is neither a rule group nor a firewall policy nor a logging configuration",
            hint: isTemplate
                ? "of a template, give one resource: {\"Type\": \"AWS::NetworkFirewall::...\", \"Properties\": ...}"
                : nearest.map { "did you mean '\($0)'?" }
                    ?? "expected one of the keys \(known[..<6].joined(separator: ", "))")
    }

    /// `{"Type": "AWS::NetworkFirewall::RuleGroup", "Properties": {...}}`
    private func template(_ root: DocumentNode, _ problems: inout [Diagnostic]) -> PolicyDocument? {
        let keys = [
            "Type", "Properties", "DependsOn", "Metadata", "Condition", "DeletionPolicy", "UpdateReplacePolicy",
            "UpdatePolicy", "CreationPolicy",
        ]
        guard let fields = DocumentFields(root, of: "the resource", keys: keys, &problems),
            let properties = fields["Properties"], let type = fields["Type"], let name = type.string(&problems)
        else { return nil }
        switch name {
        case "AWS::NetworkFirewall::RuleGroup":
            return RuleGroupDocumentReader(type: self.type).read(properties, .template, &problems)
        case "AWS::NetworkFirewall::FirewallPolicy":
            return FirewallPolicyDocumentReader.read(properties, .template, &problems)
        case "AWS::NetworkFirewall::LoggingConfiguration":
            return LoggingConfiguration(properties, &problems).map(PolicyDocument.loggingConfiguration)
        default:
            problems.error(
                at: type.location, "resources of type '\(shown(name))' are not read",
                hint: "expected AWS::NetworkFirewall::RuleGroup, ::FirewallPolicy or ::LoggingConfiguration")
            return nil
        }
    }

    /// The line of the file under each message that has none yet.
    private func addSourceLines(_ text: String, to problems: inout [Diagnostic]) {
        guard problems.contains(where: { $0.sourceLine == nil }) else { return }
        let lines = numberedLines(of: text)
        // A document may be one line of megabytes, with thousands of messages: they share its text.
        var texts: [Int: String] = [:]
        for index in problems.indices where problems[index].sourceLine == nil {
            let number = problems[index].location.line
            guard lines.indices.contains(number - 1) else { continue }
            let text = texts[number] ?? String(lines[number - 1].line)
            texts[number] = text
            problems[index].sourceLine = text
        }
    }
}
