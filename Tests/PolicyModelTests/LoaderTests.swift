import Foundation
import PolicyModel
import RuleLanguage
import Testing

/// Policies with their groups, from files.
struct LoaderTests {
    static let strict = "\"StatefulRuleOptions\": {\"RuleOrder\": \"STRICT_ORDER\"}"

    static func group(_ sid: Int, order: String = strict) -> String {
        "{\"RulesSource\": {\"RulesString\": \"pass ip any any -> any any (sid:\(sid);)\"}, \(order)}"
    }

    static func policy(_ references: [String], order: String? = "STRICT_ORDER", stateless: [String] = []) -> String {
        PolicyTests.policy(
            PolicyTests.references(references) + ",\n" + PolicyTests.references(stateless, kind: "Stateless"),
            order: order)
    }

    @Test func groupsAreFoundAndSorted() throws {
        let folder = try TemporaryFolder([
            "policy.json": LoaderTests.policy(
                [
                    PolicyTests.reference("by-file", priority: 30), PolicyTests.reference("by-name", priority: 10),
                    PolicyTests.reference("flat", priority: 20), PolicyTests.reference("yaml", priority: 5),
                    PolicyTests.reference("nowhere", priority: 40),
                ],
                stateless: [
                    PolicyTests.reference("edge-b", kind: "stateless-rulegroup", priority: 2),
                    PolicyTests.reference("edge-a", kind: "stateless-rulegroup", priority: 1),
                ]),
            "by-file.json": LoaderTests.group(1),
            "request.json":
                "{\"RuleGroupName\": \"by-name\", \"Type\": \"STATEFUL\", \"Capacity\": 5, \"RuleGroup\": \(LoaderTests.group(2))}",
            "flat.rules": "rejectboth udp any any -> any any (classtype:x; sid:3;)\n",
            "yaml.yml":
                "RulesSource:\n  RulesString: |\n    pass ip any any -> any any (sid:4;)\nStatefulRuleOptions:\n  RuleOrder: STRICT_ORDER\n",
            "edge-a.json": StatelessTests.group([StatelessTests.rule(priority: 7)]),
            "edge-b.json": StatelessTests.group([StatelessTests.rule(priority: 8)]),
            "broken.json": "{", "readme.txt": "by-file",
        ])
        let loading = PolicyLoader().bundle(policy: "\(folder.path)/policy.json")
        #expect(loading.diagnostics.map(\.description) == [])
        let bundle = try #require(loading.bundle)
        #expect(bundle.name == "policy")
        #expect(bundle.statefulGroups.map(\.name) == ["yaml", "by-name", "flat", "by-file"])
        #expect(bundle.statefulGroups.map(\.priority) == [5, 10, 20, 30])
        #expect(bundle.statefulGroups.map { $0.group.rules.first?.option("sid")?.value?.text } == ["4", "2", "3", "1"])
        #expect(bundle.statefulGroups.map { $0.group.ruleOrder } == Array(repeating: .strictOrder, count: 4))
        #expect(bundle.statefulGroups[1].file == "\(folder.path)/request.json")
        #expect(bundle.statefulGroups[1].resourceARN?.name == "by-name")
        #expect(bundle.statefulGroups[2].group.rules.first?.location.file == "\(folder.path)/flat.rules")
        #expect(bundle.statelessGroups.map(\.name) == ["edge-a", "edge-b"])
        #expect(bundle.statelessGroups.map { $0.group.rules[0].priority } == [7, 8])
        #expect(bundle.unresolved.map(\.resourceARN.name) == ["nowhere"])
        let warning = try #require(bundle.unresolved.first).diagnostic(.warning)
        #expect(warning.message == "no file holds the rule group 'nowhere'")
        #expect(warning.severity == .warning)
        #expect(warning.location.path == "StatefulRuleGroupReferences[4]")
        #expect(warning.hint?.contains(folder.path) == true)
    }

