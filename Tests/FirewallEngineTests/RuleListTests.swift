import Detection
import NetTypes
import TestSupport
import Testing

/// Threshold files, data sets, tags and captured variables at work. The expectations were measured with Suricata 7.0.10.
struct RuleListTests {
    private static let rule = "alert udp any any -> any any (dsize:1; sid:1;)"
    private let out = PacketBuilder(from: "10.0.0.1", to: "192.0.2.1")

    private func datagram(_ payload: [UInt8] = [1], port: UInt16 = 1000) -> [UInt8] {
        out.udp(UDPFields(port, 2000), payload)
    }

    private func firewall(
        _ rules: String, thresholds: String = "", state: HostState = HostState(),
        options change: (inout CompileOptions) -> Void = { _ in }
    ) throws -> Firewall {
        try Firewall(
            rules, defaults: [], state: state,
            options: { options in
                let file = ThresholdFile(thresholds, file: "threshold.config", scope: VariableScope())
                #expect(file.problems.isEmpty)
                options.thresholds = file
                change(&options)
            })
    }

    /// The rule's action and own options, the line, and what becomes of four packets: accepted or dropped, with an
    /// alert in capitals.
    static let rows: [(String, String, String)] = [
        ("alert", "suppress gen_id 1, sig_id 1", "aaaa"),
        ("alert", "suppress gen_id 1, sig_id 2", "AAAA"),
        ("alert", "suppress gen_id 1, sig_id 0, track by_src, ip 10.0.0.0/8", "aaaa"),
        ("alert", "suppress gen_id 1, sig_id 1, track by_dst, ip 10.0.0.0/8", "AAAA"),
        ("alert", "suppress gen_id 0, sig_id 0, track by_either, ip 192.0.2.1", "aaaa"),
        ("drop", "suppress gen_id 1, sig_id 1, track by_src, ip 10.0.0.1", "dddd"),
        ("alert", "event_filter gen_id 1, sig_id 1, type limit, track by_src, count 1, seconds 60", "Aaaa"),
        ("alert", "event_filter gen_id 1, sig_id 1, type threshold, track by_src, count 2, seconds 60", "aAaA"),
        (
            "drop", "rate_filter gen_id 1, sig_id 1, track by_src, count 1, seconds 60, new_action alert, timeout 9",
            "DAAA"
        ),
        (
            "alert", "rate_filter gen_id 1, sig_id 1, track by_rule, count 2, seconds 60, new_action drop, timeout 9",
            "AADD"
        ),
        (
            "alert", "rate_filter gen_id 1, sig_id 1, track by_rule, count 1, seconds 60, new_action pass, timeout 9",
            "Aaaa"
        ),
    ]

    @Test(arguments: rows)
    func thresholdFile(action: String, line: String, expected: String) throws {
        var firewall = try firewall(
            "\(action) udp any any -> any any (dsize:1; sid:1;)",
            thresholds: line.contains("sig_id 2") ? "" : line)
        let found = (0..<4).map { _ in firewall.judge(datagram()) }.map { judgment in
            let letter = judgment.verdict == .accept ? "a" : "d"
            return judgment.alerts.isEmpty ? letter : letter.uppercased()
        }
        #expect(found.joined() == expected)
    }

    @Test func rateFilterTimesOut() throws {
        var firewall = try firewall(
            RuleListTests.rule,
            thresholds: "rate_filter gen_id 1, sig_id 1, track by_rule, count 1, seconds 60, new_action drop, timeout 5"
        )
        let verdicts = [0, 1, 6, 7, 8].map { firewall.judge(datagram(), at: Timestamp(seconds: 1000 + $0)).verdict }
        #expect(verdicts == [.accept, .drop, .drop, .accept, .drop])
    }

    /// A line for one rule replaces its threshold; a line for all rules leaves it.
    @Test(arguments: [("sig_id 1", 4), ("sig_id 0", 1)])
    func ownThreshold(selector: String, alerts: Int) throws {
        var firewall = try Firewall(
            "alert udp any any -> any any (dsize:1; threshold:type limit,track by_src,count 1,seconds 60; sid:1;)",
            defaults: [],
            options: { options in
                options.thresholds = ThresholdFile(
                    "event_filter gen_id 1, \(selector), type limit, track by_src, count 9, seconds 60", file: "t",
                    scope: VariableScope())
            })
        #expect((0..<4).flatMap { _ in firewall.judge(datagram()).alerts }.count == alerts)
    }

    @Test func alertQueueOverflow() throws {
        let rules =
            (1...5).map { "alert udp any any -> any any (dsize:1; sid:\($0);)" } + [
                "drop udp any any -> any any (dsize:1; sid:6;)"
            ]
        var firewall = try firewall(rules.joined(separator: "\n")) { $0.maximumAlerts = 3 }
        #expect(firewall.judge(datagram()) == Judgment(verdict: .drop, reason: .rules, alerts: [1, 2, 3]))
        #expect(firewall.counters.alertsDiscarded == 3)
    }

