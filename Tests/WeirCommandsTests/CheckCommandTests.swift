import Foundation
import LiveSupport
import Testing

/// `weir check` and `weir keywords` as a user calls them.
struct CheckCommandTests {
    static let fixtures = repository + "/Tests/PolicyModelTests/Fixtures"

    static let documents: [String] = {
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: fixtures)) ?? []
        return entries.filter { $0.first?.isNumber == true || $0.hasSuffix(".rules") }.sorted()
    }()

    @Test(arguments: CheckCommandTests.documents)
    func documentsThatLoad(_ name: String) throws {
        let path = "\(CheckCommandTests.fixtures)/\(name)"
        let result = try Program.weir("check", path)
        #if !GeoIP
            if try String(contentsOfFile: path, encoding: .utf8).contains("geoip") {
                #expect(result.status == 1 && result.errors.contains("package trait GeoIP"))
                return
            }
        #endif
        #expect(result.status == 0, "\(result.output)\(result.errors)")
        #expect(result.output.contains("\(name): ok: "))
    }

    @Test func shippedPolicies() throws {
        for name in ["policy.yaml", "policy-app-layer.yaml"] {
            let result = try Program.weir("check", "\(repository)/rules/\(name)", "--set", "vars.HOME_NET=10.0.0.0/8")
            #expect(result.status == 0, "\(result.errors)")
            #expect(result.errors.isEmpty)
        }
    }

    /// Every problem of every file in one pass, with its place and the offending text.
    @Test func allProblemsAtOnce() throws {
        let folder = try Folder()
        let rules = try folder.write(
            "my.rules",
            """
            pass tls $HOME_NET any -> $EXTERNAL_NET any (tls.snl; content:"a"; sid:1;)
            # a comment
            drop tcp any any -> any 99999 (sid:2;)
            alert tcp any any -> any any (msg:"no sid";)
            """)
        let list = try folder.write("names.txt", "example.com\nnot a name\n")
        let result = try Program.weir("check", rules, list)
        #expect(result.status == 1)
        for place in ["\(rules):1:46: error:", "\(rules):3:25: error:", "\(rules):4:", "\(list):2:"] {
            #expect(result.errors.contains(place), "\(place) in \(result.errors)")
        }
        #expect(result.errors.contains("did you mean 'tls.sni'?"))
        #expect(result.errors.contains("^~~~~~~"))
        #expect(result.output.contains("\(rules): refused"))
    }

    @Test func badRulesLeftOut() throws {
        let folder = try Folder()
        let rules = try folder.write(
            "two.rules",
            """
            drop tcp any any -> any any (lua:judge.lua; sid:1;)
            drop tcp any any -> any 25 (sid:2;)
            """)
        let result = try Program.weir("check", rules, "--skip-bad-rules")
        #expect(result.status == 0)
        #expect(result.errors.contains("\(rules):1:"))
        #expect(result.errors.contains("1 rules loaded, 1 failed, 0 skipped"))
        #expect(result.output.contains("\(rules): ok without its bad rules: "))
    }

    /// Where AWS and Suricata would decide otherwise, unless one does not want to know.
    @Test func notes() throws {
        let folder = try Folder()
        let rules = try folder.write(
            "my.rules",
            """
            pass tcp any any -> any any (flow:not_established; dsize:0; sid:1;)
            drop ip any any -> any any (sid:2;)
            """)
        let result = try Program.weir("check", rules)
        #expect(result.status == 0)
        #expect(result.output.contains("note: \(rules):2: sid 2: judged on a flow's first packet alone there"))
        #expect(try !Program.weir("check", "--no-notes", rules).output.contains("note:"))
    }

    @Test func invalidDocuments() throws {
        let folder = try Folder()
        let cut = try folder.write("cut.json", "{\"RuleGroup\": {\"RulesSource\":")
        let missing = folder.path + "/missing.json"
        let empty = try folder.write("empty.json", "{}")
        for (file, words) in [
            (cut, "cut.json:1:30: error: expected a value"), (missing, "missing.json"), (empty, "empty.json"),
        ] {
            let result = try Program.weir("check", file)
            #expect(result.status == 1, "\(result)")
            #expect(result.errors.contains(words), "\(result.errors)")
        }
    }

    @Test func keywords() throws {
        let result = try Program.weir("keywords")
        #expect(result.status == 0)
        for name in ["tls.sni", "http.host", "flowbits", "content"] { #expect(result.output.contains(name)) }
    }

    @Test(arguments: [
        ["check"], ["replay"], ["check", "--type", "X", "a"], ["nonsense"], ["replay", "a", "--unknown"],
    ])
    func usage(_ words: [String]) throws {
        let result = try run([Program.path] + words)
        #expect(result.status == 64, "\(result)")
        #expect(result.errors.contains("Usage:"))
    }
}
