import RuleLanguage
import Testing

/// Rules over several lines: a backslash at the end of a line continues it.
struct ContinuationTests {
    @Test("pieces keep their own line and column")
    func places() throws {
        let text = """
            # a comment
            alert tcp any any \\
              -> any 80 \\
                (msg:"a"; \\
                 sid:1;)
            pass ip any any -> any any (sid:2;)
            """
        let rules = parse(text).rules
        let rule = try #require(rules.first)
        #expect(rules.count == 2)
        #expect(rule.isContinued)
        #expect(rule.actionToken.place == "2:1")
        #expect(rule.destination.place == "3:6")
        #expect(rule.destinationPort.place == "3:10")
        #expect(rule.options.map(\.nameToken.place) == ["4:6", "5:6"])
        #expect(rule.text == #"alert tcp any any   -> any 80     (msg:"a";      sid:1;)"#)
        #expect(rules[1].location.line == 6)
        #expect(!rules[1].isContinued)
    }

    @Test("blanks behind the backslash, CR LF, and a lone backslash")
    func variants() {
        for end in ["\\ \t\n", "\\\r\n", "\\\n\\\n"] {
            let result = parse("alert tcp any any -> \(end)any any (sid:1;)")
            #expect(result.diagnostics.isEmpty)
            #expect(result.rules.count == 1)
        }
    }

    @Test("a comment is not continued")
    func comments() {
        let result = parse("# ends with \\\npass ip any any -> any any (sid:1;)")
        #expect(result.rules.map(\.location.line) == [2])
    }

    @Test("the file may end in the middle of a rule")
    func unfinished() {
        #expect(problems(header + "(sid:1; \\") == ["1:38+1 expected the rule to end with ')'"])
        #expect(parse(header + "(sid:1;) \\").rules.count == 1)
        #expect(parse("\\").diagnostics.isEmpty)
    }

    @Test("an error on a later line is shown with that line")
    func errors() throws {
        let problem = try #require(parse("alert tcp any any \\\n   => any any (sid:1;)").diagnostics.first)
        #expect(problem.location.line == 2)
        #expect(problem.location.column == 4)
        #expect(problem.message == "'=>' is not a direction")
        #expect(
            problem.description == """
                test.rules:2:4: error: '=>' is not a direction
                       => any any (sid:1;)
                       ^~
                    expected -> or <> between the two endpoints
                """)
    }
}
