import Foundation
import PolicyModel
import RuleLanguage

/// The documents in `Fixtures`: every shape that is accepted, and `invalid-cases.json`.
enum Fixtures {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures")
        .path

    static func text(_ name: String) throws -> String {
        try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
    }

    static func names(_ suffix: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(suffix) }.sorted()
    }
}

/// A folder that is gone at the end of a test.
final class TemporaryFolder {
    let path: String

    init(_ files: [String: String]) throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("policy-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        for (name, text) in files { try text.write(toFile: "\(path)/\(name)", atomically: false, encoding: .utf8) }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

extension PolicyDocument {
    var ruleGroup: RuleGroupDocument? {
        if case .ruleGroup(let document) = self { document } else { nil }
    }

    var stateful: StatefulRuleGroup? {
        if case .stateful(let group) = ruleGroup?.group { group } else { nil }
    }

    var stateless: StatelessRuleGroup? {
        if case .stateless(let group) = ruleGroup?.group { group } else { nil }
    }

    var policy: FirewallPolicy? {
        if case .firewallPolicy(let document) = self { document.policy } else { nil }
    }
}

func read(
    _ text: String, file: String = "test.json", type: RuleGroupType? = nil, ruleOrder: RuleOrder = .strictOrder
) -> DocumentReading {
    PolicyDocumentReader(file: file, type: type, ruleOrder: ruleOrder).read(text)
}

extension DocumentReading {
    var errors: [Diagnostic] { diagnostics.filter { $0.severity == .error } }
    var warnings: [Diagnostic] { diagnostics.filter { $0.severity == .warning } }

    /// `line:column path: message` of each error.
    var errorTexts: [String] { errors.map(\.short) }
}

extension Diagnostic {
    var short: String {
        "\(location.line):\(location.column) \(location.path.isEmpty ? "" : location.path + ": ")\(message)"
    }
}

/// A strict rule group around a rules string.
func strictGroup(_ rules: String, variables: String = "") -> String {
    """
    {
      \(variables)"RulesSource": { "RulesString": \(quoted(rules)) },
      "StatefulRuleOptions": { "RuleOrder": "STRICT_ORDER" }
    }
    """
}

/// A JSON string.
func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": result += "\\\""
        case "\\": result += "\\\\"
        case "\n": result += "\\n"
        case "\r": result += "\\r"
        case "\t": result += "\\t"
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result + "\""
}

extension DocumentNode {
    /// The node written as JSON, one entry a line.
    func json(indent: String = "") -> String {
        let inner = indent + "  "
        switch content {
        case .null: return "null"
        case .string(let text): return quoted(text)
        case .literal(let text), .plain(let text): return text
        case .list(let items):
            if items.isEmpty { return "[]" }
            return "[\n" + items.map { inner + $0.json(indent: inner) }.joined(separator: ",\n") + "\n\(indent)]"
        case .object(let entries):
            if entries.isEmpty { return "{}" }
            let lines = entries.map { "\(inner)\(quoted($0.key)): \($0.value.json(indent: inner))" }
            return "{\n" + lines.joined(separator: ",\n") + "\n\(indent)}"
        }
    }

    /// The node written as block YAML; strings of several lines as literal blocks.
    func yaml(indent: String = "") -> String {
        let inner = indent + "  "
        switch content {
        case .null: return " null\n"
        case .string(let text) where text.hasSuffix("\n") && !text.hasPrefix(" "):
            let lines = text.dropLast().split(separator: "\n", omittingEmptySubsequences: false)
            return " |\n" + lines.map { $0.isEmpty ? "\n" : "\(inner)\($0)\n" }.joined()
        case .string(let text): return " \(quoted(text))\n"
        case .literal(let text), .plain(let text): return " \(text)\n"
        case .list(let items):
            if items.isEmpty { return " []\n" }
            return "\n" + items.map { "\(indent)-\($0.yaml(indent: inner))" }.joined()
        case .object(let entries):
            if entries.isEmpty { return " {}\n" }
            return "\n" + entries.map { "\(indent)\($0.key):\($0.value.yaml(indent: inner))" }.joined()
        }
    }
}
