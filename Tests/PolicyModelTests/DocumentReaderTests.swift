import PolicyModel
import RuleLanguage
import TestSupport
import Testing

/// JSON and YAML as nodes with places, and what is refused of them.
struct DocumentReaderTests {
    func node(_ text: String) throws -> DocumentNode { try DocumentReader(file: "doc").read(text) }

    func refusal(_ text: String) -> Diagnostic? {
        do throws(Diagnostic) {
            _ = try DocumentReader(file: "doc").read(text)
            return nil
        } catch {
            return error
        }
    }

    @Test func placesAndPathsInJSON() throws {
        let root = try node("{\n\t\"a\": {\n\t\t\"list\": [\"x\",\n  \"y\"]\n\t}\n}")
        let list = try #require(root["a"]?["list"])
        guard case .list(let items) = list.content else {
            Issue.record("expected a list")
            return
        }
        #expect(root.location == SourceLocation(file: "doc", line: 1, column: 1))
        #expect(list.location == SourceLocation(file: "doc", line: 3, column: 11, path: "a.list"))
        #expect(items[1].location == SourceLocation(file: "doc", line: 4, column: 3, path: "a.list[1]"))
        #expect(items[1].text == "y")
    }

    @Test func placesInBlockYAML() throws {
        let root = try node("# comment\na:\n  - x\n  - b: |\n      one\n      two\n")
        guard case .list(let items) = root["a"]?.content else {
            Issue.record("expected a list")
            return
        }
        #expect(items[0].location == SourceLocation(file: "doc", line: 3, column: 5, path: "a[0]"))
        let block = try #require(items[1]["b"])
        #expect(block.text == "one\ntwo\n")
        #expect(block.firstTextLine == 5)
        #expect(items[0].firstTextLine == nil)
    }

    /// What a scalar may be read as: string, whole number, boolean.
    @Test(
        "scalars",
        arguments: [
            ("{\"v\": \"7\"}", "7", nil, nil), ("{\"v\": 7}", nil, 7, nil), ("{\"v\": 7.5}", nil, nil, nil),
            ("{\"v\": true}", nil, nil, true), ("{\"v\": null}", nil, nil, nil), ("v: 7", "7", 7, nil),
            ("v: '7'", "7", nil, nil), ("v: true", "true", nil, true), ("v:", nil, nil, nil), ("v: ~", nil, nil, nil),
            ("v: 10.0.0.0/8", "10.0.0.0/8", nil, nil), ("v: 65536", "65536", nil, nil),
        ] as [(String, String?, Int?, Bool?)])
    func scalars(text: String, string: String?, integer: Int?, boolean: Bool?) throws {
        let value = try #require(try node(text)["v"])
        var problems: [Diagnostic] = []
        #expect(value.string(&problems) == string)
        #expect(value.integer(in: 0...65535, &problems) == integer)
        #expect(value.boolean(&problems) == boolean)
        #expect(problems.count == [string == nil, integer == nil, boolean == nil].count { $0 })
    }

