import Detection
import NetTypes
import RuleLanguage
import Synchronization
import TestSupport
import Testing

/// State that rules keep: thresholds, bits of hosts, integers of flows. The expectations were measured with Suricata 7.0.10.
struct RuleStateTests {
    @Test("a rule with flowbits does not hide what the server says")
    func flowbitsAndAnswers() throws {
        var script = TCPScript(port: 80)
        script.handshake()
        script.client(HTTPBytes.request())
        script.server(HTTPBytes.response(fields: ["Server: nginx"]))
        var firewall = try Firewall(
            """
            alert tcp any any -> any any (flowbits:set,one; flags:S; noalert; sid:1;)
            alert http any any -> any any (http.server; content:"nginx"; sid:2;)
            """, defaults: [])
        #expect(firewall.judge(script.frames).last?.alerts == [2])
    }

    /// Datagrams of one flow at these milliseconds; by packet, the sids of the alerts.
    private func alerts(_ options: [String], at times: [Int64], payload: [String] = []) throws -> [[Int]] {
        let rules = options.enumerated().map { "alert udp any any -> any any (\($1); sid:\($0 + 1);)" }
        var firewall = try Firewall(rules.joined(separator: "\n"), defaults: []) { $0.compatibleWithSuricata = true }
        let out = PacketBuilder(from: "10.0.0.1", to: "192.0.2.1")
        return times.enumerated().map { index, time in
            let text = payload.isEmpty ? "x" : payload[index]
            let frame = out.udp(UDPFields(1000, 2000), utf8(text))
            return firewall.judge(frame, at: Timestamp(microseconds: 1_700_000_000_000_000 + time * 1000)).alerts
        }
    }

    static let irregular: [Int64] = [0, 1000, 2000, 2500, 3000, 4000, 5000, 5500, 6000, 7000, 9000, 12_000]
    /// The option, and the numbers of the packets of `irregular` that alert, from 1.
    static let thresholdRows: [(String, [Int])] = [
        ("threshold:type limit,track by_src,count 1,seconds 2", [1, 4, 7, 11, 12]),
        ("threshold:type threshold,track by_src,count 2,seconds 2", [2, 5, 8, 10]),
        ("threshold:type both,track by_src,count 2,seconds 2", [2, 5, 8]),
        ("detection_filter:track by_src,count 1,seconds 2", [2, 3, 5, 6, 8, 9, 10]),
        ("threshold:type limit,track by_rule,count 0,seconds 60", [1]),
        ("threshold:type threshold,track by_dst,count 0,seconds 60", Array(2...12)),
        ("threshold:type both,track by_both,count 0,seconds 60", []),
        ("threshold:type limit,track by_src,count 1,seconds 0", Array(1...12)),
    ]

    @Test(arguments: thresholdRows)
    func thresholds(option: String, expected: [Int]) throws {
        let found = try alerts(["content:\"x\"; \(option)"], at: RuleStateTests.irregular)
        #expect(found.indices.filter { !found[$0].isEmpty }.map { $0 + 1 } == expected)
    }

    /// `limit` silences a drop's alert and not the drop; `threshold` and `detection_filter` gate the drop itself.
    @Test(arguments: [
        ("threshold:type limit,track by_src,count 1,seconds 60", "dddd", 1),
        ("threshold:type threshold,track by_src,count 2,seconds 60", "adad", 2),
        ("threshold:type both,track by_src,count 2,seconds 60", "addd", 1),
        ("detection_filter:track by_src,count 2,seconds 60", "aadd", 2),
    ])
    func thresholdsOfDrops(option: String, verdicts: String, alerts: Int) throws {
        var firewall = try Firewall("drop udp any any -> any any (dsize:1; \(option); sid:1;)", defaults: [])
        let frame = PacketBuilder(from: "10.0.0.1", to: "192.0.2.1").udp(UDPFields(1000, 2000), [1])
        let judgments = (0..<4).map { _ in firewall.judge(frame) }
        #expect(String(judgments.map { $0.verdict == .accept ? "a" : "d" }) == verdicts)
        #expect(judgments.flatMap(\.alerts).count == alerts)
    }

