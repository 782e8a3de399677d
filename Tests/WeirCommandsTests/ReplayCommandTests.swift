import Foundation
import LiveSupport
import Testing

/// `weir replay` beside what the scenarios show: its options, its exit codes, captures that are damaged.
struct ReplayCommandTests {
    static let names = ScenarioTests.root + "/captures/names.pcap"
    static let policy = [
        "--policy", repository + "/rules/policy.yaml", "--set", "vars.HOME_NET=[10.91.0.0/24,fd91::/16]",
    ]

    private func replay(_ words: [String]) throws -> CommandResult { try run([Program.path, "replay"] + words) }

    @Test func textReport() throws {
        let result = try replay([ReplayCommandTests.names] + ReplayCommandTests.policy)
        #expect(result.status == 0)
        #expect(result.output.contains("75 packets"))
        #expect(result.output.contains("accepted 41  dropped 30  rejected 4"))
        #expect(!result.output.contains("\u{1b}["), "colour, though it is no terminal")
    }

    /// The same capture as Suricata and AWS would judge it.
    @Test func comparison() throws {
        let requests = ScenarioTests.root + "/captures/requests.pcap"
        let text = try replay(["--compare", requests] + ReplayCommandTests.policy)
        #expect(text.status == 0, "\(text.errors)")
        #expect(text.output.contains("Suricata and AWS would decide otherwise on 9 packets"), "\(text.output)")
        #expect(text.output.contains("here rejected by 900-reject sid 902, there passed by 200-allow-domains sid 4"))
        let json = try replay(["--compare", "--format", "json", requests] + ReplayCommandTests.policy)
        let report = try #require(JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
        #expect(report["differing_packets"] as? Int == 9)
        let same = try replay(["--compare", requests, "--set", "compat.suricata=on"] + ReplayCommandTests.policy)
        #expect(same.output.contains("would decide the same on every packet"))
    }

    @Test func recordsNameTheCapture() throws {
        let folder = try Folder()
        let requests = ScenarioTests.root + "/captures/requests.pcap"
        let arguments = [requests, "--log-dir", folder.path] + ReplayCommandTests.policy
        #expect(try replay(arguments + ["--set", "log.capture-file=on"]).status == 0)
        let records = try folder.records("eve.json")
        #expect(!records.isEmpty && records.allSatisfy { $0["pcap_filename"] as? String == requests })
    }

