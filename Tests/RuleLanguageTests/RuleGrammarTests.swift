import RuleLanguage
import TestSupport
import Testing

/// Rules that follow the grammar.
struct RuleGrammarTests {
    @Test("header and options of an ordinary rule, each piece with its place")
    func ordinary() throws {
        let text = #"drop tls $HOME_NET any -> [1.2.3.4,!5.6.7.8] 443 (msg:"no"; tls.sni; content:"x"; sid:7;)"#
        let rule = try #require(parse(text).rules.first)
        #expect(rule.action == .drop)
        #expect(rule.protocolName == "tls")
        #expect(rule.endpoints == ["$HOME_NET", "any", "[1.2.3.4,!5.6.7.8]", "443"])
        #expect(rule.direction == .toDestination)
        #expect(rule.optionTexts == [#"msg="no""#, "tls.sni", #"content="x""#, "sid=7"])
        #expect(rule.actionToken.place == "1:1")
        #expect(rule.protocolToken.place == "1:6")
        #expect(rule.source.place == "1:10")
        #expect(rule.destination.place == "1:27")
        #expect(rule.destinationPort.place == "1:46")
        #expect(rule.options.map(\.nameToken.place) == ["1:51", "1:61", "1:70", "1:83"])
        #expect(rule.options[3].value?.place == "1:87")
        #expect(rule.text == text)
        #expect(!rule.isContinued)
        #expect(rule.option("content")?.value?.text == #""x""#)
        #expect(rule.option("nocase") == nil)
    }

    @Test(
        "every action, in any case",
        arguments: [
            ("alert", .alert), ("pass", .pass), ("drop", .drop), ("reject", .reject), ("rejectsrc", .rejectSource),
            ("rejectdst", .rejectDestination), ("rejectboth", .rejectBoth), ("ALERT", .alert), ("Drop", .drop),
        ] as [(String, RuleAction)])
    func actions(word: String, action: RuleAction) throws {
        let rule = try #require(parse("\(word) ip any any -> any any (sid:1;)").rules.first)
        #expect(rule.action == action)
        #expect(rule.action.isReject == word.lowercased().hasPrefix("reject"))
        #expect(rule.action.blocks == (action != .alert && action != .pass))
    }

    @Test("directions, and protocol names in lower case")
    func directions() throws {
        let rules = parse("pass TCP any any <> any any (sid:1;)\npass tcp-pkt any any -> any any (sid:2;)").rules
        #expect(rules.map(\.direction) == [.both, .toDestination])
        #expect(rules.map(\.protocolName) == ["tcp", "tcp-pkt"])
    }

    @Test(
        "blanks where the grammar allows them",
        arguments: [
            ("alert  tcp\tany any   ->\t any any(sid:1;)", ["any", "any", "any", "any"]),
            (" \talert tcp any any -> any any (sid:1;) \t", ["any", "any", "any", "any"]),
            (
                "alert tcp [10.0.0.0/8, 192.168.0.0/16] [80, 443] -> ![1.1.1.1,\t2.2.2.2] any (sid:1;)",
                ["[10.0.0.0/8, 192.168.0.0/16]", "[80, 443]", "![1.1.1.1,\t2.2.2.2]", "any"]
            ),
            (
                "alert tcp [ [ 10.0.0.0/8 ], ![ 10.1.0.0/16 ] ] any -> any any (sid:1;)",
                ["[ [ 10.0.0.0/8 ], ![ 10.1.0.0/16 ] ]", "any", "any", "any"]
            ),
        ])
    func blanks(text: String, endpoints: [String]) throws {
        let result = parse(text)
        #expect(result.diagnostics.isEmpty)
        #expect(try #require(result.rules.first).endpoints == endpoints)
    }