    /// A silenced pass acts, and does not end the queue.
    @Test func silencedPass() throws {
        let rules = """
            pass udp any any -> any any (dsize:1; threshold:type limit,track by_src,count 1,seconds 60; sid:1;)
            drop udp any any -> any any (dsize:1; sid:2;)
            """
        var firewall = try Firewall(rules, defaults: [])
        let frame = PacketBuilder(from: "10.0.0.1", to: "192.0.2.1").udp(UDPFields(1000, 2000), [1])
        #expect(firewall.judge(frame) == .accept)
        #expect(firewall.judge(frame) == .drop(.rules, 2))
    }

    /// Each source has a count of its own, and a pair counts whichever way it talks.
    @Test func subjects() throws {
        let rules = """
            alert udp any any -> any any (dsize:1; threshold:type limit,track by_src,count 1,seconds 60; sid:1;)
            alert udp any any -> any any (dsize:1; threshold:type limit,track by_dst,count 1,seconds 60; sid:2;)
            alert udp any any -> any any (dsize:1; threshold:type limit,track by_both,count 1,seconds 60; sid:3;)
            alert udp any any -> any any (dsize:1; threshold:type limit,track by_rule,count 1,seconds 60; sid:4;)
            """
        var firewall = try Firewall(rules, defaults: [])
        let first = PacketBuilder(from: "10.0.0.1", to: "192.0.2.1")
        let second = PacketBuilder(from: "10.0.0.2", to: "192.0.2.1")
        let frames = [first, first, first.reversed, second].map { $0.udp(UDPFields(1000, 1000), [1]) }
        #expect(frames.map { firewall.judge($0).alerts } == [[1, 2, 3, 4], [], [1, 2], [1, 3]])
    }

    @Test func hostBitsExpireAndAreShared() throws {
        let rules = [
            "content:\"x\"; xbits:set,a,track ip_src,expire 2", "content:\"y\"; xbits:isset,a,track ip_src",
            "content:\"y\"; hostbits:isset,a,src", "content:\"y\"; xbits:isnotset,a,track ip_pair",
        ]
        let found = try alerts(
            rules, at: [500, 1000, 2000, 2900, 3000], payload: ["x", "y", "y", "y", "y"])
        #expect(found == [[1], [2, 3, 4], [2, 3, 4], [2, 3, 4], [4]])
        // Setting a bit that holds does not prolong it: the reader, first in order, misses it in the third second.
        let kept = try alerts(
            ["content:\"y\"; xbits:isset,a,track ip_src", rules[0]], at: [0, 1000, 2000, 3000],
            payload: ["x", "xy", "xy", "xy"])
        #expect(kept == [[2], [1, 2], [1, 2], [2]])
    }

    @Test func hostBitsToggle() throws {
        let found = try alerts(
            ["content:\"x\"; hostbits:toggle,a,src", "content:\"x\"; hostbits:isset,a"], at: [0, 1000, 2000, 3000])
        #expect(found == [[1, 2], [1], [1, 2], [1]])
    }

    @Test func flowIntegers() throws {
        let found = try alerts(
            [
                "content:\"x\"; flowint:aa,+,3", "content:\"x\"; flowint:cc,=,aa", "content:\"x\"; flowint:aa,>,9",
                "content:\"x\"; flowint:bb,<,9", "content:\"x\"; flowint:cc,==,aa", "content:\"x\"; flowint:bb,notset",
                "content:\"x\"; flowint:dd,-,aa", "content:\"x\"; flowint:dd,isset", "content:\"x\"; flowint:aa,>,zz",
            ], at: [0, 1, 2, 3])
        #expect(found == [[1, 2, 5, 6, 7, 9], [1, 2, 5, 6, 7, 9], [1, 2, 5, 6, 7, 9], [1, 2, 3, 5, 6, 7, 9]])
    }