    /// What passed, written, holds as many packets as were accepted, and passes again.
    @Test func writesTheAccepted() throws {
        let folder = try Folder()
        let accepted = folder.path + "/accepted.pcap"
        #expect(
            try replay([ReplayCommandTests.names, "--write-accepted", accepted] + ReplayCommandTests.policy).status == 0
        )
        let again = try replay([accepted, "--format", "json"] + ReplayCommandTests.policy)
        #expect(again.status == 0)
        let report = try #require(JSONSerialization.jsonObject(with: Data(again.output.utf8)) as? [String: Any])
        #expect(report["packets"] as? Int == 41, "\(again.output)")
    }

    /// Two captures are two runs, each with its own log folder; with --continue they are one.
    @Test func severalCaptures() throws {
        let folder = try Folder()
        let other = ScenarioTests.root + "/captures/requests.pcap"
        let apart = try replay([ReplayCommandTests.names, other, "--log-dir", folder.path] + ReplayCommandTests.policy)
        #expect(apart.status == 0, "\(apart.errors)")
        #expect(apart.output.contains("75 packets") && apart.output.contains("16 packets"))
        #expect(try !folder.records("names.pcap/eve.json").isEmpty)
        #expect(try !folder.records("requests.pcap/eve.json").isEmpty)
        let together = try replay(["--continue", ReplayCommandTests.names, other] + ReplayCommandTests.policy)
        #expect(together.output.contains("91 packets"), "\(together.output)")
    }

    @Test func standardInput() throws {
        let result = try run(["bash", "-c", "cat \(ReplayCommandTests.names) | \(Program.path) replay -"])
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.contains("75 packets"))
    }

    /// A capture that ends within a packet: what was read is reported, and then the damage.
    @Test func cutCapture() throws {
        let folder = try Folder()
        let whole = try Data(contentsOf: URL(fileURLWithPath: ReplayCommandTests.names))
        let cut = folder.path + "/cut.pcap"
        try whole.prefix(whole.count - 10).write(to: URL(fileURLWithPath: cut))
        let result = try replay([cut, "--log-dir", folder.path] + ReplayCommandTests.policy)
        #expect(result.status == 1)
        #expect(result.output.contains("74 packets"), "\(result.output)")
        #expect(result.errors.contains("cut.pcap"))
        #expect(try !folder.records("eve.json").isEmpty)
    }

    @Test func noCapture() throws {
        let folder = try Folder()
        let text = try folder.write("text.pcap", "no capture at all, but long enough to hold a header")
        for path in [text, folder.path + "/missing.pcap", folder.path] {
            let result = try replay([path])
            #expect(result.status == 1, "\(result)")
            #expect(result.errors.contains(path))
            #expect(result.output.isEmpty)
        }
    }

    @Test func refusedRules() throws {
        let folder = try Folder()
        let rules = try folder.write(
            "two.rules",
            """
            drop tcp any any -> any any (lua:judge.lua; sid:1;)
            drop http any any -> any any (http.host; content:"denied"; sid:2;)
            """)
        let refused = try replay([ReplayCommandTests.names, "--rules", rules])
        #expect(refused.status == 1)
        #expect(refused.errors.contains("two.rules:1:"))
        #expect(refused.output.isEmpty)
        let skipping = try replay([ReplayCommandTests.names, "--rules", rules, "--skip-bad-rules"])
        #expect(skipping.status == 0, "\(skipping.errors)")
        #expect(skipping.errors.contains("two.rules:1:"))
        #expect(skipping.errors.contains("1 rules loaded, 1 failed, 0 skipped"))
        #expect(skipping.output.contains("two sid 2"))
    }

    @Test(arguments: [
        ("stream.midstraem=drop", "did you mean stream.midstream?"), ("stream.midstream=maybe", "drop"),
        ("flow.tcp-idle=5", "60"), ("exception-policy=rejectboth", "drop-flow"),
        ("flow.memcap-policy=drop-flow", "drop-packet"), ("rules.action-order=pass,drop", "some order"),
    ])
    func badSettings(_ setting: String, _ words: String) throws {
        let result = try replay([ReplayCommandTests.names, "--set", setting])
        #expect(result.status == 78, "\(result)")
        #expect(result.errors.contains(words), "\(result.errors)")
    }

    @Test func contradictingSettings() throws {
        let result = try replay([
            ReplayCommandTests.names, "--set", "stream.midstream=track", "--set", "stream.midstream-policy=bypass",
        ])
        #expect(result.status == 78)
        #expect(result.errors.contains("stream.midstream=track"))
    }

    /// Bad lines and rules for another engine are counted, by whoever reads them.
    @Test func countsOfRules() throws {
        let folder = try Folder()
        let rules = try folder.write(
            "many.rules",
            """
            alert ip any any -> any any (ttl:64; sid:1;)
            allow this
            alert ip any any -> any any (nonsense; sid:2;)
            alert ip any any -> any any (nonsense; requires: version >= 8; sid:3;)
            """)
        let result = try replay([ReplayCommandTests.names, "--rules", rules, "--skip-bad-rules"])
        #expect(result.status == 0)
        #expect(result.errors.contains("1 rules loaded, 2 failed, 1 skipped"))
        #expect(result.errors.contains("many.rules:2:1:") && result.errors.contains("many.rules:3:30:"))
    }

    /// The same capture, the same log, to the byte.
    @Test func repeats() throws {
        let (one, two) = (try Folder(), try Folder())
        for folder in [one, two] {
            #expect(
                try replay([ReplayCommandTests.names, "--log-dir", folder.path] + ReplayCommandTests.policy).status == 0
            )
        }
        #expect(try one.read("eve.json") == two.read("eve.json"))
    }
}
