import PolicyModel
import RuleLanguage
import Testing

/// Rules inside a document: their places, and what the service refuses in them.
struct RulesStringTests {
    @Test func placesInJSON() throws {
        let text = strictGroup("# one\n\npass tcp any any -> any 1 (sid:1;)\r\n\npass tcp any any -> any 2 (sid:2;)\n")
        let group = try #require(read(text).document?.stateful)
        #expect(
            group.rules.map(\.location) == [
                SourceLocation(file: "test.json", line: 2, column: 1, path: "RulesSource.RulesString line 3"),
                SourceLocation(file: "test.json", line: 2, column: 1, path: "RulesSource.RulesString line 5"),
            ])
        #expect(group.rules[1].option("sid")?.value?.location.column == 32)
    }

    @Test func placesInALiteralBlock() throws {
        let text = """
            RulesSource:
              RulesString: |
                # one
                pass tcp any any -> any 1 (sid:1;)

                pass tcp any any -> any 2 (sid:2)
            StatefulRuleOptions: {RuleOrder: STRICT_ORDER}
            """
        let reading = read(text, file: "test.yaml")
        let group = try #require(reading.document?.stateful)
        #expect(group.ruleOrder == .strictOrder)
        #expect(group.rules.map(\.location.line) == [4])
        #expect(
            reading.errorTexts == [
                "6:28 RulesSource.RulesString line 4: option 'sid:2' has no ';' at its end"
            ])
        #expect(reading.errors.first?.sourceLine == "pass tcp any any -> any 2 (sid:2)")
    }

    @Test func aMessageAsItIsPrinted() throws {
        let reading = read(strictGroup("# first\nallow tcp any any -> any 1 (sid:1;)"), file: "groups.json")
        #expect(
            reading.errors.first?.description == """
                groups.json:2:1: error: RulesSource.RulesString line 2: unknown action 'allow'
                    allow tcp any any -> any 1 (sid:1;)
                    ^~~~~
                    expected one of alert, pass, drop, reject, rejectsrc, rejectdst, rejectboth, config
                """)
    }

    @Test(
        "what the service's list of limits excludes; a file of plain rules may use it",
        arguments: [
            ("pass sctp any any -> any any (sid:1;)", "protocol sctp is not supported"),
            ("pass ftp-data any any -> any any (sid:1;)", "protocol ftp-data is not supported"),
            (
                "drop http any any -> any any (file.data; content:\"x\"; filemagic:\"pdf\"; sid:1;)",
                "RuleOptions filemagic is not supported"
            ),
            (
                "drop ftp any any -> any any (ftpdata_command:stor; sid:1;)",
                "RuleOptions ftpdata_command is not supported"
            ),
        ])
    func refusedByTheService(rule: String, message: String) throws {
        let reading = read(strictGroup(rule))
        #expect(reading.errors.map(\.message) == [message])
        #expect(reading.errors.first?.location.path == "RulesSource.RulesString line 1")
        #expect(read(rule, file: "local.rules").errors.isEmpty)
    }

    @Test("state kept by address: documentation and samples contradict each other")
    func stateByAddress() throws {
        let rules = """
            alert tcp any any -> any any (xbits:set,a,track ip_src; sid:1;)
            alert tcp any any -> any any (hostbits:set,a,src; sid:2;)
            alert tcp any any -> any any (flowbits:set,a; sid:3;)
            """
        let reading = read(strictGroup(rules))
        #expect(reading.errors.isEmpty)
        #expect(reading.warnings.count == 2)
    }

    @Test func allProblemsAtOnce() throws {
        let rules = """
            pass tcp any any -> any 1 (sid:1;)
            allow tcp any any -> any 2 (sid:2;)
            drop tcp any any -> any $PORTS (sid:1; gid:2;)
            reject dns any any -> any any (msg:"x";)
            pass tcp any any -> any 3 (sid:3;)
            """
        let reading = read(strictGroup(rules))
        #expect(
            reading.errors.map { "\($0.location.path) \($0.message)" } == [
                "RulesSource.RulesString line 2 unknown action 'allow'",
                "RulesSource.RulesString line 3 PORTS cannot be null or empty: RuleVariables.PortSets does not declare it",
                "RulesSource.RulesString line 3 GIDs are not allowed",
                "RulesSource.RulesString line 3 Duplicate signature: sid 1 is used in RulesSource.RulesString line 1 already",
                "RulesSource.RulesString line 4 dns reject is not supported",
                "RulesSource.RulesString line 4 sid not assigned: every rule has a number of its own",
            ])
        #expect(reading.document?.stateful?.rules.map(\.text.count) == [34, 34], "the good rules are still there")
    }

    /// A rule of a strict group and the beginning of the complaint; nil when there is none.
    @Test(
        "rules of a strict group",
        arguments: [
            ("pass tcp any any -> any any (sid:1;)", nil), ("Pass TCP any any -> any any (SID:1;)", nil),
            ("reject tcp any any -> any any (sid:1;)", nil), ("reject http any any -> any any (sid:1;)", nil),
            ("reject tls any any -> any any (sid:1;)", nil), ("reject smb any any -> any any (sid:1;)", nil),
            ("reject ssh any any -> any any (sid:1;)", nil), ("reject smtp any any -> any any (sid:1;)", nil),
            ("reject dcerpc any any -> any any (sid:1;)", nil),
            ("reject icmp any any -> any any (sid:1;)", "icmp reject is not supported"),
            ("reject ip any any -> any any (sid:1;)", "ip reject is not supported"),
            ("reject http2 any any -> any any (sid:1;)", "http2 reject is not supported"),
            ("reject quic any any -> any any (sid:1;)", "quic reject is not supported"),
            ("reject ftp any any -> any any (sid:1;)", "ftp reject is not supported"),
            ("rejectsrc tcp any any -> any any (sid:1;)", "Action rejectsrc is not supported"),
            ("rejectdst tcp any any -> any any (sid:1;)", "Action rejectdst is not supported"),
            ("pass tcp any any -> any any (sid:1; priority:2;)", "RulesString has invalid keywords"),
            ("pass tcp any any -> any any (sid:1; gid:1;)", "GIDs are not allowed"),
            (
                "pass dns any any -> any any (dns.query; dataset:isset,x; sid:1;)",
                "RuleOptions dataset is not supported"
            ),
            (
                "alert tcp any any -> any any (flags:S; tag:host,5,packets,src; sid:1;)",
                "RuleOptions tag of a host is not supported"
            ),
            ("pass dns any any -> any any (datarep:x; sid:1;)", "RuleOptions datarep is not supported"),
            ("pass ip any any -> any any (iprep:any,x; sid:1;)", "RuleOptions iprep is not supported"),
            ("pass tcp any any -> any any (lua:x; sid:1;)", "RuleOptions lua is not supported"),
            ("pass tcp any any -> any any (luajit:x; sid:1;)", "RuleOptions luajit is not supported"),
            ("pass http any any -> any any (filestore; sid:1;)", "RuleOptions filestore is not supported"),
            ("pass tcp any any -> any any (pcre:\"/x/\"; sid:1;)", "Using pcre without one of the following"),
            ("pass tls any any -> any any (tls.sni; pcre:\"/x/\"; sid:1;)", nil),
            ("pass http any any -> any any (http.host; pcre:\"/x/\"; sid:1;)", nil),
            ("pass http any any -> any any (http.uri; pcre:\"/x/\"; sid:1;)", nil),
            ("pass dns any any -> any any (dns.query; pcre:\"/x/\"; sid:1;)", nil),
            ("pass tcp any any -> any any (content:\"x\"; pcre:\"/x/\"; sid:1;)", nil),
            ("pass http any any -> any any (http.method; pcre:\"/x/\"; sid:1;)", "Using pcre without"),
            ("pass tcp $HOME_NET any -> $EXTERNAL_NET any (sid:1;)", nil),
            ("pass tcp !$HOME_NET any -> [$EXTERNAL_NET,!$HOME_NET] any (sid:1;)", nil),
            ("pass tcp $SERVERS any -> @LIST $PORTS (sid:1;)", nil),
            ("pass tcp [10.0.0.0/8,$OTHER] any -> any any (sid:1;)", "OTHER cannot be null or empty"),
            ("pass tcp any $HOME_NET -> any any (sid:1;)", "HOME_NET cannot be null or empty"),
            ("pass tcp $PORTS any -> any any (sid:1;)", "PORTS cannot be null or empty"),
            ("pass tcp any any -> any any (msg:\"$OTHER @OTHER\"; sid:1;)", nil),
            ("pass tcp any any -> any any (sid:x;)", "'x' is not a sid"),
            ("pass tcp any any -> any any (sid:0;)", "'0' is not a sid"),
            ("pass tcp any any -> any any (sid:4294967296;)", "'4294967296' is not a sid"),
            ("pass tcp any any -> any any (sid;)", "'sid' is not a sid"),
            ("pass tcp any any -> any any (sid:1; sid:2;)", "the rule has more than one sid"),
            ("pass tcp any any -> any any (msg:\"x\"; \\", "Illegal option syntax"),
            ("# a comment may end with \\", nil),
        ] as [(String, String?)])
    func ruleChecks(rule: String, complaint: String?) throws {
        let variables = """
            "RuleVariables": {"IPSets": {"SERVERS": {"Definition": ["10.1.0.0/16"]}}, "PortSets": {"PORTS": {"Definition": ["443"]}}},
            "ReferenceSets": {"IPSetReferences": {"LIST": {"ReferenceArn": "arn:aws:ec2:eu-west-1:1:prefix-list/pl-1"}}},

            """
        let reading = read(strictGroup(rule, variables: variables))
        if let complaint {
            #expect(reading.errors.map { $0.message.hasPrefix(complaint) } == [true], "\(reading.diagnostics)")
            #expect(reading.document?.stateful?.rules.count == 0)
        } else {
            #expect(reading.diagnostics.map(\.description) == [])
            #expect(reading.document?.stateful?.rules.count == (rule.hasPrefix("#") ? 0 : 1))
        }
    }

    @Test func actionOrderTakesPriorityAndClasstype() throws {
        let text = """
            {"RulesSource": {"RulesString": "drop tcp any any -> any 1 (priority:3; classtype:misc-activity; sid:1;)"}}
            """
        let reading = read(text)
        #expect(reading.diagnostics.isEmpty)
        #expect(reading.document?.stateful?.ruleOrder == .actionOrder)
    }

    @Test func continuedRulesAreRefusedOnceEach() throws {
        let rules =
            "pass tcp any any -> any any (msg:\"a\"; \\\n  flow:to_server; \\\n  sid:1;)\npass tcp any any -> any 1 (sid:2;)"
        let reading = read(strictGroup(rules))
        #expect(reading.errors.map(\.location.path) == ["RulesSource.RulesString line 1"])
        #expect(reading.document?.stateful?.rules.count == 1)
    }

    /// A line break in a JSON string is a blank to YAML, and JSON has none.
    @Test func twoRulesOnOneLine() throws {
        let rules = "pass tcp any any -> any 1 (sid:1;)\npass tcp any any -> any 2 (sid:2;)"
        let reading = read("{\"RulesSource\": {\"RulesString\": \"\(rules)\"}}")
        #expect(reading.errors.first?.message == "') pass tcp any any -> any 2 (sid' is not a keyword")
        #expect(reading.errors.first?.hint?.contains("is this more than one rule?") == true)
    }

    /// Nor does a comment swallow the rule behind it.
    @Test func commentsAreNotContinued() throws {
        let rules = "# note \\\npass tcp any any -> any 1 (sid:1;)\n  # \\  \npass tcp any any -> any 2 (sid:2;)"
        let reading = read(strictGroup(rules))
        #expect(reading.diagnostics.isEmpty)
        #expect(reading.document?.stateful?.rules.count == 2)
    }

    @Test func lengthOfARule() throws {
        func rule(_ length: Int) -> String {
            let (head, tail) = ("pass tcp any any -> any any (msg:\"", "\"; sid:1;)")
            return head + String(repeating: "x", count: length - head.count - tail.count) + tail
        }
        #expect(read(strictGroup(rule(8175))).diagnostics.isEmpty)
        let reading = read(strictGroup(rule(8176)))
        #expect(
            reading.errors.map(\.message) == ["Rule exceeds max length: it has 8176 characters, at most 8175 are taken"]
        )
    }

    @Test func lengthWithVariables() throws {
        let values = (0..<1000).map { "\"10.0.\($0 / 250).\($0 % 250)\"" }.joined(separator: ",")
        let variables = "\"RuleVariables\": {\"IPSets\": {\"MANY\": {\"Definition\": [\(values)]}}},"
        let reading = read(strictGroup("pass tcp $MANY any -> any any (sid:1;)", variables: variables))
        #expect(reading.errors.isEmpty)
        #expect(reading.warnings.map { $0.message.contains("with the values of its variables") } == [true])
    }

    @Test func lengthOfTheString() throws {
        let comment = String(repeating: "#", count: 1_999_999)
        #expect(read(strictGroup(comment + "\n")).errors.isEmpty)
        #expect(read(strictGroup(comment + "\n#")).errorTexts.first?.contains("at most 2000000 are taken") == true)
    }

    /// A file of rules may use all of Suricata; only what no engine takes is refused.
    @Test func rulesFiles() throws {
        let text = """
            # comment
            rejectboth udp any any -> any $PORTS (msg:"x"; gid:3; \\
                classtype:misc-activity; priority:2; sid:1;)
            alert tcp any any -> any any (pcre:"/x/"; dataset:isset,y; sid:1; rev:1;)
            alert tcp any any -> any any (sid:1; rev:2;)
            alert tcp any any -> any any (requires: version >= 8; sid:1; rev:2;)
            alert tcp any any -> any any (msg:"none";)
            alert tcp any any -> any any (sid:1; rev:2;)
            """
        let reading = read(text, file: "local.rules", ruleOrder: .actionOrder)
        #expect(
            reading.errorTexts == [
                "7:1 sid not assigned: every rule has a number of its own",
                "8:35 Duplicate signature: sid 1 is used in line 5 already",
            ])
        let group = try #require(reading.document?.stateful)
        #expect(group.ruleOrder == .actionOrder)
        #expect(group.rules.map(\.location.line) == [2, 4, 5, 6])
    }
}
