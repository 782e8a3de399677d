import Detection
import FirewallEngine
import NetTypes
import PacketIO
import TestSupport
import Testing
import Wire

/// Packets that wait for their flow's name, under the shipped rules (drop all, one allowed name) unless a test says else.
@Suite struct HoldTests {
    static let allowed = TLSBytes.record(ClientHelloBytes.postQuantum("www.example.com").message)
    static let denied = TLSBytes.record(ClientHelloBytes.postQuantum("www.denied.test").message)

    /// Drops one name and lets everything else go.
    static let denyList = """
        reject tls any any -> any any (tls.sni; content:"www.denied.test"; sid:1;)
        reject http any any -> any any (http.host; content:"www.denied.test"; sid:2;)
        """

    static func firewall(_ configure: (inout HoldSettings) -> Void = { _ in }) throws -> Firewall {
        try Firewall(ShippedRules.text()) {
            $0.hold.isEnabled = true
            configure(&$0.hold)
        }
    }

    static func open() -> TCPScript {
        var script = TCPScript()
        script.handshake()
        return script
    }

    /// Letters of the packets behind the handshake: accept, drop, reject; `h` for one held to the end of the test.
    private func letters(_ firewall: inout Firewall, _ script: TCPScript) -> String {
        String(firewall.final(script.frames).dropFirst(3).map(Firewall.letter))
    }

    // MARK: names in several segments

    @Test(arguments: [
        (allowed, [700], "aa"), (allowed, [1], "aa"), (allowed, [3, 700], "aaa"), (denied, [700], "rd"),
        (denied, [1], "rd"), (denied, [3, 700], "rdd"),
        (utf8("GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n"), [2], "aa"),
        (utf8("GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n"), [25, 30], "aaa"),
        (utf8("GET / HTTP/1.1\r\nHost: www.denied.test\r\n\r\n"), [25, 30], "rdd"),
    ])
    func segments(bytes: [UInt8], cuts: [Int], expected: String) throws {
        for swapped in [false, true] {
            var script = HoldTests.open()
            script.segmentSize = 4000
            script.client(bytes, cut: cuts)
            if swapped { script.swapLastTwo() }
            var firewall = try HoldTests.firewall()
            // Out of order, the verdicts are still those of the stream's order.
            var wanted = expected
            if swapped, expected == "rd" { wanted = "dr" }
            #expect(letters(&firewall, script) == wanted, "\(cuts) swapped: \(swapped)")
            let counters = firewall.counters
            #expect(counters.held == UInt64(cuts.count + 1) && counters.holdReleased == counters.held)
        }
    }

    /// The alert is that of the rule, once; nothing was logged for the first segment.
    @Test func evaluatedOnce() throws {
        var script = HoldTests.open()
        script.client(HoldTests.denied, cut: [700])
        var firewall = try HoldTests.firewall()
        let judgments = firewall.judge(script.frames)
        #expect(judgments[3].verdict == .hold && judgments[3].alerts.isEmpty)
        #expect(judgments[4].alerts == [901])
        #expect(firewall.released.map(\.packet.number) == [4, 5])
        #expect(firewall.records("drop").map { $0["pcap_cnt"] as? Int } == [4])
    }

    /// A packet-scope drop waits as well; a threshold counts once.
    @Test func packetRulesWait() throws {
        let rules = """
            pass tls any any -> any any (tls.sni; content:"www.example.com"; sid:1;)
            drop tcp any any -> any any (flow:established,to_server; dsize:>0; sid:2;)
            alert tcp any any -> any any (flow:established,to_server; dsize:>0; threshold:type limit,track by_src,count 1,seconds 60; sid:3;)
            """
        var script = HoldTests.open()
        script.client(HoldTests.allowed, cut: [700])
        var firewall = try Firewall(rules, defaults: []) { $0.hold.isEnabled = true }
        let judgments = firewall.judge(script.frames)
        #expect(judgments.allSatisfy { $0.alerts.isEmpty }, "\(judgments)")
        #expect(firewall.released.map(\.verdict) == [.accept, .accept])
    }

    @Test func retransmissionIsACopy() throws {
        var script = HoldTests.open()
        script.client(Array(HoldTests.allowed[..<700]))
        script.repeatPacket()
        script.client(Array(HoldTests.allowed[700...]))
        var firewall = try HoldTests.firewall()
        #expect(letters(&firewall, script) == "ada")
        let counters = firewall.counters
        #expect(counters.holdCopies == 1 && counters.dropReasons[Int(DropReason.holdCopy.rawValue)] == 1)
    }

    /// One byte sent again looks like a keep-alive probe.
    @Test func retransmissionOfOneByte() throws {
        var script = HoldTests.open()
        script.client(Array(HoldTests.denied[..<700]))
        script.client(Array(HoldTests.denied[700..<701]))
        script.repeatPacket()
        var firewall = try Firewall(HoldTests.denyList, defaults: []) { $0.hold.isEnabled = true }
        #expect(letters(&firewall, script) == "hhd")
    }

