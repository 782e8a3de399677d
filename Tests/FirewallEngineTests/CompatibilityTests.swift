import Detection
import FirewallEngine
import FlowTracking
import NetTypes
import PacketIO
import TestSupport
import Testing
import Wire

/// Where Weir differs from Suricata, `compat.suricata` takes it back. (Names, framing and DNS off its port: AppLayerTests.
/// Overlaps and default actions: beside their own tests.)
struct CompatibilityTests {
    struct Row: CustomTestStringConvertible {
        var what: String
        var rules: String
        var frames: [TimedFrame]
        /// The last packet's verdict.
        var weir: Judgment
        var suricata: Judgment

        var testDescription: String { what }
    }

    static let out = PacketBuilder(from: "10.0.0.1", to: "192.0.2.1")
    static let passUDP = "pass udp any any -> any any (dsize:>0; sid:1;)"

    static func timed(_ frames: [UInt8]...) -> [TimedFrame] {
        frames.map { TimedFrame($0, at: Timestamp(seconds: 1_700_000_000)) }
    }

    static var established: TCPScript {
        var script = TCPScript()
        script.handshake()
        return script
    }

    /// A ClientHello with a hole that its server has acknowledged, and seven bytes.
    static var acknowledgedHole: [TimedFrame] {
        let hello = TLSBytes.clientHello()
        var script = established
        script.client(Array(hello[..<30]))
        script.lose(10, .toServer)
        script.client(Array(hello[40...]))
        script.segment(.toClient, .ack)
        script.client([23, 3, 3, 0, 2, 1, 1])
        return script.frames
    }

    @Test("a policy that lets a parser's failure go leaves a passed connection passed")
    func ignoredFailure() throws {
        let rules = """
            pass ip any any -> any any (sid:1;)
            drop tcp any any -> any any (dsize:7; sid:2;)
            """
        var firewall = try Firewall(
            rules, defaults: [],
            configure: {
                $0.compatibleWithSuricata = true
                $0.exceptions[.applicationError] = .ignore
            })
        let last = firewall.judge(Self.acknowledgedHole).last
        #expect(last?.verdict == .accept && firewall.counters.reassemblyGaps > 0)
    }

    static let packetRows: [Row] = [
        Row(
            what: "overlapping fragments", rules: passUDP,
            frames: [16, 24].flatMap {
                timed(
                    out.fragments(.udp, out.udpDatagram(UDPFields(1, 2), [UInt8](repeating: 1, count: 32)), size: $0)[0]
                )
            },
            weir: .drop(.defragError), suricata: .accept),
        Row(
            what: "undecodable", rules: passUDP, frames: timed(Array(out.udp(UDPFields(1, 2)).prefix(20))),
            weir: .drop(.decodeError), suricata: .accept),
        Row(
            what: "parser error", rules: "alert tcp any any -> any any (flags:U; sid:1;)",
            frames: {
                var script = established
                script.client([22, 3, 1, 0, 8, 1, 0, 0, 4, 3, 3, 0, 0])
                return script.frames
            }(),
            weir: .drop(.applicationError), suricata: .accept),
        Row(
            what: "payload out of the window", rules: "alert tcp any any -> any any (flags:U; sid:1;)",
            frames: {
                var script = established
                script.client("hello")
                return script.frames
                    + timed(
                        out.tcp(
                            TCPFields(
                                40_000, 443, [.ack, .psh], sequence: script.next(.toServer) &+ 3_000_000,
                                acknowledgment: 500_001), [1]))
            }(),
            weir: .drop(.streamError), suricata: .accept),
        Row(
            what: "other bytes for the same place",
            rules:
                "alert tcp-pkt any any -> any any (content:\"EVIL\"; sid:1;)\nalert tcp-pkt any any -> any any (content:\"GOOD\"; sid:2;)",
            frames: {
                var script = established
                let base = script.next(.toServer)
                script.segment(.toServer, [.psh, .ack], utf8("GOOD"), sequence: base)
                script.segment(.toServer, [.psh, .ack], utf8("EVIL"), sequence: base)
                return script.frames
            }(),
            weir: .drop(.overlapConflict), suricata: Judgment(verdict: .accept, reason: .none, alerts: [2])),
        Row(
            what: "a hello behind its server's reset",
            rules: "alert tls any any -> any any (tls.sni; content:\"example\"; sid:1;)",
            frames: {
                var script = established
                script.reset(.toClient)
                script.client(TLSBytes.clientHello())
                return script.frames
            }(),
            weir: Judgment(verdict: .accept, reason: .none, alerts: [1]), suricata: .accept),
        Row(
            what: "acknowledged bytes of a passed connection that never came by",
            rules: "pass ip any any -> any any (sid:1;)", frames: acknowledgedHole,
            weir: .accept, suricata: .drop(.applicationError)),
        Row(
            what: "a negotiation of Teredo", rules: "drop icmp any any -> any any (sid:1;)",
            frames: timed(
                out.udp(
                    UDPFields(3544, 5),
                    [0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
                        + PacketBuilder(from: "fe80::1", to: "ff02::2").network(.icmpv6, [133, 0, 0, 0, 0, 0, 0, 0]))),
            weir: .drop(.tunnelPacketDrop, 1), suricata: .accept),
        Row(
            what: "address rule behind a packet's pass",
            rules: """
                pass udp any any -> any any (dsize:1; sid:1;)
                drop udp any any -> any any (sid:2;)
                """,
            frames: timed(out.udp(UDPFields(1, 2), [1]), out.udp(UDPFields(1, 2), [1, 2])),
            weir: .drop(.rules, 2), suricata: .accept),
        Row(
            what: "midstream packet", rules: "alert tcp any any -> any any (flags:U; sid:1;)",
            frames: {
                var script = TCPScript()
                script.client("a")
                script.client("b")
                return script.frames
            }(),
            weir: .drop(.streamMidstream), suricata: .drop(.flowDrop)),
        Row(
            what: "both directions of a rule that counts",
            rules: "drop udp 10.0.0.1 any <> any any (threshold:type both,track by_rule,count 2,seconds 60; sid:1;)",
            frames: timed(out.udp(UDPFields(1, 2), [1]), out.reversed.udp(UDPFields(2, 1), [1])),
            weir: .drop(.rules, 1), suricata: .accept),
        Row(
            what: "a flow of another protocol",
            rules: "drop ip any any -> any any (ttl:9; sid:1;)\npass ip any any -> any any (sid:2;)",
            frames: timed(
                out.frame(IPProtocol(rawValue: 103), [1]),
                out.with { $0.v4.timeToLive = 9 }.frame(IPProtocol(rawValue: 103), [1])),
            weir: .accept, suricata: .drop(.rules, 1)),
        Row(
            what: "time exceeded of a flow",
            rules: "pass udp any any -> any any (sid:1;)\ndrop icmp any any -> any any (sid:2;)",
            frames: timed(
                out.udp(UDPFields(1, 2), [1]),
                out.reversed.icmpError(
                    type: 11, code: 0, quoting: out.network(.udp, out.udpDatagram(UDPFields(1, 2), [1])))),
            weir: .accept, suricata: .drop(.rules, 2)),
    ]

    @Test(arguments: packetRows + nameRows)
    func behaviour(row: Row) throws {
        var weir = try Firewall(row.rules, defaults: [])
        #expect(weir.judge(row.frames).last == row.weir)
        var compatible = try Firewall(row.rules, defaults: [], configure: { $0.compatibleWithSuricata = true })
        #expect(compatible.judge(row.frames).last == row.suricata)
    }
}
