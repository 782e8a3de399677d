import NetTypes
import TestSupport
import Testing
import Wire

/// The decoder against bytes that nobody meant: whatever comes, it answers and its ranges lie inside the frame.
struct HostileFrameTests {
    private static let links: [LinkType] = [
        .ethernet, .raw, .null, .loop, .linuxCooked, .linuxCooked2, .ipv4, .ipv6, .rawBSD,
        .wireless, .radiotap, .netfilterLog, .infiniBand, .processTap, .switchTag, .extendedSwitchTag,
    ]

    private static func check(_ bytes: [UInt8], _ link: LinkType, wireLength: Int) throws {
        let decoded = DecodedPacket(bytes, link, wireLength: wireLength)
        let packet = decoded.packet
        try #require(packet.capturedLength == bytes.count)
        try #require(packet.wireLength >= bytes.count)
        try #require(packet.payloadOffset >= 0 && packet.payloadLength >= 0 && packet.payloadMissing >= 0)
        try #require(packet.payload.upperBound <= bytes.count)
        guard decoded.failure == nil else { return }
        if let ip = packet.ip {
            try #require(ip.offset + ip.headerLength <= bytes.count)
            try #require(ip.totalLength <= packet.wireLength - ip.offset)
            _ = decoded.isHeaderChecksumValid
        }
        _ = decoded.isTransportChecksumValid
        try #require((packet.tuple == nil) == (packet.ip == nil))
    }

    @Test("random bytes")
    func randomBytes() throws {
        try property("random frames", runs: 20_000) { random in
            let bytes = random.bytes(upTo: 200)
            try Self.check(
                bytes, random.pick(Self.links), wireLength: bytes.count + random.pick([0, 0, 1, 1000, 70_000]))
        }
    }

    @Test("valid packets with a few bytes changed")
    func mutatedFrames() throws {
        try property("mutated frames", runs: 20_000) { random in
            let link = random.pick(PacketBuilder.Link.allCases)
            let bytes = random.mutated(Self.frame(link, &random))
            try Self.check(bytes, link.type, wireLength: bytes.count + random.pick([0, 0, 0, 1, 1500]))
        }
    }

    @Test("valid packets cut at every place")
    func cutFrames() throws {
        try property("cut frames", runs: 100) { random in
            let link = random.pick(PacketBuilder.Link.allCases)
            let bytes = Self.frame(link, &random)
            for count in 0...bytes.count {
                try Self.check(Array(bytes.prefix(count)), link.type, wireLength: random.pick([count, bytes.count]))
            }
        }
    }

    /// A valid frame with any of the things a packet may have.
    private static func frame(_ link: PacketBuilder.Link, _ random: inout SeededRandom) -> [UInt8] {
        let isV6 = random.chance(1, in: 2)
        var builder =
            isV6
            ? PacketBuilder(from: "2001:db8::1", to: "2001:db8::2") : PacketBuilder(from: "10.0.0.1", to: "192.0.2.1")
        builder.link = link
        if random.chance(1, in: 3) { builder.vlan = (0..<random.below(4)).map { UInt16($0) } }
        builder.v4.options = random.chance(1, in: 3) ? random.bytes(upTo: 40) : []
        builder.v4.moreFragments = random.chance(1, in: 8)
        if random.chance(1, in: 2) {
            let choices: [IPv6Fields.Extension] = [
                .options(.hopByHop), .options(.routing, units: 2), .options(.destinationOptions), .authentication(),
                .fragment(offset: 0, more: false, identification: 1),
                .fragment(offset: 64, more: true, identification: 1),
            ]
            builder.v6.extensions = (0..<random.below(5)).map { _ in random.pick(choices) }
        }
        let payload = random.bytes(upTo: 64)
        switch random.below(5) {
        case 0: return builder.udp(UDPFields(5000, 53), payload)
        case 1: return builder.icmp(type: UInt8(random.below(256)), payload)
        case 2:
            let inner = builder.reversed
            let quote = inner.network(.tcp, inner.tcpSegment(TCPFields(443, 40_000)))
            return builder.icmpError(type: isV6 ? 1 : 3, code: 0, quoting: quote)
        case 3: return builder.frame(random.pick([.sctp, .gre, .esp, .noNext]), payload)
        default:
            return builder.tcp(
                TCPFields(40_000, 443, [.ack], options: [.timestamp(1, echo: 2), .raw(random.bytes(upTo: 20))]), payload
            )
        }
    }
}