    @Test func finAndResetWaitBehind() throws {
        for flags: TCPFlags in [[.fin, .ack], [.rst, .ack]] {
            var script = HoldTests.open()
            script.client(Array(HoldTests.denied[..<700]))
            script.segment(.toServer, flags)
            script.repeatPacket()
            script.segment(.toServer, .ack)
            var firewall = try HoldTests.firewall()
            #expect(letters(&firewall, script).hasPrefix("hhd"), "\(flags)")
        }
    }

    @Test func finBehindAnAllowedName() throws {
        var script = HoldTests.open()
        script.client(HoldTests.allowed, cut: [700])
        script.segment(.toServer, [.fin, .ack])
        script.swapLastTwo()
        var firewall = try HoldTests.firewall()
        #expect(letters(&firewall, script) == "aaa")
        #expect(firewall.released.map(\.packet.number) == [4, 6, 5])
    }

    /// A later request of a connection, in pieces, without a rule that rejects it: no piece passes as part of the first.
    @Test(arguments: [("www.denied.test", "aadd"), ("www.example.com", "aaaa")])
    func laterRequestOfAConnection(name: String, expected: String) throws {
        var script = HoldTests.open()
        script.client("GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n")
        script.server("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        script.client(utf8("GET / HTTP/1.1\r\nHost: \(name)\r\n\r\n"), cut: [20])
        let rules = try ShippedRules.text().split(separator: "\n").filter { !$0.hasPrefix("reject") }
        var firewall = try Firewall(rules.joined(separator: "\n") + "\n") { $0.hold.isEnabled = true }
        #expect(letters(&firewall, script) == expected)
    }

    // MARK: what is not held

    @Test func wholeNamesAreJudgedAtOnce() throws {
        for bytes in [HoldTests.allowed, utf8("GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n")] {
            var script = HoldTests.open()
            script.segmentSize = 4000
            script.client(bytes)
            var firewall = try HoldTests.firewall()
            #expect(letters(&firewall, script) == "a")
            #expect(firewall.counters.held == 0)
        }
    }

    @Test func otherProtocolsAreNotWaitedFor() throws {
        var script = HoldTests.open()
        script.server("220 ready\r\n")
        script.client("\u{1}\u{2}\u{3}not a protocol\r\n")
        var firewall = try HoldTests.firewall()
        #expect(letters(&firewall, script) == "dd")
        #expect(firewall.counters.held == 0)
    }

    /// Only where a rule could still decide by the name, and not in compat.
    @Test(arguments: [
        (#"alert tls any any -> any any (tls.sni; content:"www.denied.test"; sid:1;)"#, true, false),
        (#"drop http any any -> any any (http.host; content:"www.denied.test"; sid:1;)"#, true, false),
        (#"drop tls any any -> any 8443 (tls.sni; content:"www.denied.test"; sid:1;)"#, true, false),
        (#"drop tls any any -> any any (tls.cert_subject; content:"denied"; flow:to_client; sid:1;)"#, true, false),
        ("pass tls any any -> any any (sid:1;)", true, false),
        (#"drop tls any any -> any any (tls.sni; content:"www.denied.test"; sid:1;)"#, false, true),
        (#"drop tls any any -> any any (tls.sni; content:"www.denied.test"; sid:1;)"#, true, true),
    ])
    func onlyForRulesThatNeedTheName(rule: String, weirs: Bool, holds: Bool) throws {
        var script = HoldTests.open()
        script.client(Array(HoldTests.denied[..<700]))
        var firewall = try Firewall(rule, defaults: []) {
            $0.hold.isEnabled = true
            $0.compatibleWithSuricata = !weirs
        }
        #expect(letters(&firewall, script) == (holds && weirs ? "h" : "a"))
    }

    @Test func defaultActionsThatWaitForAName() throws {
        var script = HoldTests.open()
        script.client(HoldTests.denied, cut: [700])
        var firewall = try Firewall("", defaults: [.dropEstablishedAppLayerToServer]) { $0.hold.isEnabled = true }
        #expect(letters(&firewall, script) == "dd")
    }

    // MARK: caps

    @Test func timeIsUp() throws {
        var script = HoldTests.open()
        script.client(Array(HoldTests.allowed[..<700]))
        script.segment(.toServer, [.fin, .ack])
        var firewall = try HoldTests.firewall()
        let start = script.frames[3].time.microseconds
        #expect(letters(&firewall, script) == "hh")
        firewall.tick(Timestamp(microseconds: start + 499_999))
        #expect(firewall.takeReleased().isEmpty)
        firewall.tick(Timestamp(microseconds: start + 500_000))
        let released = firewall.takeReleased()
        // A bare FIN passes by the control group.
        #expect(released.map(\.verdict) == [.drop, .accept])
        #expect(released.first?.decision.reason == .defaultAction)
        #expect(firewall.counters.holdTimedOut == 2)
    }

    /// Where the rules let undecided packets through, what is late goes, unless it is to be dropped.
    @Test(arguments: [(false, "aa"), (true, "da")])
    func lateUnderADenyList(dropsLate: Bool, expected: String) throws {
        var script = HoldTests.open()
        script.client(Array(HoldTests.denied[..<700]))
        script.wait(seconds: 1)
        script.segment(.toServer, .ack)
        var firewall = try Firewall(HoldTests.denyList, defaults: []) {
            $0.hold.isEnabled = true
            $0.hold.dropsLate = dropsLate
        }
        #expect(letters(&firewall, script) == expected)
    }

    /// What was dropped for time is held again when it is sent again, and passes with the rest.
    @Test func slowClient() throws {
        var script = HoldTests.open()
        script.client(Array(HoldTests.allowed[..<700]))
        script.wait(seconds: 1)
        script.repeatPacket()
        script.client(Array(HoldTests.allowed[700...]))
        var firewall = try HoldTests.firewall()
        #expect(letters(&firewall, script) == "daa")
    }

    /// The kernel has lost what was held: the verdicts go nowhere, and what is sent again is no conflict.
    @Test func lostWhileHeld() throws {
        var script = HoldTests.open()
        script.client(HoldTests.allowed, cut: [700])
        script.repeatPacket(1)
        script.repeatPacket(1)
        var firewall = try HoldTests.firewall()
        #expect(letters(&firewall, script) == "aaaa")
        firewall.noteLost()
        #expect(firewall.counters.holdLost == 1 && firewall.counters.overlapConflicts == 0)
    }

    @Test func otherBytesForHeldOnesAreAConflict() throws {
        var script = HoldTests.open()
        script.client(Array(HoldTests.allowed[..<700]))
        let other = Array(HoldTests.denied[..<500]) + Array(repeating: 7, count: 200)
        script.segment(.toServer, [.psh, .ack], other, sequence: script.next(.toServer) &- 700)
        var firewall = try HoldTests.firewall()
        let judgments = firewall.judge(script.frames)
        #expect(judgments.last == .drop(.overlapConflict))
    }

    @Test func capOfAFlow() throws {
        var script = HoldTests.open()
        script.client("GET /" + String(repeating: "x", count: 5000) + " HTTP/1.1\r\n")
        script.client("Host: www.example.com\r\n\r\n")
        var firewall = try HoldTests.firewall { $0.flowBytes = 3000 }
        // Two segments fit; the last one decides and needs no room.
        #expect(letters(&firewall, script) == "aadda")
        #expect(firewall.counters.holdOverCaps == 2)
    }

    /// A slot each for the source, for all packets, for all bytes.
    @Test(arguments: [
        (3, 100, 1 << 20, "hhhddhdd"), (100, 4, 1 << 20, "hhhhdddd"), (100, 100, 2000, "hhdddddd"),
    ])
    func capsOfManyFlows(sourcePackets: Int, packets: Int, bytes: Int, expected: String) throws {
        var firewall = try HoldTests.firewall {
            $0.sourcePackets = sourcePackets
            $0.packets = packets
            $0.bytes = bytes
        }
        var outcome = ""
        for number in 0..<8 {
            // Every sixth connection is another client's.
            let client = number == 5 ? "10.0.0.9" : "10.0.0.1"
            var script = TCPScript(client: client, clientPort: UInt16(40_000 + number))
            script.handshake()
            script.client(Array(HoldTests.allowed[..<700]))
            outcome += firewall.final(script.frames).suffix(1).map { String(Firewall.letter($0)) }.joined()
        }
        #expect(outcome == expected)
    }

    // MARK: ends

    @Test func endOfTheRun() throws {
        var script = HoldTests.open()
        script.client(Array(HoldTests.allowed[..<700]))
        var firewall = try HoldTests.firewall()
        #expect(letters(&firewall, script) == "h")
        firewall.finish()
        #expect(firewall.takeReleased().map(\.decision.reason) == [.holdShutdown])
        let counters = firewall.counters
        #expect(counters.accepted + counters.blocked + counters.rejected == counters.packets)
    }

    /// A new connection on the same ports forgets the old one and what waits of it.
    @Test func portsUsedAgain() throws {
        var script = HoldTests.open()
        script.client(Array(HoldTests.allowed[..<700]))
        script.segment(.toClient, [.rst, .ack])
        script.segment(.toServer, .syn, sequence: 90_000, acknowledgment: 0)
        var firewall = try HoldTests.firewall()
        #expect(letters(&firewall, script) == "daa")
    }

    /// A parser that gives up drops the flow and what waits of it.
    @Test func malformed() throws {
        var script = HoldTests.open()
        script.client(Array(HoldTests.allowed[..<700]))
        script.client([UInt8](repeating: 0xff, count: 1400))
        script.client([UInt8](repeating: 0xff, count: 10))
        var firewall = try HoldTests.firewall()
        #expect(Set(letters(&firewall, script)) == ["d"])
    }
}
