/// A place in a file: line and column from 1, the column in characters as an editor shows it.
public struct SourceLocation: Hashable, Sendable {
    public var file: String
    public var line: Int
    public var column: Int
    /// Where the place lies inside a document: a JSON path such as `RulesSource.RulesString`, else empty.
    public var path: String

    public init(file: String, line: Int, column: Int, path: String = "") {
        self.file = file
        self.line = line
        self.column = column
        self.path = path
    }
}

/// One thing wrong, or worth a warning, in a rule or document.
public struct Diagnostic: Error, Hashable, Sendable {
    public enum Severity: String, Sendable {
        case error
        case warning
        case note
    }

    public var severity: Severity
    public var location: SourceLocation
    /// Characters of the offending text from `location.column` on; 0 when the whole line is meant.
    public var length: Int
    public var message: String
    /// How to mend it, where that is known.
    public var hint: String?
    /// The line of the source, for the caret.
    public var sourceLine: String?
    /// The line is no rule by the grammar; the lines around it are not affected.
    public var isOfOneRule = false

    public init(
        _ severity: Severity = .error, at location: SourceLocation, length: Int = 0, _ message: String,
        hint: String? = nil, sourceLine: String? = nil
    ) {
        self.severity = severity
        self.location = location
        self.length = length
        self.message = message
        self.hint = hint
        self.sourceLine = sourceLine
    }
}

extension [Diagnostic] {
    /// At least one of them refuses what was read.
    public var hasErrors: Bool { contains { $0.severity == .error } }
}

extension Diagnostic: CustomStringConvertible {
    /// `file:line:column: error: message`, the source line with a caret, and the hint.
    public var description: String {
        var text = "\(location.file):\(location.line):\(location.column): \(severity.rawValue): "
        if !location.path.isEmpty { text += "\(location.path): " }
        text += message
        if let sourceLine {
            let (shown, caret) = Diagnostic.excerpt(of: sourceLine, column: location.column)
            text += "\n    \(shown)\n    \(String(repeating: " ", count: caret))^"
            let tail = min(max(0, length - 1), max(0, shown.count - caret - 1))
            text += String(repeating: "~", count: tail)
        }
        if let hint { text += "\n    \(hint)" }
        return text.printable
    }

    /// Rules are long lines: at most 100 characters around the column, tabs as spaces, and the caret's place in them.
    private static func excerpt(of line: String, column: Int) -> (String, Int) {
        let characters = Array(line.map { $0 == "\t" ? " " : $0 })
        let caret = min(max(0, column - 1), characters.count)
        let width = 100
        guard characters.count > width else { return (String(characters), caret) }
        let start = max(0, min(caret - 40, characters.count - width))
        let end = min(characters.count, start + width)
        let head = start > 0 ? "..." : ""
        let tail = end < characters.count ? "..." : ""
        return (head + String(characters[start..<end]) + tail, caret - start + head.count)
    }
}
