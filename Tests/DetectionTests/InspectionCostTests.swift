import FlowTracking
import NetTypes
import TestSupport
import Testing
import Wire

@testable import Detection

/// Rules and traffic made for each other: the work for one packet has a bound, and beyond it nothing is forwarded.
struct InspectionCostTests {
    /// Each of the first `a`s leads to a search through everything behind it.
    static let rules = (1...200).map { sid in
        #"alert udp any any -> any any (content:"a"; content:"b"; distance:0; within:60000; content:"zq\#(sid)"; distance:0; within:60000; sid:\#(sid);)"#
    }.joined(separator: "\n")

    /// What the rules' literals are found by, where it does not help them.
    static let bait = (1...200).flatMap { utf8("zq\($0)") }

    private func work(_ text: String, _ payload: [UInt8]) -> (work: Int, disposition: Decision.Disposition) {
        guard let policy = Ruleset(text).policy else { return (-1, .accept) }
        let decoded = DecodedPacket(
            PacketBuilder(from: "10.0.0.1", to: "192.0.2.1").udp(UDPFields(1000, 2000), payload))
        var evaluator = StatefulEvaluator(policy: policy, state: HostState())
        var decision = Decision()
        guard let tuple = decoded.packet.tuple else { return (-1, .accept) }
        var flow = Flow.placeholder(tuple, time: Timestamp(seconds: 1))
        evaluator.judge(
            decoded.packet, decoded.bytes.span.bytes, PacketContext(), flow: &flow, conversation: nil,
            decision: &decision)
        return (evaluator.scratch.work, decision.disposition)
    }

    @Test func doublingTheInputNeverPassesTheBound() {
        var reached = false
        for power in 6...15 {
            let half = [UInt8](repeating: UInt8(ascii: "a"), count: 1 << (power - 1))
            let payload =
                InspectionCostTests.bait + half + [UInt8](repeating: UInt8(ascii: "b"), count: 1 << (power - 1))
            let outcome = work(InspectionCostTests.rules, payload)
            // The search that goes over the limit is the last one.
            #expect(outcome.work >= 0 && outcome.work <= InspectionScratch.maximumWork + payload.count)
            if outcome.work > InspectionScratch.maximumWork {
                reached = true
                #expect(outcome.disposition == .drop)
            }
        }
        #expect(reached, "the input must be bad enough to meet the limit")
    }

    /// Rules that the bound must hold for as well, each made to be tried in every place.
    static let products: [(name: String, rules: String)] = [
        (
            "one list with many relative literals",
            #"alert udp any any -> any any (content:"a"; content:"a"; distance:0; within:9000; content:"a"; distance:0; within:9000; content:"q"; distance:0; within:9000; sid:1;)"#
        ),
        (
            "numbers behind every literal",
            (1...300).map { sid in
                #"alert udp any any -> any any (content:"a"; byte_test:1,>,200,0,relative; sid:\#(sid);)"#
            }.joined(separator: "\n")
        ),
        (
            "patterns that go back",
            (1...100).map { sid in
                #"alert udp any any -> any any (pcre:"/(a+)+q\#(sid)/"; sid:\#(sid);)"#
            }.joined(separator: "\n")
        ),
        (
            "patterns tried from every place",
            (1...100).map { sid in
                #"alert udp any any -> any any (pcre:"/a/"; pcre:"/a.*q\#(sid)/R"; sid:\#(sid);)"#
            }.joined(separator: "\n")
        ),
    ]

    @Test("products of rules and traffic stay under the bound", arguments: products.map(\.name))
    func productsStayUnderTheBound(name: String) throws {
        let rules = try #require(Self.products.first { $0.name == name }?.rules)
        for power in 6...14 {
            let payload = [UInt8](repeating: UInt8(ascii: "a"), count: 1 << power)
            let outcome = work(rules, payload)
            #expect(outcome.work <= InspectionScratch.maximumWork + payload.count + 4000)
            // Over it the packet does not go on.
            if outcome.work > InspectionScratch.maximumWork { #expect(outcome.disposition == .drop) }
        }
    }

    @Test func honestTrafficStaysFarBelow() {
        let outcome = work(
            InspectionCostTests.rules, utf8("GET /index.html?a=b HTTP/1.1\r\nHost: www.example.com\r\n\r\n"))
        #expect(outcome.work < InspectionScratch.maximumWork / 100)
        #expect(outcome.disposition == .accept)
    }
}
