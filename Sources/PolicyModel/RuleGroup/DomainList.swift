import NetTypes
import RuleLanguage

/// `RulesSourceList`: domain names from which the service makes rules, see `DomainListRules`.
public struct DomainList: Sendable {
    /// Where a name is looked for.
    public enum TargetType: String, Hashable, Sendable, CaseIterable {
        case tlsSNI = "TLS_SNI"
        case httpHost = "HTTP_HOST"
    }

    /// What is done with connections to the names.
    public enum GeneratedRulesType: String, Hashable, Sendable, CaseIterable {
        case allowlist = "ALLOWLIST"
        case denylist = "DENYLIST"
        case rejectlist = "REJECTLIST"
        case alertlist = "ALERTLIST"
    }

    public var targets: [DomainTarget]
    /// Without repetitions.
    public var targetTypes: [TargetType]
    public var generatedRulesType: GeneratedRulesType
    public var location: SourceLocation

    public init(
        targets: [DomainTarget], targetTypes: [TargetType], generatedRulesType: GeneratedRulesType,
        location: SourceLocation
    ) {
        self.targets = targets
        self.targetTypes = targetTypes
        self.generatedRulesType = generatedRulesType
        self.location = location
    }

    init?(_ node: DocumentNode, _ problems: inout [Diagnostic]) {
        let keys = ["Targets", "TargetTypes", "GeneratedRulesType"]
        guard let fields = DocumentFields(node, of: "RulesSourceList", keys: keys, &problems) else { return nil }
        let kind = fields.required("GeneratedRulesType", &problems)?.word(of: GeneratedRulesType.self, &problems)
        let types = fields.required("TargetTypes", &problems).flatMap { DomainList.types($0, &problems) }
        let targets = fields.required("Targets", &problems).flatMap { DomainList.targets($0, &problems) }
        guard let kind, let types, let targets else { return nil }
        self.init(targets: targets, targetTypes: types, generatedRulesType: kind, location: node.location)
    }

    private static func types(_ node: DocumentNode, _ problems: inout [Diagnostic]) -> [TargetType]? {
        guard let words = node.words(of: TargetType.self, &problems) else { return nil }
        if case .list(let items) = node.content, items.isEmpty {
            problems.error(at: node.location, "TargetTypes cannot be null or empty")
        }
        if Set(words).count < words.count {
            problems.error(at: node.location, "TargetTypes has duplicate values")
        }
        // The order of the enumeration, TLS first, is the order of the rules.
        return TargetType.allCases.filter(words.contains)
    }

    private static func targets(_ node: DocumentNode, _ problems: inout [Diagnostic]) -> [DomainTarget]? {
        guard let items = node.list(&problems) else { return nil }
        if items.isEmpty { problems.error(at: node.location, "Targets cannot be null or empty") }
        var targets: [DomainTarget] = []
        var seen: [Substring: String] = [:]
        for item in items {
            guard let text = item.string(&problems) else { continue }
            do throws(DomainTarget.Problem) {
                let target = try DomainTarget(text, at: item.location)
                // The service strips the dot first, and minds the case.
                if let other = seen.updateValue(text, forKey: target.name) {
                    let hint = other == text ? nil : ".\(target.name) is the name and everything below it"
                    problems.error(
                        at: item.location, "Targets has duplicate values: '\(text)' and '\(other)'", hint: hint)
                    continue
                }
                if target.name.utf8.last.map(isDigit) == true, IPAddress(target.name) != nil {
                    problems.warning(
                        at: item.location, "'\(text)' is an address: it fits an HTTP Host, never a TLS server name")
                }
                targets.append(target)
            } catch {
                problems.error(at: item.location, "Targets has invalid format: '\(shown(text))'", hint: error.hint)
            }
        }
        return targets
    }

    /// Units of capacity, as two sources tell it: one for each name and type, and one more if HTTP is among the types
    /// (the published guide); or one for each name and type, one for each type, and one more (a third party measured it).
    var capacity: ClosedRange<Int> {
        let base = targets.count * targetTypes.count
        let least = base + (targetTypes.contains(.httpHost) ? 1 : 0)
        return least...(base + targetTypes.count + 1)
    }
}
