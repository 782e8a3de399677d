import PolicyModel
import RuleLanguage
import Testing

/// Lists of names and addresses, one a line.
struct PlainListTests {
    func list(_ text: String) -> (list: PlainList, problems: [Diagnostic]) {
        var problems: [Diagnostic] = []
        let list = PlainList(parsing: text, file: "list.txt", &problems)
        return (list, problems)
    }

    @Test func namesAndAddresses() throws {
        let text =
            "# outbound\r\n\r\n.example.com\r\n  api.example.net   # the API\r\n203.0.113.0/24\r\n2001:db8::1\r\n1.example\r\n"
        let (list, problems) = list(text)
        #expect(problems.isEmpty)
        #expect(list.domains.map(\.text) == [".example.com", "api.example.net", "1.example"])
        #expect(list.domains.map(\.location.line) == [3, 4, 7])
        #expect(list.domains[1].location.column == 3)
        #expect(list.addresses.map(\.text) == ["203.0.113.0/24", "2001:db8::1"])
    }

    @Test func ruleGroup() {
        let (list, _) = list(".example.com\n198.51.100.7\napi.example.net\n")
        let group = list.ruleGroup(.pass, order: .strictOrder)
        #expect(
            group.rules.map(\.text) == [
                #"pass tls $HOME_NET any -> $EXTERNAL_NET any (ssl_state:client_hello; tls.sni; dotprefix; content:".example.com"; nocase; endswith; msg:"matching TLS allowlisted FQDNs"; flow:to_server, established; sid:1; rev:1;)"#,
                #"pass tls $HOME_NET any -> $EXTERNAL_NET any (ssl_state:client_hello; tls.sni; content:"api.example.net"; startswith; nocase; endswith; msg:"matching TLS allowlisted FQDNs"; flow:to_server, established; sid:2; rev:1;)"#,
                #"pass http $HOME_NET any -> $EXTERNAL_NET any (http.host; dotprefix; content:".example.com"; endswith; msg:"matching HTTP allowlisted FQDNs"; flow:to_server, established; sid:3; rev:1;)"#,
                #"pass http $HOME_NET any -> $EXTERNAL_NET any (http.host; content:"api.example.net"; startswith; endswith; msg:"matching HTTP allowlisted FQDNs"; flow:to_server, established; sid:4; rev:1;)"#,
                #"pass ip $HOME_NET any -> 198.51.100.7 any (msg:"listed address 198.51.100.7"; sid:5; rev:1;)"#,
            ])
        #expect(group.rules.map(\.location.line) == [1, 3, 1, 3, 2])
        #expect(group.generatedRuleCount == 5)
        #expect(group.ruleOrder == .strictOrder)
    }

    @Test("actions", arguments: PlainList.Action.allCases)
    func actions(action: PlainList.Action) {
        let (list, _) = list("a.example\n192.0.2.1\n")
        for order in RuleOrder.allCases {
            let rules = list.ruleGroup(action, order: order).rules
            #expect(
                rules.map(\.action.rawValue) == Array(repeating: action.rawValue, count: 3),
                "and nothing is dropped behind")
            #expect(rules.map(\.protocolName) == ["tls", "http", "ip"])
            #expect((rules[0].option("priority") != nil) == (order == .actionOrder))
        }
    }

    @Test func badLinesAreAllReported() {
        let (list, problems) = list(
            "good.example\n*.example.com\nhttps://example.com/x\n10.0.0.300\nA.example b.example\n10.0.0.0/33\nGood.example\n-x.example\n1.2.3\n"
        )
        #expect(
            problems.map { "\($0.severity.rawValue) \($0.location.line):\($0.location.column) \($0.message)" } == [
                "error 2:1 '*.example.com' is neither a domain name nor an address",
                "error 3:1 'https://example.com/x' is neither a domain name nor an address",
                "error 4:1 '10.0.0.300' is neither a domain name nor an address",
                "error 5:1 'A.example' is not alone: a name or address has a line of its own",
                "error 6:1 '10.0.0.0/33' is neither a domain name nor an address",
                "warning 7:1 'Good.example' is listed in line 1 already",
                "error 8:1 '-x.example' is neither a domain name nor an address",
                "error 9:1 '1.2.3' is neither a domain name nor an address",
            ])
        #expect(problems.first?.hint == "a leading dot stands for all subdomains: .example.com")
        #expect(problems.first?.sourceLine == "*.example.com")
        #expect(problems[2].hint?.hasPrefix("an address is written as") == true)
        #expect(list.domains.map(\.text) == ["good.example"])
    }

    /// What a text without a telling name is taken for.
    @Test(
        "kinds of text",
        arguments: [
            ("a.example\n", "list"), ("# names\n.example.com # all\n", "list"), ("10.0.0.0/8\n", "list"),
            ("pass tcp any any -> any any (sid:1;)\n", "rules"),
            ("# rules\n\nalert tcp any any -> any any (sid:1;)", "rules"),
            ("drop\n", "rules"), ("", "rules"), ("allow these names\n", "rules"),
            ("{\"RulesSource\": {\"RulesString\": \"\"}}", "document"),
            ("RulesSource:\n  RulesString: ''\n", "document"), ("---\nRulesSource: {RulesString: ''}\n", "document"),
        ])
    func kinds(text: String, kind: String) {
        let reading = read(text, file: "some.txt")
        switch reading.document {
        case .plainList: #expect(kind == "list")
        case .ruleGroup(let document): #expect(kind == (document.form == .rulesFile ? "rules" : "document"))
        case .firewallPolicy, .loggingConfiguration, nil: Issue.record("\(reading)")
        }
    }
}
