import Testing

@testable import Detection

struct ThresholdFileTests {
    private static let scope = VariableScope(addresses: ["LAB": "[10.1.0.0/16,!10.1.2.3]"])

    /// The line, and what the problem says and where; nil when there is none.
    static let rows: [(String, String?, Int)] = [
        ("suppress gen_id 1, sig_id 2, track by_src, ip 10.0.0.1", nil, 0),
        ("suppress gen_id 1, sig_id 2, track by_either, ip [10.0.0.0/8,$LAB,fd00::/8]", nil, 0),
        ("suppress gen_id 0, sig_id 0", nil, 0),
        ("event_filter gen_id 1, sig_id 0, type limit, track by_both, count 5, seconds 60", nil, 0),
        ("threshold gen_id 1,sig_id 9,type both,track by_rule,count 5,seconds 60", nil, 0),
        ("rate_filter gen_id 1, sig_id 9, track by_rule, count 5, seconds 6, new_action reject, timeout 9", nil, 0),
        ("  # nothing", nil, 0),
        ("supress gen_id 1, sig_id 2", "no command", 1),
        ("suppress gen_id 0, sig_id 2", "does not go with a sig_id", 1),
        ("suppress gen_id 1, sig_id x", "no sig_id", 27),
        ("suppress gen_id 1", "'sig_id' is missing", 1),
        ("suppress gen_id 1, sig_id 2, track by_rule, ip 10.0.0.1", "does not go with track", 36),
        ("suppress gen_id 1, sig_id 2, track by_src", "'ip' is missing", 1),
        ("suppress gen_id 1, sig_id 2, track by_src, ip $NET", "$NET is not defined", 47),
        ("suppress gen_id 1, sig_id 2, track by_src, ip 10.0.0.300", "10.0.0.300", 47),
        ("event_filter gen_id 1, sig_id 2, type rate, track by_src, count 1, seconds 1", "does not go with type", 39),
        ("event_filter gen_id 1, sig_id 2, type limit, track by_src, count 1", "'seconds' is missing", 1),
        ("event_filter gen_id 1, sig_id 2, type limit, track by_src, count 1, seconds 1, ip 1.1.1.1", "belong", 80),
        (
            "rate_filter gen_id 1, sig_id 9, track by_src, count 0, seconds 6, new_action drop, timeout 9",
            "at least 1", 1
        ),
        (
            "rate_filter gen_id 1, sig_id 9, track by_src, count 1, seconds 6, new_action log, timeout 9", "new_action",
            78
        ),
    ]

    @Test(arguments: rows)
    func lines(line: String, problem: String?, column: Int) throws {
        let file = ThresholdFile("\n\(line)\n", file: "threshold.config", scope: ThresholdFileTests.scope)
        guard let problem else {
            #expect(file.problems.isEmpty)
            #expect(file.entries.count == (line.contains("#") ? 0 : 1))
            return
        }
        let found = try #require(file.problems.first)
        #expect(found.message.contains(problem), "\(found)")
        #expect(found.location.line == 2)
        #expect(found.location.column == column)
    }

    @Test func continuedLine() {
        let text = "suppress gen_id 1, \\\n  sig_id 2, \\\n track by_src, ip 10.0.0.1\nbad"
        let file = ThresholdFile(text, file: "t", scope: ThresholdFileTests.scope)
        #expect(file.entries.count == 1)
        #expect(file.problems.map(\.location.line) == [4])
    }
}
