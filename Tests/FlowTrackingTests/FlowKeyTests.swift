import FlowTracking
import NetTypes
import TestSupport
import Testing
import Wire

struct FlowKeyTests {
    private static func tuple(
        _ source: String, _ sourcePort: UInt16, _ destination: String, _ destinationPort: UInt16,
        _ ipProtocol: IPProtocol = .tcp
    ) -> FlowTuple {
        FlowTuple(
            source: address(source), destination: address(destination), sourcePort: sourcePort,
            destinationPort: destinationPort, ipProtocol: ipProtocol)
    }

    private static func tags(_ identifiers: [UInt16]) -> VLANTags {
        var tags = VLANTags()
        for identifier in identifiers { tags.append(identifier) }
        return tags
    }

    @Test("both directions have one key, and say which end stands first")
    func symmetry() throws {
        try property("flow keys", runs: 3000) { random in
            // Few values, so that equal addresses and ports occur.
            let four = random.chance(1, in: 2)
            let ends = (0..<2).map { _ in
                four
                    ? IPAddress(v4: random.pick([1, 2, 0xffff_ffff]))
                    : IPAddress(v6High: random.pick([0, 1, .max]), v6Low: random.pick([0, 1, .max]))
            }
            let tuple = FlowTuple(
                source: ends[0], destination: ends[1], sourcePort: random.pick([0, 1, 443, 65535]),
                destinationPort: random.pick([0, 1, 443, 65535]), ipProtocol: random.pick([.tcp, .udp, .sctp]))
            let forth = FlowKey.make(tuple, vlan: VLANTags())
            let back = FlowKey.make(tuple.reversed, vlan: VLANTags())
            try #require(forth.key == back.key)
            try #require(forth.key.hash(seed: 7) == back.key.hash(seed: 7))
            let isSelf = tuple == tuple.reversed
            try #require(isSelf || forth.senderIsFirst != back.senderIsFirst)
            let flow = Flow.placeholder(tuple, time: Timestamp(seconds: 1))
            try #require(flow.tuple == tuple)
        }
    }

    @Test("anything that differs makes another key")
    func difference() {
        let base = Self.tuple("10.0.0.1", 40_000, "192.0.2.1", 443)
        let keys = [
            FlowKey.make(base, vlan: VLANTags()).key,
            FlowKey.make(Self.tuple("10.0.0.2", 40_000, "192.0.2.1", 443), vlan: VLANTags()).key,
            FlowKey.make(Self.tuple("10.0.0.1", 40_001, "192.0.2.1", 443), vlan: VLANTags()).key,
            FlowKey.make(Self.tuple("10.0.0.1", 443, "192.0.2.1", 40_000), vlan: VLANTags()).key,
            FlowKey.make(Self.tuple("10.0.0.1", 40_000, "192.0.2.1", 443, .udp), vlan: VLANTags()).key,
            // The same bits as IPv6 addresses.
            FlowKey.make(Self.tuple("::a00:1", 40_000, "::c000:201", 443), vlan: VLANTags()).key,
            FlowKey.make(base, vlan: Self.tags([5])).key,
            FlowKey.make(base, vlan: Self.tags([5, 6])).key,
            FlowKey.make(base, vlan: Self.tags([6, 5])).key,
        ]
        #expect(Set(keys).count == keys.count)
        #expect(Set(keys.map { $0.hash(seed: 1) }).count == keys.count)
        #expect(keys[0].hash(seed: 1) != keys[0].hash(seed: 2))
    }

    @Test("a flow gives back its tuple and tags")
    func flow() {
        for tuple in [
            Self.tuple("10.0.0.1", 40_000, "192.0.2.1", 443), Self.tuple("192.0.2.1", 443, "10.0.0.1", 40_000, .udp),
            Self.tuple("2001:db8::2", 1, "2001:db8::1", 2, .sctp),
        ] {
            var table = FlowTable(capacity: 16, seed: 1)
            let (key, senderIsFirst) = FlowKey.make(tuple, vlan: Self.tags([7, 9]))
            let index = table.insert(key, clientIsFirst: senderIsFirst, time: Timestamp(seconds: 3))
            #expect(table[index].tuple == tuple)
            #expect(table[index].ipProtocol == tuple.ipProtocol)
            #expect(table[index].ipVersion == tuple.source.version)
            #expect(table[index].vlan == Self.tags([7, 9]))
            table[index].reverse()
            #expect(table[index].tuple == tuple.reversed)
        }
    }

    @Test(
        "an ICMP query and its answer are one flow",
        arguments: [
            ("10.0.0.1", "10.0.0.2", 8, 0, .icmp), ("10.0.0.2", "10.0.0.1", 13, 14, .icmp),
            ("2001:db8::1", "2001:db8::2", 128, 129, .icmpv6), ("2001:db8::2", "2001:db8::1", 135, 136, .icmpv6),
        ] as [(String, String, UInt16, UInt16, IPProtocol)])
    func icmp(client: String, server: String, query: UInt16, answer: UInt16, ipProtocol: IPProtocol) {
        let (key, clientIsFirst) = FlowKey.make(Self.tuple(client, query, server, 0, ipProtocol), vlan: VLANTags())
        let (back, serverIsFirst) = FlowKey.make(Self.tuple(server, answer, client, 0, ipProtocol), vlan: VLANTags())
        #expect(key == back)
        #expect(clientIsFirst != serverIsFirst)
        // A query the other way is a flow of its own.
        #expect(FlowKey.make(Self.tuple(server, query, client, 0, ipProtocol), vlan: VLANTags()).key != key)
    }

    @Test(
        "an ICMP flow gives back type and code of its query",
        arguments: [(8, 0), (3, 1), (11, 0), (0, 0)] as [(UInt16, UInt16)])
    func icmpTuple(type: UInt16, code: UInt16) {
        let query = Self.tuple("10.0.0.1", type, "10.0.0.2", code, .icmp)
        #expect(Flow.placeholder(query, time: Timestamp(seconds: 1)).tuple.sourcePort == type)
    }

    @Test("counters by direction, with bytes on the wire and the TTLs seen")
    func counters() {
        let out = PacketBuilder(from: "10.0.0.1", to: "192.0.2.1")
        var flow = Flow.placeholder(Self.tuple("10.0.0.1", 1, "192.0.2.1", 2), time: Timestamp(seconds: 10))
        for (ttl, second) in [(64, 11), (60, 12), (63, 9)] as [(UInt8, Int64)] {
            let decoded = DecodedPacket(out.with { $0.v4.timeToLive = ttl }.tcp(TCPFields(1, 2)))
            flow.count(decoded.packet, .toServer, at: Timestamp(seconds: second))
        }
        #expect(!flow.isBidirectional)
        flow.count(DecodedPacket(out.reversed.tcp(TCPFields(2, 1))).packet, .toClient, at: Timestamp(seconds: 13))
        #expect(flow.isBidirectional)
        #expect(flow.counters(.toServer).packets == 3)
        #expect(flow.counters(.toServer).bytes == 3 * 54)
        #expect(flow.toServer.minimumTTL == 60 && flow.toServer.maximumTTL == 64)
        #expect(flow.counters(.toClient).packets == 1)
        #expect(flow.lastSeen == Timestamp(seconds: 13))
    }
}
