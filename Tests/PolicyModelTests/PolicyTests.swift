import PolicyModel
import RuleLanguage
import Testing

/// Firewall policies: what their parts have to say to each other.
struct PolicyTests {
    static let arn = "arn:aws:network-firewall:eu-west-1:111122223333"

    /// A policy in strict order with more or other keys.
    static func policy(_ rest: String, order: String? = "STRICT_ORDER", engine: String = "") -> String {
        let options = order.map { "\"StatefulEngineOptions\": {\"RuleOrder\": \"\($0)\"\(engine)}," } ?? ""
        return """
            {"StatelessDefaultActions": ["aws:forward_to_sfe"],
            "StatelessFragmentDefaultActions": ["aws:drop"],
            \(options)
            \(rest.isEmpty ? "\"StatefulRuleGroupReferences\": []" : rest)}
            """
    }

    static func references(_ items: [String], kind: String = "Stateful") -> String {
        "\"\(kind)RuleGroupReferences\": [\(items.joined(separator: ",\n"))]"
    }

    static func reference(_ name: String, kind: String = "stateful-rulegroup", priority: Int? = nil, rest: String = "")
        -> String
    {
        let priority = priority.map { ", \"Priority\": \($0)" } ?? ""
        return "{\"ResourceArn\": \"\(arn):\(kind)/\(name)\"\(priority)\(rest)}"
    }

    /// So many references with the priorities 1, 2, ...
    static func references(count: Int, kind: String = "Stateful") -> String {
        references(
            (1...count).map { (number: Int) in
                reference("g\(number)", kind: "\(kind.lowercased())-rulegroup", priority: number)
            }, kind: kind)
    }

    @Test func defaultsOfTheService() throws {
        let reading = read(PolicyTests.policy("", order: nil))
        #expect(reading.diagnostics.map(\.description) == [])
        let policy = try #require(reading.document?.policy)
        #expect(policy.statefulEngineOptions == StatefulEngineOptions())
        #expect(policy.statefulEngineOptions.ruleOrder == .actionOrder)
        #expect(policy.statefulEngineOptions.streamExceptionPolicy == .drop)
        #expect(policy.statefulEngineOptions.tcpIdleTimeoutSeconds == 350)
        #expect(policy.statefulDefaultActions == [])
        #expect(policy.statelessFragmentDefaultActions == StatelessActions(.drop))
    }

    @Test("default actions each alone", arguments: StatefulDefaultAction.allCases)
    func defaultActions(action: StatefulDefaultAction) throws {
        let reading = read(PolicyTests.policy("\"StatefulDefaultActions\": [\"\(action.rawValue)\"]"))
        #expect(reading.diagnostics.map(\.description) == [])
        #expect(reading.document?.policy?.statefulDefaultActions == [action])
        #expect(action.drops == action.rawValue.hasPrefix("aws:drop_"))
    }

