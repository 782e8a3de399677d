import NetTypes
import TestSupport
import Testing
import Wire

struct ChecksumTests {
    private static let builders = [
        PacketBuilder(from: "10.0.0.1", to: "192.0.2.1"), PacketBuilder(from: "2001:db8::1", to: "2001:db8::2"),
    ]

    private static func isValid(_ frame: [UInt8]) -> Bool {
        DecodedPacket(frame).isTransportChecksumValid
    }

    @Test("the sum agrees with a plain one for bytes of any length")
    func sum() throws {
        try property("checksums", runs: 2000) { random in
            let bytes =
                random.chance(1, in: 20)
                ? [UInt8](repeating: 0xff, count: random.below(70_000)) : random.bytes(upTo: 300)
            let sum = Checksum.fold(Checksum.sum(bytes.span.bytes))
            try #require(~sum == internetChecksum(bytes))
        }
    }

    @Test("RFC 1071's example")
    func example() {
        let bytes: [UInt8] = [0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]
        let sum = Checksum.fold(Checksum.sum(bytes.span.bytes))
        #expect(sum == 0xddf2)
    }

    @Test("right checksums are right, and any changed bit makes them wrong")
    func changedBits() throws {
        try property("changed bits", runs: 400) { random in
            let builder = random.pick(Self.builders)
            let payload = random.bytes(upTo: 60)
            let frame: [UInt8] =
                switch random.below(3) {
                case 0: builder.tcp(TCPFields(40_000, 443, options: [.maximumSegmentSize(1460)]), payload)
                case 1: builder.udp(UDPFields(40_000, 53), payload)
                default: builder.icmp(type: builder.version == .v4 ? 8 : 128, rest: 1, payload)
                }
            try #require(Self.isValid(frame))
            let decoded = DecodedPacket(frame)
            // Beyond the lengths and offsets of the headers, which would change what is summed.
            let start = decoded.packet.payloadOffset
            guard decoded.packet.payloadLength > 0 else { return }
            var wrong = frame
            wrong[start + random.below(decoded.packet.payloadLength)] ^= 1 << UInt8(random.below(8))
            try #require(!Self.isValid(wrong))
        }
    }

    @Test("the IPv4 header's own checksum")
    func header() throws {
        let right = Self.builders[0].udp(UDPFields(1, 2))
        #expect(DecodedPacket(right).isHeaderChecksumValid)
        for index in 14..<34 {
            var wrong = right
            wrong[index] ^= 0x10
            let decoded = DecodedPacket(wrong)
            if decoded.packet.ip != nil { #expect(!decoded.isHeaderChecksumValid, "byte \(index)") }
        }
    }

    @Test("a UDP checksum of zero is none in IPv4 and wrong in IPv6")
    func zeroUDP() {
        for builder in Self.builders {
            let frame = builder.udp(UDPFields(1, 2, checksum: 0), utf8("data"))
            #expect(Self.isValid(frame) == (builder.version == .v4))
        }
    }

    @Test("UDP bytes behind the stated length do not count")
    func slack() {
        let inner = Self.builders[0].udpDatagram(UDPFields(1, 2), utf8("data"))
        #expect(Self.isValid(Self.builders[0].frame(.udp, inner + [1, 2, 3])))
    }

    @Test("TCP checksums that are wrong on demand")
    func wrongTCP() {
        var fields = TCPFields(1, 2)
        fields.checksum = 0x1234
        for builder in Self.builders { #expect(!Self.isValid(builder.tcp(fields, utf8("data")))) }
    }

    @Test("what cannot be judged is left alone")
    func unjudged() {
        #expect(Self.isValid(Self.builders[0].frame(.gre, [1, 2, 3, 4])))
        #expect(Self.isValid(Self.builders[0].linked([1, 2], etherType: 0x0806)))
        for fragment in Self.builders[1].fragments(.udp, [UInt8](repeating: 1, count: 40), size: 16) {
            #expect(Self.isValid(fragment))
        }
    }
}
