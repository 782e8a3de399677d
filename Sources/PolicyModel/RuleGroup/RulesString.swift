import RuleLanguage

/// Suricata rules inside a document: `RulesString`, or `Rules` of a request. One rule on each line, `#` comments.
struct RulesString {
    /// Characters of the whole string.
    static let maximumLength = 2_000_000
    /// Characters of one rule: the service appends 16 of its own, and the whole has to stay below Suricata's 8,192.
    static let maximumRuleLength = 8175

    let node: DocumentNode

    /// The rules without an error, each with its place as `StatefulRuleGroup.rules` describes it.
    func rules(_ checks: ServiceRuleChecks, _ problems: inout [Diagnostic]) -> [RuleSyntax] {
        guard let text = node.string(&problems) else { return [] }
        let length = text.unicodeScalars.count
        guard length <= RulesString.maximumLength else {
            problems.error(
                at: node.location,
                "RulesString has \(length) characters, at most \(RulesString.maximumLength) are taken")
            return []
        }
        var checks = checks
        var rules: [RuleSyntax] = []
        var isContinuation = false
        for (number, line) in numberedLines(of: text) {
            let location = SourceLocation(
                file: node.location.file, line: node.firstTextLine.map { $0 + number - 1 } ?? node.location.line,
                column: 1, path: "\(node.location.path) line \(number)")
            let continuesPrevious = isContinuation
            isContinuation = endsWithBackslash(line) && (continuesPrevious || !isComment(line))
            if continuesPrevious { continue }
            if let problem = problem(line, at: location) {
                problems.append(problem)
                continue
            }
            let parser = RuleParser(file: location.file, path: location.path, firstLine: location.line)
            let result = parser.parse(String(line))
            problems += result.diagnostics
            for rule in result.rules {
                let found = checks.problems(of: rule)
                problems += found
                if !found.hasErrors { rules.append(rule) }
            }
        }
        return rules
    }

    private func problem(_ line: Substring, at location: SourceLocation) -> Diagnostic? {
        if isComment(line) { return nil }
        if endsWithBackslash(line) {
            return Diagnostic(
                at: location, "Illegal option syntax: a rule in RulesString does not go on in the next line",
                hint: "write the whole rule on one line, without '\\' at its end", sourceLine: String(line))
        }
        let length = line.utf8.count
        guard length > RulesString.maximumRuleLength else { return nil }
        return Diagnostic(
            at: location,
            "Rule exceeds max length: it has \(length) characters, at most \(RulesString.maximumRuleLength) are taken",
            sourceLine: String(line))
    }

    private func isComment(_ line: Substring) -> Bool {
        line.utf8.first { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") } == UInt8(ascii: "#")
    }

    private func endsWithBackslash(_ line: Substring) -> Bool {
        line.utf8.last { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") } == UInt8(ascii: "\\")
    }
}

/// The lines of a text with their numbers from 1, without their ends (LF or CRLF).
func numberedLines(of text: String) -> [(number: Int, line: Substring)] {
    let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    return lines.enumerated().map { index, line in
        (index + 1, Substring(line.last == UInt8(ascii: "\r") ? line.dropLast() : line))
    }
}