    /// Every pair, judged by the service's rules written another way.
    @Test func defaultActionsInPairs() {
        for first in StatefulDefaultAction.allCases {
            for second in StatefulDefaultAction.allCases where first != second {
                let names = [first.rawValue, second.rawValue]
                let reading = read(
                    PolicyTests.policy("\"StatefulDefaultActions\": [\(names.map(quoted).joined(separator: ","))]"))
                let twoDrops = names.allSatisfy { $0.contains("drop") }
                let appLayer = names.count { $0.contains("app_layer") }
                let established = names.count { $0.hasSuffix("_established") }
                let mixed = appLayer == 1 && established == 1
                #expect(reading.errors.isEmpty == !(twoDrops || mixed), "\(names)")
                #expect(
                    reading.errors.allSatisfy { $0.message.hasPrefix("StatefulDefaultActions cannot exist together") })
                let twoFamilies = appLayer == 2 && names.count { $0.hasSuffix("_to_server") } == 1
                #expect(reading.warnings.isEmpty == !(twoFamilies && !twoDrops), "\(names)")
            }
        }
    }

    @Test(
        "is refused",
        arguments: [
            (
                policy("\"StatefulDefaultActions\": [\"aws:drop_strict\", \"aws:drop_strict\"]"),
                "StatefulDefaultActions has duplicate values"
            ),
            (policy("\"StatefulDefaultActions\": [\"aws:drop_stric\"]"), "'aws:drop_stric' is not known here"),
            (
                policy("\"StatefulDefaultActions\": [\"aws:drop_strict\"]", order: nil),
                "StatefulDefaultActions has invalid rule order"
            ),
            (
                policy("\"StatefulDefaultActions\": [\"aws:alert_strict\"]", order: "DEFAULT_ACTION_ORDER"),
                "StatefulDefaultActions has invalid rule order"
            ),
            (policy("", order: "STRICT"), "'STRICT' is not known here"),
            (policy("", engine: ", \"StreamExceptionPolicy\": \"PASS\""), "'PASS' is not known here"),
            (
                policy("", engine: ", \"FlowTimeouts\": {\"TcpIdleTimeoutSeconds\": 59}"),
                "expected a whole number from 60 to 6000, found 59"
            ),
            (
                policy("", engine: ", \"FlowTimeouts\": {\"TcpIdleTimeoutSeconds\": 6001}"),
                "expected a whole number from 60 to 6000, found 6001"
            ),
            (policy("", engine: ", \"FlowTimeouts\": {\"UdpIdle\": 60}"), "unknown key 'UdpIdle' in FlowTimeouts"),
            (policy(references([reference("a"), reference("b", priority: 1)])), "Priority cannot be null"),
            (policy(references([reference("a", priority: 0)])), "expected a whole number from 1 to 65535, found 0"),
            (
                policy(references([reference("a", priority: 1), reference("b", priority: 1)])),
                "Priority has duplicate values: 1 is used by another stateful"
            ),
            (policy(references([reference("a", priority: 1)]), order: nil), "Priority cannot be provided"),
            (
                policy(references([reference("a", kind: "stateless-rulegroup", priority: 1)])),
                "rule group ARN is of incorrect entity type"
            ),
            (
                policy(references([reference("a", priority: 1)], kind: "Stateless")),
                "rule group ARN is of incorrect entity type"
            ),
            (
                policy(references([reference("a", kind: "stateless-rulegroup")], kind: "Stateless")),
                "the rule group reference has no 'Priority'"
            ),
            (
                policy(references(["{\"ResourceArn\": \"arn:aws:s3:::bucket\", \"Priority\": 1}"])),
                "rule group ARN is invalid"
            ),
            (policy(references(["{\"ResourceArn\": \"egress\", \"Priority\": 1}"])), "expected an ARN"),
            (policy(references(["{\"Priority\": 1}"])), "the rule group reference has no 'ResourceArn'"),
            (
                policy(
                    references([reference("a", priority: 1, rest: ", \"Override\": {\"Action\": \"DROP_TO_ALERT\"}")])),
                "rule group must be a managed resource"
            ),
            (
                policy(references([reference("a", priority: 1, rest: ", \"Override\": {\"Action\": \"ALERT\"}")])),
                "'ALERT' is not known here"
            ),
            (policy(references(count: 21)), "StatefulRuleGroupReferences limit exceeded: 21 references, at most 20"),
            (
                policy(references(count: 21, kind: "Stateless")),
                "StatelessRuleGroupReferences limit exceeded: 21 references, at most 20"
            ),
            (
                policy("\"PolicyVariables\": {\"RuleVariables\": {\"EXTERNAL_NET\": {\"Definition\": [\"any\"]}}}"),
                "RuleVariables is invalid: a policy sets HOME_NET alone"
            ),
            (
                policy("\"PolicyVariables\": {\"RuleVariables\": {\"HOME_NET\": {\"Definition\": []}}}"),
                "HOME_NET cannot be null or empty"
            ),
            (
                policy("\"PolicyVariables\": {\"RuleVariables\": {\"HOME_NET\": {\"Definition\": [\"10.0.0.0/40\"]}}}"),
                "'10.0.0.0/40' is not an address"
            ),
            (
                policy("\"EnableTLSSessionHolding\": true"),
                "TLSInspectionConfigurationArn value is required when EnableTLSSessionHolding is true"
            ),
            (
                policy("\"StatelessCustomActions\": [], \"StatefulDefaultAction\": []"),
                "unknown key 'StatefulDefaultAction' in FirewallPolicy"
            ),
            (
                "{\"StatelessDefaultActions\": [\"aws:pass\"]}",
                "FirewallPolicy has no 'StatelessFragmentDefaultActions'"
            ),
            (
                "{\"StatelessDefaultActions\": [\"aws:pass\", \"aws:drop\"], \"StatelessFragmentDefaultActions\": [\"aws:pass\"]}",
                "StatelessDefaultActions cannot exist together"
            ),
            (
                "{\"StatelessDefaultActions\": [\"aws:pass\"], \"StatelessFragmentDefaultActions\": [\"aws:pass\", \"Metric\"]}",
                "StatelessFragmentDefaultActions is invalid: no custom action 'Metric'"
            ),
        ])
    func refused(text: String, complaint: String) throws {
        let reading = read(text)
        #expect(reading.errors.map { $0.message.hasPrefix(complaint) } == [true], "\(reading.diagnostics)")
        #expect(try #require(reading.errors.first).sourceLine != nil)
    }

    @Test func limitsAreNotPassedByTwenty() {
        let text = PolicyTests.policy(PolicyTests.references(count: 20))
        let reading = read(text)
        #expect(reading.diagnostics.isEmpty)
        #expect(reading.document?.policy?.statefulRuleGroupReferences.count == 20)
    }

    @Test func sessionHolding() {
        let inspection =
            "\"EnableTLSSessionHolding\": true, \"TLSInspectionConfigurationArn\": \"\(PolicyTests.arn):tls-configuration/x\""
        for action in StatefulDefaultAction.allCases {
            let reading = read(
                PolicyTests.policy("\(inspection), \"StatefulDefaultActions\": [\"\(action.rawValue)\"]"))
            let isWaitingDrop = action.rawValue.hasPrefix("aws:drop_established_app_layer")
            #expect(reading.errors.count == (isWaitingDrop ? 1 : 0), "\(action)")
            #expect(reading.warnings.map { $0.message.contains("not decrypted") } == [true])
        }
    }

    @Test func managedGroupsMayBeOverridden() {
        let arn = "arn:aws:network-firewall:eu-west-1:aws-managed:stateful-rulegroup/Botnet"
        let item =
            "{\"ResourceArn\": \"\(arn)\", \"Priority\": 1, \"Override\": {\"Action\": \"DROP_TO_ALERT\"}, \"DeepThreatInspection\": true}"
        let reading = read(PolicyTests.policy(PolicyTests.references([item])))
        #expect(reading.diagnostics.isEmpty)
        #expect(reading.document?.policy?.statefulRuleGroupReferences.first?.override == .dropToAlert)
        #expect(reading.document?.policy?.statefulRuleGroupReferences.first?.deepThreatInspection == true)
    }

    @Test func repeatedReferenceIsAWarning() {
        let items = [PolicyTests.reference("a", priority: 1), PolicyTests.reference("a", priority: 2)]
        let reading = read(PolicyTests.policy(PolicyTests.references(items)))
        #expect(reading.errors.isEmpty)
        #expect(reading.warnings.map(\.message) == ["the rule group 'a' is referenced twice"])
    }

    @Test func allProblemsAtOnce() {
        let text = PolicyTests.policy(
            """
            "StatefulDefaultActions": ["aws:drop_strict", "aws:drop_established"],
            \(PolicyTests.references([PolicyTests.reference("a"), PolicyTests.reference("b", priority: 70000)])),
            "PolicyVariables": {"RuleVariables": {"HOME": {"Definition": ["10.0.0.0/8"]}}},
            "Unknown": 1
            """)
        #expect(
            read(text).errors.map { "\($0.location.line) \($0.location.path)" } == [
                "4 StatefulDefaultActions", "5 StatefulRuleGroupReferences[0]",
                "6 StatefulRuleGroupReferences[1].Priority",
                "7 PolicyVariables.RuleVariables.HOME", "8 Unknown",
            ])
    }

    @Test(
        "ARNs",
        arguments: [
            ("arn:aws:network-firewall:eu-west-1:111122223333:stateful-rulegroup/x", "stateful-rulegroup", "x", false),
            ("arn:aws-cn:network-firewall:cn-north-1:1:stateless-rulegroup/a/b", "stateless-rulegroup", "b", false),
            ("arn:aws:network-firewall:eu-west-1:aws-managed:stateful-rulegroup/M", "stateful-rulegroup", "M", true),
        ])
    func arns(text: String, kind: String, name: String, isManaged: Bool) throws {
        let arn = try #require(ResourceARN(text))
        #expect(arn.kind == kind && arn.name == name && arn.isManaged == isManaged && arn.description == text)
    }

    @Test(
        "no ARNs",
        arguments: [
            "", "x", "arn:aws:network-firewall", "arn:aws:s3:::b/x", "arn:aws:network-firewall:r:a:stateful-rulegroup",
            "arn:aws:network-firewall:r:a:stateful-rulegroup/", "arn:aws:network-firewall:r:a:/x",
            "arn:gcp:network-firewall:r:a:k/x",
        ])
    func noARNs(text: String) { #expect(ResourceARN(text) == nil) }
}
