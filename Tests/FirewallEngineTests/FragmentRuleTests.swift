import FirewallEngine
import NetTypes
import PacketIO
import TestSupport
import Testing
import Wire

/// Datagrams that come in fragments are judged when they are whole; none that is denied can become whole.
struct FragmentRuleTests {
    static let out = PacketBuilder(from: "10.0.0.1", to: "192.0.2.1")
    static let rules = "drop udp any any -> any 53 (content:\"evil\"; sid:1;)"

    static func pieces(_ text: String, size: Int = 16) -> [[UInt8]] {
        out.fragments(.udp, out.udpDatagram(UDPFields(1000, 53), utf8(text)), size: size)
    }

    @Test func verdictOnTheLast() throws {
        for compatible in [false, true] {
            for text in ["good and long enough", "this is evil indeed"] {
                let pieces = Self.pieces(text, size: 8)
                for order in [[0, 1, 2, 3], [3, 0, 2, 1]] {
                    var firewall = try Firewall(
                        Self.rules, defaults: [], configure: { $0.compatibleWithSuricata = compatible })
                    let judgments = order.map { firewall.judge(pieces[$0]) }
                    #expect(judgments.dropLast().allSatisfy { $0 == .accept })
                    #expect(judgments.last == (text.contains("evil") ? .drop(.tunnelPacketDrop, 1) : .accept))
                    firewall.finish()
                    #expect(firewall.counters.defragmentation.reassembled4 == 1)
                }
            }
        }
    }

    /// The fragment that would complete a denied datagram may be sent as often as one likes.
    @Test func deniedStaysDenied() throws {
        let pieces = Self.pieces("this is evil indeed")
        var firewall = try Firewall(Self.rules, defaults: [])
        #expect(pieces.map { firewall.judge($0).verdict } == [.accept, .drop])
        #expect(pieces.reversed().map { firewall.judge($0) } == [.drop(.defragError), .drop(.defragError)])
        // Suricata has forgotten it.
        var compatible = try Firewall(Self.rules, defaults: [], configure: { $0.compatibleWithSuricata = true })
        #expect((pieces + [pieces[1]]).map { compatible.judge($0).verdict } == [.accept, .drop, .accept])
    }

    @Test func rulesWithoutPortsJudgeFragments() throws {
        let pieces = Self.pieces("good and long")
        var firewall = try Firewall("drop ip any any -> 192.0.2.1 any (sid:1;)", defaults: [])
        #expect(firewall.judge(pieces[0]).verdict == .drop)
        var strict = try Firewall("pass udp any any -> any 53 (sid:1;)", defaults: [.dropStrict])
        #expect(pieces.map { strict.judge($0).verdict } == [.drop, .drop])
    }

    @Test("a direction alone holds of a fragment, a payload does not")
    func whatHoldsOfAFragment() throws {
        let pieces = Self.pieces("good and long")
        for (rule, verdicts) in [
            ("drop udp any any -> any any (flow:to_server; sid:1;)", [Verdict.drop, .drop]),
            ("drop udp any any -> any any (flow:established; sid:1;)", [.accept, .accept]),
            ("drop ip any any -> any any (dsize:0; sid:1;)", [.drop, .drop]),
        ] {
            for compatible in [false, true] {
                var firewall = try Firewall(
                    rule, defaults: [], configure: { $0.compatibleWithSuricata = compatible })
                #expect(pieces.map { firewall.judge($0).verdict } == verdicts, "\(rule) \(compatible)")
            }
        }
    }

    @Test("the fragment that completes a rejected datagram is rejected")
    func rejectedDatagram() throws {
        let pieces = Self.pieces("this is evil indeed")
        var firewall = try Firewall("reject udp any any -> any 53 (content:\"evil\"; sid:1;)", defaults: [])
        #expect(pieces.map { firewall.judge($0).verdict } == [.accept, .reject])
    }

    @Test func recordsOfAWholeDatagram() throws {
        var firewall = try Firewall(Self.rules, defaults: [])
        for piece in Self.pieces("this is evil indeed") { _ = firewall.judge(piece) }
        let alert = try #require(firewall.records("alert").first)
        #expect(alert["pkt_src"] as? String == "defrag" && alert["pcap_cnt"] == nil)
        #expect((alert["tunnel"] as? [String: Any])?["pcap_cnt"] as? Int == 2)
        #expect(firewall.records("drop").map { $0["pcap_cnt"] as? Int } == [nil, 2])
    }

    @Test("a wrong IP checksum does not count as seen")
    func wrongHeaderChecksum() throws {
        var pieces = Self.pieces("this is evil indeed")
        pieces.insert(Self.pieces("this is fine indeed")[1], at: 0)
        pieces[0][24] ^= 1
        var firewall = try Firewall(Self.rules, defaults: [], configure: { $0.verifiesChecksums = true })
        #expect(pieces.map { firewall.judge($0).verdict } == [.drop, .accept, .drop])
    }
}
