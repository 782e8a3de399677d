import PolicyModel
import RuleLanguage
import Testing

/// Rule variables and IP set references of a group.
struct VariableTests {
    func reading(_ parts: String) -> DocumentReading {
        read("{\"RulesSource\": {\"RulesString\": \"\"},\n\(parts)}")
    }

    @Test func valuesAreKeptAsTexts() throws {
        let group = try #require(read(try Fixtures.text("01-rulegroup-rulesstring-strict.json")).document?.stateful)
        #expect(
            group.variables.ipSets.mapValues(\.values) == [
                "HOME_NET": ["10.0.0.0/8", "192.168.0.0/16"], "EXTERNAL_NET": ["0.0.0.0/0"],
            ])
        #expect(group.variables.portSets.mapValues(\.values) == ["APP_PORTS": ["8443", "9000:9010"]])
        #expect(group.variables.portSets["APP_PORTS"]?.location?.line == 17)
        #expect(group.ipSetReferences["PARTNERS"]?.referenceARN?.hasSuffix("pl-0123456789abcdef0") == true)
        #expect(group.ipSetReferences["PARTNERS"]?.location.path == "ReferenceSets.IPSetReferences.PARTNERS")
    }

    @Test(
        "is refused",
        arguments: [
            (
                "\"RuleVariables\": {\"IPSets\": {\"1A\": {\"Definition\": [\"any\"]}}}",
                "expected a name of 1 to 32 letters"
            ),
            (
                "\"RuleVariables\": {\"IPSets\": {\"A-B\": {\"Definition\": [\"any\"]}}}",
                "expected a name of 1 to 32 letters"
            ),
            (
                "\"RuleVariables\": {\"IPSets\": {\"A23456789012345678901234567890123\": {\"Definition\": [\"any\"]}}}",
                "expected a name of 1 to 32 letters"
            ),
            ("\"RuleVariables\": {\"IPSets\": {\"A\": {\"Definition\": []}}}", "A cannot be null or empty"),
            ("\"RuleVariables\": {\"IPSets\": {\"A\": {}}}", "A cannot be null or empty"),
            (
                "\"RuleVariables\": {\"IPSets\": {\"A\": {\"Definition\": \"10.0.0.0/8\"}}}",
                "expected a list, found the string"
            ),
            (
                "\"RuleVariables\": {\"IPSets\": {\"A\": {\"Definition\": [\"10.0.0.0/8/8\"]}}}",
                "'10.0.0.0/8/8' is not an address"
            ),
            ("\"RuleVariables\": {\"IPSets\": {\"A\": [\"10.0.0.0/8\"]}}", "expected an object, found a list"),
            ("\"RuleVariables\": {\"PortSets\": {\"A\": {\"Definition\": [\"80-90\"]}}}", "'80-90' is not a port"),
            (
                "\"RuleVariables\": {\"PortSets\": {\"A\": {\"Definition\": [80]}}}",
                "expected a string, found the number 80"
            ),
            ("\"RuleVariables\": {\"IPSet\": {}}", "unknown key 'IPSet' in RuleVariables"),
            ("\"ReferenceSets\": {\"IPSetReferences\": {\"a b\": {}}}", "expected a name of 1 to 32 letters"),
            ("\"ReferenceSets\": {\"IPSetReferences\": {\"A\": {\"ReferenceArn\": \"pl-1\"}}}", "expected an ARN"),
            (
                "\"ReferenceSets\": {\"IPSetReferences\": {\"A\": {\"ReferenceArn\": \"arn:aws:x\"}, \"B\": {\"ReferenceArn\": \"arn:aws:x\"}}}",
                "IPSetReferences is invalid: 'B' has the ARN of 'A'"
            ),
            (
                "\"ReferenceSets\": {\"IPSetReferences\": {\((1...6).map { "\"A\($0)\": {}" }.joined(separator: ", "))}}",
                "IPSetReferences limit exceeded: 6 references, at most 5"
            ),
        ])
    func refused(parts: String, complaint: String) {
        let reading = reading(parts)
        #expect(reading.errors.map { $0.message.hasPrefix(complaint) } == [true], "\(reading.diagnostics)")
        #expect(reading.errors.first?.location.line == 2)
    }

    @Test(
        "is taken",
        arguments: [
            "\"RuleVariables\": {\"IPSets\": {\"A\": {\"Definition\": [\"any\", \"!10.0.0.0/8\", \"[::/0, 1.2.3.4]\", \"$HOME_NET\", \"10.0.0.1-10.0.0.9\"]}}}",
            "\"RuleVariables\": {\"PortSets\": {\"A\": {\"Definition\": [\"80\", \"80:90\", \"1024:\", \"!22\", \"[80,443]\", \"any\"]}}}",
            "\"ReferenceSets\": {\"IPSetReferences\": {\((1...5).map { "\"A\($0)\": {}" }.joined(separator: ", "))}}",
        ])
    func taken(parts: String) {
        #expect(reading(parts).diagnostics.map(\.description) == [])
    }

    @Test func aBadDefinitionIsNotReportedForEveryRule() {
        let text = """
            {"RuleVariables": {"IPSets": {"A": {"Definition": []}}},
            "RulesSource": {"RulesString": "pass ip $A any -> any any (sid:1;)\\npass ip $A any -> any any (sid:2;)"}}
            """
        #expect(read(text).errors.map(\.message) == ["A cannot be null or empty: its Definition has no value"])
    }

    // MARK: what the rules of a group see

    func group(_ ipSets: [String: [String]], ports: [String: [String]] = [:]) -> StatefulRuleGroup {
        let variables = RuleVariables(
            ipSets: ipSets.mapValues { VariableDefinition($0) }, portSets: ports.mapValues { VariableDefinition($0) })
        return StatefulRuleGroup(
            source: .rulesFile, rules: [], ruleOrder: .strictOrder, variables: variables,
            location: SourceLocation(file: "g", line: 1, column: 1))
    }

    func policy(homeNet: [String]?) -> FirewallPolicy {
        var policy = FirewallPolicy(
            statelessDefaultActions: StatelessActions(.forwardToStateful),
            statelessFragmentDefaultActions: StatelessActions(.forwardToStateful),
            location: SourceLocation(file: "p", line: 1, column: 1))
        policy.homeNet = homeNet.map { VariableDefinition($0) }
        return policy
    }

    /// group, policy's HOME_NET, configuration -> HOME_NET and EXTERNAL_NET of the rules
    @Test(
        "HOME_NET and EXTERNAL_NET",
        arguments: [
            ([:], nil, [:], nil, nil),
            ([:], nil, ["HOME_NET": ["10.0.0.0/8"]], ["10.0.0.0/8"], ["!10.0.0.0/8"]),
            (
                [:], ["10.1.0.0/16", "10.2.0.0/16"], ["HOME_NET": ["10.0.0.0/8"]], ["10.1.0.0/16", "10.2.0.0/16"],
                ["![10.1.0.0/16,10.2.0.0/16]"]
            ),
            (["HOME_NET": ["10.9.0.0/16"]], ["10.1.0.0/16"], [:], ["10.9.0.0/16"], ["!10.1.0.0/16"]),
            (["HOME_NET": ["10.9.0.0/16"]], nil, ["HOME_NET": ["10.0.0.0/8"]], ["10.9.0.0/16"], ["!10.0.0.0/8"]),
            (["EXTERNAL_NET": ["any"]], ["10.1.0.0/16"], [:], ["10.1.0.0/16"], ["any"]),
            (["HOME_NET": ["10.9.0.0/16"]], nil, [:], ["10.9.0.0/16"], nil),
            ([:], ["10.1.0.0/16"], ["EXTERNAL_NET": ["any"]], ["10.1.0.0/16"], ["any"]),
        ] as [([String: [String]], [String]?, [String: [String]], [String]?, [String]?)])
    func homeNet(
        group sets: [String: [String]], policy homeNet: [String]?, configured: [String: [String]], home: [String]?,
        external: [String]?
    ) {
        let variables = EffectiveVariables(
            group: group(sets), policy: policy(homeNet: homeNet),
            configured: RuleVariables(ipSets: configured.mapValues { VariableDefinition($0) }))
        #expect(variables.ipSets["HOME_NET"] == home)
        #expect(variables.ipSets["EXTERNAL_NET"] == external)
    }

    @Test func otherVariablesOfTheGroupComeFirst() {
        let configured = RuleVariables(
            ipSets: ["A": VariableDefinition(["1.1.1.1"]), "B": VariableDefinition(["2.2.2.2"])],
            portSets: ["P": VariableDefinition(["1"]), "Q": VariableDefinition(["2"])])
        let variables = EffectiveVariables(
            group: group(["A": ["3.3.3.3"]], ports: ["P": ["3"]]), policy: policy(homeNet: nil), configured: configured)
        #expect(variables.ipSets == ["A": ["3.3.3.3"], "B": ["2.2.2.2"]])
        #expect(variables.portSets == ["P": ["3"], "Q": ["2"]])
    }

    @Test func negatedHomeNetIsGoodGrammar() throws {
        for values in [["10.0.0.0/8"], ["10.0.0.0/8", "!10.1.0.0/16"], ["[10.0.0.0/8,192.168.0.0/16]", "fd00::/8"]] {
            let variables = EffectiveVariables(
                group: group([:]), policy: policy(homeNet: values), configured: RuleVariables())
            let external = try #require(variables.ipSets["EXTERNAL_NET"]?.first)
            guard case .not = try AddressExpression(parsing: external) else {
                Issue.record("\(external) is no negation")
                continue
            }
        }
    }
}
