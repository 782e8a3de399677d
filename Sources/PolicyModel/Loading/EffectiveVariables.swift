/// The variables that the rules of one group see: what the group sets, else the policy, else the configuration.
public struct EffectiveVariables: Hashable, Sendable {
    /// Of addresses, by name without the `$`, each a list of texts that the rule grammar reads. They may name other
    /// variables.
    public var ipSets: [String: [String]] = [:]
    public var portSets: [String: [String]] = [:]
    /// `@NAME`: addresses that are kept elsewhere.
    public var references: [String: IPSetReference] = [:]

    /// - Parameter configured: what holds where neither group nor policy says anything; `HOME_NET` above all, which is
    ///   to name the networks inside. An `EXTERNAL_NET` among them counts more than the one made from `HOME_NET`.
    public init(group: StatefulRuleGroup, policy: FirewallPolicy, configured: RuleVariables) {
        self.init(policy: policy, configured: configured)
        for (name, definition) in group.variables.ipSets { ipSets[name] = definition.values }
        for (name, definition) in group.variables.portSets { portSets[name] = definition.values }
        references = group.ipSetReferences
    }

    /// What holds outside of rule groups.
    public init(policy: FirewallPolicy, configured: RuleVariables) {
        ipSets = configured.ipSets.mapValues(\.values)
        portSets = configured.portSets.mapValues(\.values)
        if let homeNet = policy.homeNet { ipSets["HOME_NET"] = homeNet.values }
        // EXTERNAL_NET is what the policy's HOME_NET is not, and stays so when a group sets a HOME_NET of its own.
        if configured.ipSets["EXTERNAL_NET"] == nil, let homeNet = ipSets["HOME_NET"], !homeNet.isEmpty {
            ipSets["EXTERNAL_NET"] = ["!" + VariableDefinition(homeNet).text]
        }
    }
}
