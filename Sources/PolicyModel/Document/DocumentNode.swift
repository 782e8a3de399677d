import RuleLanguage

/// One value of a JSON or YAML document and where it stands.
///
/// JSON and YAML give the same nodes. What a YAML word without quotes means (`443`, `true`, `on`) is decided by the one
/// who reads it: asked for a string it is a string, asked for a number it is a number.
public struct DocumentNode: Sendable {
    public enum Content: Sendable {
        /// `null`, or nothing where a value was due.
        case null
        /// A JSON string, or a quoted or block scalar of YAML.
        case string(String)
        /// A number, `true` or `false` of JSON: never a string.
        case literal(String)
        /// A YAML scalar without quotes.
        case plain(String)
        case list([DocumentNode])
        case object([Entry])
    }

    /// One `key: value` of an object, in written order.
    public struct Entry: Sendable {
        public let key: String
        public let keyLocation: SourceLocation
        public let value: DocumentNode
    }

    public let content: Content
    public let location: SourceLocation
    /// Set for a YAML literal block (`|`), whose lines are lines of the file: the number of its first line.
    public let firstTextLine: Int?

    init(_ content: Content, at location: SourceLocation, firstTextLine: Int? = nil) {
        self.content = content
        self.location = location
        self.firstTextLine = firstTextLine
    }
}

extension DocumentNode {
    /// What was found, for messages: "the number 5", "a list".
    var found: String {
        switch content {
        case .null: "nothing"
        case .string(let text): "the string \"\(shown(text))\""
        case .literal(let text): text == "true" || text == "false" ? text : "the number \(shown(text))"
        case .plain(let text): "'\(shown(text))'"
        case .list: "a list"
        case .object: "an object"
        }
    }

    /// The value under `key` of an object, without any check.
    public subscript(key: String) -> DocumentNode? {
        guard case .object(let entries) = content else { return nil }
        return entries.first { $0.key == key }?.value
    }

    /// The text of a string; nil for anything else, without any check.
    public var text: String? {
        switch content {
        case .string(let text), .plain(let text): text
        case .null, .literal, .list, .object: nil
        }
    }
}

// Reading with a check: nil means that a problem was added.
extension DocumentNode {
    public func string(_ problems: inout [Diagnostic]) -> String? {
        if let text { return text }
        var hint: String?
        if case .literal(let text) = content { hint = "write it in quotes: \"\(shown(text))\"" }
        problems.error(at: location, "expected a string, found \(found)", hint: hint)
        return nil
    }

    public func integer(in range: ClosedRange<Int>, _ problems: inout [Diagnostic]) -> Int? {
        let expected = "expected a whole number from \(range.lowerBound) to \(range.upperBound)"
        switch content {
        case .literal(let text), .plain(let text):
            if let number = Int(text), range.contains(number) { return number }
            problems.error(at: location, "\(expected), found \(shown(text))")
        case .string(let text) where Int(text) != nil:
            problems.error(at: location, "\(expected), found \(found)", hint: "leave out the quotes")
        case .null, .string, .list, .object:
            problems.error(at: location, "\(expected), found \(found)")
        }
        return nil
    }

    public func boolean(_ problems: inout [Diagnostic]) -> Bool? {
        switch content {
        case .literal("true"), .plain("true"), .plain("True"): return true
        case .literal("false"), .plain("false"), .plain("False"): return false
        case .null, .string, .literal, .plain, .list, .object:
            problems.error(at: location, "expected true or false, found \(found)")
            return nil
        }
    }

    public func list(_ problems: inout [Diagnostic]) -> [DocumentNode]? {
        if case .list(let items) = content { return items }
        problems.error(at: location, "expected a list, found \(found)", hint: "write [ ... ] around a single value")
        return nil
    }

    public func entries(_ problems: inout [Diagnostic]) -> [Entry]? {
        if case .object(let entries) = content { return entries }
        problems.error(at: location, "expected an object, found \(found)")
        return nil
    }

    /// A string that has to be one of the raw values of `Word`.
    func word<Word: RawRepresentable & CaseIterable>(
        of type: Word.Type, _ problems: inout [Diagnostic]
    ) -> Word? where Word.RawValue == String {
        guard let text = string(&problems) else { return nil }
        if let word = Word(rawValue: text) { return word }
        let words = Word.allCases.map(\.rawValue)
        problems.error(
            at: location, "'\(shown(text))' is not known here, expected one of \(words.joined(separator: ", "))",
            hint: problems.suggestion(for: text, among: words))
        return nil
    }

    /// A list of such strings; items that are wrong are left out.
    func words<Word: RawRepresentable & CaseIterable>(
        of type: Word.Type, _ problems: inout [Diagnostic]
    ) -> [Word]? where Word.RawValue == String {
        guard let items = list(&problems) else { return nil }
        var words: [Word] = []
        for item in items { if let word = item.word(of: type, &problems) { words.append(word) } }
        return words
    }

    /// A string of a given form, see `TextForm`.
    func string(_ form: TextForm, _ problems: inout [Diagnostic]) -> String? {
        guard let text = string(&problems) else { return nil }
        if form.accepts(text) { return text }
        problems.error(at: location, "expected \(form.expected), found \(found)")
        return nil
    }
}
