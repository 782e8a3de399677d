import PolicyModel
import RuleLanguage
import TestSupport
import Testing

/// `RulesSourceList`: the rules made from it, word for word, and what is refused.
struct DomainListTests {
    static func group(
        _ targets: [String], types: [String] = ["TLS_SNI"], kind: String = "ALLOWLIST", order: String = "STRICT_ORDER"
    ) -> String {
        """
        {"RulesSource": {"RulesSourceList": {
        "TargetTypes": [\(types.map(quoted).joined(separator: ", "))],
        "GeneratedRulesType": "\(kind)",
        "Targets": [
        \(targets.map(quoted).joined(separator: ",\n"))
        ]}}, "StatefulRuleOptions": {"RuleOrder": "\(order)"}}
        """
    }

    func rules(
        _ targets: [String], types: [String] = ["TLS_SNI", "HTTP_HOST"], kind: String, order: String
    ) throws -> [RuleSyntax] {
        let reading = read(DomainListTests.group(targets, types: types, kind: kind, order: order))
        #expect(reading.diagnostics.map(\.description) == [])
        return try #require(reading.document?.stateful).rules
    }

    @Test func allowlistInStrictOrder() throws {
        let rules = try rules([".example.com", "API.example.net"], kind: "ALLOWLIST", order: "STRICT_ORDER")
        #expect(
            rules.map(\.text) == [
                #"pass tls $HOME_NET any -> $EXTERNAL_NET any (ssl_state:client_hello; tls.sni; dotprefix; content:".example.com"; nocase; endswith; msg:"matching TLS allowlisted FQDNs"; flow:to_server, established; sid:1; rev:1;)"#,
                #"pass tls $HOME_NET any -> $EXTERNAL_NET any (ssl_state:client_hello; tls.sni; content:"API.example.net"; startswith; nocase; endswith; msg:"matching TLS allowlisted FQDNs"; flow:to_server, established; sid:2; rev:1;)"#,
                #"pass http $HOME_NET any -> $EXTERNAL_NET any (http.host; dotprefix; content:".example.com"; endswith; msg:"matching HTTP allowlisted FQDNs"; flow:to_server, established; sid:3; rev:1;)"#,
                #"pass http $HOME_NET any -> $EXTERNAL_NET any (http.host; content:"api.example.net"; startswith; endswith; msg:"matching HTTP allowlisted FQDNs"; flow:to_server, established; sid:4; rev:1;)"#,
            ])
    }

    @Test func allowlistInActionOrderDropsTheRest() throws {
        let rules = try rules(["example.com"], kind: "ALLOWLIST", order: "DEFAULT_ACTION_ORDER")
        #expect(
            rules.map(\.text) == [
                #"pass tls $HOME_NET any -> $EXTERNAL_NET any (ssl_state:client_hello; tls.sni; content:"example.com"; startswith; nocase; endswith; msg:"matching TLS allowlisted FQDNs"; priority:1; flow:to_server, established; sid:1; rev:1;)"#,
                #"drop tls $HOME_NET any -> $EXTERNAL_NET any (msg:"not matching any TLS allowlisted FQDNs"; priority:1; ssl_state:client_hello; flow:to_server, established; sid:2; rev:1;)"#,
                #"pass http $HOME_NET any -> $EXTERNAL_NET any (http.host; content:"example.com"; startswith; endswith; msg:"matching HTTP allowlisted FQDNs"; priority:1; flow:to_server, established; sid:3; rev:1;)"#,
                #"drop http $HOME_NET any -> $EXTERNAL_NET any (http.header_names; content:"|0d 0a|"; startswith; msg:"not matching any HTTP allowlisted FQDNs"; priority:1; flow:to_server, established; sid:4; rev:1;)"#,
            ])
    }

    @Test(
        "other lists",
        arguments: [
            ("DENYLIST", "drop", "denylisted"), ("REJECTLIST", "reject", "rejectlisted"),
            ("ALERTLIST", "alert", "alertlisted"),
        ])
    func otherLists(kind: String, action: String, word: String) throws {
        for order in ["STRICT_ORDER", "DEFAULT_ACTION_ORDER"] {
            let rules = try rules([".example.com"], kind: kind, order: order)
            let priority = order == "STRICT_ORDER" ? "" : " priority:1;"
            #expect(
                rules.map(\.text) == [
                    "\(action) tls $HOME_NET any -> $EXTERNAL_NET any (ssl_state:client_hello; tls.sni; dotprefix; content:\".example.com\"; nocase; endswith; msg:\"matching TLS \(word) FQDNs\";\(priority) flow:to_server, established; sid:1; rev:1;)",
                    "\(action) http $HOME_NET any -> $EXTERNAL_NET any (http.host; dotprefix; content:\".example.com\"; endswith; msg:\"matching HTTP \(word) FQDNs\";\(priority) flow:to_server, established; sid:2; rev:1;)",
                ])
        }
    }

    @Test func rulesStandWhereTheirTargetStands() throws {
        let rules = try rules(
            ["a.example", "b.example"], types: ["HTTP_HOST", "TLS_SNI"], kind: "DENYLIST", order: "STRICT_ORDER")
        #expect(
            rules.map(\.protocolName) == ["tls", "tls", "http", "http"], "TLS first, whatever the order of the types")
        #expect(rules.map(\.location.line) == [5, 6, 5, 6])
        #expect(rules[3].location.path == "RulesSource.RulesSourceList.Targets[1]")
    }

    @Test(
        "targets",
        arguments: [
            ("example.com", nil), (".example.com", nil), ("com", nil), ("xn--bcher-kva.example", nil),
            ("a_b.example", nil),
            ("1.example", nil), (String(repeating: "a", count: 63) + ".example", nil),
            ("*.example.com", "a leading dot stands for all subdomains: .example.com"),
            ("ex*mple.com", "a leading dot stands for all subdomains: .example.com"),
            ("https://example.com", "write the name alone, without scheme and path"),
            ("example.com/path", "write the name alone, without a path"),
            ("example.com:443", "write the name alone, without a port"),
            ("example.com.", "leave out the dot at the end"),
            ("b\u{FC}cher.example", "write the name in its ASCII form, xn--..."),
            ("", "expected a name as example.com or .example.com"),
            (".", "expected a name as example.com or .example.com"),
            (
                "..example.com",
                "a name has letters, digits, '_' and inner '-', at most 63 between two dots and 253 in all"
            ),
            ("a..b", "a name has letters, digits, '_' and inner '-', at most 63 between two dots and 253 in all"),
            ("-a.example", "a name has letters, digits, '_' and inner '-', at most 63 between two dots and 253 in all"),
            ("a-.example", "a name has letters, digits, '_' and inner '-', at most 63 between two dots and 253 in all"),
            ("a b", "a name has letters, digits, '_' and inner '-', at most 63 between two dots and 253 in all"),
            ("a\"; sid:9", "write the name alone, without a port"),
            ("a\";", "a name has letters, digits, '_' and inner '-', at most 63 between two dots and 253 in all"),
            (
                String(repeating: "a", count: 64) + ".example",
                "a name has letters, digits, '_' and inner '-', at most 63 between two dots and 253 in all"
            ),
            (
                Array(repeating: "abcdefghi", count: 26).joined(separator: "."),
                "a name has letters, digits, '_' and inner '-', at most 63 between two dots and 253 in all"
            ),
        ] as [(String, String?)])
    func targets(target: String, hint: String?) throws {
        let reading = read(DomainListTests.group([target]))
        #expect(reading.errors.map(\.hint) == (hint == nil ? [] : [hint]))
        if hint != nil {
            let error = try #require(reading.errors.first)
            #expect(error.message.hasPrefix("Targets has invalid format: "))
            #expect(
                error.location
                    == SourceLocation(
                        file: "test.json", line: 5, column: 1, path: "RulesSource.RulesSourceList.Targets[0]"))
        }
        #expect(reading.document?.stateful?.rules.count == (hint == nil ? 1 : 0))
    }

    @Test func duplicates() {
        func errors(_ targets: [String]) -> [String] { read(DomainListTests.group(targets)).errorTexts }
        #expect(errors(["Example.com", "example.com"]) == [], "the service minds the case")
        #expect(errors(["a.example.com", ".example.com"]) == [])
        #expect(
            errors([".example.com", "x.example", "example.com"]) == [
                "7:1 RulesSource.RulesSourceList.Targets[2]: Targets has duplicate values: 'example.com' and '.example.com'"
            ])
        #expect(errors(["a.example", "a.example"]).count == 1)
    }

    @Test func addressesAreTakenWithAWarning() {
        let reading = read(DomainListTests.group(["192.0.2.7"]))
        #expect(reading.errors.isEmpty)
        #expect(reading.warnings.map { $0.message.contains("never a TLS server name") } == [true])
    }

    @Test func missingAndWrongParts() {
        #expect(
            read("{\"RulesSource\": {\"RulesSourceList\": {}}}").errors.map(\.message) == [
                "RulesSourceList has no 'GeneratedRulesType', which is required",
                "RulesSourceList has no 'TargetTypes', which is required",
                "RulesSourceList has no 'Targets', which is required",
            ])
        #expect(read(DomainListTests.group([])).errors.map(\.message) == ["Targets cannot be null or empty"])
        #expect(
            read(DomainListTests.group(["a.example"], types: [])).errors.map(\.message) == [
                "TargetTypes cannot be null or empty"
            ])
        #expect(
            read(DomainListTests.group(["a.example"], types: ["TLS_SNI", "TLS_SNI"])).errors.map(\.message) == [
                "TargetTypes has duplicate values"
            ])
        let reading = read(DomainListTests.group(["a.example"], types: ["TLS_SNl"], kind: "Allowlist"))
        #expect(reading.errors.map(\.hint) == ["did you mean 'TLS_SNI'?", "did you mean 'ALLOWLIST'?"])
    }

    /// Twenty names cost 41 units by one account, 43 by another, when both types are wanted.
    @Test(
        "capacity",
        arguments: [
            (1, ["TLS_SNI"], 1...3), (1, ["HTTP_HOST"], 2...3), (1, ["TLS_SNI", "HTTP_HOST"], 3...5),
            (20, ["TLS_SNI", "HTTP_HOST"], 41...43), (20, ["TLS_SNI"], 20...22), (20, ["HTTP_HOST"], 21...22),
        ])
    func capacity(count: Int, types: [String], expected: ClosedRange<Int>) throws {
        let reading = read(DomainListTests.group((0..<count).map { "h\($0).example" }, types: types))
        #expect(reading.document?.ruleGroup?.group.capacity == expected)
    }

    /// However many names: every one is found in its rules, ids run from 1, and the grammar takes it all.
    @Test func everyNameHasItsRules() throws {
        var generator = SeededRandom.forTest()
        let letters = Array("abcdefghijklmnopqrstuvwxyz0123456789_")
        var names: [String: String] = [:]
        for _ in 0..<500 {
            let labels = (0..<Int.random(in: 1...5, using: &generator)).map { _ in
                String(
                    (0..<Int.random(in: 1...20, using: &generator)).map { _ in
                        letters.randomElement(using: &generator) ?? "a"
                    })
            }
            let name = (labels + ["example"]).joined(separator: ".")
            names[name] = (Bool.random(using: &generator) ? "." : "") + name
        }
        let targets = names.values.sorted()
        let rules = try rules(targets, kind: "DENYLIST", order: "STRICT_ORDER")
        #expect(
            rules.compactMap { $0.option("sid")?.value?.text } == (1...targets.count * 2).map(String.init),
            "a name is missing")
        let contents = rules.compactMap {
            $0.option("content").flatMap { $0.value }.flatMap { OptionText($0.text) }?.unescaped
        }
        #expect(contents == targets + targets)
        for (rule, target) in zip(rules, targets + targets) {
            #expect((rule.option("dotprefix") != nil) == target.hasPrefix("."))
            #expect((rule.option("startswith") != nil) != target.hasPrefix("."))
        }
    }

    /// Nothing takes quadratic time, and every rule is in its place.
    @Test(.timeLimit(.minutes(1)))
    func tenThousandNames() throws {
        let rules = try rules((0..<10_000).map { "host\($0).example" }, kind: "DENYLIST", order: "STRICT_ORDER")
        #expect(rules.count == 20_000)
        #expect(rules.last?.location.path == "RulesSource.RulesSourceList.Targets[9999]")
        #expect(rules.last?.location.line == 10_004)
        #expect(rules.last?.option("sid")?.value?.text == "20000")
    }
}
