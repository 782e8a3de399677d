import RuleLanguage

/// The `requires` keyword: what an engine must have for a rule to count. It is judged before anything else of the rule,
/// so that a rule for another engine may hold what this one has never heard of.
///
///     requires: version >= 7.0.3 < 8 | >= 8.0.1, feature ja4
enum RuleRequirement {
    /// The Suricata whose language this is.
    static let version = [7, 0, 10]
    static let features: Set<String> = ["ja4"]

    /// - Parameters:
    ///   - ignoresUnknown: a requirement of an unknown kind counts as met.
    ///   - features: what this engine has, or is set to have.
    /// - Returns: why the rule does not count here; nil when it does.
    static func unmet(
        _ rule: RuleSyntax, ignoresUnknown: Bool = false, features: Set<String> = features
    ) throws(RuleProblem) -> String? {
        for option in rule.options where option.name == "requires" {
            let text = option.value?.text ?? ""
            if let reason = try unmet(text, ignoresUnknown: ignoresUnknown, features) { return reason }
        }
        return nil
    }

    private static func unmet(
        _ text: String, ignoresUnknown: Bool, _ features: Set<String>
    ) throws(RuleProblem) -> String? {
        for part in text.split(separator: ",") {
            let words = part.split(whereSeparator: \.isWhitespace).map(String.init)
            guard let kind = words.first else { continue }
            switch kind {
            case "version":
                guard try isMet(versions: part.drop { $0 != "v" }.dropFirst(7)) else { return "of another version" }
            case "feature":
                guard words.count == 2, features.contains(words[1]) else {
                    return "feature \(words.dropFirst().joined(separator: " ")) is missing"
                }
            case _ where ignoresUnknown: continue
            default: return "unknown requirement '\(kind)'"
            }
        }
        return nil
    }

    /// Alternatives between bars; within one all comparisons hold.
    private static func isMet(versions text: Substring) throws(RuleProblem) -> Bool {
        for alternative in text.split(separator: "|", omittingEmptySubsequences: false) {
            if try isMet(all: alternative) { return true }
        }
        return false
    }

    private static func isMet(all text: Substring) throws(RuleProblem) -> Bool {
        var rest = text.drop(while: \.isWhitespace)
        var isMet = true
        var count = 0
        while !rest.isEmpty {
            let mark = rest.prefix { "<>=".contains($0) }
            rest = rest.dropFirst(mark.count).drop(while: \.isWhitespace)
            let number = rest.prefix { $0.isNumber || $0 == "." }
            // A suffix such as -beta1 is not compared.
            rest = rest.drop { !$0.isWhitespace && !"<>".contains($0) }.drop(while: \.isWhitespace)
            guard !number.isEmpty else { throw malformed(text) }
            let wanted = number.split(separator: ".").map { Int($0) ?? 0 }
            switch mark {
            case "<": isMet = isMet && compare(version, wanted) < 0
            case "<=": isMet = isMet && compare(version, wanted) <= 0
            case ">": isMet = isMet && compare(version, wanted) > 0
            case ">=": isMet = isMet && compare(version, wanted) >= 0
            // What stands behind the comparisons without one is not read.
            case "" where count > 0: return isMet
            default: throw malformed(text)
            }
            count += 1
        }
        guard count > 0 else { throw malformed(text) }
        return isMet
    }

    private static func malformed(_ text: Substring) -> RuleProblem {
        RuleProblem("'\(text)' is no version requirement", hint: "expected comparisons such as >= 7.0.3 < 8")
    }

    private static func compare(_ left: [Int], _ right: [Int]) -> Int {
        for index in 0..<max(left.count, right.count) {
            let first = index < left.count ? left[index] : 0
            let second = index < right.count ? right[index] : 0
            if first != second { return first < second ? -1 : 1 }
        }
        return 0
    }
}
