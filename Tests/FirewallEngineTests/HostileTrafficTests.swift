import Detection
import FirewallEngine
import NetTypes
import PacketIO
import TestSupport
import Testing
import Wire

/// Whatever comes: one verdict for each packet, no trap, no growth beyond the caps.
@Suite struct HostileTrafficTests {
    @Test(arguments: [false, true])
    func mutatedConversations(compatible: Bool) throws {
        let rules = try ShippedRules.text()
        try property("mutated conversations", runs: 60) { random in
            var firewall = try Firewall(
                rules,
                configure: {
                    $0.flow.capacity = 16
                    $0.flow.midstream = random.pick([.drop, .continue, .reject, .track])
                    $0.flow.pendingBytes = 4096
                    $0.compatibleWithSuricata = compatible
                })
            for _ in 0..<20 {
                for frame in HostileTrafficTests.conversation(&random) {
                    let bytes = random.chance(1, in: 4) ? random.mutated(frame.bytes) : frame.bytes
                    _ = firewall.judge(bytes, at: frame.time)
                }
                #expect(firewall.activeFlows <= 16)
            }
            firewall.finish()
            let counters = firewall.counters
            #expect(counters.packets == counters.accepted + counters.blocked + counters.rejected)
            #expect(firewall.activeFlows == 0)
        }
    }

    private static func conversation(_ random: inout SeededRandom) -> [TimedFrame] {
        var script = TCPScript(
            clientPort: UInt16(random.below(8)) + 1000, port: random.pick([80, 443, 53, 22]),
            time: Timestamp(seconds: 1_700_000_000 + Int64(random.below(1000))))
        if !random.chance(1, in: 8) { script.handshake() }
        let data: [UInt8] = random.pick([
            TLSBytes.record(ClientHelloBytes.postQuantum("www.example.com").message),
            TLSBytes.clientHello("www.denied.test"), HTTPBytes.request(host: "www.example.com"),
            HTTPBytes.request("POST", host: "www.denied.test", body: "abc"),
            DNSBytes.stream(DNSBytes.query("example.com")),
            utf8("SSH-2.0-OpenSSH_9.2\r\n"), random.bytes(upTo: 2000),
        ])
        script.client(data, cut: (0..<random.below(4)).map { _ in random.below(max(1, data.count)) })
        if script.frames.count > 1, random.chance(1, in: 2) { script.swapLastTwo() }
        if !script.frames.isEmpty, random.chance(1, in: 3) { script.repeatPacket() }
        if random.chance(1, in: 4) { script.lose(random.below(5000), random.pick([.toServer, .toClient])) }
        script.server(
            random.pick([
                HTTPBytes.response(body: "ok"), TLSBytes.record(TLSBytes.serverHello()), random.bytes(upTo: 500),
            ]))
        if random.chance(1, in: 2) { script.finish(random.pick([.toServer, .toClient])) }
        if random.chance(1, in: 4) { script.reset(random.pick([.toServer, .toClient])) }
        var frames = script.frames
        if random.chance(1, in: 6) { frames.shuffle(using: &random) }
        return frames
    }

    @Test func noise() throws {
        try property("noise", runs: 200) { random in
            var firewall = try Firewall(configure: { $0.flow.capacity = 8 })
            let kinds = PacketBuilder(from: "10.0.0.1", to: "192.0.2.1")
            for _ in 0..<50 {
                let payload = random.bytes(upTo: 200)
                let frame = random.pick([
                    payload, kinds.udp(UDPFields(1000, 53), payload), kinds.reversed.udp(UDPFields(53, 1000), payload),
                    kinds.tcp(TCPFields(1000, 80, TCPFlags(rawValue: UInt8(random.below(256)))), payload),
                    kinds.icmp(type: UInt8(random.below(256)), payload),
                    kinds.frame(IPProtocol(rawValue: UInt8(random.below(256))), payload),
                ])
                _ = firewall.judge(frame, at: Timestamp(seconds: 1_700_000_000 + Int64(random.below(400)) - 200))
            }
            firewall.finish()
        }
    }
}
