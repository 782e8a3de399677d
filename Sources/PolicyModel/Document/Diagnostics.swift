import RuleLanguage

extension [Diagnostic] {
    mutating func error(at location: SourceLocation, length: Int = 0, _ message: String, hint: String? = nil) {
        append(Diagnostic(.error, at: location, length: length, message, hint: hint))
    }

    mutating func warning(at location: SourceLocation, length: Int = 0, _ message: String, hint: String? = nil) {
        append(Diagnostic(.warning, at: location, length: length, message, hint: hint))
    }

    /// "did you mean 'RulesSource'?" Only for the first hundred problems: the search takes time, and a hostile document
    /// has a million unknown keys.
    func suggestion(for text: String, among names: [String]) -> String? {
        guard count < 100 else { return nil }
        return nearestName(to: text, among: names).map { "did you mean '\($0)'?" }
    }
}

/// Text of a document as messages quote it: short, on one line, and without control characters, which could drive the
/// terminal it is printed on.
func shown(_ text: String) -> String {
    let limit = 60
    let head = String(String.UnicodeScalarView(text.unicodeScalars.prefix(limit).map { $0 == "\n" ? " " : $0 }))
    return head.printable + (text.unicodeScalars.count > limit ? "..." : "")
}
