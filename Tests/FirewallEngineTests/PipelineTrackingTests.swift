import Detection
import FirewallEngine
import FlowTracking
import NetTypes
import PacketIO
import TestSupport
import Testing
import Wire

/// Flows: their start and end, limits, and what belongs to them.
@Suite struct PipelineTrackingTests {
    private static let passAll = "pass ip any any -> any any (sid:1;)"

    // MARK: midstream

    struct Midstream: CustomTestStringConvertible {
        var policy: MidstreamPolicy
        var rules: String
        var verdicts: [Verdict]
        var reason = DropReason.none

        var testDescription: String { "\(policy) \(rules)" }
    }

    @Test(arguments: [
        Midstream(policy: .drop, rules: passAll, verdicts: [.drop, .drop], reason: .streamMidstream),
        Midstream(policy: .reject, rules: passAll, verdicts: [.reject, .reject], reason: .streamMidstream),
        Midstream(policy: .continue, rules: passAll, verdicts: [.accept, .accept]),
        // Without a session nothing is established, and no protocol is known.
        Midstream(
            policy: .continue, rules: "pass tcp any any -> any any (flow:established; sid:1;)",
            verdicts: [.drop, .drop],
            reason: .defaultAction),
        Midstream(
            policy: .continue, rules: "pass http any any -> any any (flow:to_server; sid:1;)",
            verdicts: [.drop, .drop],
            reason: .defaultAction),
        Midstream(
            policy: .track, rules: "pass http any any -> any any (http.method; content:\"GET\"; sid:1;)",
            verdicts: [.accept, .accept]),
    ])
    func midstream(row: Midstream) throws {
        var script = TCPScript(port: 80)
        script.client("GET / HTTP/1.1\r\nHost: example.com\r\n\r\n")
        script.server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        var firewall = try Firewall(row.rules, configure: { $0.flow.midstream = row.policy })
        let judgments = firewall.judge(script.frames)
        #expect(judgments.map(\.verdict) == row.verdicts)
        #expect(judgments.allSatisfy { $0.reason == row.reason })
        #expect(firewall.counters.midstream > 0)
    }

    /// A reset must not be answered with a reset.
    @Test func resetOutsideAnyFlow() throws {
        var script = TCPScript()
        script.reset(.toServer)
        var firewall = try Firewall(PipelineTrackingTests.passAll, configure: { $0.flow.midstream = .reject })
        #expect(firewall.verdicts(script) == [.drop])
    }

    // MARK: limits and time

