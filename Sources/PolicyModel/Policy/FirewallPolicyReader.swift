import RuleLanguage

/// Reads the `FirewallPolicy` object of a document; what its parts say to each other is checked by `PolicyChecks`.
struct FirewallPolicyReader {
    /// The keys by which a bare policy is recognized, and all it may have.
    static let keys = [
        "StatelessRuleGroupReferences", "StatelessDefaultActions", "StatelessFragmentDefaultActions",
        "StatelessCustomActions", "StatefulRuleGroupReferences", "StatefulDefaultActions", "StatefulEngineOptions",
        "TLSInspectionConfigurationArn", "PolicyVariables", "EnableTLSSessionHolding",
    ]

    static func read(_ node: DocumentNode, _ problems: inout [Diagnostic]) -> FirewallPolicy? {
        guard let fields = DocumentFields(node, of: "FirewallPolicy", keys: keys, &problems) else { return nil }
        let custom = CustomAction.list(fields["StatelessCustomActions"], &problems)
        func defaults(_ key: String) -> StatelessActions? {
            fields.required(key, &problems).flatMap { StatelessActions($0, name: key, defined: custom, &problems) }
        }
        let whole = defaults("StatelessDefaultActions")
        let fragments = defaults("StatelessFragmentDefaultActions")
        // What is missing has been complained about; the stand-in lets the rest be checked too.
        var policy = FirewallPolicy(
            statelessDefaultActions: whole ?? StatelessActions(.forwardToStateful),
            statelessFragmentDefaultActions: fragments ?? StatelessActions(.forwardToStateful), location: node.location)
        policy.statelessCustomActions = custom
        if let options = fields["StatefulEngineOptions"] {
            policy.statefulEngineOptions = engineOptions(options, &problems)
        }
        for item in fields["StatelessRuleGroupReferences"]?.list(&problems) ?? [] {
            if let reference = statelessReference(item, &problems) {
                policy.statelessRuleGroupReferences.append(reference)
            }
        }
        for item in fields["StatefulRuleGroupReferences"]?.list(&problems) ?? [] {
            if let reference = statefulReference(item, &problems) {
                policy.statefulRuleGroupReferences.append(reference)
            }
        }
        policy.statefulDefaultActions =
            fields["StatefulDefaultActions"]?.words(of: StatefulDefaultAction.self, &problems) ?? []
        policy.tlsInspectionConfigurationARN = fields["TLSInspectionConfigurationArn"]?.string(.arn, &problems)
        policy.enablesTLSSessionHolding = fields["EnableTLSSessionHolding"]?.boolean(&problems) ?? false
        policy.homeNet = fields["PolicyVariables"].flatMap { homeNet($0, &problems) }
        PolicyChecks(policy: policy, fields: fields).check(&problems)
        return policy
    }

    private static func engineOptions(_ node: DocumentNode, _ problems: inout [Diagnostic]) -> StatefulEngineOptions {
        var options = StatefulEngineOptions()
        let keys = ["RuleOrder", "StreamExceptionPolicy", "FlowTimeouts"]
        guard let fields = DocumentFields(node, of: "StatefulEngineOptions", keys: keys, &problems) else {
            return options
        }
        if let order = fields["RuleOrder"]?.word(of: RuleOrder.self, &problems) { options.ruleOrder = order }
        if let policy = fields["StreamExceptionPolicy"]?.word(of: StreamExceptionPolicy.self, &problems) {
            options.streamExceptionPolicy = policy
        }
        if let node = fields["FlowTimeouts"],
            let timeouts = DocumentFields(node, of: "FlowTimeouts", keys: ["TcpIdleTimeoutSeconds"], &problems),
            let seconds = timeouts["TcpIdleTimeoutSeconds"]?.integer(in: 60...6000, &problems)
        {
            options.tcpIdleTimeoutSeconds = seconds
        }
        return options
    }

    private static func statefulReference(
        _ node: DocumentNode, _ problems: inout [Diagnostic]
    ) -> StatefulRuleGroupReference? {
        let keys = ["ResourceArn", "Priority", "Override", "DeepThreatInspection"]
        guard let fields = DocumentFields(node, of: "the rule group reference", keys: keys, &problems) else {
            return nil
        }
        var override: StatefulRuleGroupReference.Override?
        if let node = fields["Override"], let fields = DocumentFields(node, of: "Override", keys: ["Action"], &problems)
        {
            override = fields["Action"]?.word(of: StatefulRuleGroupReference.Override.self, &problems)
        }
        let priority = fields["Priority"]?.integer(in: 1...65535, &problems)
        let deep = fields["DeepThreatInspection"]?.boolean(&problems)
        let kinds = ["stateful-rulegroup", "stateful-domain-rulegroup"]
        guard let arn = arn(fields, kinds: kinds, &problems), fields.contains("Priority") == (priority != nil) else {
            return nil
        }
        return StatefulRuleGroupReference(
            resourceARN: arn, priority: priority, override: override, deepThreatInspection: deep,
            location: node.location)
    }

    private static func statelessReference(
        _ node: DocumentNode, _ problems: inout [Diagnostic]
    ) -> StatelessRuleGroupReference? {
        let keys = ["ResourceArn", "Priority"]
        guard let fields = DocumentFields(node, of: "the rule group reference", keys: keys, &problems) else {
            return nil
        }
        let priority = fields.required("Priority", &problems)?.integer(in: 1...65535, &problems)
        guard let arn = arn(fields, kinds: ["stateless-rulegroup"], &problems), let priority else { return nil }
        return StatelessRuleGroupReference(resourceARN: arn, priority: priority, location: node.location)
    }

    private static func arn(
        _ fields: DocumentFields, kinds: [String], _ problems: inout [Diagnostic]
    ) -> ResourceARN? {
        guard let node = fields.required("ResourceArn", &problems), let text = node.string(.arn, &problems) else {
            return nil
        }
        guard let arn = ResourceARN(text) else {
            problems.error(
                at: node.location, "rule group ARN is invalid: '\(shown(text))'",
                hint: "expected arn:aws:network-firewall:REGION:ACCOUNT:\(kinds[0])/NAME")
            return nil
        }
        guard kinds.contains(arn.kind) else {
            problems.error(
                at: node.location,
                "rule group ARN is of incorrect entity type: it names a '\(arn.kind)', expected '\(kinds[0])'")
            return nil
        }
        return arn
    }

    private static func homeNet(_ node: DocumentNode, _ problems: inout [Diagnostic]) -> VariableDefinition? {
        guard let fields = DocumentFields(node, of: "PolicyVariables", keys: ["RuleVariables"], &problems),
            let variables = fields["RuleVariables"], let entries = variables.entries(&problems)
        else { return nil }
        var homeNet: VariableDefinition?
        for entry in entries {
            if entry.key == "HOME_NET" {
                homeNet = RuleVariables.definition(entry, ports: false, &problems)
            } else {
                problems.error(
                    at: entry.keyLocation,
                    "RuleVariables is invalid: a policy sets HOME_NET alone, not '\(shown(entry.key))'",
                    hint: "EXTERNAL_NET is whatever HOME_NET is not; other variables belong into the rule group")
            }
        }
        return homeNet
    }
}
