import FlowTracking
import Wire

/// What the rule language supports, read from the registries.
public enum RuleLanguageReference {
    public struct Entry: Sendable {
        public let name: String
        public let aliases: [String]
        public let summary: String
    }

    public static var keywords: [Entry] {
        Keyword.all.map { Entry(name: $0.name, aliases: $0.aliases, summary: $0.summary) }.sorted { $0.name < $1.name }
    }

    public static var protocols: [String] { RuleProtocol.names }

    /// Names of `decode-event` and `stream-event`: those that happen, and those that are known and never do.
    public static var events: (decode: [String], stream: [String], unseen: [String]) {
        (
            DecodeEvent.allCases.map(\.rawValue), StreamFault.allCases.map(\.rawValue),
            (DecodeNames.unseen + StreamNames.unseen).sorted()
        )
    }
}
