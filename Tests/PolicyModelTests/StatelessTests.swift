import NetTypes
import PolicyModel
import RuleLanguage
import Testing

/// Stateless rule groups.
struct StatelessTests {
    static func group(_ rules: [String], customActions: String = "[]", rest: String = "") -> String {
        """
        {"RulesSource": {"StatelessRulesAndCustomActions": {"CustomActions": \(customActions), "StatelessRules": [
        \(rules.joined(separator: ",\n"))
        ]}}\(rest)}
        """
    }

    static func rule(
        _ match: String = "\"Sources\": [{\"AddressDefinition\": \"10.0.0.0/8\"}]", priority: Int = 1,
        actions: String = "[\"aws:pass\"]"
    ) -> String {
        "{\"Priority\": \(priority), \"RuleDefinition\": {\"MatchAttributes\": {\(match)}, \"Actions\": \(actions)}}"
    }

    static func metric(_ name: String) -> String {
        "{\"ActionName\": \"\(name)\", \"ActionDefinition\": {\"PublishMetricAction\": {\"Dimensions\": [{\"Value\": \"v\"}]}}}"
    }

    @Test func exampleIsReadInFull() throws {
        let group = try #require(
            read(try Fixtures.text("07-rulegroup-stateless-custom-action.json")).document?.stateless)
        #expect(group.rules.map(\.priority) == [10, 20, 30, 40])
        #expect(group.rules[0].actions == StatelessActions(.drop, customActions: ["CountBogon"]))
        let match = group.rules[1].matchAttributes
        #expect(match.sources == [IPPrefix("0.0.0.0/0")])
        #expect(match.destinations == [IPPrefix("10.0.0.0/8")])
        #expect(match.protocols == [.tcp])
        #expect(match.destinationPorts == [22...22])
        #expect(match.sourcePorts == [])
        #expect(match.tcpFlags == [TCPFlagMatch(flags: 0x02, masks: 0x12)])
        #expect(group.rules[2].matchAttributes.sources == [IPPrefix("10.0.0.0/8"), IPPrefix("fd00::/8")])
        #expect(group.customActions.map(\.name) == ["CountBogon"])
        #expect(group.customActions.map(\.dimension) == ["bogon-source"])
    }

    @Test func rulesAreSortedByPriority() throws {
        let text = StatelessTests.group([
            StatelessTests.rule(priority: 9), StatelessTests.rule(priority: 2), StatelessTests.rule(priority: 65535),
        ])
        #expect(read(text).document?.stateless?.rules.map(\.priority) == [2, 9, 65535])
    }

    @Test func flagsOfTheTCPHeader() throws {
        let names = ["FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"]
        for (bit, name) in names.enumerated() {
            let match = "\"Sources\": [{\"AddressDefinition\": \"::/0\"}], \"TCPFlags\": [{\"Flags\": [\"\(name)\"]}]"
            let group = try #require(read(StatelessTests.group([StatelessTests.rule(match)])).document?.stateless)
            let flags = try #require(group.rules.first?.matchAttributes.tcpFlags.first)
            #expect(flags == TCPFlagMatch(flags: 1 << UInt8(bit), masks: 0xFF))
            #expect(flags.matches(1 << UInt8(bit)))
            #expect(!flags.matches(0xFF), "no masks means that all are looked at")
        }
        let syn = TCPFlagMatch(flags: 0x02, masks: 0x12)
        #expect(syn.matches(0x02) && syn.matches(0x22) && !syn.matches(0x12) && !syn.matches(0))
    }

    /// Per rule the product of the lengths of five lists, an absent one counting as one.
    @Test(
        "capacity",
        arguments: [
            ([1, 0, 0, 0, 0], 1), ([3, 0, 0, 0, 2], 6), ([2, 2, 0, 0, 0], 4), ([2, 3, 4, 5, 2], 240),
            ([1, 1, 1, 1, 1], 1),
        ])
    func capacity(counts: [Int], expected: Int) throws {
        func list(_ name: String, _ item: String, _ count: Int) -> String? {
            count == 0 ? nil : "\"\(name)\": [\(Array(repeating: item, count: count).joined(separator: ","))]"
        }
        let address = "{\"AddressDefinition\": \"10.0.0.0/8\"}"
        let ports = "{\"FromPort\": 1, \"ToPort\": 2}"
        let match = [
            list("Sources", address, counts[0]), list("Destinations", address, counts[1]),
            list("SourcePorts", ports, counts[2]), list("DestinationPorts", ports, counts[3]),
            list("Protocols", "6", counts[4]), "\"TCPFlags\": [{\"Flags\": [\"SYN\"]}, {\"Flags\": [\"ACK\"]}]",
        ].compactMap { $0 }.joined(separator: ", ")
        let one = StatelessTests.rule(match)
        #expect(read(StatelessTests.group([one])).document?.ruleGroup?.group.capacity == expected...expected)
        let two = StatelessTests.group([one, StatelessTests.rule(priority: 2)])
        #expect(read(two).document?.stateless?.capacity == expected + 1)
    }

    @Test func capacityOfAHugeRuleDoesNotOverflow() throws {
        let address = Array(repeating: "{\"AddressDefinition\": \"::/0\"}", count: 9000).joined(separator: ",")
        let ports = Array(repeating: "{\"FromPort\": 1, \"ToPort\": 2}", count: 9000).joined(separator: ",")
        let match = """
            "Sources": [\(address)], "Destinations": [\(address)], "SourcePorts": [\(ports)], "DestinationPorts": [\(ports)],
            "Protocols": [\(Array(repeating: "6", count: 9000).joined(separator: ","))]
            """
        let group = try #require(read(StatelessTests.group([StatelessTests.rule(match)])).document?.stateless)
        #expect(group.capacity == .max)
    }

    @Test(
        "is refused",
        arguments: [
            (rule(""), "Sources, Destinations cannot be null or empty"),
            (rule("\"Sources\": []"), "Sources, Destinations cannot be null or empty"),
            (
                rule("\"Destinations\": [{\"AddressDefinition\": \"::/0\"}], \"Source\": []"),
                "unknown key 'Source' in MatchAttributes"
            ),
            (
                rule("\"Sources\": [{\"AddressDefinition\": \"10.0.0.0/33\"}]"),
                "AddressDefinition is invalid: '10.0.0.0/33'"
            ),
            (rule("\"Sources\": [{\"AddressDefinition\": \"any\"}]"), "AddressDefinition is invalid: 'any'"),
            (rule("\"Sources\": [\"10.0.0.0/8\"]"), "expected an object, found the string \"10.0.0.0/8\""),
            (
                rule("\"Sources\": [{\"AddressDefinition\": \"::/0\"}], \"Protocols\": [\"6\"]"),
                "expected a whole number from 0 to 255"
            ),
            (
                rule("\"Sources\": [{\"AddressDefinition\": \"::/0\"}], \"Protocols\": [256]"),
                "expected a whole number from 0 to 255"
            ),
            (
                rule(
                    "\"Sources\": [{\"AddressDefinition\": \"::/0\"}], \"SourcePorts\": [{\"FromPort\": 9, \"ToPort\": 8}]"
                ),
                "FromPort, ToPort is not within the bound: 9 is above 8"
            ),
            (
                rule("\"Sources\": [{\"AddressDefinition\": \"::/0\"}], \"SourcePorts\": [{\"FromPort\": 9}]"),
                "the port range has no 'ToPort', which is required"
            ),
            (
                rule(
                    "\"Sources\": [{\"AddressDefinition\": \"::/0\"}], \"Protocols\": [1], \"SourcePorts\": [{\"FromPort\": 1, \"ToPort\": 2}]"
                ),
                "SourcePorts, Protocols cannot exist together"
            ),
            (
                rule(
                    "\"Sources\": [{\"AddressDefinition\": \"::/0\"}], \"TCPFlags\": [{\"Flags\": [\"SYN\"], \"Masks\": [\"ACK\"]}]"
                ),
                "Flags is unmasked: SYN is not in Masks"
            ),
            (
                rule("\"Sources\": [{\"AddressDefinition\": \"::/0\"}], \"TCPFlags\": [{\"Flags\": [\"SIN\"]}]"),
                "'SIN' is not known here"
            ),
            (rule(priority: 0), "expected a whole number from 1 to 65535, found 0"),
            (rule(priority: 65536), "expected a whole number from 1 to 65535, found 65536"),
            (rule(actions: "[]"), "Actions cannot be null or empty"),
            (rule(actions: "[\"aws:pass\", \"aws:drop\"]"), "Actions cannot exist together: aws:pass, aws:drop"),
            (rule(actions: "[\"aws:pass\", \"Unknown\"]"), "Actions is invalid: no custom action 'Unknown'"),
            (rule(actions: "[\"Count\"]"), "Actions cannot be null or empty"),
            ("{\"Priority\": 1}", "the stateless rule has no 'RuleDefinition', which is required"),
        ])
    func refused(rule: String, complaint: String) throws {
        let reading = read(
            StatelessTests.group([rule], customActions: "[\(StatelessTests.metric("Count"))]"), type: .stateless)
        #expect(reading.errors.map { $0.message.hasPrefix(complaint) } == [true], "\(reading.diagnostics)")
        #expect(reading.errors.first?.location.line == 2)
    }

    @Test func portsGoWithAnyTCPOrUDP() {
        for protocols in ["", "\"Protocols\": [],", "\"Protocols\": [6],", "\"Protocols\": [1, 17],"] {
            let match =
                protocols
                + "\"Sources\": [{\"AddressDefinition\": \"::/0\"}], \"DestinationPorts\": [{\"FromPort\": 1, \"ToPort\": 2}]"
            #expect(read(StatelessTests.group([StatelessTests.rule(match)])).errors.isEmpty, "\(protocols)")
        }
    }

    @Test func prioritiesAreUnique() {
        let reading = read(StatelessTests.group([StatelessTests.rule(priority: 3), StatelessTests.rule(priority: 3)]))
        #expect(
            reading.errorTexts == [
                "3:1 RulesSource.StatelessRulesAndCustomActions.StatelessRules[1]: Priority has duplicate values: 3 is used by another rule"
            ])
    }

    @Test func customActions() {
        func errors(_ actions: [String]) -> [String] {
            let text = StatelessTests.group(
                [StatelessTests.rule()], customActions: "[\(actions.joined(separator: ","))]")
            return read(text).errors.map(\.message)
        }
        #expect(errors((0..<10).map { StatelessTests.metric("A\($0)") }) == [])
        #expect(
            errors((0..<11).map { StatelessTests.metric("A\($0)") }) == [
                "ActionDefinition limit exceeded: 11 custom actions, at most 10"
            ])
        #expect(
            errors([StatelessTests.metric("A"), StatelessTests.metric("A")]) == [
                "the custom action 'A' is defined twice"
            ])
        #expect(
            errors([StatelessTests.metric("a-b")]) == [
                "expected a name of 1 to 128 letters and digits, found the string \"a-b\""
            ])
        let two = StatelessTests.metric("A").replacing(
            "{\"Value\": \"v\"}", with: "{\"Value\": \"v\"}, {\"Value\": \"w\"}")
        #expect(errors([two]) == ["expected exactly one dimension, found 2"])
        let wrong = StatelessTests.metric("A").replacing("\"v\"", with: "\"v/w\"")
        #expect(errors([wrong]) == ["expected 1 to 128 letters, digits, spaces, '-' and '_', found the string \"v/w\""])
    }

    @Test func hostBitsAreAWarning() {
        let reading = read(
            StatelessTests.group([StatelessTests.rule("\"Sources\": [{\"AddressDefinition\": \"10.1.2.3/8\"}]")]))
        #expect(reading.errors.isEmpty)
        #expect(
            reading.warnings.map(\.message) == ["'10.1.2.3/8' has bits behind its prefix; it is read as 10.0.0.0/8"])
    }

    @Test func statelessGroupsHaveNoStatefulParts() {
        let options = ", \"StatefulRuleOptions\": {\"RuleOrder\": \"STRICT_ORDER\"}, \"RuleVariables\": {}"
        let reading = read(StatelessTests.group([StatelessTests.rule()], rest: options))
        #expect(
            reading.errors.map(\.message) == [
                "RuleVariables cannot be provided: the rule group is stateless",
                "StatefulRuleOptions cannot be provided: the rule group is stateless",
            ])
        let sets = ", \"ReferenceSets\": {\"IPSetReferences\": {}}"
        #expect(read(StatelessTests.group([StatelessTests.rule()], rest: sets)).errors.isEmpty)
        let stateful = read("{\"RulesSource\": {\"RulesString\": \"\"}}", type: .stateless)
        #expect(
            stateful.errors.map(\.message) == [
                "StatelessRulesAndCustomActions cannot be null: the rule group is STATELESS, which has no RulesString"
            ])
    }
}
