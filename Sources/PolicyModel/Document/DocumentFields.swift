import RuleLanguage

/// The fields of one object of a document. Made with the keys that are allowed; any other key is a problem, with the
/// nearest allowed one as a hint.
struct DocumentFields {
    let node: DocumentNode
    private let name: String
    private let values: [String: DocumentNode]

    /// Nil, with a problem, when `node` is not an object. `name` is what messages call it: "RulesSource".
    init?(_ node: DocumentNode, of name: String, keys: [String], _ problems: inout [Diagnostic]) {
        guard let entries = node.entries(&problems) else { return nil }
        self.node = node
        self.name = name
        var values: [String: DocumentNode] = [:]
        for entry in entries {
            values[entry.key] = entry.value
            guard !keys.contains(entry.key) else { continue }
            problems.error(
                at: entry.keyLocation, "unknown key '\(shown(entry.key))' in \(name)",
                hint: problems.suggestion(for: entry.key, among: keys) ?? "expected \(keys.joined(separator: ", "))")
        }
        self.values = values
    }

    subscript(key: String) -> DocumentNode? { values[key] }

    func contains(_ key: String) -> Bool { values[key] != nil }

    /// The value of a key that has to be there.
    func required(_ key: String, _ problems: inout [Diagnostic]) -> DocumentNode? {
        if let value = values[key] { return value }
        problems.error(at: node.location, "\(name) has no '\(key)', which is required")
        return nil
    }
}
