import PolicyModel
import RuleLanguage
import Testing

/// Five-tuples in JSON, `StatefulRules`.
struct StatefulRuleTests {
    static func group(_ rule: String) -> String {
        "{\"RulesSource\": {\"StatefulRules\": [\n\(rule)\n]}, \"StatefulRuleOptions\": {\"RuleOrder\": \"STRICT_ORDER\"}}"
    }

    static func rule(
        action: String = "PASS", protocolName: String = "TCP", source: String = "ANY", sourcePort: String = "ANY",
        direction: String = "FORWARD", destination: String = "ANY", port: String = "ANY",
        options: String = "{\"Keyword\": \"sid:1\"}"
    ) -> String {
        """
        {"Action": "\(action)",
        "Header": {"Protocol": "\(protocolName)",
        "Source": "\(source)",
        "SourcePort": "\(sourcePort)",
        "Direction": "\(direction)",
        "Destination": "\(destination)",
        "DestinationPort": "\(port)"},
        "RuleOptions": [\(options)]}
        """
    }

    @Test func textOfTheExample() throws {
        let group = try #require(read(try Fixtures.text("06-rulegroup-5tuple-strict.json")).document?.stateful)
        #expect(
            group.rules.map(\.text) == [
                "drop tcp ANY ANY -> 198.51.100.0/24 ANY (sid:1; msg:\"deny test net\"; flow:to_server;)",
                "reject tcp 10.0.0.0/8 ANY -> ANY 25 (sid:2; flow:to_server;)",
                "alert tls 10.0.0.0/8 ANY -> ANY ANY (sid:3; msg:\"tls seen\";)",
                "pass udp 10.0.0.0/8 ANY -> 203.0.113.53/32 53 (sid:4;)",
                "pass ip 10.1.0.0/16 ANY <> 10.2.0.0/16 ANY (sid:5;)",
                "drop ip ANY ANY -> ANY ANY (sid:6; geoip:dst,RU; noalert;)",
            ])
        #expect(
            group.rules[3].location
                == SourceLocation(
                    file: "test.json", line: 85, column: 1, path: "RulesSource.StatefulRules[3]"))
    }

    @Test func severalSettingsAreJoinedByCommas() throws {
        let options = """
            {"Keyword": "flow", "Settings": ["established", "to_server"]}, {"Keyword": "sid", "Settings": ["1"]}
            """
        let group = try #require(
            read(StatefulRuleTests.group(StatefulRuleTests.rule(options: options))).document?.stateful)
        #expect(group.rules.map(\.text) == ["pass tcp ANY ANY -> ANY ANY (flow:established,to_server; sid:1;)"])
    }

    @Test(
        "is refused",
        arguments: [
            (rule(action: "BLOCK"), "2:12", "Action: 'BLOCK' is not known here"),
            (rule(action: "pass"), "2:12", "Action: 'pass' is not known here"),
            (rule(protocolName: "SCTP"), "3:24", "Header.Protocol: 'SCTP' is not known here"),
            (rule(source: "10.0.0/8"), "4:11", "Header.Source: Source is invalid: '10.0.0/8' is not an address"),
            (rule(source: "10.0.0.1, 10.0.0.2"), "4:11", "Header.Source: Source is invalid: unexpected"),
            (rule(sourcePort: "http"), "5:15", "Header.SourcePort: SourcePort is invalid: 'http' is not a port"),
            (rule(direction: "->"), "6:14", "Header.Direction: '->' is not known here"),
            (rule(destination: ""), "7:16", "Header.Destination: expected 1 to 1024 characters"),
            (
                rule(port: "90:80"), "8:20",
                "Header.DestinationPort: DestinationPort is invalid: the range 90:80 runs backwards"
            ),
            (rule(port: "$WEB"), "2:25", "WEB cannot be null or empty"),
            (rule(action: "REJECT", protocolName: "UDP"), "2:8", "udp reject is not supported"),
            (rule(options: ""), "2:1", "sid not assigned"),
            (
                rule(options: "{\"Keyword\": \"msg\", \"Settings\": [\"\\\"a\\nb\\\"\"]}"), "9:49",
                "a rule option cannot hold a line break"
            ),
            (
                rule(options: "{\"Keyword\": \"sid:1; noalert\"}"), "2:1",
                "a Keyword or Setting holds more than one option"
            ),
            (
                rule(options: "{\"Keyword\": \"priority\", \"Settings\": [\"1\"]}, {\"Keyword\": \"sid:1\"}"), "2:30",
                "RuleOptions has invalid keywords"
            ),
            (
                rule(options: "{\"Keyword\": \"sid\", \"Settings\": [1]}"), "9:49",
                "expected a string, found the number 1"
            ),
            (rule(options: "{\"Settings\": [\"1\"]}"), "9:17", "the rule option has no 'Keyword', which is required"),
        ])
    func refused(rule: String, place: String, complaint: String) throws {
        let reading = read(StatefulRuleTests.group(rule))
        #expect(reading.errors.count == 1, "\(reading.diagnostics)")
        let error = try #require(reading.errors.first)
        #expect("\(error.location.line):\(error.location.column)" == place)
        #expect(error.location.path.hasPrefix("RulesSource.StatefulRules[0]"))
        #expect("\(error.location.path): \(error.message)".contains(complaint))
        #expect(reading.document?.stateful?.rules.count == 0)
    }
}
