import FirewallEngine
import NetTypes
import PacketIO
import TestSupport
import Testing
import Wire

/// Packets inside packets: both are judged, and a drop of the inner one drops the outer one.
struct TunnelTests {
    static let outer = PacketBuilder(from: "10.0.0.1", to: "192.0.2.1")
    static let outer6 = PacketBuilder(from: "2001:db8::1", to: "2001:db8::2")
    static let inner = PacketBuilder(from: "172.16.0.1", to: "172.16.0.2").with { $0.link = .raw }
    static let inner6 = PacketBuilder(from: "fd00::1", to: "fd00::2").with { $0.link = .raw }
    static let four = inner.udp(UDPFields(1000, 7), utf8("hello"))
    static let six = inner6.udp(UDPFields(1000, 7), utf8("hello"))
    static let gre = IPProtocol(rawValue: 47)

    struct Row: CustomTestStringConvertible {
        var what: String
        var frame: [UInt8]
        var testDescription: String { what }
    }

    static func ethernet(_ type: UInt16, _ packet: [UInt8]) -> [UInt8] {
        [UInt8](repeating: 2, count: 12) + [UInt8(type >> 8), UInt8(type & 0xff)] + packet
    }

    static func link(_ type: UInt16, _ rest: [UInt8]) -> [UInt8] { outer.linked(rest, etherType: type) }

    static let tunnels: [Row] = [
        Row(what: "IP in IP", frame: outer.frame(.ipv4, four)),
        Row(what: "6in4", frame: outer.frame(.ipv6, six)),
        Row(what: "IPv4 in IPv6", frame: outer6.frame(.ipv4, four)),
        Row(what: "IPv6 in IPv6", frame: outer6.frame(.ipv6, six)),
        Row(what: "GRE", frame: outer.frame(gre, [0, 0, 8, 0] + four)),
        Row(
            what: "GRE with key and checksum",
            frame: outer.frame(gre, [0xa0, 0, 0x86, 0xdd, 0, 0, 0, 0, 1, 2, 3, 4] + six)),
        Row(
            what: "GRE with a route",
            frame: outer.frame(gre, [0x40, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 2, 9, 9, 0, 0, 0, 0] + four)),
        Row(what: "GRE bridging", frame: outer.frame(gre, [0, 0, 0x65, 0x58] + ethernet(0x0800, four))),
        Row(what: "PPTP", frame: outer.frame(gre, [0x20, 1, 0x88, 0x0b, 0, 0, 0, 1, 0xff, 3, 0, 0x21] + four)),
        Row(
            what: "ERSPAN II",
            frame: outer.frame(gre, [0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0] + ethernet(0x0800, four))),
        Row(what: "VXLAN", frame: outer.udp(UDPFields(5, 4789), [8, 0, 0, 0, 0, 0, 1, 0] + ethernet(0x0800, four))),
        Row(
            what: "Geneve with options",
            frame: outer.udp(UDPFields(5, 6081), [1, 0, 0x65, 0x58, 0, 0, 1, 0, 1, 2, 3, 0] + ethernet(0x86dd, six))),
        Row(what: "Teredo", frame: outer.udp(UDPFields(3544, 5), [0, 0, 1, 2, 3, 4, 5, 6] + six)),
        Row(what: "Teredo without origin", frame: outer.udp(UDPFields(3544, 5), six)),
        Row(what: "twice", frame: outer.frame(.ipv4, inner.frame(gre, [0, 0, 0x86, 0xdd] + six))),
    ]

    static let layers: [Row] = [
        Row(what: "MPLS", frame: link(0x8847, [0, 1, 0, 64, 0, 2, 1, 64] + four)),
        Row(what: "MPLS pseudowire", frame: link(0x8847, [0, 2, 1, 64, 0, 0, 0, 0] + ethernet(0x86dd, six))),
        Row(what: "PPPoE", frame: link(0x8864, [0x11, 0, 0, 1, 0, 99, 0, 0x57] + six)),
        Row(what: "VN-Tag", frame: link(0x8926, [0, 0, 0, 0, 8, 0] + four)),
        Row(what: "802.1ah", frame: link(0x88e7, [0, 0, 0, 1] + ethernet(0x0800, four))),
        Row(what: "NSH", frame: link(0x894f, [0, 2, 1, 1, 0, 0, 0, 1] + four)),
        Row(what: "QinQ", frame: link(0x88a8, [0, 5, 0x81, 0, 0, 6, 8, 0] + four)),
    ]

