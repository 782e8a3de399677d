/// Reads Suricata rule text: one rule a line, `#` comments, a backslash at the end of a line continues it.
public struct RuleParser {
    /// Longest rule accepted, as in Suricata 7 and AWS (8,192 characters).
    public static let maximumRuleLength = 8192

    public struct Result: Sendable {
        public var rules: [RuleSyntax] = []
        /// Errors of the grammar, one or more for each line that gave no rule.
        public var diagnostics: [Diagnostic] = []
    }

    let file: String
    let path: String
    let firstLine: Int

    /// - Parameters:
    ///   - path: JSON path of the string the text stands in, if it is part of a document.
    ///   - firstLine: the number of the text's first line.
    public init(file: String, path: String = "", firstLine: Int = 1) {
        self.file = file
        self.path = path
        self.firstLine = firstLine
    }

    public func parse(_ text: String) -> Result {
        var result = Result()
        for line in logicalLines(of: text) {
            var reader = RuleLineReader(line: line)
            switch reader.rule() {
            case .rule(let rule): result.rules.append(rule)
            case .blank: break
            case .invalid(let problems): result.diagnostics += problems
            }
        }
        return result
    }

    /// Joins continued lines. A joined line remembers where each part came from.
    private func logicalLines(of text: String) -> [LogicalLine] {
        var lines: [LogicalLine] = []
        var pending: LogicalLine?
        var number = firstLine
        for piece in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            var bytes = Array(piece)
            if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
            var line = pending ?? LogicalLine(file: file, path: path)
            let end = bytes.lastIndex { $0 != 32 && $0 != 9 }
            if let end, bytes[end] == UInt8(ascii: "\\"), !RuleParser.isComment(bytes) || pending != nil {
                line.append(bytes[..<end], line: number)
                line.isContinued = true
                pending = line
            } else {
                line.append(bytes[...], line: number)
                lines.append(line)
                pending = nil
            }
            number += 1
        }
        if let pending { lines.append(pending) }
        return lines
    }

    private static func isComment(_ bytes: [UInt8]) -> Bool {
        bytes.first { $0 != 32 && $0 != 9 } == UInt8(ascii: "#")
    }
}

/// A rule's text with continued lines joined, and the way back to file, line and column.
struct LogicalLine {
    let file: String
    let path: String
    var bytes: [UInt8] = []
    var isContinued = false
    /// A byte is a character: columns need no counting.
    private var isASCII = true
    private var parts: [(start: Int, line: Int)] = []

    init(file: String, path: String) {
        self.file = file
        self.path = path
    }

    mutating func append(_ more: ArraySlice<UInt8>, line: Int) {
        parts.append((bytes.count, line))
        isASCII = isASCII && more.allSatisfy { $0 < 0x80 }
        bytes += more
    }

    func location(of offset: Int) -> SourceLocation {
        let part = parts.last { $0.start <= offset } ?? (0, 1)
        let prefix = bytes[part.start..<min(offset, bytes.count)]
        // Columns count characters: UTF-8 continuation bytes are not counted.
        let column = isASCII ? prefix.count + 1 : prefix.reduce(1) { $0 + ($1 & 0xc0 == 0x80 ? 0 : 1) }
        return SourceLocation(file: file, line: part.line, column: column, path: path)
    }

    /// The physical line that holds `offset`.
    func sourceLine(of offset: Int) -> String { sourceLine(part: parts.lastIndex { $0.start <= offset } ?? 0) }

    /// The physical line with this number in the file.
    func sourceLine(numbered number: Int) -> String { sourceLine(part: parts.lastIndex { $0.line == number } ?? 0) }

    private func sourceLine(part index: Int) -> String {
        let end = index + 1 < parts.count ? parts[index + 1].start : bytes.count
        return String(decoding: bytes[parts[index].start..<end], as: UTF8.self)
    }

    func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
}
