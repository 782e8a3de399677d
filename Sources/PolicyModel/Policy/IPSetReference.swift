import RuleLanguage

/// A set of addresses kept elsewhere: `@NAME` in a rule header.
public struct IPSetReference: Hashable, Sendable {
    /// At most so many in one rule group.
    public static let maximumCount = 5

    /// Of a prefix list or resource group. Where its addresses come from is a matter of configuration.
    public var referenceARN: String?
    public var location: SourceLocation

    /// The `ReferenceSets` of a rule group, by name.
    static func map(_ node: DocumentNode, _ problems: inout [Diagnostic]) -> [String: IPSetReference] {
        guard let fields = DocumentFields(node, of: "ReferenceSets", keys: ["IPSetReferences"], &problems),
            let map = fields["IPSetReferences"], let entries = map.entries(&problems)
        else { return [:] }
        if entries.count > maximumCount {
            problems.error(
                at: map.location, "IPSetReferences limit exceeded: \(entries.count) references, at most \(maximumCount)"
            )
        }
        var references: [String: IPSetReference] = [:]
        var names: [String: String] = [:]
        for entry in entries {
            if !TextForm.variableName.accepts(entry.key) {
                problems.error(
                    at: entry.keyLocation, "expected \(TextForm.variableName.expected), found '\(shown(entry.key))'")
            }
            let arn = DocumentFields(entry.value, of: entry.key, keys: ["ReferenceArn"], &problems)?["ReferenceArn"]
            let text = arn?.string(.arn, &problems)
            if let text, let other = names.updateValue(entry.key, forKey: text) {
                problems.error(
                    at: entry.value.location, "IPSetReferences is invalid: '\(entry.key)' has the ARN of '\(other)'",
                    hint: "several rules can use the same @name")
            }
            references[entry.key] = IPSetReference(referenceARN: text, location: entry.value.location)
        }
        return references
    }
}