    @Test(arguments: tunnels + layers)
    func innerIsJudged(row: Row) throws {
        for compatible in [false, true] {
            var firewall = try Firewall(
                "drop udp any any -> any 7 (content:\"hello\"; sid:1;)", defaults: [],
                configure: { $0.compatibleWithSuricata = compatible })
            #expect(firewall.judge(row.frame).verdict == .drop)
            var passing = try Firewall(
                "alert udp any any -> any 7 (content:\"hello\"; sid:1;)", defaults: [],
                configure: { $0.compatibleWithSuricata = compatible })
            #expect(passing.judge(row.frame) == Judgment(verdict: .accept, reason: .none, alerts: [1]))
        }
    }

    @Test(arguments: tunnels)
    func outerIsJudged(row: Row) throws {
        var firewall = try Firewall(
            "pass udp any any -> any 7 (sid:1;)\ndrop ip any any -> [192.0.2.1,2001:db8::2] any (sid:2;)", defaults: [])
        let judgment = firewall.judge(row.frame)
        #expect(judgment.verdict == .drop && judgment.alerts.last == 2)
        firewall.finish()
        #expect(firewall.records("flow").count >= 2)
    }

    @Test("a fragmented datagram within a tunnel, and a tunnel within fragments")
    func fragmentsAndTunnels() throws {
        let rules = "drop udp any any -> any 7 (content:\"hello\"; sid:1;)"
        let datagram = Self.inner.udpDatagram(UDPFields(1000, 7), utf8("say hello to the world"))
        var firewall = try Firewall(rules, defaults: [])
        let within = Self.inner.fragments(.udp, datagram, size: 16).map { Self.outer.frame(.ipv4, $0) }
        #expect(within.map { firewall.judge($0).verdict } == [.accept, .drop])
        var other = try Firewall(rules, defaults: [])
        let around = Self.outer.fragments(.ipv4, Self.inner.frame(.udp, datagram), size: 24)
        #expect(around.map { other.judge($0).verdict } == [.accept, .accept, .drop])
    }

    @Test func tooDeep() throws {
        var packet = Self.four
        for _ in 0..<20 { packet = Self.inner.frame(.ipv4, packet) }
        let frame = Self.outer.linked(packet, etherType: 0x0800)
        var firewall = try Firewall("alert ip any any -> any any (sid:1;)", defaults: [])
        #expect(firewall.judge(frame).verdict == .drop)
        var compatible = try Firewall(defaults: [], configure: { $0.compatibleWithSuricata = true })
        #expect(compatible.judge(frame) == .accept)
    }

    @Test(
        "what only looks like a tunnel is payload",
        arguments: [
            [8, 0, 0, 0, 0, 0, 1, 1] + ethernet(0x0800, four), [0, 0, 0, 0, 0, 0, 1, 0] + ethernet(0x0800, four),
            [8, 0, 0, 0, 0, 0, 1, 0] + ethernet(0x0800, [0x45]), [8],
        ] as [[UInt8]])
    func payload(bytes: [UInt8]) throws {
        var firewall = try Firewall("alert udp any any -> any 4789 (dsize:>0; sid:1;)", defaults: [])
        #expect(
            firewall.judge(Self.outer.udp(UDPFields(5, 4789), bytes))
                == Judgment(verdict: .accept, reason: .none, alerts: [1]))
        #expect(
            firewall.judge(
                Self.outer.udp(UDPFields(5, 4790), [8, 0, 0, 0, 0, 0, 1, 0] + Self.ethernet(0x0800, Self.four)))
                == .accept)
    }

    @Test func cutAnywhere() throws {
        var firewall = try Firewall(defaults: [])
        for row in Self.tunnels + Self.layers {
            for length in 0..<row.frame.count { _ = firewall.judge(Array(row.frame[..<length])) }
        }
    }
}
