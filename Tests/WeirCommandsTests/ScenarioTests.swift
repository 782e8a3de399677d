import Foundation
import LiveSupport
import Testing

/// Captures of real traffic, replayed under policies of every kind: log, verdicts and report to the byte.
struct ScenarioTests {
    static let root = repository + "/Tests/Scenarios"
    static let rewrites = ProcessInfo.processInfo.environment["WEIR_REWRITE_SCENARIOS"] == "1"

    static let names: [String] = {
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        return entries.filter { FileManager.default.fileExists(atPath: "\(root)/\($0)/arguments") }.sorted()
    }()

    @Test func areThere() { #expect(ScenarioTests.names.count >= 11) }

    @Test(arguments: ScenarioTests.names)
    func replay(_ name: String) throws {
        let folder = "\(ScenarioTests.root)/\(name)"
        let out = try Folder()
        let arguments = try String(contentsOfFile: folder + "/arguments", encoding: .utf8).split(separator: "\n").map(
            String.init)
        let result = try run(
            ["env", "-C", ScenarioTests.root, Program.path, "replay"] + arguments + [
                "--set", "vars.HOME_NET=[10.91.0.0/24,fd91::/16]", "--log-dir", out.path, "--verdicts",
                out.path + "/verdicts.jsonl",
                "--format", "json",
            ])
        #expect(result.status == 0, "\(result.errors)")
        try out.write("report.json", result.output)
        for file in ["eve.json", "verdicts.jsonl", "report.json"] {
            let got = try out.read(file)
            if ScenarioTests.rewrites {
                try got.write(toFile: "\(folder)/\(file)", atomically: true, encoding: .utf8)
                continue
            }
            let expected = try String(contentsOfFile: "\(folder)/\(file)", encoding: .utf8)
            guard got != expected else { continue }
            let (old, new) = (expected.split(separator: "\n"), got.split(separator: "\n"))
            let line =
                zip(old, new).enumerated().first { $0.element.0 != $0.element.1 }?.offset ?? min(old.count, new.count)
            Issue.record(
                """
                \(name)/\(file) differs in line \(line + 1)
                expected: \(line < old.count ? old[line] : "the end")
                got:      \(line < new.count ? new[line] : "the end")
                """)
        }
    }
}
