import RuleLanguage

/// What the parts of a firewall policy have to say to each other; the service checks it when a policy is created.
struct PolicyChecks {
    /// Stateful, and again stateless, rule groups of one policy.
    static let maximumReferences = 20

    let policy: FirewallPolicy
    let fields: DocumentFields

    /// Nil when the document's word for it was refused: nothing is said then about what depends on it.
    private var order: RuleOrder? {
        if let node = fields["StatefulEngineOptions"]?["RuleOrder"], RuleOrder(rawValue: node.text ?? "") == nil {
            return nil
        }
        return policy.statefulEngineOptions.ruleOrder
    }

    func check(_ problems: inout [Diagnostic]) {
        checkCounts(&problems)
        checkPriorities(&problems)
        for reference in policy.statefulRuleGroupReferences { check(reference, &problems) }
        checkRepetition(&problems)
        if let node = fields["StatefulDefaultActions"], !policy.statefulDefaultActions.isEmpty {
            checkDefaultActions(at: node.location, &problems)
        }
        checkTLSInspection(&problems)
    }

    private func checkCounts(_ problems: inout [Diagnostic]) {
        for key in ["StatefulRuleGroupReferences", "StatelessRuleGroupReferences"] {
            guard let node = fields[key], case .list(let items) = node.content else { continue }
            if items.count > PolicyChecks.maximumReferences {
                problems.error(
                    at: node.location,
                    "\(key) limit exceeded: \(items.count) references, at most \(PolicyChecks.maximumReferences)")
            }
        }
    }

    private func checkPriorities(_ problems: inout [Diagnostic]) {
        for (priorities, name) in [
            (policy.statefulRuleGroupReferences.map { ($0.priority, $0.location) }, "stateful"),
            (policy.statelessRuleGroupReferences.map { ($0.priority, $0.location) }, "stateless"),
        ] {
            var seen: Set<Int> = []
            for (priority, location) in priorities {
                guard let priority, !seen.insert(priority).inserted else { continue }
                problems.error(
                    at: location, "Priority has duplicate values: \(priority) is used by another \(name) rule group")
            }
        }
    }

    private func check(_ reference: StatefulRuleGroupReference, _ problems: inout [Diagnostic]) {
        switch (order, reference.priority) {
        case (.strictOrder, nil):
            problems.error(
                at: reference.location,
                "Priority cannot be null: in a STRICT_ORDER policy every stateful group has one",
                hint: "the group with the lowest Priority is judged first")
        case (.actionOrder, .some):
            problems.error(
                at: reference.location, "Priority cannot be provided: the policy's RuleOrder is DEFAULT_ACTION_ORDER",
                hint: "set StatefulEngineOptions.RuleOrder to STRICT_ORDER, or leave out Priority")
        case (.strictOrder, .some), (.actionOrder, nil), (nil, _):
            break
        }
        if reference.override != nil, !reference.resourceARN.isManaged {
            problems.error(
                at: reference.location, "rule group must be a managed resource to have an Override",
                hint: "in a group of your own, change drop to alert in its rules")
        }
    }

    private func checkRepetition(_ problems: inout [Diagnostic]) {
        var seen: Set<ResourceARN> = []
        let references =
            policy.statefulRuleGroupReferences.map { ($0.resourceARN, $0.location) }
            + policy.statelessRuleGroupReferences.map { ($0.resourceARN, $0.location) }
        for (arn, location) in references where !seen.insert(arn).inserted {
            problems.warning(at: location, "the rule group '\(arn.name)' is referenced twice")
        }
    }

    private func checkDefaultActions(at location: SourceLocation, _ problems: inout [Diagnostic]) {
        let actions = policy.statefulDefaultActions
        if order == .actionOrder {
            problems.error(
                at: location, "StatefulDefaultActions has invalid rule order: only STRICT_ORDER has default actions",
                hint: "set StatefulEngineOptions.RuleOrder to STRICT_ORDER")
        }
        if Set(actions).count < actions.count {
            problems.error(at: location, "StatefulDefaultActions has duplicate values")
        }
        let drops = Set(actions.filter(\.drops))
        if drops.count > 1 {
            problems.error(
                at: location, "StatefulDefaultActions cannot exist together: \(names(drops)); at most one may drop")
        }
        let established = Set(actions.filter { $0.family == .established })
        let appLayer = Set(actions.filter { [.establishedAppLayer, .establishedAppLayerToServer].contains($0.family) })
        if !established.isEmpty, !appLayer.isEmpty {
            problems.error(
                at: location,
                "StatefulDefaultActions cannot exist together: \(names(established)) and \(names(appLayer))",
                hint: "choose the actions of one family; aws:alert_strict goes with either")
        }
        if Set(appLayer.map(\.family)).count > 1, drops.count <= 1 {
            problems.warning(
                at: location, "it is not known whether the service takes \(names(appLayer)) together",
                hint: "use both with _to_server, or both without")
        }
    }

    private func checkTLSInspection(_ problems: inout [Diagnostic]) {
        if let node = fields["TLSInspectionConfigurationArn"] {
            problems.warning(
                at: node.location, "TLS is not decrypted here: rules see the ClientHello, not what is encrypted")
        }
        guard policy.enablesTLSSessionHolding, let node = fields["EnableTLSSessionHolding"] else { return }
        if !fields.contains("TLSInspectionConfigurationArn") {
            problems.error(
                at: node.location,
                "TLSInspectionConfigurationArn value is required when EnableTLSSessionHolding is true")
        }
        let waiting = policy.statefulDefaultActions.filter {
            $0 == .dropEstablishedAppLayer || $0 == .dropEstablishedAppLayerToServer
        }
        if !waiting.isEmpty {
            problems.error(at: node.location, "EnableTLSSessionHolding cannot exist together with \(names(waiting))")
        }
    }

    private func names(_ actions: some Sequence<StatefulDefaultAction>) -> String {
        actions.map(\.rawValue).sorted().joined(separator: ", ")
    }
}
