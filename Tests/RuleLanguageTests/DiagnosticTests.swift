import RuleLanguage
import Testing

/// Problems as they are printed.
struct DiagnosticTests {
    private static func text(column: Int, length: Int = 0, line: String?, hint: String? = nil, path: String = "")
        -> String
    {
        Diagnostic(
            at: SourceLocation(file: "a.rules", line: 3, column: column, path: path), length: length, "wrong",
            hint: hint,
            sourceLine: line
        ).description
    }

    @Test("the place and the message, and no more when there is no line")
    func plain() {
        #expect(Self.text(column: 7, line: nil) == "a.rules:3:7: error: wrong")
        #expect(Self.text(column: 7, line: nil, hint: "try") == "a.rules:3:7: error: wrong\n    try")
        #expect(Self.text(column: 1, line: nil, path: "RulesSource") == "a.rules:3:1: error: RulesSource: wrong")
        let warning = Diagnostic(.warning, at: SourceLocation(file: "f", line: 1, column: 2), "odd")
        #expect(warning.description == "f:1:2: warning: odd")
        #expect(![warning].hasErrors)
    }

    @Test(
        "the caret under the column, as long as what it means",
        arguments: [
            (1, 0, "abc", "    abc\n    ^"), (2, 1, "abc", "    abc\n     ^"), (2, 2, "abc", "    abc\n     ^~"),
            (3, 9, "abc", "    abc\n      ^"), (4, 1, "abc", "    abc\n       ^"), (99, 5, "abc", "    abc\n       ^"),
            (0, 1, "abc", "    abc\n    ^"), (1, 1, "", "    \n    ^"), (2, 2, "\tab", "     ab\n     ^~"),
            (3, 2, "äöüß", "    äöüß\n      ^~"), (2, 3, "世界人民", "    世界人民\n     ^~~"),
        ])
    func caret(column: Int, length: Int, line: String, shown: String) {
        #expect(Self.text(column: column, length: length, line: line) == "a.rules:3:\(column): error: wrong\n" + shown)
    }

    @Test("of a long line a hundred characters around the column are shown")
    func longLines() {
        let line = (0..<300).map { String($0 % 10) }.joined()
        func shown(_ column: Int) -> [Substring] {
            Self.text(column: column, length: 3, line: line).split(separator: "\n").dropFirst().map { $0.dropFirst(4) }
        }
        let start = shown(1)
        #expect(start[0] == line.prefix(100) + "...")
        #expect(start[1] == "^~~")
        let middle = shown(200)
        #expect(middle[0] == "..." + line.dropFirst(159).prefix(100) + "...")
        #expect(middle[1] == String(repeating: " ", count: 43) + "^~~")
        let end = shown(300)
        #expect(end[0] == "..." + line.suffix(100))
        #expect(end[1] == String(repeating: " ", count: 102) + "^")
        // The caret stands under the character that the column names.
        for column in [1, 39, 40, 41, 42, 150, 199, 200, 201, 259, 260, 261, 300] {
            let lines = shown(column)
            let place = lines[1].prefix { $0 == " " }.count
            #expect(Array(lines[0])[place] == Array(line)[column - 1], "column \(column)")
        }
    }

    @Test("a hundred characters are not cut")
    func exactlyHundred() {
        let line = String(repeating: "x", count: 100)
        #expect(
            Self.text(column: 100, line: line)
                == "a.rules:3:100: error: wrong\n    \(line)\n    \(String(repeating: " ", count: 99))^")
    }

    @Test("control characters do not reach the terminal")
    func controlCharacters() {
        let text = Self.text(column: 1, line: "a\u{1b}[31mb\u{7}\u{9b}\rc", hint: "x\u{0}y")
        #expect(text.contains("a?[31mb???c"))
        #expect(text.contains("x?y"))
        #expect("a\nb".printable == "a\nb")
        #expect("plain ä".printable == "plain ä")
    }

    @Test(
        "the nearest name, when one is near enough",
        arguments: [
            ("RulesStrng", "RulesString"), ("rules_string", "RulesString"), ("sit", "sid"), ("SID", "sid"),
            ("contnet", "content"),
            ("zzz", nil), ("completelydifferent", nil), ("tls.snii", "tls.sni"),
        ] as [(String, String?)])
    func nearest(text: String, name: String?) {
        #expect(nearestName(to: text, among: ["content", "sid", "tls.sni", "RulesString", "pcre"]) == name)
    }

    @Test("a text longer than any name has none near it, whatever its length")
    func nearestToLongText() {
        #expect(nearestName(to: String(repeating: "a", count: 1_000_000), among: ["aaaa"]) == nil)
        #expect(nearestName(to: "x", among: [String]()) == nil)
    }
}
