/// The name of a rule group in a policy: `arn:aws:network-firewall:REGION:ACCOUNT:KIND/NAME`.
public struct ResourceARN: Hashable, Sendable {
    public let text: String
    /// `stateful-rulegroup`, `stateless-rulegroup`, ...
    public let kind: String
    /// The last component of the path, by which a file is found.
    public let name: String
    /// The group is one of the provider's own (`aws-managed` in place of the account number).
    public let isManaged: Bool

    /// Nil when the text is not an ARN of Network Firewall.
    public init?(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0] == "arn", parts[1].hasPrefix("aws"), parts[2] == "network-firewall" else {
            return nil
        }
        let path = parts[5].split(separator: "/", omittingEmptySubsequences: false)
        guard path.count >= 2, let kind = path.first, let name = path.last, !kind.isEmpty, !name.isEmpty else {
            return nil
        }
        self.text = text
        self.kind = String(kind)
        self.name = String(name)
        isManaged = parts[4] == "aws-managed"
    }
}

extension ResourceARN: CustomStringConvertible {
    public var description: String { text }
}