    /// Options that make a rule one about packets, for all that it says about addresses.
    @Test func perPacketOptions() throws {
        let same = PacketBuilder(from: "10.0.0.1", to: "10.0.0.1").udp(UDPFields(1000, 2000), [1])
        var sameAddress = try firewall("alert udp any any -> any any (sameip; sid:1;)")
        #expect((0..<3).flatMap { _ in sameAddress.judge(same).alerts } == [1, 1, 1])
        var bypass = try firewall("drop udp any any -> any any (bypass; sid:1;)")
        #expect((0..<3).map { _ in bypass.judge(datagram()).verdict } == [.drop, .accept, .accept])
    }

    // MARK: data sets

    private static let names = """
        alert dns any any -> any any (dns.query; dataset:set,seen,type string,memcap 1mb; sid:1;)
        """

    private func query(_ name: String, port: UInt16 = 1000) -> [UInt8] {
        out.udp(UDPFields(port, 53), DNSBytes.query(name))
    }

    @Test func setsAreSharedAndKept() throws {
        let state = HostState()
        var first = try firewall(RuleListTests.names, state: state)
        var second = try firewall(RuleListTests.names, state: state)
        #expect(first.judge(query("a.example")).alerts == [1])
        #expect(second.judge(query("a.example")).alerts == [])
        #expect(second.judge(query("b.example", port: 1001)).alerts == [1])
    }

    /// Four queues on four threads: each name is new once.
    @Test func threadsShareSets() async throws {
        let state = HostState()
        let alerts = try await withThrowingTaskGroup(of: Int.self) { group in
            for queue in 0..<4 {
                group.addTask {
                    var firewall = try firewall(RuleListTests.names, state: state)
                    return (0..<100).flatMap { number in
                        firewall.judge(query("n\(number).example", port: UInt16(2000 + 500 * queue + number))).alerts
                    }.count
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(alerts == 100)
    }

    // MARK: tags

    /// The option, and the numbers of the packets behind the match that are logged.
    @Test(arguments: [
        ("session,3,packets", [2, 3]), ("session,100,bytes", [2]), ("session,2,seconds", [2, 3]),
        ("host,3,packets,src", [2, 3]), ("host,3,packets,dst", [2, 3]), ("session", [2, 3, 4, 5, 6]),
    ])
    func tags(option: String, expected: [Int]) throws {
        var firewall = try firewall("alert udp any any -> any any (dsize:2; tag:\(option); sid:1;)")
        for number in 0..<6 {
            _ = firewall.judge(datagram(number == 0 ? [1, 2] : [1]), at: Timestamp(seconds: 1000 + Int64(number)))
        }
        let records = firewall.records("packet")
        #expect(records.compactMap { $0["pcap_cnt"] as? Int } == expected)
        #expect(records.allSatisfy { $0["packet"] as? String != nil && $0["flow_id"] != nil })
    }

    // MARK: variables

    #if PCRE2
        @Test func capturedVariables() throws {
            let rules = #"""
                alert udp any any -> any any (pcre:"/^(?P<flow_first>\w+)=(?P<pkt_second>\w+)/"; sid:1;)
                alert udp any any -> any any (pcre:"/^(\w)(\w)/, flow:one, pkt:two"; sid:2;)
                alert udp any any -> any any (flowvar:first,"ey"; sid:3;)
                alert udp any any -> any any (flowvar:first,"nope"; sid:4;)
                alert udp any any -> any any (pktvar:second,"val"; sid:5;)
                """#
            var firewall = try firewall(rules)
            #expect(firewall.judge(datagram(utf8("key=value"))).alerts == [1, 2, 3, 5])
            #expect(firewall.judge(datagram(utf8("-"))).alerts == [3])
            let metadata = firewall.records("alert").first?["metadata"] as? [String: Any]
            #expect(metadata?["flowvars"] as? [[String: String]] == [["first": "key"], ["one": "k"]])
            #expect(metadata?["pktvars"] as? [[String: String]] == [["second": "value"], ["two": "e"]])
        }
    #endif

    @Test func trafficLabels() throws {
        let rule = "alert udp any any -> any any (dsize:1; flowbits:set,traffic/id/chat; flowbits:set,a; sid:1;)"
        var firewall = try firewall(rule)
        _ = firewall.judge(datagram())
        firewall.finish()
        for record in firewall.records("alert") + firewall.records("flow") {
            #expect((record["traffic"] as? [String: [String]]) == ["id": ["chat"]])
            #expect((record["metadata"] as? [String: [String]]) == ["flowbits": ["a"]])
        }
    }
}
