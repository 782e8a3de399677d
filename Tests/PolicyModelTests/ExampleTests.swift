import PolicyModel
import RuleLanguage
import Testing

/// The example documents, all of which have to load.
struct ExampleTests {
    static let summaries: [(file: String, summary: String)] = [
        ("01-rulegroup-rulesstring-strict.json", "stateful rule group (document): 7 rules, capacity 7"),
        (
            "02-rulegroup-domain-allowlist-strict.json",
            "stateful rule group (document): 4 rules made from a list, capacity 5 to 7"
        ),
        (
            "03-rulegroup-domain-denylist-actionorder.json",
            "stateful rule group (document): 4 rules made from a list, capacity 5 to 7"
        ),
        (
            "04-rulegroup-domain-rejectlist-strict.json",
            "stateful rule group (document): 1 rule made from a list, capacity 1 to 3"
        ),
        (
            "05-rulegroup-domain-alertlist-strict.json",
            "stateful rule group (document): 2 rules made from a list, capacity 3 to 4"
        ),
        ("06-rulegroup-5tuple-strict.json", "stateful rule group (document): 6 rules, capacity 6"),
        ("07-rulegroup-stateless-custom-action.json", "stateless rule group (document): 4 rules, capacity 12"),
        ("08-rulegroup-rulesstring-actionorder-priority.json", "stateful rule group (document): 3 rules, capacity 3"),
        ("09-rulegroup-custom-default-deny-strict.json", "stateful rule group (document): 7 rules, capacity 7"),
        ("10-policy-strict-drop-established.json", "firewall policy (document): 2 rule group references"),
        ("11-policy-strict-app-layer-to-server.json", "firewall policy (document): 1 rule group reference"),
        ("12-policy-strict-app-layer-bidirectional.json", "firewall policy (document): 1 rule group reference"),
        ("13-policy-strict-drop-all.json", "firewall policy (document): 3 rule group references"),
        ("14-policy-action-order.json", "firewall policy (document): 2 rule group references"),
        ("15-policy-managed-override-monitor.json", "firewall policy (document): 2 rule group references"),
        (
            "16-request-create-rule-group.json",
            "stateful rule group domain-allow (create request): 4 rules made from a list, capacity 5 to 7 of 100"
        ),
        (
            "17-request-create-rule-group-flat-rules.json",
            "stateful rule group legacy-suricata (create request): 2 rules, capacity 2 of 50"
        ),
        (
            "18-request-update-rule-group.json",
            "stateful rule group egress-baseline (update request): 1 rule made from a list, capacity 1 to 3"
        ),
        (
            "19-response-describe-rule-group.json",
            "stateful rule group domain-allow (describe response): 4 rules made from a list, capacity 5 to 7 of 100"
        ),
        ("20-request-update-logging-configuration.json", "logging configuration egress-gw"),
        ("egress-baseline.rules", "stateful rule group (rules file): 7 rules, capacity 7"),
    ]

    @Test("loads without a word", arguments: summaries)
    func loads(file: String, summary: String) throws {
        let reading = read(try Fixtures.text(file), file: file)
        #expect(reading.diagnostics.map(\.description) == [])
        let document = try #require(reading.document)
        #expect(DocumentSummary(document).description == summary)
    }

    @Test func everyExampleIsInTheTable() throws {
        let files = try Fixtures.names(".json").filter { $0 != "invalid-cases.json" } + Fixtures.names(".rules")
        #expect(files.sorted() == ExampleTests.summaries.map(\.file).sorted())
    }

    @Test("says the same in block YAML", arguments: summaries.map(\.file).filter { $0.hasSuffix(".json") })
    func yamlTwin(file: String) throws {
        let text = try Fixtures.text(file)
        let yaml = try DocumentReader(file: file).read(text).yaml()
        #expect(!yaml.contains("{\""), "the twin is block YAML")
        let twin = read(yaml, file: "twin.yaml")
        #expect(twin.diagnostics.map(\.description) == [])
        let original = try #require(read(text, file: file).document)
        let document = try #require(twin.document)
        #expect(DocumentSummary(document) == DocumentSummary(original))
        #expect(document.stateful?.rules.map(\.text) == original.stateful?.rules.map(\.text))
        #expect(document.stateful?.ruleOrder == original.stateful?.ruleOrder)
        #expect(
            document.stateful?.variables.ipSets.mapValues(\.values)
                == original.stateful?.variables.ipSets.mapValues(\.values))
        #expect(document.stateless?.rules.map(\.matchAttributes) == original.stateless?.rules.map(\.matchAttributes))
        #expect(document.policy?.statefulDefaultActions == original.policy?.statefulDefaultActions)
        #expect(document.policy?.statefulEngineOptions == original.policy?.statefulEngineOptions)
        #expect(
            document.policy?.statefulRuleGroupReferences.map(\.resourceARN)
                == original.policy?.statefulRuleGroupReferences.map(\.resourceARN))
    }

    @Test func policyIsReadInFull() throws {
        let reading = read(try Fixtures.text("15-policy-managed-override-monitor.json"))
        let policy = try #require(reading.document?.policy)
        #expect(policy.statelessDefaultActions == StatelessActions(.forwardToStateful))
        #expect(policy.statefulDefaultActions == [.alertEstablishedAppLayerToServer])
        #expect(policy.statefulEngineOptions.ruleOrder == .strictOrder)
        #expect(policy.statefulEngineOptions.streamExceptionPolicy == .reject)
        #expect(policy.statefulEngineOptions.tcpIdleTimeoutSeconds == 350)
        let references = policy.statefulRuleGroupReferences
        #expect(references.map(\.priority) == [1, 100])
        #expect(references.map(\.override) == [.dropToAlert, nil])
        #expect(references.map(\.resourceARN.isManaged) == [true, false])
        #expect(references.map(\.resourceARN.name) == ["BotNetCommandAndControlDomainsStrictOrder", "egress-baseline"])
        #expect(references[1].location.line == 16)
    }

    @Test func statelessDefaultsAndHomeNet() throws {
        let policy = try #require(read(try Fixtures.text("13-policy-strict-drop-all.json")).document?.policy)
        #expect(policy.statelessDefaultActions == StatelessActions(.forwardToStateful, customActions: ["CountDefault"]))
        #expect(policy.statelessFragmentDefaultActions == StatelessActions(.drop))
        #expect(policy.statelessCustomActions.map(\.dimension) == ["policy-default"])
        #expect(policy.statelessRuleGroupReferences.map(\.priority) == [10])
        let established = try #require(
            read(try Fixtures.text("10-policy-strict-drop-established.json")).document?.policy)
        #expect(established.homeNet?.values == ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"])
        #expect(established.homeNet?.text == "[10.0.0.0/8,172.16.0.0/12,192.168.0.0/16]")
    }

    @Test func loggingConfigurationIsReadInFull() throws {
        let reading = read(try Fixtures.text("20-request-update-logging-configuration.json"))
        guard case .loggingConfiguration(let logging) = reading.document else {
            Issue.record("expected a logging configuration")
            return
        }
        #expect(logging.firewallName == "egress-gw")
        #expect(logging.destinations.map(\.logType) == [.alert, .flow])
        #expect(logging.destinations.map(\.type) == [.cloudWatchLogs, .s3])
        #expect(logging.destinations[1].attributes == ["bucketName": "example-nfw-logs", "prefix": "flow"])
    }
}