    @Test func flowIntegersAreLogged() throws {
        var firewall = try Firewall("alert udp any any -> any any (dsize:1; flowint:hits,+,2; sid:1;)", defaults: [])
        _ = firewall.judge(PacketBuilder(from: "10.0.0.1", to: "192.0.2.1").udp(UDPFields(1000, 2000), [1]))
        let metadata = firewall.records("alert").first?["metadata"] as? [String: Any]
        #expect((metadata?["flowints"] as? [String: Int]) == ["hits": 2])
    }

    /// Which keywords leave a rule without any other option about addresses alone: judged once for a flow.
    @Test(arguments: [
        ("flowbits:set,t", 1), ("flowbits:unset,t", 3), ("flowbits:toggle,t", 3), ("flowbits:isnotset,t", 3),
        ("xbits:set,t,track ip_src", 1), ("xbits:toggle,t,track ip_src", 1), ("xbits:isnotset,t,track ip_pair", 1),
        ("hostbits:unset,t", 1), ("hostbits:isnotset,t,dst", 1), ("flowint:ab,=,1", 3), ("flowint:ab,notset", 3),
        ("threshold:type limit,track by_src,count 9,seconds 9", 1),
        ("detection_filter:track by_src,count 1,seconds 60", 0),
    ])
    func addressRules(option: String, count: Int) throws {
        #expect(try alerts([option], at: [0, 1000, 2000]).flatMap { $0 }.count == count)
    }

    /// A bit that one queue sets is seen by another.
    @Test func queuesShareBits() throws {
        let rules = """
            drop udp any any -> any any (dsize:1; xbits:isset,bad,track ip_src; sid:1;)
            alert udp any any -> any any (dsize:2; xbits:set,bad,track ip_src; sid:2;)
            """
        let state = HostState()
        var first = try Firewall(rules, defaults: [], state: state)
        var second = try Firewall(rules, defaults: [], state: state)
        let out = PacketBuilder(from: "10.0.0.1", to: "192.0.2.1")
        #expect(second.judge(out.udp(UDPFields(1000, 2000), [1])) == .accept)
        #expect(first.judge(out.udp(UDPFields(1001, 2000), [1, 2])).alerts == [2])
        #expect(second.judge(out.udp(UDPFields(1000, 2000), [1])) == .drop(.rules, 1))
    }

    /// Four queues on four threads: together they let through exactly what one would.
    @Test func threadsShareCounters() async throws {
        let rules = "drop udp any any -> any any (dsize:1; detection_filter:track by_src,count 100,seconds 60; sid:1;)"
        let state = HostState()
        let accepted = try await withThrowingTaskGroup(of: Int.self) { group in
            for queue in 0..<4 {
                group.addTask {
                    var firewall = try Firewall(rules, defaults: [], state: state)
                    let out = PacketBuilder(from: "10.0.0.1", to: "192.0.2.1")
                    let frame = out.udp(UDPFields(UInt16(1000 + queue), 2000), [1])
                    return (0..<200).filter { _ in firewall.judge(frame) == .accept }.count
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(accepted == 100)
    }

    /// Beyond its capacity the table forgets and does not grow.
    @Test func capacity() throws {
        let rules = "alert udp any any -> any any (dsize:1; xbits:set,seen,track ip_src; sid:1;)"
        let state = HostState(capacity: 160)
        var firewall = try Firewall(rules, defaults: [], state: state)
        for number in 1...1000 {
            let out = PacketBuilder(from: "10.0.\(number / 250).\(number % 250 + 1)", to: "192.0.2.1")
            _ = firewall.judge(out.udp(UDPFields(1000, 2000), [1]))
        }
        #expect(state.entries <= 160)
        #expect(state.evictions >= 840)
    }
}