    @Test(
        "options",
        arguments: [
            ("(sid:1;)", ["sid=1"]), ("( sid : 1 ; )", ["sid=1"]), ("(SID:1; NoCase;)", ["sid=1", "nocase"]),
            ("()", []),
            ("( )", []), ("(msg:;)", ["msg="]), ("(reference:url,http://x/;)", ["reference=url,http://x/"]),
            (#"(content:"a\;b"; sid:1;)"#, [#"content="a\;b""#, "sid=1"]),
            (#"(content:"a\"b";)"#, [#"content="a\"b""#]),
            (#"(content:"a\\"; sid:1;)"#, [#"content="a\\""#, "sid=1"]),
            (#"(content:!"|3b 3B|";)"#, [#"content=!"|3b 3B|""#]),
            (#"(pcre:"/^(a|b)\x3b$/Ri"; sid:1;)"#, [#"pcre="/^(a|b)\x3b$/Ri""#, "sid=1"]),
            (#"(msg:"brackets ) ( ]["; sid:1;)"#, [#"msg="brackets ) ( ][""#, "sid=1"]),
            (#"(msg:"grüße, 世界"; sid:1;)"#, [#"msg="grüße, 世界""#, "sid=1"]),
        ] as [(String, [String])])
    func options(text: String, expected: [String]) throws {
        let result = parse(header + text)
        #expect(result.diagnostics.isEmpty)
        #expect(try #require(result.rules.first).optionTexts == expected)
    }

    @Test(
        "empty lines and comments are no rules",
        arguments: ["", "\n\n", "# comment", "  \t# comment", "#alert tcp any", "\r\n\r\n", "   "])
    func nothing(text: String) {
        #expect(parse(text).rules.isEmpty)
        #expect(parse(text).diagnostics.isEmpty)
    }

    @Test("lines are counted, whatever ends them, and start where the caller says")
    func lines() {
        let text = "# one\r\n\r\npass ip any any -> any any (sid:3;)\r\n\n  pass ip any any -> any any (sid:5;)"
        #expect(parse(text).rules.map(\.location.line) == [3, 5])
        #expect(parse(text).rules.map(\.location.column) == [1, 3])
        #expect(parse(text, firstLine: 100).rules.map(\.location.line) == [102, 104])
        #expect(parse(text).rules.allSatisfy { !$0.text.contains("\r") })
    }

    @Test("a place inside a document keeps the document's path")
    func paths() {
        let parser = RuleParser(file: "group.json", path: "RulesSource.RulesString", firstLine: 1)
        let result = parser.parse("pass ip any any -> any any (sid:1;)\nbad")
        #expect(result.rules.first?.location.path == "RulesSource.RulesString")
        #expect(result.diagnostics.first?.location.path == "RulesSource.RulesString")
    }

    @Test("a rule of the largest size is read, a larger one is refused")
    func size() {
        let frame = header + #"(msg:""; sid:1;)"#
        for (length, isRead) in [(RuleParser.maximumRuleLength, true), (RuleParser.maximumRuleLength + 1, false)] {
            let padding = String(repeating: "x", count: length - frame.utf8.count)
            let result = parse(header + #"(msg:"\#(padding)"; sid:1;)"#)
            #expect(result.rules.count == (isRead ? 1 : 0))
            #expect(
                result.diagnostics.first?.message == (isRead ? nil : "rule has 8193 characters, at most 8192 are read"))
        }
    }

    @Test("a file of ten thousand rules, with its last line intact")
    func manyRules() {
        let text = (1...10_000).map {
            #"pass tls $HOME_NET any -> $EXTERNAL_NET 443 (tls.sni; content:"host\#($0).example.com"; startswith; endswith; nocase; sid:\#($0); rev:1;)"#
        }.joined(separator: "\n")
        let result = parse(text)
        #expect(result.diagnostics.isEmpty)
        #expect(result.rules.count == 10_000)
        #expect(result.rules.last?.location.line == 10_000)
        #expect(result.rules.last?.option("sid")?.value?.text == "10000")
    }
}
