import RuleLanguage
import TestSupport
import Testing

/// Texts against the grammar: what is said about them, and where.
struct RuleErrorTests {
    @Test(
        "one problem each, at its line and column",
        arguments: [
            ("alrt tcp any any -> any any (sid:1;)", "1:1+4 unknown action 'alrt'"),
            ("  alrt tcp any any -> any any (sid:1;)", "1:3+4 unknown action 'alrt'"),
            (
                "(sid:1;)",
                "1:1+1 expected an action (alert, pass, drop, reject, rejectsrc, rejectdst, rejectboth, config)"
            ),
            ("alert", "1:6+1 expected a protocol (tcp, udp, ip, tls, http, ...)"),
            ("alert (sid:1;)", "1:7+1 expected a protocol (tcp, udp, ip, tls, http, ...)"),
            ("alert tcp", "1:10+1 expected a source address"),
            ("alert tcp any", "1:14+1 expected a source port"),
            ("alert tcp any any", "1:18+1 expected a direction (-> or <>)"),
            ("alert tcp any any any any any (sid:1;)", "1:19+3 'any' is not a direction"),
            ("alert tcp any any <- any any (sid:1;)", "1:19+2 '<-' is not a direction"),
            ("alert tcp any any ->", "1:21+1 expected a destination address"),
            ("alert tcp any any -> any", "1:25+1 expected a destination port"),
            ("alert tcp any any -> any (sid:1;)", "1:26+1 expected a destination port"),
            ("alert tcp any any -> any any", "1:29+1 expected '(' and the rule's options"),
            ("alert tcp any any -> any any sid:1;", "1:30+1 expected '(' and the rule's options"),
            ("alert tcp any any -> any any (sid:1;", "1:37+1 expected the rule to end with ')'"),
            ("alert tcp any any -> any any (sid:1;) x", "1:38+1 expected the rule to end with ')'"),
            ("alert tcp any any -> any any (", "1:31+1 expected the rule to end with ')'"),
            ("alert tcp any any -> any any (sid:1)", "1:31+5 option 'sid:1' has no ';' at its end"),
            (#"alert tcp any any -> any any (sid:1; msg:"a\;)"#, #"1:38+8 option 'msg:"a\;' has no ';' at its end"#),
            ("alert tcp any any -> any any (;)", "1:31+1 expected a keyword before ';'"),
            ("alert tcp any any -> any any (sid:1; :2;)", "1:38+1 expected a keyword before ';'"),
            ("alert tcp [1.2.3.4 any -> any any (sid:1;)", "1:11+32 '[' is never closed"),
            ("alert tcp 1.2.3.4] any -> any any (sid:1;)", "1:11+8 ']' without '['"),
            ("alert tcp any [80,[90] -> any any (sid:1;)", "1:15+28 '[' is never closed"),
            (#"alert tcp any any -> any any (msg:"äöü"; sid)"#, "1:42+3 option 'sid' has no ';' at its end"),
            (#"alert tcp any any -> any any (msg:"世界"; sid)"#, "1:41+3 option 'sid' has no ';' at its end"),
            ("ok\u{0}tcp any any -> any any (sid:1;)", "1:1+6 unknown action 'ok\u{0}tcp'"),
        ])
    func table(text: String, problem: String) {
        #expect(problems(text) == [problem])
        #expect(parse(text).rules.isEmpty)
    }

    @Test("every bad line is reported, and the good ones are read")
    func several() {
        let text = "bad\npass ip any any -> any any (sid:1;)\nalert tcp any any => any any (sid:2;)\n"
        #expect(problems(text).map { $0.prefix(3) } == ["1:1", "3:1"])
        #expect(parse(text).rules.count == 1)
        #expect(parse(text).diagnostics.hasErrors)
    }

    @Test("hints say how to mend it")
    func hints() {
        func hint(_ text: String) -> String? { parse(text).diagnostics.first?.hint }
        #expect(hint("alert tcp any any <- any any (sid:1;)") == "expected -> or <>; write the sender on the left")
        #expect(hint(header + "(sid:1)") == "every option, the last one too, ends with ';'")
        #expect(hint(header + "(sid:1;) junk") == "there is text behind the last ')'")
        #expect(hint(header + "(sid:1;") == nil)
    }

    @Test("a problem inside a token is placed by characters")
    func insideToken() throws {
        let rule = try #require(parse(#"alert tcp any any -> any any (msg:"ä"; content:"abc"; sid:1;)"#).rules.first)
        let content = try #require(rule.option("content")?.value)
        let problem = rule.diagnostic(at: content, offset: 2, length: 1, "odd letter", hint: "none")
        #expect(problem.location.column == 50)
        #expect(problem.sourceLine == rule.text)
        #expect(rule.diagnostic(.warning, at: content, "odd").length == 5)
    }

    @Test("no text traps, and every problem lies in the text")
    func anyText() throws {
        let words = [
            "alert", "tcp", "any", "->", "<>", "(", ")", ";", ":", "\\", "\n", "\r\n", " ", "\t", "[", "]", "!", "\"",
            "sid:1;", "#",
            "$X", "ä", "世", "\u{0}", "\u{301}", "e\u{301}", "\u{FEFF}", "👩‍👩‍👧",
        ]
        try property("random rule texts", runs: 3000) { random in
            let text = (0..<random.below(40)).map { _ in random.pick(words) }.joined(separator: random.pick(["", " "]))
            try check(text)
        }
    }

    @Test("no mutation of a rule traps")
    func mutations() throws {
        let rule =
            #"alert http $HOME_NET [80,443] -> [10.0.0.0/8, !10.1.1.1] any (msg:"ä \; b"; http.host; content:"x"; sid:1;)"#
        try property("mutated rules", runs: 3000) { random in
            let lines = (0..<1 + random.below(3)).map { _ in random.mutated(utf8(rule)) }
            try check(
                String(decoding: Array(lines.joined(separator: utf8(random.pick(["\n", "\\\n", ""])))), as: UTF8.self))
        }
    }

    private func check(_ text: String) throws {
        let result = parse(text)
        let lines = text.utf8.split(separator: 10, omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self).unicodeScalars.count
        }
        for problem in result.diagnostics {
            try #require(lines.indices.contains(problem.location.line - 1))
            try #require((1...lines[problem.location.line - 1] + 1).contains(problem.location.column))
            try #require(!problem.description.isEmpty)
        }
        for rule in result.rules {
            for option in rule.options { _ = option.value.flatMap { OptionText($0.text) }?.unescaped }
            for token in [rule.source, rule.destination] { _ = try? AddressExpression(parsing: token.text) }
            for token in [rule.sourcePort, rule.destinationPort] { _ = try? PortExpression(parsing: token.text) }
        }
    }
}
