import RuleLanguage

/// The fields of a request or response around a rule group or policy. They are checked and, but for the few that matter
/// here, forgotten.
struct RequestFields {
    static let createRuleGroup = [
        "RuleGroupName", "RuleGroup", "Rules", "Type", "Description", "Capacity", "Tags", "DryRun",
        "EncryptionConfiguration", "SourceMetadata", "AnalyzeRuleGroup", "SummaryConfiguration",
    ]
    static let updateRuleGroup = [
        "UpdateToken", "RuleGroupArn", "RuleGroupName", "RuleGroup", "Rules", "Type", "Description", "DryRun",
        "EncryptionConfiguration", "SourceMetadata", "AnalyzeRuleGroup", "SummaryConfiguration",
    ]
    static let describeRuleGroup = ["UpdateToken", "RuleGroup", "RuleGroupResponse"]
    static let ruleGroupResponse = [
        "RuleGroupArn", "RuleGroupName", "RuleGroupId", "Description", "Type", "Capacity", "RuleGroupStatus", "Tags",
        "ConsumedCapacity", "NumberOfAssociations", "EncryptionConfiguration", "SourceMetadata", "SnsTopic",
        "LastModifiedTime", "AnalysisResults", "SummaryConfiguration",
    ]
    static let ruleGroupTemplate = [
        "RuleGroupName", "RuleGroup", "Type", "Description", "Capacity", "Tags", "SummaryConfiguration",
    ]
    static let createPolicy = [
        "FirewallPolicyName", "FirewallPolicy", "Description", "Tags", "DryRun", "EncryptionConfiguration",
    ]
    static let updatePolicy = [
        "UpdateToken", "FirewallPolicyArn", "FirewallPolicyName", "FirewallPolicy", "Description", "DryRun",
        "EncryptionConfiguration",
    ]
    static let describePolicy = ["UpdateToken", "FirewallPolicy", "FirewallPolicyResponse"]
    static let policyResponse = [
        "FirewallPolicyName", "FirewallPolicyArn", "FirewallPolicyId", "Description", "FirewallPolicyStatus", "Tags",
        "ConsumedStatelessRuleCapacity", "ConsumedStatefulRuleCapacity", "ConsumedStatefulDomainCapacity",
        "NumberOfAssociations", "EncryptionConfiguration", "LastModifiedTime",
    ]
    static let policyTemplate = ["FirewallPolicyName", "FirewallPolicy", "Description", "Tags"]

    /// Checks the fields that say nothing about what the firewall does.
    static func checkRest(of fields: DocumentFields, _ problems: inout [Diagnostic]) {
        _ = fields["UpdateToken"]?.string(.uuid, &problems)
        _ = fields["Description"]?.string(.text(0...512), &problems)
        for key in ["DryRun", "AnalyzeRuleGroup"] { _ = fields[key]?.boolean(&problems) }
        if let node = fields["Tags"] { checkTags(node, &problems) }
        if let node = fields["EncryptionConfiguration"],
            let encryption = DocumentFields(
                node, of: "EncryptionConfiguration", keys: ["KeyId", "Type"], &problems)
        {
            _ = encryption.required("Type", &problems)?.word(of: EncryptionType.self, &problems)
            _ = encryption["KeyId"]?.string(.text(1...2048), &problems)
        }
        if let node = fields["SourceMetadata"],
            let source = DocumentFields(
                node, of: "SourceMetadata", keys: ["SourceArn", "SourceUpdateToken"], &problems)
        {
            _ = source["SourceArn"]?.string(.arn, &problems)
            _ = source["SourceUpdateToken"]?.string(.uuid, &problems)
        }
        if let node = fields["SummaryConfiguration"],
            let summary = DocumentFields(node, of: "SummaryConfiguration", keys: ["RuleOptions"], &problems)
        {
            _ = summary["RuleOptions"]?.words(of: SummaryOption.self, &problems)
        }
    }

    private static func checkTags(_ node: DocumentNode, _ problems: inout [Diagnostic]) {
        guard let items = node.list(&problems) else { return }
        if items.count > 200 { problems.error(at: node.location, "at most 200 tags are taken, found \(items.count)") }
        for item in items {
            guard let tag = DocumentFields(item, of: "the tag", keys: ["Key", "Value"], &problems) else { continue }
            _ = tag.required("Key", &problems)?.string(.text(1...128), &problems)
            _ = tag.required("Value", &problems)?.string(.text(0...256), &problems)
        }
    }

    private enum EncryptionType: String, CaseIterable {
        case customer = "CUSTOMER_KMS"
        case owned = "AWS_OWNED_KMS_KEY"
    }

    private enum SummaryOption: String, CaseIterable {
        case sid = "SID"
        case message = "MSG"
        case metadata = "METADATA"
    }
}
