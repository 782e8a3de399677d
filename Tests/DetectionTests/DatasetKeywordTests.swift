import Testing

@testable import Detection

struct DatasetKeywordTests {
    private static let files: [String: String] = [
        "names.lst": "ZXhhbXBsZS5jb20=\n", "names.rep": "ZXhhbXBsZS5jb20=,200\n", "bad.rep": "ZXhhbXBsZS5jb20=,-1\n",
    ]

    private static var options: CompileOptions {
        var options = CompileOptions()
        options.datasets = DatasetFiles { path, _, _ throws(DatasetFiles.Problem) in files[path] }
        return options
    }

    static let rows: [(String, String?)] = [
        ("dataset:isset,a,type string,load names.lst", nil), ("dataset:set,a,type ip,memcap 10mb,hashsize 1024", nil),
        ("dataset:unset,a,type ipv6", nil), ("dataset:isnotset, a, type string, state new.lst", nil),
        ("datarep:a,>,100,type string,load names.rep", nil), ("datarep:a,==,1,type md5", nil),
        ("dataset:isset,a", "there is no data set 'a' yet"), ("dataset:has,a,type string", "no command"),
        ("dataset:isset,a b,type string", "no name"), ("dataset:isset,a,type text", "no type"),
        ("dataset:isset,a,type string,load none.lst", "none.lst"),
        ("dataset:isset,a,type string,state x,load names.lst", "state does not go"),
        ("dataset:set,a,type string,save ../a", "leads out"), ("dataset:set,a,type string,save /a", "leads out"),
        ("dataset:set,a,type string,memcap much", "no size"),
        ("dataset:set,a,type string,memcap 9999999gb", "more than"),
        ("dataset:set,a,type string,foo bar", "no option"), ("dataset:set,a,type string,type string", "twice"),
        ("dataset:isset,a,type string,load names.lst,memcap 40", "no room"),
        ("datarep:a,=,1,type string", "no comparison"), ("datarep:a,>,70000,type string", "no reputation"),
        ("datarep:a,>,1,type string,load bad.rep", "'-1' is no reputation"),
    ]

    @Test(arguments: rows)
    func options(option: String, problem: String?) {
        let rules = Ruleset(
            "alert dns any any -> any any (dns.query; \(option); sid:1;)", options: DatasetKeywordTests.options)
        #expect(rules.errors.isEmpty == (problem == nil), "\(rules.errors)")
        if let problem { #expect(rules.errors.first?.message.contains(problem) == true, "\(rules.errors)") }
    }

    @Test func aBufferIsNeeded() {
        #expect(Ruleset("alert tcp any any -> any any (dataset:isset,a,type string; sid:1;)").errors.count == 1)
    }

    /// The first rule defines a set; others may leave out what it said and must not contradict it.
    @Test(arguments: [
        ("isset,a", true), ("isset,a,type string", true), ("isset,a,type ip", false),
        ("isset,a,load names.lst", false),
    ])
    func secondUse(use: String, isGood: Bool) {
        let text = """
            alert dns any any -> any any (dns.query; dataset:set,a,type string; sid:1;)
            alert dns any any -> any any (dns.query; dataset:\(use); sid:2;)
            """
        #expect(Ruleset(text, options: DatasetKeywordTests.options).errors.isEmpty == isGood)
    }

    @Test func writingCanBeForbidden() {
        var options = DatasetKeywordTests.options
        options.datasets.allowsWriting = false
        let rules = Ruleset(
            "alert dns any any -> any any (dns.query; dataset:set,a,type string,save a.lst; sid:1;)", options: options)
        #expect(rules.errors.first?.message.contains("may not save") == true)
    }

    @Test func cappedAndSaved() {
        var definition = DatasetDefinition(name: "a", kind: .string, save: "a.lst")
        definition.isChanged = true
        definition.memoryCap = 2 * Dataset.cost(1)
        let set = Dataset(definition)
        #expect(set.meets(.set, [98]))
        #expect(!set.meets(.set, [98]))
        #expect(set.meets(.set, [97]))
        #expect(!set.meets(.set, [99]))
        #expect(set.refused == 1)
        #expect(set.fileText == Array("YQ==\nYg==\n".utf8))
        #expect(set.meets(.unset, [98]))
        #expect(!set.meets(.unset, [98]))
        #expect(set.meets(.set, [99]))
        #expect(!set.meets(.isNotSet, []))
    }
}
