import RuleLanguage

/// A text file of one entry a line: lines with their numbers, without comments and blank ones.
struct ListText {
    struct Line {
        let text: String
        let file: String
        /// From 1.
        let number: Int
        /// Characters before the text.
        var indent = 0

        /// A problem with the whole line, or with a part of it.
        func problem(
            _ message: String, hint: String? = nil, at part: Substring? = nil, _ severity: Diagnostic.Severity = .error
        ) -> Diagnostic {
            let offset = part.map { text.distance(from: text.startIndex, to: $0.startIndex) } ?? 0
            return Diagnostic(
                severity, at: SourceLocation(file: file, line: number, column: offset + indent + 1),
                length: part?.count ?? text.count, message, hint: hint,
                sourceLine: String(repeating: " ", count: indent) + text)
        }
    }

    let file: String
    let text: String

    /// - Parameter joinsContinued: a backslash at a line's end continues it.
    func lines(joinsContinued: Bool = false) -> [Line] {
        var lines: [Line] = []
        var started: (text: String, number: Int)?
        for (index, piece) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            var whole = (started?.text ?? "") + piece
            let number = started?.number ?? index + 1
            started = nil
            if joinsContinued, whole.hasSuffix("\\") {
                whole.removeLast()
                started = (whole + " ", number)
                continue
            }
            append(whole, number, to: &lines)
        }
        if let started { append(started.text, started.number, to: &lines) }
        return lines
    }

    private func append(_ whole: String, _ number: Int, to lines: inout [Line]) {
        let content = whole.drop(while: \.isWhitespace)
        guard let first = content.first, first != "#" else { return }
        var end = content
        while end.last?.isWhitespace == true { end.removeLast() }
        lines.append(
            Line(text: String(end), file: file, number: number, indent: whole.count - content.count))
    }
}

extension Substring {
    /// Without blanks at both ends.
    var trimmed: Substring {
        var rest = drop(while: \.isWhitespace)
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return rest
    }
}
