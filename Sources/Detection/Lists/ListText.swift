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
        // Byte by byte: lists may have millions of lines.
        let pieces = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, piece) in pieces.enumerated() {
            guard joinsContinued else {
                append(Substring(piece), index + 1, to: &lines)
                continue
            }
            var whole = (started?.text ?? "") + Substring(piece)
            if whole.utf8.last == UInt8(ascii: "\r") { whole.unicodeScalars.removeLast() }
            let number = started?.number ?? index + 1
            started = nil
            if whole.utf8.last == UInt8(ascii: "\\") {
                whole.removeLast()
                started = (whole + " ", number)
                continue
            }
            append(whole[...], number, to: &lines)
        }
        if let started { append(started.text[...], started.number, to: &lines) }
        return lines
    }

    private func append(_ whole: Substring, _ number: Int, to lines: inout [Line]) {
        let content = whole.trimmed
        guard let first = content.utf8.first, first != UInt8(ascii: "#") else { return }
        let indent = whole.utf8.distance(from: whole.startIndex, to: content.startIndex)
        lines.append(Line(text: String(content), file: file, number: number, indent: indent))
    }
}

extension Substring {
    /// Without blanks at both ends.
    var trimmed: Substring {
        var rest = utf8
        func isBlank(_ byte: UInt8?) -> Bool { byte.map { $0 == 32 || (9...13).contains($0) } ?? false }
        while isBlank(rest.first) { rest.removeFirst() }
        while isBlank(rest.last) { rest.removeLast() }
        return Substring(rest)
    }

    /// The parts between commas, without blanks around them.
    var fields: [Substring] {
        utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).map { Substring($0).trimmed }
    }
}
