import PolicyModel
import RuleLanguage
import Testing

/// Requests, responses and template resources around rule groups and policies, and unknown keys in them.
struct EnvelopeTests {
    static let group =
        "{\"RulesSource\": {\"RulesString\": \"pass ip any any -> any any (sid:1;)\\npass ip any any -> any 1 (sid:2;)\"}}"
    static let stateless = StatelessTests.group([
        StatelessTests.rule("\"Sources\": [{\"AddressDefinition\": \"::/0\"}], \"Protocols\": [1, 6, 17]")
    ])
    static let policy = PolicyTests.policy("")
    static let token = "\"UpdateToken\": \"a1b2c3d4-0000-4aaa-8bbb-0123456789ab\""
    static let arn = "arn:aws:network-firewall:eu-west-1:111122223333:stateful-rulegroup/from-arn"

    static func create(_ rest: String, capacity: Int = 10, type: String = "STATEFUL") -> String {
        "{\"RuleGroupName\": \"g\", \"Type\": \"\(type)\", \"Capacity\": \(capacity), \(rest)}"
    }

    @Test(
        "forms",
        arguments: [
            (group, "stateful rule group (document): 2 rules, capacity 2"),
            (create("\"RuleGroup\": \(group)"), "stateful rule group g (create request): 2 rules, capacity 2 of 10"),
            (
                create("\"RuleGroup\": \(stateless)", type: "STATELESS"),
                "stateless rule group g (create request): 1 rule, capacity 3 of 10"
            ),
            (
                create("\"Rules\": \"pass ip $HOME_NET any -> $EXTERNAL_NET any (priority:3; sid:1;)\""),
                "stateful rule group g (create request): 1 rule, capacity 1 of 10"
            ),
            (
                "{\(token), \"RuleGroupArn\": \"\(arn)\", \"RuleGroup\": \(group)}",
                "stateful rule group from-arn (update request): 2 rules, capacity 2"
            ),
            (
                "{\(token), \"RuleGroup\": \(group), \"RuleGroupResponse\": {\"RuleGroupArn\": \"\(arn)\", \"RuleGroupName\": \"n\", \"Type\": \"STATEFUL\", \"Capacity\": 1}}",
                "stateful rule group n (describe response): 2 rules, capacity 2 of 1"
            ),
            (
                "{\"Type\": \"AWS::NetworkFirewall::RuleGroup\", \"DependsOn\": \"X\", \"Properties\": \(create("\"RuleGroup\": \(group)"))}",
                "stateful rule group g (template resource): 2 rules, capacity 2 of 10"
            ),
            (policy, "firewall policy (document): 0 rule group references"),
            (
                "{\"FirewallPolicyName\": \"p\", \"FirewallPolicy\": \(policy)}",
                "firewall policy p (create request): 0 rule group references"
            ),
            (
                "{\(token), \"FirewallPolicyName\": \"p\", \"FirewallPolicy\": \(policy)}",
                "firewall policy p (update request): 0 rule group references"
            ),
            (
                "{\(token), \"FirewallPolicyResponse\": {\"FirewallPolicyName\": \"p\"}, \"FirewallPolicy\": \(policy)}",
                "firewall policy p (describe response): 0 rule group references"
            ),
            (
                "{\"Type\": \"AWS::NetworkFirewall::FirewallPolicy\", \"Properties\": {\"FirewallPolicyName\": \"p\", \"FirewallPolicy\": \(policy)}}",
                "firewall policy p (template resource): 0 rule group references"
            ),
            ("{\"LogDestinationConfigs\": []}", "logging configuration"),
        ])
    func forms(text: String, summary: String) throws {
        let reading = read(text)
        #expect(reading.diagnostics.map(\.description) == [])
        #expect(try DocumentSummary(#require(reading.document)).description == summary)
    }

    @Test(
        "is refused",
        arguments: [
            (
                "{\"RuleGroup\": \(group)}",
                ["'RuleGroupName', which is required", "'Type', which is required", "'Capacity', which is required"]
            ),
            (create("\"Description\": \"x\""), ["neither 'RuleGroup' nor 'Rules'"]),
            (create("\"RuleGroup\": \(group), \"Rules\": \"\""), ["RuleGroup and Rules cannot exist together"]),
            (create("\"RuleGroup\": \(group)", type: "STATELESS"), ["StatelessRulesAndCustomActions cannot be null"]),
            (create("\"Rules\": \"\"", type: "STATELESS"), ["Rules are stateful"]),
            (create("\"RuleGroup\": \(stateless)"), ["StatelessRulesAndCustomActions is invalid"]),
            (create("\"RuleGroup\": \(group)", type: "stateful"), ["'stateful' is not known here"]),
            (create("\"RuleGroup\": \(group)", capacity: 1), ["StatefulRules capacity exceeded, parameter: [2]"]),
            (
                create("\"RuleGroup\": \(stateless)", capacity: 2, type: "STATELESS"),
                ["StatelessRules capacity exceeded, parameter: [3]"]
            ),
            (create("\"RuleGroup\": \(group)", capacity: 30_001), ["Capacity capacity exceeded, parameter: [30001]"]),
            (create("\"RuleGroup\": \(group)", capacity: 0), ["expected a whole number from 1"]),
            (create("\"RuleGroup\": \(group), \(token)"), ["unknown key 'Capacity' in the rule group"]),
            (create("\"Rules\": \"pass ip $X any -> any any (sid:1;)\""), ["X cannot be null or empty"]),
            (create("\"RuleGroup\": \(group), \"DryRun\": \"true\""), ["expected true or false, found the string"]),
            (
                create("\"RuleGroup\": \(group), \"Description\": \"\(String(repeating: "x", count: 513))\""),
                ["expected 0 to 512 characters"]
            ),
            (
                create("\"RuleGroup\": \(group), \"Tags\": [{\"Key\": \"\", \"Val\": \"\"}]"),
                ["unknown key 'Val' in the tag", "expected 1 to 128 characters", "the tag has no 'Value'"]
            ),
            (
                create("\"RuleGroup\": \(group), \"EncryptionConfiguration\": {\"Type\": \"NONE\"}"),
                ["'NONE' is not known here"]
            ),
            (create("\"RuleGroup\": \(group), \"SourceMetadata\": {\"SourceArn\": \"x\"}"), ["expected an ARN"]),
            (
                create("\"RuleGroup\": \(group), \"SummaryConfiguration\": {\"RuleOptions\": [\"REV\"]}"),
                ["'REV' is not known here"]
            ),
            (
                "{\"RuleGroupName\": \"a_b\", \"Type\": \"STATEFUL\", \"Capacity\": 9, \"RuleGroup\": \(group)}",
                ["expected a name of 1 to 128 letters, digits and hyphens"]
            ),
            (
                "{\(token), \"RuleGroupName\": \"x\", \"RuleGroup\": \(group)}",
                ["a rule group is named by RuleGroupArn, or by RuleGroupName and Type"]
            ),
            (
                "{\"UpdateToken\": \"A1B2\", \"RuleGroupArn\": \"\(arn)\", \"RuleGroup\": \(group)}",
                ["expected a UUID in lower case"]
            ),
            ("{\"FirewallPolicy\": \(policy)}", ["the request has no 'FirewallPolicyName'"]),
            (
                "{\(token), \"FirewallPolicy\": \(policy)}",
                ["a policy is named by FirewallPolicyArn or FirewallPolicyName"]
            ),
            (
                "{\(token), \"FirewallPolicyResponse\": {\"FirewallPolicyName\": \"p\"}}",
                ["the response has no 'FirewallPolicy'"]
            ),
            (
                "{\"Type\": \"AWS::EC2::Instance\", \"Properties\": {}}",
                ["resources of type 'AWS::EC2::Instance' are not read"]
            ),
            ("{\"Resources\": {}}", ["this is neither a rule group nor a firewall policy nor a logging configuration"]),
            ("[]", ["expected an object, found a list"]),
            (
                "{\"LoggingConfiguration\": {\"LogDestinationConfigs\": [{\"LogType\": \"ALERT\", \"LogDestinationType\": \"S3\", \"LogDestination\": {\"bucket\": \"x\"}}]}}",
                ["unknown key 'bucket' in LogDestination", "LogDestination has no 'bucketName'"]
            ),
        ])
    func refused(text: String, complaints: [String]) {
        let messages = read(text).errors.map(\.message)
        #expect(messages.count == complaints.count, "\(messages)")
        for (message, complaint) in zip(messages, complaints) { #expect(message.contains(complaint)) }
    }

    @Test func domainListsMayFitOrNot() {
        func reading(_ capacity: Int) -> DocumentReading {
            let list = DomainListTests.group(["a.example", "b.example"], types: ["TLS_SNI", "HTTP_HOST"])
            return read(EnvelopeTests.create("\"RuleGroup\": \(list)", capacity: capacity))
        }
        #expect(reading(4).errors.map(\.message) == ["StatefulRules capacity exceeded, parameter: [5]: Capacity is 4"])
        #expect(reading(5).errors.isEmpty)
        #expect(reading(6).warnings.count == 1)
        #expect(reading(7).diagnostics.isEmpty)
    }

    /// An unknown key is an error wherever it stands, with its own place.
    @Test("unknown keys", arguments: ExampleTests.summaries.map(\.file).filter { $0.hasSuffix(".json") })
    func unknownKeys(file: String) throws {
        let root = try DocumentReader(file: file).read(try Fixtures.text(file))
        var objects = 0
        for (text, path) in EnvelopeTests.intrusions(root, in: root, path: "") {
            objects += 1
            let errors = read(text, file: file).errors.filter { $0.message.contains("'Intruder!'") }
            #expect(errors.count == 1, "an unknown key in '\(path)' was taken")
        }
        #expect(objects > 0)
    }

    /// The document with one more key in one of its objects, for each object.
    static func intrusions(_ node: DocumentNode, in root: DocumentNode, path: String) -> [(text: String, path: String)]
    {
        switch node.content {
        case .null, .string, .literal, .plain: return []
        case .list(let items):
            return items.prefix(2).flatMap { intrusions($0, in: root, path: $0.location.path) }
        case .object(let entries):
            let inner = entries.flatMap { intrusions($0.value, in: root, path: $0.value.location.path) }
            return [(root.json(intruderAt: path), path)] + inner
        }
    }

    @Test(
        "suggestions",
        arguments: [
            ("{\"RuleSource\": {\"RulesString\": \"\"}}", "did you mean 'RulesSource'?"),
            ("{\"rules_source\": {}}", "did you mean 'RulesSource'?"),
            ("{\"RulesSource\": {\"RuleString\": \"\", \"RulesString\": \"\"}}", "did you mean 'RulesString'?"),
            (
                "{\"RulesSource\": {\"RulesString\": \"\"}, \"StatefulRuleOption\": {}}",
                "did you mean 'StatefulRuleOptions'?"
            ),
            (
                "{\"RulesSource\": {\"RulesString\": \"\"}, \"xyz\": {}}",
                "expected RuleVariables, ReferenceSets, RulesSource, StatefulRuleOptions"
            ),
            (
                "{\"RulesSource\": {\"RulesString\": \"\"}, \"StatefulRuleOptions\": {\"RuleOrder\": \"strict_order\"}}",
                "did you mean 'STRICT_ORDER'?"
            ),
        ])
    func suggestions(text: String, hint: String) {
        #expect(read(text).errors.first?.hint == hint)
    }

    @Test func aHundredThousandUnknownKeysAreReadInTime() {
        let keys = (0..<100_000).map { "\"Key\($0)\": 1" }.joined(separator: ",")
        let reading = read("{\"RulesSource\": {\"RulesString\": \"\"}, \(keys)}")
        #expect(reading.errors.count == 100_000)
    }
}

extension DocumentNode {
    /// The document as JSON with the key `Intruder!` added to the object at `path`.
    func json(intruderAt path: String) -> String {
        switch content {
        case .null: return "null"
        case .string(let text): return quoted(text)
        case .literal(let text), .plain(let text): return text
        case .list(let items): return "[" + items.map { $0.json(intruderAt: path) }.joined(separator: ",\n") + "]"
        case .object(let entries):
            var lines = entries.map { "\(quoted($0.key)): \($0.value.json(intruderAt: path))" }
            if location.path == path { lines.append("\"Intruder!\": {\"Definition\": [\"any\"]}") }
            return "{" + lines.joined(separator: ",\n") + "}"
        }
    }
}
