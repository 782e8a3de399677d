import RuleLanguage
import Testing

/// Values of options: negation, quotes, escapes.
struct OptionTextTests {
    struct Row: Sendable {
        let value: String
        let isNegated: Bool
        let isQuoted: Bool
        let text: String
        let offset: Int
        let unescaped: String

        init(
            _ value: String, _ text: String, offset: Int, negated: Bool = false, quoted: Bool = true,
            unescaped: String? = nil
        ) {
            self.value = value
            self.text = text
            self.offset = offset
            isNegated = negated
            isQuoted = quoted
            self.unescaped = unescaped ?? text
        }
    }

    @Test(
        "good values",
        arguments: [
            Row("", "", offset: 0, quoted: false), Row("5", "5", offset: 0, quoted: false),
            Row("!5", "5", offset: 1, negated: true, quoted: false),
            Row("! 5", "5", offset: 2, negated: true, quoted: false),
            Row(#""abc""#, "abc", offset: 1), Row(#"!"abc""#, "abc", offset: 2, negated: true),
            Row(#" ! "abc""#, "abc", offset: 4, negated: true), Row(#""""#, "", offset: 1),
            Row(#""a\;b""#, #"a\;b"#, offset: 1, unescaped: "a;b"),
            Row(#""a\"b""#, #"a\"b"#, offset: 1, unescaped: #"a"b"#),
            Row(#""a\\b""#, #"a\\b"#, offset: 1, unescaped: #"a\b"#),
            Row(#""a\:b""#, #"a\:b"#, offset: 1, unescaped: "a:b"),
            Row(#""a\\\;""#, #"a\\\;"#, offset: 1, unescaped: #"a\;"#), Row(#""\d+""#, #"\d+"#, offset: 1),
            Row(#""a\""#, #"a\"#, offset: 1), Row(#""äö""#, "äö", offset: 1),
            Row(#"a"b"#, #"a"b"#, offset: 0, quoted: false),
        ])
    func good(row: Row) throws {
        let option = try #require(OptionText(row.value))
        #expect(option.isNegated == row.isNegated)
        #expect(option.isQuoted == row.isQuoted)
        #expect(option.text == row.text)
        #expect(option.offset == row.offset)
        #expect(option.unescaped == row.unescaped)
    }

    @Test("quotes that are not closed", arguments: [#"""#, #"!""#, #""abc"#, #"abc""#, #""abc"x"#])
    func bad(value: String) {
        #expect(OptionText(value) == nil)
    }
}