    @Test func surrogatePairsOfJSON() throws {
        let root = try node(#"{"a": "\ud83d\ude00 \\ud83d\\ude00 \u00e4", "b": 1}"#)
        #expect(root["a"]?.text == "\u{1F600} \\ud83d\\ude00 \u{E4}")
        #expect(root["b"]?.location.line == 1)
        #expect(refusal(#"{"a": "\ud83d"}"#) != nil, "half a pair is no character")
    }

    @Test func byteOrderMarkAndCarriageReturns() throws {
        let root = try node("\u{FEFF}{\r\n \"a\": \"x\"\r\n}\r\n")
        #expect(root["a"]?.location.line == 2)
        #expect(root["a"]?.text == "x")
    }

    @Test func indicatorsInsideStringsAreKept() throws {
        let root = try node("a: \"*x &y\"\nb: |\n  pcre:\"/a*&/\"\nc: a*b&c\nd: \"\u{E000}*\"")
        #expect(root["a"]?.text == "*x &y")
        #expect(root["b"]?.text == "pcre:\"/a*&/\"\n")
        #expect(root["c"]?.text == "a*b&c")
        #expect(root["d"]?.text == "\u{E000}*")
    }

    /// Place and words of errors that stop the reading.
    @Test(
        "syntax errors",
        arguments: [
            ("{\"a\": \"1\"\n \"b\": 2}", "2:2", "expected ',' or '}' in the object that begins at 1:1"),
            ("{\"a\": [1\n 2}", "2:3", "expected ',' or ']' in the list that begins at 1:7"),
            ("{\"a\": \"x\n\n}", "3:2", "the string that begins at 1:7 is never closed"),
            ("{\"a\": 1} x", "1:10", "expected the end of the document, found more text"),
            ("a: 1\n---\nb: 2", "2:1", "expected a single document, found a second one"),
            ("a: b: c", "1:5", "unexpected ':'"),
            ("{\"a\": 1, \"b\": 2, \"a\": 3}", "1:2", "'a' is written twice in one object"),
            ("x: {k*: 1, k*: 2}", "1:5", "'k*' is written twice in one object"),
            ("", "1:1", "the document is empty"),
            ("# nothing\n", "1:1", "the document is empty"),
            ("a: \u{1}", "1:4", "control characters are not allowed in a document"),
            ("a: !Ref x", "1:4", "the tag !Ref is not read here"),
            ("a: !!binary x", "1:4", "the tag tag:yaml.org,2002:binary is not read here"),
            ("? [a, b]\n: c", "1:3", "expected a word as the key of an object"),
            ("1: a\n2: *b", "2:4", "aliases (*name) are not read here"),
            ("a: &b c", "1:4", "anchors (&name) are not read here"),
            ("- *b", "1:3", "aliases (*name) are not read here"),
            ("*a : 1", "1:1", "aliases (*name) are not read here"),
        ])
    func syntaxErrors(text: String, place: String, message: String) throws {
        let error = try #require(refusal(text))
        #expect("\(error.location.line):\(error.location.column)" == place)
        #expect(error.message == message)
    }

    @Test func anchorInFrontOfABlockIsExplained() throws {
        let error = try #require(refusal("base: &base\n  a: 1\n"))
        #expect(error.hint?.contains("anchors") == true)
    }

    @Test func nestingIsCapped() throws {
        func lists(_ depth: Int) -> String {
            "{\"a\": " + String(repeating: "[", count: depth) + String(repeating: "]", count: depth) + "}"
        }
        #expect(refusal(lists(DocumentReader.maximumDepth)) == nil)
        let message = "nested deeper than \(DocumentReader.maximumDepth) levels"
        #expect(refusal(lists(DocumentReader.maximumDepth + 1))?.message == message)
        #expect(refusal(lists(100_000))?.message == message)
        #expect(refusal(String(repeating: "- ", count: 100_000))?.message == message)
    }

    @Test func sizeIsCapped() throws {
        let text = "{\"a\": \"" + String(repeating: "x", count: DocumentReader.maximumSize) + "\"}"
        #expect(refusal(text)?.message.contains("at most \(DocumentReader.maximumSize) are read") == true)
    }

    @Test func pathsAndNodesAreCapped() throws {
        let key = String(repeating: "k", count: 200)
        #expect(refusal("{\"\(key)\": {\"\(key)\": 1}}") == nil)
        let message = refusal("{\"\(key)\": {\"\(key)\": {\"\(key)\": 1}}}")?.message
        #expect(message == "the keys that lead here have more than \(DocumentReader.maximumPathLength) characters")
        let items = String(repeating: "1,", count: DocumentReader.maximumNodes)
        #expect(refusal("[\(items)]")?.message == "the document has more than \(DocumentReader.maximumNodes) values")
    }

    /// Forty lists of nine aliases each: resolved as a key, it would take longer than the universe is old.
    @Test(.timeLimit(.minutes(1)))
    func aliasBombs() throws {
        var bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n"
        for level in 1..<40 {
            bomb +=
                "a\(level): &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ",") + "]\n"
        }
        #expect(refusal(bomb)?.message == "anchors (&name) are not read here")
        #expect(refusal("? \(bomb.split(separator: "\n").joined(separator: "\n  "))\n: x\n") != nil)
        let key = "? &a [" + String(repeating: "x, ", count: 100) + "]\n: y\n? *a\n: z\n"
        #expect(refusal(key) != nil)
    }

    @Test func controlCharactersDoNotReachTheTerminal() throws {
        let reading = read(#"{"RulesSource": {"RulesString": ""}, "\u001b[31mred": 1}"#)
        #expect(reading.errorTexts == ["1:38 \u{1B}[31mred: unknown key '?[31mred' in RuleGroup"])
    }

    /// Whatever is done to a document, reading it ends with a document or with messages.
    @Test func mutatedDocumentsNeverTrap() throws {
        var generator = SeededRandom.forTest()
        let pieces = [
            "{", "}", "[", "]", ",", ":", "\"", "\\", "*a", "&a", "!", "|", "- ", "\n", "\t", "'", "#", "\u{0}",
            "\u{1F600}", "9999999999999999999", "null",
        ]
        let names = try Fixtures.names(".json").filter { $0 != "invalid-cases.json" } + Fixtures.names(".rules")
        for name in names {
            let original = Array(try Fixtures.text(name).unicodeScalars)
            for _ in 0..<40 {
                var scalars = original
                for _ in 0..<Int.random(in: 1...4, using: &generator) {
                    let start = Int.random(in: 0..<scalars.count, using: &generator)
                    let end = min(scalars.count, start + Int.random(in: 0...6, using: &generator))
                    scalars.replaceSubrange(
                        start..<end, with: pieces.randomElement(using: &generator)?.unicodeScalars.map { $0 } ?? [])
                }
                let text = String(String.UnicodeScalarView(scalars))
                for file in [name, "x.yaml", "x.txt"] {
                    let reading = read(text, file: file)
                    #expect(reading.document != nil || !reading.errors.isEmpty, "\(text)")
                }
            }
        }
    }
}