    /// The oldest half-open flow makes room; with none, the newcomer is dropped.
    @Test func capOfFlows() throws {
        var firewall = try Firewall(PipelineTrackingTests.passAll, configure: { $0.flow.capacity = 16 })
        for port in UInt16(0)..<16 {
            var script = TCPScript(clientPort: 1000 + port)
            script.handshake()
            #expect(firewall.verdicts(script) == [.accept, .accept, .accept])
        }
        let out = PacketBuilder(from: "10.0.0.1", to: "192.0.2.1")
        #expect(firewall.judge(out.udp(UDPFields(1, 2), [1])) == .drop(.flowMemory))
        #expect(firewall.counters.flowsRefused == 1)
        firewall.tick(Timestamp(seconds: 1_700_001_000))
        #expect(firewall.activeFlows == 0)
        for port in UInt16(0)..<100 {
            #expect(
                firewall.judge(out.tcp(TCPFields(3000 + port, 80, .syn)), at: Timestamp(seconds: 1_700_001_000))
                    == .accept)
        }
        #expect(firewall.activeFlows == 16)
        #expect(firewall.counters.flowsEvicted == 84)
    }

    @Test(arguments: [(60, 59, true), (60, 61, false), (350, 349, true), (350, 351, false)])
    func idleTimeoutOfTCP(limit: Int, pause: Int64, isKnown: Bool) throws {
        var script = TCPScript()
        script.handshake()
        script.wait(seconds: pause)
        script.client("hello")
        var firewall = try Firewall(PipelineTrackingTests.passAll, configure: { $0.flow.tcpIdle = limit })
        let last = firewall.judge(script.frames).last
        #expect(last == (isKnown ? .accept : .drop(.streamMidstream)))
    }

    @Test func timeoutOfUDP() throws {
        let out = PacketBuilder(from: "10.0.0.1", to: "192.0.2.1")
        let start = Timestamp(seconds: 1_700_000_000)
        // The answer belongs to the flow only while it lives; alone it comes from outside.
        let rules = "pass udp $HOME_NET any -> any any (sid:1;)"
        for (pause, verdict) in [(Int64(119), Verdict.accept), (121, .drop)] {
            var firewall = try Firewall(rules)
            #expect(firewall.judge(out.udp(UDPFields(1, 2), [1]), at: start).verdict == .accept)
            let later = Timestamp(seconds: start.seconds + pause)
            #expect(firewall.judge(out.reversed.udp(UDPFields(2, 1), [1]), at: later).verdict == verdict)
        }
    }

    /// Time in a capture may run backwards; nothing ends early or never.
    @Test func timeRunsBackwards() throws {
        var script = TCPScript()
        script.handshake()
        script.wait(seconds: -100_000)
        script.client("hello")
        script.wait(seconds: 100_010)
        script.client("hello")
        var firewall = try Firewall(PipelineTrackingTests.passAll)
        #expect(firewall.verdicts(script).allSatisfy { $0 == .accept })
    }

    @Test func portIsUsedAgain() throws {
        var first = TCPScript()
        first.handshake()
        first.client(TLSBytes.clientHello("www.denied.test"))
        first.reset(.toServer)
        var second = TCPScript(clientSequence: 900_000, serverSequence: 77, time: first.time)
        second.handshake()
        second.client(TLSBytes.clientHello("www.example.com"))
        var firewall = try ShippedRules.firewall()
        _ = firewall.judge(first.frames)
        #expect(firewall.verdicts(second).allSatisfy { $0 == .accept })
        firewall.finish()
        #expect(firewall.records("flow").count == 2)
    }

    /// A client that was rejected may try again from the same port at once; its new connection is judged anew.
    @Test func newConnectionAfterADrop() throws {
        var first = TCPScript()
        first.handshake()
        first.client(TLSBytes.clientHello("www.denied.test"))
        var second = TCPScript(clientSequence: 900_000, time: first.time)
        second.handshake()
        second.client(TLSBytes.clientHello("www.example.com"))
        var firewall = try ShippedRules.firewall()
        _ = firewall.judge(first.frames)
        #expect(firewall.verdicts(second).allSatisfy { $0 == .accept })
    }

    // MARK: related

    @Test(arguments: [("10.0.0.1", "192.0.2.1"), ("fd00::1", "2001:db8::1")])
    func errorSharesTheFlowsVerdict(client: String, server: String) throws {
        for name in ["www.example.com", "www.denied.test"] {
            var script = TCPScript(client: client, server: server)
            script.handshake()
            script.client(TLSBytes.clientHello(name))
            // Without the groups that let errors in: only the relation counts.
            var firewall = try Firewall(
                """
                pass tcp $HOME_NET any <> $EXTERNAL_NET any (flow:not_established; sid:1;)
                pass tls $HOME_NET any -> $EXTERNAL_NET any (tls.sni; content:"www.example.com"; sid:2;)
                drop tls $HOME_NET any -> $EXTERNAL_NET any (tls.sni; content:"denied"; sid:3;)
                """)
            _ = firewall.judge(script.frames)
            let out = PacketBuilder(from: client, to: server)
            let quoted = out.network(.tcp, out.tcpSegment(TCPFields(40_000, 443, .ack), [1, 2, 3, 4]))
            let router = PacketBuilder(from: out.version == .v4 ? "198.51.100.1" : "2001:db8:1::1", to: client)
            for (type4, code4, type6) in [(UInt8(3), UInt8(4), UInt8(2)), (11, 0, 3)] {
                let error =
                    out.version == .v4
                    ? router.icmpError(type: type4, code: code4, quoting: quoted)
                    : router.icmpError(type: type6, code: 0, quoting: quoted)
                let expected: Judgment = name == "www.example.com" ? .accept : .drop(.flowDrop)
                #expect(firewall.judge(error) == expected)
            }
            // About another connection: not related.
            let other = out.network(.tcp, out.tcpSegment(TCPFields(40_001, 443, .ack), [1, 2, 3, 4]))
            let stray =
                out.version == .v4
                ? router.icmpError(type: 3, code: 4, quoting: other)
                : router.icmpError(type: 2, code: 0, quoting: other)
            #expect(firewall.judge(stray).reason == .defaultAction)
        }
    }

    // MARK: checksums

    /// A segment its receiver will not take must not carry a name past the rules.
    @Test func wrongChecksumIsNotRead() throws {
        var script = TCPScript()
        script.handshake()
        script.segment(
            .toServer, [.psh, .ack], TLSBytes.clientHello("www.example.com"), sequence: script.next(.toServer),
            checksum: 0xbad)
        script.client(TLSBytes.clientHello("www.denied.test"))
        var firewall = try Firewall(
            "pass tls any any -> any any (tls.sni; content:\"www.example.com\"; sid:2;)", defaults: [.dropEstablished],
            configure: { $0.verifiesChecksums = true })
        let verdicts = firewall.verdicts(script)
        #expect(verdicts.suffix(2) == [.drop, .drop])
        #expect(firewall.counters.badChecksums == 1)
    }

    /// As Suricata sees it, a SYN with a wrong checksum begins a flow, and the next SYN the same flow's connection.
    @Test func wrongChecksumBeginsAFlow() throws {
        var script = TCPScript()
        script.segment(.toServer, .syn, sequence: script.next(.toServer), checksum: 0xbad)
        script.handshake()
        let rules = "alert tcp any any -> any any (tcpv4-csum:invalid; sid:1;)\n"
        for (compatible, flows) in [(true, 1), (false, 1)] {
            var firewall = try Firewall(rules, defaults: []) {
                $0.verifiesChecksums = true
                $0.compatibleWithSuricata = compatible
            }
            #expect(firewall.judge(script.frames).first?.alerts == [1])
            #expect((firewall.records("alert").first?["flow"] != nil) == compatible)
            firewall.finish()
            #expect(firewall.records("flow").count == flows)
        }
    }

    /// Data in a SYN goes nowhere unless the flow is decided by then: the client sends its SYN again without.
    @Test(arguments: [
        ("www.denied.test", [Verdict.drop, .accept, .accept, .accept, .drop]),
        ("www.allowed.test", [.drop, .accept, .accept, .accept, .accept]),
    ])
    func dataInTheSYN(_ name: String, _ expected: [Verdict]) throws {
        var script = TCPScript()
        let start = script.next(.toServer)
        script.segment(.toServer, .syn, TLSBytes.clientHello(name), sequence: start)
        script.handshake()
        script.client(TLSBytes.clientHello(name))
        let rules = """
            pass tls any any -> any any (flow:established,to_server; tls.sni; content:"allowed"; sid:1;)
            drop tls any any -> any any (tls.sni; content:"denied"; sid:2;)
            """
        var firewall = try Firewall(rules, defaults: [])
        #expect(firewall.verdicts(script) == expected)
    }

    @Test func dataInTheSYNOfADecidedFlow() throws {
        var script = TCPScript()
        script.segment(.toServer, .syn, TLSBytes.clientHello("www.denied.test"))
        let name = #"drop tls any any -> any any (tls.sni; content:"denied"; sid:2;)"#
        var passing = try Firewall("pass tcp any any -> 192.0.2.1 any (sid:1;)\n" + name, defaults: [])
        #expect(passing.verdicts(script) == [.accept])
        // Suricata reads it where the SYN has the option.
        for (options, verdict) in [([TCPOption.raw([34, 2])], Verdict.drop), ([], .accept)] {
            var script = TCPScript()
            script.segment(.toServer, .syn, TLSBytes.clientHello("www.denied.test"), options: options)
            var compatible = try Firewall(name, defaults: [], configure: { $0.compatibleWithSuricata = true })
            #expect(compatible.verdicts(script) == [verdict])
        }
    }

    @Test("compat: the first packet of a connection in its middle finds rules with a literal alone")
    func midstreamLiterals() throws {
        let rules = """
            alert http any any -> any any (http.uri; content:"/a"; sid:1;)
            alert http any any -> any any (http.uri; bsize:>0; sid:2;)
            """
        for compatible in [true, false] {
            var script = TCPScript(port: 80)
            script.client(HTTPBytes.request("GET", "/a"))
            var firewall = try Firewall(rules, defaults: []) {
                $0.compatibleWithSuricata = compatible
                $0.flow.midstream = .track
            }
            #expect(firewall.judge(script.frames).flatMap(\.alerts) == (compatible ? [1] : [1, 2]))
        }
    }

    @Test(
        "a datagram of an impossible length is dropped, and has a flow that says who sent it", arguments: [7, 100, nil])
    func unsoundDatagram(length: UInt8?) throws {
        let out = PacketBuilder(from: "10.0.0.1", to: "192.0.2.1")
        var frame = out.udp(UDPFields(1000, 2000), [1, 2, 3])
        // UDP's length, or IP's.
        frame[length == nil ? 16 : 39] = length ?? 5
        for compatible in [false, true] {
            var firewall = try Firewall("pass ip any any -> any any (sid:1;)") {
                $0.compatibleWithSuricata = compatible
            }
            let judgment = firewall.judge(frame)
            #expect(judgment.verdict == (compatible ? .accept : .drop))
            firewall.finish()
            let ports = firewall.records("flow").compactMap { $0["dest_port"] as? Int }
            #expect(ports == (compatible ? [] : [2000]))
        }
        // Whatever the policy for such packets is: they decide nothing for the datagrams that can be read.
        for (policy, rule) in [(ExceptionPolicy.passFlow, "drop"), (.bypass, "drop"), (.dropFlow, "pass")] {
            var firewall = try Firewall("\(rule) udp any any -> any any (dsize:>0; sid:1;)") {
                $0.exceptions[.decodeError] = policy
            }
            _ = firewall.judge(frame)
            let next = firewall.judge(out.udp(UDPFields(1000, 2000), [1, 2, 3]))
            #expect(next.verdict == (rule == "drop" ? .drop : .accept))
        }
        // Nor do rules about what is wrong with them.
        let event = length == nil ? "ipv4.trunc_pkt" : length == 7 ? "udp.len_invalid" : "udp.pkt_too_small"
        for (action, other) in [("pass", "drop"), ("drop", "pass"), ("reject", "pass")] {
            var firewall = try Firewall(
                """
                \(action) pkthdr any any -> any any (decode-event:\(event); sid:1;)
                \(other) udp any any -> any any (dsize:>0; sid:2;)
                """)
            #expect(firewall.judge(frame).alerts == (action == "pass" ? [] : [1]))
            let next = firewall.judge(out.udp(UDPFields(1000, 2000), [1, 2, 3]))
            #expect(next.verdict == (other == "drop" ? .drop : .accept))
        }
    }
}