    /// A policy is not taken for the group of its own name, nor is a hidden file.
    @Test func thePolicyItselfIsNoGroup() throws {
        let folder = try TemporaryFolder([
            "egress.json": LoaderTests.policy([PolicyTests.reference("egress", priority: 1)]),
            "egress.rules": "pass ip any any -> any any (sid:1;)", ".egress.json": "{}", "egress.txt": "a.example",
        ])
        let loading = PolicyLoader().bundle(policy: "\(folder.path)/egress.json")
        #expect(loading.diagnostics.isEmpty)
        #expect(loading.bundle?.statefulGroups.map(\.file) == ["\(folder.path)/egress.rules"])
    }

    @Test func actionOrderKeepsTheWrittenOrder() throws {
        let folder = try TemporaryFolder([
            "p.json": LoaderTests.policy([PolicyTests.reference("b"), PolicyTests.reference("a")], order: nil),
            "a.rules": "pass ip any any -> any any (sid:1;)", "b.json": "{\"RulesSource\": {\"RulesString\": \"\"}}",
        ])
        let loading = PolicyLoader().bundle(policy: "\(folder.path)/p.json")
        #expect(loading.diagnostics.isEmpty)
        #expect(loading.bundle?.statefulGroups.map(\.name) == ["b", "a"])
        #expect(
            loading.bundle?.statefulGroups.map { $0.group.ruleOrder } == [.actionOrder, .actionOrder],
            "a file of rules takes it over")
        #expect(loading.bundle?.statefulGroups.map(\.priority) == [nil, nil])
    }

    @Test func ambiguousReferences() throws {
        let folder = try TemporaryFolder([
            "p.json": LoaderTests.policy([
                PolicyTests.reference("a", priority: 1), PolicyTests.reference("b", priority: 2),
            ]),
            "a.json": LoaderTests.group(1), "a.rules": "pass ip any any -> any any (sid:1;)",
            "b.yaml": LoaderTests.group(1),
            "other.json":
                "{\"UpdateToken\": \"x\", \"RuleGroupArn\": \"\(PolicyTests.arn):stateful-rulegroup/b\", \"RuleGroup\": {}}",
        ])
        let bundle = try #require(PolicyLoader().bundle(policy: "\(folder.path)/p.json").bundle)
        #expect(bundle.statefulGroups.isEmpty)
        #expect(bundle.unresolved.map(\.candidates) == [["a.json", "a.rules"], ["b.yaml", "other.json"]])
        #expect(
            bundle.unresolved.map { $0.diagnostic(.error).message } == [
                "the rule group 'a' is in more than one file: a.json, a.rules",
                "the rule group 'b' is in more than one file: b.yaml, other.json",
            ])
    }

    @Test func explicitFilesComeFirst() throws {
        let folder = try TemporaryFolder([
            "p.json": LoaderTests.policy([
                PolicyTests.reference("a", priority: 1), PolicyTests.reference("names", priority: 2),
            ]),
            "a.json": LoaderTests.group(1), "a.rules": "pass ip any any -> any any (sid:1;)", "list.txt": "a.example\n",
        ])
        let loader = PolicyLoader(groupFiles: [
            "\(PolicyTests.arn):stateful-rulegroup/a": .init("\(folder.path)/a.rules"),
            "\(PolicyTests.arn):stateful-rulegroup/names": .init("\(folder.path)/list.txt", listAction: .reject),
            "\(PolicyTests.arn):stateful-rulegroup/unused": .init("\(folder.path)/x.rules"),
        ])
        let loading = loader.bundle(policy: "\(folder.path)/p.json")
        #expect(loading.diagnostics.map(\.severity) == [.warning])
        #expect(loading.diagnostics.first?.message.contains("stateful-rulegroup/unused") == true)
        #expect(loading.bundle?.unresolved.count == 0)
        #expect(loading.bundle?.statefulGroups.map(\.file) == ["\(folder.path)/a.rules", "\(folder.path)/list.txt"])
        #expect(loading.bundle?.statefulGroups.last?.group.rules.map(\.action) == [.reject, .reject])
    }

    @Test func ordersHaveToBeEqual() throws {
        let folder = try TemporaryFolder([
            "strict.json": LoaderTests.policy([
                PolicyTests.reference("action", priority: 1), PolicyTests.reference("list", priority: 2),
            ]),
            "plain.json": LoaderTests.policy([PolicyTests.reference("strict-group")], order: nil),
            "action.json": "{\"RulesSource\": {\"RulesString\": \"\"}}", "strict-group.json": LoaderTests.group(1),
            "list.json": "{\"RuleGroupName\": \"list\", \"Type\": \"STATEFUL\", \"Capacity\": 5, \"Rules\": \"\"}",
        ])
        let strict = PolicyLoader().bundle(policy: "\(folder.path)/strict.json")
        #expect(
            strict.diagnostics.map { "\($0.location.path) \($0.message)" } == [
                "StatefulRuleGroupReferences[0] ResourceArn has invalid rule order: the rule group 'action' is DEFAULT_ACTION_ORDER, the policy STRICT_ORDER",
                "StatefulRuleGroupReferences[1] ResourceArn has invalid rule order: the rule group 'list' is DEFAULT_ACTION_ORDER, the policy STRICT_ORDER",
            ])
        let plain = PolicyLoader().bundle(policy: "\(folder.path)/plain.json")
        #expect(plain.diagnostics.map(\.message.count).count == 1)
        #expect(plain.diagnostics.first?.message.hasSuffix("is STRICT_ORDER, the policy DEFAULT_ACTION_ORDER") == true)
    }

    @Test func groupsOfTheWrongKind() throws {
        let folder = try TemporaryFolder([
            "p.json": LoaderTests.policy(
                [PolicyTests.reference("a", priority: 1), PolicyTests.reference("q", priority: 2)],
                stateless: [PolicyTests.reference("s", kind: "stateless-rulegroup", priority: 1)]),
            "a.json": StatelessTests.group([StatelessTests.rule()]), "s.json": LoaderTests.group(1),
            "q.json": PolicyTests.policy(""),
        ])
        let loading = PolicyLoader().bundle(policy: "\(folder.path)/p.json")
        let messages = loading.diagnostics.map { "\(PolicyLoaderTestNames.last($0.location.file)): \($0.message)" }
        #expect(messages.contains("a.json: StatelessRulesAndCustomActions is invalid: the rule group is STATEFUL"))
        #expect(messages.contains("q.json: expected a rule group, this is something else"))
        #expect(messages.contains { $0.hasPrefix("s.json: StatelessRulesAndCustomActions cannot be null") })
        #expect(loading.bundle?.statefulGroups.count == 0)
        #expect(loading.bundle?.statelessGroups.count == 0)
    }

    @Test func problemsOfGroupsAreReportedWithTheirFile() throws {
        let folder = try TemporaryFolder([
            "p.json": LoaderTests.policy([PolicyTests.reference("a", priority: 1)]),
            "a.rules": "pass ip any any -> any any (sid:1;)\nnonsense\npass ip any any -> any 1 (sid:2;)\n",
        ])
        let loading = PolicyLoader().bundle(policy: "\(folder.path)/p.json")
        #expect(
            loading.diagnostics.map { "\(PolicyLoaderTestNames.last($0.location.file)):\($0.location.line)" } == [
                "a.rules:2"
            ])
        #expect(loading.bundle?.statefulGroups.first?.group.rules.count == 2, "the good rules can still be used")
    }

    @Test func rulesWithoutAPolicy() throws {
        let folder = try TemporaryFolder([
            "one.rules": "pass ip any any -> any any (sid:1;)", "deny.txt": "bad.example\n",
            "two.json": LoaderTests.group(2),
        ])
        let files: [PolicyLoader.RuleFile] = [
            .init("\(folder.path)/one.rules"), .init("\(folder.path)/deny.txt", listAction: .drop),
            .init("\(folder.path)/two.json"),
        ]
        let strict = PolicyLoader().bundle(ruleFiles: files, order: .strictOrder)
        #expect(strict.diagnostics.map(\.description) == [])
        let bundle = try #require(strict.bundle)
        #expect(bundle.statefulGroups.map(\.name) == ["one", "deny", "two"])
        #expect(bundle.statefulGroups.map(\.priority) == [1, 2, 3])
        #expect(bundle.statefulGroups.map { $0.resourceARN == nil } == [true, true, true])
        #expect(bundle.statefulGroups.map { $0.group.rules.count } == [1, 2, 1])
        #expect(bundle.ruleOrder == .strictOrder)
        #expect(bundle.policy.statelessDefaultActions.action == .forwardToStateful)
        #expect(bundle.policy.statefulDefaultActions == [])
        let configured = RuleVariables(ipSets: ["HOME_NET": VariableDefinition(["10.0.0.0/8"])])
        let variables = bundle.effectiveVariables(for: bundle.statefulGroups[0], configured: configured)
        #expect(variables.ipSets == ["HOME_NET": ["10.0.0.0/8"], "EXTERNAL_NET": ["!10.0.0.0/8"]])

        let action = PolicyLoader().bundle(ruleFiles: Array(files.prefix(2)), order: .actionOrder)
        #expect(action.diagnostics.isEmpty)
        #expect(action.bundle?.statefulGroups.map { $0.group.ruleOrder } == [.actionOrder, .actionOrder])
        #expect(
            PolicyLoader().bundle(ruleFiles: files, order: .actionOrder).diagnostics.count == 1, "two.json is strict")
    }

    @Test func aPlainListNeedsAnAction() throws {
        let folder = try TemporaryFolder(["names.txt": "a.example\n"])
        let loading = PolicyLoader().bundle(ruleFiles: [.init("\(folder.path)/names.txt")], order: .strictOrder)
        #expect(loading.diagnostics.map { $0.message.hasPrefix("this is a plain list") } == [true])
        #expect(loading.bundle?.statefulGroups.count == 0)
    }

    @Test func filesThatCannotBeRead() throws {
        let folder = try TemporaryFolder(["group.json": LoaderTests.group(1)])
        try Data([0x7B, 0x0A, 0x22, 0xC3, 0x28]).write(to: URL(fileURLWithPath: "\(folder.path)/latin.json"))
        func message(_ name: String) -> String? {
            PolicyLoader().document(at: "\(folder.path)/\(name)").errors.first?.short
        }
        #expect(message("missing.json") == "1:1 there is no such file")
        #expect(message("latin.json") == "2:2 the file is not UTF-8 text")
        #expect(message("")?.hasPrefix("1:1 the file cannot be") == true, "a folder is no file")
        let loading = PolicyLoader().bundle(policy: "\(folder.path)/group.json")
        #expect(loading.diagnostics.map(\.message) == ["expected a firewall policy, this is something else"])
        #expect(loading.bundle == nil)
        #expect(PolicyLoader().bundle(policy: "\(folder.path)/none").diagnostics.count == 1)
    }

    @Test(
        "example policies load beside their groups",
        arguments: [
            ("10-policy-strict-drop-established.json", 0, 2), ("13-policy-strict-drop-all.json", 0, 3),
            ("14-policy-action-order.json", 1, 1), ("15-policy-managed-override-monitor.json", 0, 2),
        ])
    func examplePolicies(file: String, groups: Int, unresolved: Int) throws {
        let loading = PolicyLoader().bundle(policy: "\(Fixtures.folder)/\(file)")
        #expect(loading.diagnostics.map(\.description) == [])
        let bundle = try #require(loading.bundle)
        #expect(bundle.statefulGroups.count == groups)
        #expect(bundle.unresolved.count == unresolved)
    }
}

enum PolicyLoaderTestNames {
    static func last(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? "" }
}
