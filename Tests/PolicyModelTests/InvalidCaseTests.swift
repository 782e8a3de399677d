import PolicyModel
import RuleLanguage
import Testing

/// Documents that are well formed but which the service refuses, each with a fragment of its answer.
struct InvalidCaseTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let kind: String
        let json: String
        let expect: String
        var testDescription: String { name }
    }

    static func cases() throws -> [Case] {
        let root = try DocumentReader(file: "invalid-cases.json").read(try Fixtures.text("invalid-cases.json"))
        guard case .list(let items) = root["cases"]?.content else { return [] }
        return items.compactMap { item in
            guard let name = item["name"]?.text, let kind = item["kind"]?.text, let expect = item["expect"]?.text,
                let document = item["document"]
            else { return nil }
            return Case(name: name, kind: kind, json: document.json(), expect: expect)
        }
    }

    /// Where each has to be complained about. The line is that of the document as `DocumentNode.json` writes it.
    static let places: [String: String] = [
        "no sid": "3:1 RulesSource.RulesString line 1",
        "duplicate sid in one group": "3:32 RulesSource.RulesString line 2",
        "action outside pass/drop/reject/alert": "3:1 RulesSource.RulesString line 1",
        "reject on udp": "3:8 RulesSource.RulesString line 1",
        "classtype in strict order": "3:29 RulesSource.RulesString line 1",
        "pcre alone": "3:29 RulesSource.RulesString line 1",
        "undeclared header variable": "3:31 RulesSource.RulesString line 1",
        "undeclared @reference": "3:10 RulesSource.RulesString line 1",
        "shell wildcard in a domain list": "5:9 RulesSource.RulesSourceList.Targets[0]",
        "url in a domain list": "5:9 RulesSource.RulesSourceList.Targets[0]",
        "two rule sources": "2:18 RulesSource",
        "stateless content in a STATEFUL group": "3:39 RulesSource.StatelessRulesAndCustomActions",
        "ports without tcp/udp":
            "17:35 RulesSource.StatelessRulesAndCustomActions.StatelessRules[0].RuleDefinition.MatchAttributes.DestinationPorts",
        "tcp flags without tcp":
            "17:27 RulesSource.StatelessRulesAndCustomActions.StatelessRules[0].RuleDefinition.MatchAttributes.TCPFlags",
        "default actions without strict order": "8:29 StatefulDefaultActions",
        "two drop defaults": "11:29 StatefulDefaultActions",
        "strict order needs a priority": "9:5 StatefulRuleGroupReferences[0]",
        "action order forbids a priority": "9:5 StatefulRuleGroupReferences[0]",
        "override on an own rule group": "9:5 StatefulRuleGroupReferences[0]",
        "custom action alone": "2:30 StatelessDefaultActions",
    ]

    @Test func allCasesAreKnown() throws {
        let names = try InvalidCaseTests.cases().map(\.name)
        #expect(names.sorted() == InvalidCaseTests.places.keys.sorted())
    }

    @Test("is refused, and it says why and where", arguments: try cases())
    func refused(invalid: Case) throws {
        let reading = read(invalid.json, type: RuleGroupType(rawValue: invalid.kind))
        #expect(reading.errors.count == 1, "\(reading.diagnostics)")
        let error = try #require(reading.errors.first)
        #expect(error.message.contains(invalid.expect))
        #expect(
            "\(error.location.line):\(error.location.column) \(error.location.path)"
                == InvalidCaseTests.places[invalid.name])
        #expect(error.sourceLine != nil)
    }

    @Test("is refused in YAML as well", arguments: try cases())
    func refusedInYAML(invalid: Case) throws {
        let yaml = try DocumentReader(file: "x.json").read(invalid.json).yaml()
        let reading = read(yaml, file: "test.yaml", type: RuleGroupType(rawValue: invalid.kind))
        #expect(reading.errors.map { $0.message.contains(invalid.expect) } == [true], "\(reading.diagnostics)")
    }
}
