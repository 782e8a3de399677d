import RuleLanguage

/// What a file held, told apart by its keys.
public enum PolicyDocument: Sendable {
    case ruleGroup(RuleGroupDocument)
    case firewallPolicy(FirewallPolicyDocument)
    case loggingConfiguration(LoggingConfiguration)
    /// Not a rule group yet: that takes an action, see `PlainList.ruleGroup`.
    case plainList(PlainList)

    /// The shape a rule group or policy came in.
    public enum Form: String, Hashable, Sendable {
        /// The object alone.
        case bare = "document"
        case createRequest = "create request"
        case updateRequest = "update request"
        case describeResponse = "describe response"
        /// A resource of a CloudFormation template.
        case template = "template resource"
        /// Suricata rules as text.
        case rulesFile = "rules file"
    }
}

/// A rule group with what its envelope says about it.
public struct RuleGroupDocument: Sendable {
    /// `RuleGroupName`, or the last part of the ARN.
    public var name: String?
    public var form: PolicyDocument.Form
    /// Units that were reserved for the group, if the document says so.
    public var declaredCapacity: Int?
    public var group: RuleGroup
}

/// A policy with what its envelope says about it.
public struct FirewallPolicyDocument: Sendable {
    public var name: String?
    public var form: PolicyDocument.Form
    public var policy: FirewallPolicy
}

/// What came of reading a document: all that is wrong with it, and as much of it as could be read. A document with an
/// error among the diagnostics is refused by whoever does not mean to skip what is bad in it.
public struct DocumentReading: Sendable {
    public var document: PolicyDocument?
    public var diagnostics: [Diagnostic]

    public init(document: PolicyDocument? = nil, diagnostics: [Diagnostic] = []) {
        self.document = document
        self.diagnostics = diagnostics
    }
}
