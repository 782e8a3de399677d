/// A condition on a number as rules write it: `5`, `!5`, `<5`, `>5`, `<=5`, `>=5`, `5<>9` or `5-9` (both
/// ends excluded).
struct IntegerTest: Hashable, Sendable {
    enum Comparison: UInt8, Sendable {
        case equal, notEqual, less, greater, lessOrEqual, greaterOrEqual, between, within, outside
    }

    var comparison: Comparison
    var first: Int64
    var second: Int64 = 0

    @inline(__always)
    func matches(_ value: Int64) -> Bool {
        switch comparison {
        case .equal: value == first
        case .notEqual: value != first
        case .less: value < first
        case .greater: value > first
        case .lessOrEqual: value <= first
        case .greaterOrEqual: value >= first
        case .between: value > first && value < second
        case .within: value >= first && value <= second
        case .outside: value < first || value > second
        }
    }
}

/// What of the notation above a keyword takes.
struct IntegerSyntax: Sendable {
    var maximum: Int64
    var allowsNegation = true
    /// `5<>9` or `5-9`: both ends excluded.
    var allowsBetween = true
    var allowsOrEqual = true

    /// - Returns: the test, or why the text is none.
    func parse(_ text: some StringProtocol) -> Result<IntegerTest, IntegerProblem> {
        let text = String(text.filter { $0 != " " && $0 != "\t" })
        if let range = text.range(of: "<>"), allowsBetween {
            return pair(text[..<range.lowerBound], text[range.upperBound...], .between)
        }
        // Suricata 7 leaves both ends out, whichever sign stands between them.
        if let dash = text.dropFirst().firstIndex(of: "-"), allowsBetween {
            return pair(text[..<dash], text[text.index(after: dash)...], .between)
        }
        for (mark, comparison) in IntegerSyntax.marks where text.hasPrefix(mark) {
            if comparison == .notEqual, !allowsNegation { continue }
            if mark.count == 2, !allowsOrEqual { continue }
            guard let number = number(text.dropFirst(mark.count)) else { return .failure(expectation) }
            guard isOpen(comparison, number) else {
                return .failure(IntegerProblem(message: "every number, or none, is '\(text)'"))
            }
            return .success(IntegerTest(comparison: comparison, first: number))
        }
        guard let number = number(text[...]) else { return .failure(expectation) }
        return .success(IntegerTest(comparison: .equal, first: number))
    }

    /// Some numbers fit and some do not.
    private func isOpen(_ comparison: IntegerTest.Comparison, _ number: Int64) -> Bool {
        switch comparison {
        case .less, .greaterOrEqual: number > 0
        case .greater, .lessOrEqual: number < maximum
        default: true
        }
    }

    private static let marks: [(String, IntegerTest.Comparison)] = [
        ("<=", .lessOrEqual), (">=", .greaterOrEqual), ("<", .less), (">", .greater), ("!", .notEqual), ("=", .equal),
    ]

    private func pair(
        _ low: some StringProtocol, _ high: some StringProtocol, _ comparison: IntegerTest.Comparison
    ) -> Result<IntegerTest, IntegerProblem> {
        guard let first = number(low), let second = number(high) else { return .failure(expectation) }
        guard first < second else {
            return .failure(IntegerProblem(message: "the range \(first) to \(second) runs backwards"))
        }
        guard first + 1 < second else {
            return .failure(IntegerProblem(message: "nothing lies between \(first) and \(second)"))
        }
        return .success(IntegerTest(comparison: comparison, first: first, second: second))
    }

    private func number(_ text: some StringProtocol) -> Int64? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }), let value = Int64(text), value <= maximum
        else { return nil }
        return value
    }

    private var expectation: IntegerProblem {
        var forms = ["a number from 0 to \(maximum)", "<N", ">N"]
        if allowsNegation { forms.append("!N") }
        if allowsBetween { forms.append("N<>M") }
        return IntegerProblem(message: "expected \(forms.joined(separator: ", "))")
    }
}

struct IntegerProblem: Error {
    var message: String
}

extension String {
    /// The first occurrence of `text`.
    func range(of text: String) -> Range<String.Index>? {
        var index = startIndex
        while index < endIndex {
            if self[index...].hasPrefix(text) { return index..<self.index(index, offsetBy: text.count) }
            index = self.index(after: index)
        }
        return nil
    }
}
