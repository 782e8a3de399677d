import Detection
import NetTypes
import PacketIO
import PolicyModel
import RuleLanguage
import TestSupport
import Testing
import Wire

/// Decoding, stateless rule groups and packets outside flows.
@Suite struct PipelineTests {
    private let out = PacketBuilder(from: "10.0.0.1", to: "192.0.2.1")

    /// What cannot be read cannot be judged; Suricata forwards it.
    @Test func malformedPackets() throws {
        var frame = out.udp(UDPFields(1000, 2000), [1, 2, 3])
        frame[14] = 0x4f
        var firewall = try Firewall(defaults: [])
        #expect(firewall.judge(frame) == .drop(.decodeError))
        #expect(firewall.counters.invalid == 1)
        var compatible = try Firewall(defaults: [], configure: { $0.compatibleWithSuricata = true })
        #expect(compatible.judge(frame) == .accept)
    }

    @Test func otherThanIP() throws {
        var firewall = try Firewall()
        #expect(firewall.judge(out.linked([0, 1, 8, 0, 6, 4, 0, 1], etherType: 0x0806)) == .accept)
        #expect(firewall.counters.notIP == 1)
    }

    // MARK: stateless rule groups

    private func rule(
        _ priority: Int, _ action: StatelessAction, custom: [String] = [],
        _ change: (inout MatchAttributes) -> Void = { _ in }
    ) -> StatelessRule {
        var match = MatchAttributes()
        change(&match)
        return StatelessRule(
            priority: priority, matchAttributes: match, actions: StatelessActions(action, customActions: custom),
            location: SourceLocation(file: "test", line: 1, column: 1))
    }

    private func group(_ name: String, _ rules: [StatelessRule], custom: [CustomAction] = []) -> (
        String, StatelessRuleGroup
    ) {
        (
            name,
            StatelessRuleGroup(
                rules: rules, customActions: custom, location: SourceLocation(file: name, line: 1, column: 1))
        )
    }

    /// Groups in the order of the policy, rules by priority, the first that fits; passed and dropped packets make no flow.
    @Test func firstStatelessRuleActs() throws {
        var stateless = PolicySource.Stateless()
        let prefix = try #require(IPPrefix("192.0.2.0/24"))
        let named = CustomAction(
            name: "count", dimension: "counted", location: SourceLocation(file: "a", line: 1, column: 1))
        stateless.groups = [
            group(
                "a",
                [
                    rule(20, .drop) { $0.protocols = [.udp] },
                    rule(10, .pass, custom: ["count"]) {
                        $0.protocols = [.udp]
                        $0.destinations = [prefix]
                        $0.destinationPorts = [53...53]
                    },
                ], custom: [named]),
            group("b", [rule(1, .pass) { $0.protocols = [.udp] }, rule(2, .drop) { $0.protocols = [.icmp] }]),
        ]
        var firewall = try Firewall(defaults: [.dropStrict], stateless: stateless)
        #expect(firewall.judge(out.udp(UDPFields(4000, 53), [1])) == .accept)
        #expect(firewall.judge(out.udp(UDPFields(4000, 54), [1])) == .drop(.statelessRule))
        #expect(firewall.judge(out.icmp(type: 8)) == .drop(.statelessRule))
        #expect(firewall.activeFlows == 0)
        #expect(firewall.judge(out.tcp(TCPFields(4000, 80, .syn))) == .drop(.defaultAction))
        #expect(firewall.activeFlows == 1)
        #expect(firewall.counters.customMetrics == [1])
    }

    static let flagRows: [(TCPFlags, Bool)] = [
        (.syn, true), ([.syn, .ack], false), (.ack, false), ([.syn, .ece], true), ([.syn, .fin], false),
    ]

    @Test(arguments: flagRows)
    func flagMasks(flags: TCPFlags, isDropped: Bool) throws {
        var stateless = PolicySource.Stateless()
        stateless.groups = [
            group("a", [rule(1, .drop) { $0.tcpFlags = [TCPFlagMatch(flags: 0x02, masks: 0x17)] }])
        ]
        var firewall = try Firewall(defaults: [], stateless: stateless, configure: { $0.flow.midstream = .track })
        #expect((firewall.judge(out.tcp(TCPFields(4000, 80, flags))).verdict == .drop) == isDropped)
    }

    @Test func statelessDefaults() throws {
        var stateless = PolicySource.Stateless()
        stateless.defaultActions = StatelessActions(.pass)
        stateless.fragmentDefaultActions = StatelessActions(.drop)
        var firewall = try Firewall(defaults: [.dropStrict], stateless: stateless)
        #expect(firewall.judge(out.icmp(type: 8)) == .accept)
        let fragments = out.fragments(
            .udp, out.udpDatagram(UDPFields(1, 2), [UInt8](repeating: 7, count: 64)), size: 32)
        #expect(firewall.judge(fragments[0]) == .drop(.statelessDefault))
        // AWS: fragments of anything but UDP are dropped, whatever the default says.
        let other = out.fragments(.icmp, out.icmpMessage(type: 8, code: 0, [UInt8](repeating: 7, count: 64)), size: 32)
        #expect(firewall.judge(other[0]) == .drop(.fragmentWithoutUDP))
    }

    /// IPv6 the same way.
    @Test func statelessRulesOverIPv6() throws {
        var stateless = PolicySource.Stateless()
        let prefix = try #require(IPPrefix("2001:db8::/32"))
        stateless.groups = [group("a", [rule(1, .drop) { $0.sources = [prefix] }])]
        var firewall = try Firewall(defaults: [], stateless: stateless)
        let inward = PacketBuilder(from: "2001:db8::1", to: "fd00::1")
        #expect(firewall.judge(inward.udp(UDPFields(1, 2), [1])) == .drop(.statelessRule))
        #expect(firewall.judge(inward.reversed.udp(UDPFields(1, 2), [1])) == .accept)
    }
}
