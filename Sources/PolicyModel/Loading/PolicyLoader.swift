import RuleLanguage

/// Reads policies, rule groups, rules and lists from files.
public struct PolicyLoader: Sendable {
    /// A file of rules, or of a plain list, for which it has to be said what is to be done with what is on it.
    public struct RuleFile: Hashable, Sendable {
        public var path: String
        public var listAction: PlainList.Action?

        public init(_ path: String, listAction: PlainList.Action? = nil) {
            self.path = path
            self.listAction = listAction
        }
    }

    /// Files of rule groups by ARN; a reference that is not here is looked for in the policy's folder.
    public var groupFiles: [String: RuleFile]

    public init(groupFiles: [String: RuleFile] = [:]) { self.groupFiles = groupFiles }

    // MARK: one file

    /// - Parameters:
    ///   - type: what a bare rule group is said to be.
    ///   - ruleOrder: for a file of rules, which has no place to say it.
    public func document(
        at path: String, type: RuleGroupType? = nil, ruleOrder: RuleOrder = .strictOrder
    ) -> DocumentReading {
        do throws(Diagnostic) {
            let text = try TextFile.text(of: path)
            return PolicyDocumentReader(file: path, type: type, ruleOrder: ruleOrder).read(text)
        } catch {
            return DocumentReading(diagnostics: [error])
        }
    }

    // MARK: a policy with its groups

    public func bundle(policy path: String) -> BundleLoading {
        let reading = document(at: path)
        var loading = BundleLoading(diagnostics: reading.diagnostics)
        guard case .firewallPolicy(let document) = reading.document else {
            if reading.document != nil {
                loading.diagnostics.error(
                    at: SourceLocation(file: path, line: 1, column: 1),
                    "expected a firewall policy, this is something else")
            }
            return loading
        }
        var bundle = PolicyBundle(name: document.name ?? TextFile.baseName(path), policy: document.policy)
        var finder = GroupFinder(policyFile: path, groupFiles: groupFiles)
        for reference in document.policy.statefulRuleGroupReferences {
            switch finder.find(reference.resourceARN, at: reference.location) {
            case .success(let file):
                if let group = statefulGroup(file, for: reference, in: bundle, &loading.diagnostics) {
                    bundle.statefulGroups.append(group)
                }
            case .failure(let unresolved): bundle.unresolved.append(unresolved.reference)
            }
        }
        for reference in document.policy.statelessRuleGroupReferences {
            switch finder.find(reference.resourceARN, at: reference.location) {
            case .success(let file):
                if let group = statelessGroup(file, for: reference, &loading.diagnostics) {
                    bundle.statelessGroups.append(group)
                }
            case .failure(let unresolved): bundle.unresolved.append(unresolved.reference)
            }
        }
        if bundle.ruleOrder == .strictOrder { bundle.statefulGroups.sort { ($0.priority ?? 0) < ($1.priority ?? 0) } }
        bundle.statelessGroups.sort { $0.priority < $1.priority }
        warnAboutUnusedFiles(document.policy, &loading.diagnostics)
        loading.bundle = bundle
        return loading
    }

    private func statefulGroup(
        _ file: RuleFile, for reference: StatefulRuleGroupReference, in bundle: PolicyBundle,
        _ problems: inout [Diagnostic]
    ) -> PolicyBundle.StatefulGroup? {
        guard let group = ruleGroup(file, type: .stateful, order: bundle.ruleOrder, &problems) else { return nil }
        guard case .stateful(let stateful) = group else { return nil }
        if stateful.ruleOrder != bundle.ruleOrder {
            problems.error(
                at: reference.location,
                "ResourceArn has invalid rule order: the rule group '\(reference.resourceARN.name)' is "
                    + "\(stateful.ruleOrder.rawValue), the policy \(bundle.ruleOrder.rawValue)",
                hint:
                    "left out, it is DEFAULT_ACTION_ORDER on both sides; rules given as text alone have that order too")
        }
        return PolicyBundle.StatefulGroup(
            name: reference.resourceARN.name, resourceARN: reference.resourceARN, file: file.path,
            priority: reference.priority, override: reference.override, group: stateful)
    }

    private func statelessGroup(
        _ file: RuleFile, for reference: StatelessRuleGroupReference, _ problems: inout [Diagnostic]
    ) -> PolicyBundle.StatelessGroup? {
        guard case .stateless(let group) = ruleGroup(file, type: .stateless, order: .strictOrder, &problems) else {
            return nil
        }
        return PolicyBundle.StatelessGroup(
            name: reference.resourceARN.name, resourceARN: reference.resourceARN, file: file.path,
            priority: reference.priority, group: group)
    }

    private func warnAboutUnusedFiles(_ policy: FirewallPolicy, _ problems: inout [Diagnostic]) {
        let used = Set(
            policy.statefulRuleGroupReferences.map(\.resourceARN.text)
                + policy.statelessRuleGroupReferences.map(\.resourceARN.text))
        for (arn, file) in groupFiles.sorted(by: { $0.key < $1.key }) where !used.contains(arn) {
            problems.warning(at: policy.location, "no reference of the policy has the ARN '\(arn)' of \(file.path)")
        }
    }

    // MARK: rules without a policy

    /// A bundle of files of rules, plain lists or rule groups, judged in this order.
    public func bundle(ruleFiles: [RuleFile], order: RuleOrder) -> BundleLoading {
        var loading = BundleLoading()
        var groups: [PolicyBundle.StatefulGroup] = []
        for (index, file) in ruleFiles.enumerated() {
            guard case .stateful(let group) = ruleGroup(file, type: .stateful, order: order, &loading.diagnostics)
            else {
                continue
            }
            if group.ruleOrder != order {
                loading.diagnostics.error(
                    at: group.location, "the rule group is \(group.ruleOrder.rawValue), asked for is \(order.rawValue)")
            }
            groups.append(
                PolicyBundle.StatefulGroup(
                    name: TextFile.baseName(file.path), resourceARN: nil, file: file.path,
                    priority: order == .strictOrder ? index + 1 : nil, override: nil, group: group))
        }
        loading.bundle = PolicyBundle(ruleGroups: groups, order: order)
        return loading
    }

    /// A file that has to hold a rule group of this type, or is made into one.
    private func ruleGroup(
        _ file: RuleFile, type: RuleGroupType, order: RuleOrder, _ problems: inout [Diagnostic]
    ) -> RuleGroup? {
        let reading = document(at: file.path, type: type, ruleOrder: order)
        problems += reading.diagnostics
        let start = SourceLocation(file: file.path, line: 1, column: 1)
        var group: RuleGroup?
        switch reading.document {
        case .ruleGroup(let document): group = document.group
        case .plainList(let list):
            guard let action = file.listAction else {
                problems.error(at: start, "this is a plain list: it has to be said what is done with what is on it")
                return nil
            }
            group = .stateful(list.ruleGroup(action, order: order))
        case .firewallPolicy, .loggingConfiguration:
            problems.error(at: start, "expected a rule group, this is something else")
        case nil: break
        }
        switch (group, type) {
        case (.stateful, .stateful), (.stateless, .stateless), (nil, _): return group
        case (.some, _):
            problems.error(at: start, "expected a \(type.rawValue) rule group, this is the other kind")
            return nil
        }
    }
}
