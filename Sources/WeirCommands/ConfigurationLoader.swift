import FlowTracking
import Foundation
import PolicyModel
import RuleLanguage

/// Gathers the configuration from its file and from `--set`, with every problem at once.
struct ConfigurationLoader {
    private(set) var configuration = Configuration()
    private(set) var problems: [Diagnostic] = []

    /// `KEY=VALUE`, as given to `--set`.
    mutating func set(_ assignment: String) {
        let place = SourceLocation(file: "--set \(assignment)", line: 1, column: 1)
        guard let equals = assignment.firstIndex(of: "=") else {
            problems.append(Diagnostic(at: place, "expected KEY=VALUE"))
            return
        }
        apply(String(assignment[..<equals]), String(assignment[assignment.index(after: equals)...]), at: place)
    }

    /// Reads a YAML file: nested keys are joined by dots.
    mutating func read(_ path: String) {
        do {
            let text = try String(contentsOfFile: path, encoding: .utf8)
            walk(try DocumentReader(file: path).read(text), name: "")
        } catch let problem as Diagnostic {
            problems.append(problem)
        } catch {
            let place = SourceLocation(file: path, line: 1, column: 1)
            problems.append(Diagnostic(at: place, "cannot be read: \(error.localizedDescription)"))
        }
    }

    private mutating func walk(_ node: DocumentNode, name: String) {
        switch node.content {
        case .object(let entries):
            for entry in entries { walk(entry.value, name: name.isEmpty ? entry.key : "\(name).\(entry.key)") }
        case .list(let items):
            let texts = items.compactMap(\.scalar)
            guard texts.count == items.count else {
                problems.append(Diagnostic(at: node.location, "expected a list of words or numbers"))
                return
            }
            apply(name, "[" + texts.joined(separator: ",") + "]", at: node.location)
        case .string, .plain, .literal:
            if let scalar = node.scalar { apply(name, scalar, at: node.location) }
        case .null:
            if !name.isEmpty { problems.append(Diagnostic(at: node.location, "'\(name)' has no value")) }
        }
    }

    /// Options that contradict each other.
    mutating func checkCombinations() {
        let goesWithTracking: [ExceptionPolicy] = [.ignore, .passFlow]
        guard configuration.midstream == .track, let policy = configuration.midstreamPolicy,
            !goesWithTracking.contains(policy)
        else { return }
        problems.append(
            Diagnostic(
                at: SourceLocation(file: "stream.midstream-policy", line: 1, column: 1),
                "'\(policy.rawValue)' does not go with stream.midstream=track",
                hint: "expected ignore or pass-flow for flows that are picked up"))
    }

    private mutating func apply(_ name: String, _ value: String, at place: SourceLocation) {
        if let variable = name.suffix(behind: "vars.") {
            configuration.variables[variable] = value
            return
        }
        if let reference = name.suffix(behind: "references.") {
            setReference(reference, value, place)
            return
        }
        guard let key = ConfigurationKey.byName[name] else {
            let near = nearestName(to: name, among: ConfigurationKey.byName.keys).map { "did you mean \($0)?" }
            let hint = near ?? "`weir keywords` lists the options"
            problems.append(Diagnostic(at: place, "unknown option '\(name)'", hint: hint))
            return
        }
        do throws(ConfigurationProblem) {
            try key.apply(&configuration, value)
        } catch {
            problems.append(Diagnostic(at: place, error.message))
        }
    }

    /// A list `[10.0.0.0/8,...]`, or `file:PATH` with one address or prefix a line.
    private mutating func setReference(_ name: String, _ value: String, _ place: SourceLocation) {
        if let path = value.suffix(behind: "file:") {
            guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
                problems.append(Diagnostic(at: place, "references.\(name): \(path) cannot be read"))
                return
            }
            configuration.references[name] = text.split(whereSeparator: \.isNewline).compactMap { line in
                let entry = line.prefix { $0 != "#" }.trimmingCharacters(in: .whitespaces)
                return entry.isEmpty ? nil : entry
            }
            return
        }
        let list = value.hasPrefix("[") && value.hasSuffix("]") ? String(value.dropFirst().dropLast()) : value
        configuration.references[name] = list.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
    }
}

extension DocumentNode {
    /// The text of a string, word or number.
    fileprivate var scalar: String? {
        switch content {
        case .string(let text), .plain(let text), .literal(let text): text
        case .null, .list, .object: nil
        }
    }
}

extension String {
    fileprivate func suffix(behind prefix: String) -> String? {
        hasPrefix(prefix) && count > prefix.count ? String(dropFirst(prefix.count)) : nil
    }
}
