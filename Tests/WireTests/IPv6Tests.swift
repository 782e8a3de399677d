import NetTypes
import TestSupport
import Testing
import Wire

struct IPv6Tests {
    private typealias Extension = IPv6Fields.Extension

    private static let builder = PacketBuilder(from: "2001:db8::1", to: "2001:db8::2").with { $0.link = .raw }

    private static func decode(_ change: (inout IPv6Fields) -> Void) -> DecodedPacket {
        DecodedPacket(builder.with { change(&$0.v6) }.udp(UDPFields(1000, 2000), utf8("data")), .raw)
    }

    @Test("the fields of the header")
    func fields() throws {
        let decoded = Self.decode {
            $0.hopLimit = 3
            $0.trafficClass = 0xb8
            $0.flowLabel = 0xfffff
        }
        let ip = try #require(decoded.packet.ip)
        #expect(ip.version == .v6)
        #expect(ip.source.description == "2001:db8::1")
        #expect(ip.destination.description == "2001:db8::2")
        #expect(ip.timeToLive == 3)
        #expect(ip.typeOfService == 0xb8)
        #expect(ip.headerLength == 40)
        #expect(ip.totalLength == 52)
        #expect(ip.upperProtocol == .udp)
        #expect(!ip.hasFragmentHeader)
    }

    @Test("chains of extension headers lead to the transport header")
    func chains() throws {
        let table: [(extensions: [Extension], length: Int)] = [
            ([.options(.hopByHop)], 8),
            ([.options(.hopByHop, units: 3)], 32),
            ([.options(.routing), .options(.destinationOptions, units: 1)], 24),
            ([.authentication()], 24),
            ([.authentication(words: 1)], 12),
            ([.options(.mobility), .options(.hostIdentity), .options(.shim6)], 24),
            ([.options(.hopByHop), .options(.routing), .authentication(), .options(.destinationOptions)], 48),
        ]
        for (extensions, length) in table {
            let decoded = Self.decode { $0.extensions = extensions }
            #expect(decoded.failure == nil)
            #expect(decoded.packet.ip?.headerLength == 40 + length)
            #expect(decoded.packet.ip?.upperProtocol == .udp)
            #expect(decoded.udp?.destinationPort == 2000)
            #expect(decoded.payload == utf8("data"))
            #expect(decoded.isTransportChecksumValid)
        }
    }

    @Test(
        "a chain may be sixteen headers long, not more",
        arguments: [(16, nil), (17, .ipv6TooManyExtensions), (60, .ipv6TooManyExtensions)] as [(Int, DecodeEvent?)])
    func longChain(count: Int, failure: DecodeEvent?) {
        let decoded = Self.decode { $0.extensions = Array(repeating: .options(.destinationOptions), count: count) }
        #expect(decoded.failure == failure)
        #expect((decoded.udp != nil) == (failure == nil))
    }

    @Test("the largest extension header")
    func largeExtension() {
        let decoded = Self.decode { $0.extensions = [.options(.destinationOptions, units: 255)] }
        #expect(decoded.failure == nil)
        #expect(decoded.packet.ip?.headerLength == 40 + 2048)
    }

    @Test("a chain cut anywhere is an error, whatever the cut")
    func cutChain() {
        let frame = Self.builder.with {
            $0.v6.extensions = [.options(.hopByHop, units: 1), .authentication(), .options(.routing)]
        }.udp(UDPFields(1000, 2000))
        for count in 0..<(40 + 16 + 24 + 8) {
            let decoded = DecodedPacket(Array(frame.prefix(count)), .raw, wireLength: frame.count)
            // Without a byte there is no version either.
            let failure: DecodeEvent =
                count == 0 ? .ipv4TooSmall : count < 40 ? .ipv6TooSmall : .ipv6ExtensionTruncated
            #expect(decoded.failure == failure, "\(count) bytes")
        }
    }

    @Test("an extension header that claims more than the packet holds")
    func extensionBeyondPacket() {
        for type in [IPProtocol.hopByHop, .routing, .destinationOptions, .authentication, .mobility] {
            let decoded = Self.decode { $0.extensions = [Extension(type, body: [200, 0, 0, 0, 0, 0, 0])] }
            #expect(decoded.failure == .ipv6ExtensionTruncated, "\(type)")
        }
    }

    @Test("a chain that ends behind the payload length does not read the frame's padding")
    func extensionInPadding() {
        let packet = Self.builder.with {
            $0.v6.extensions = [.options(.hopByHop, units: 1)]
            $0.v6.payloadLength = 8
        }.udp(UDPFields(1, 2))
        #expect(DecodedPacket(packet, .raw).failure == .ipv6ExtensionTruncated)
    }

    @Test(
        "payload lengths: shorter than the frame, 0 for a jumbogram, beyond the frame",
        arguments: [
            (0, nil, 52), (8, .udpLengthBeyondPacket, 48), (12, nil, 52), (13, .ipv6Truncated, 0),
            (65535, .ipv6Truncated, 0),
            (7, .udpTooSmall, 47),
        ] as [(UInt16, DecodeEvent?, Int)])
    func payloadLength(length: UInt16, failure: DecodeEvent?, total: Int) {
        let decoded = Self.decode { $0.payloadLength = length }
        #expect(decoded.failure == failure)
        if total > 0 { #expect(decoded.packet.ip?.totalLength == total) }
    }

    @Test("an atomic fragment is whole (RFC 6946)")
    func atomicFragment() {
        let decoded = Self.decode { $0.extensions = [.fragment(offset: 0, more: false, identification: 99)] }
        #expect(decoded.failure == nil)
        #expect(decoded.packet.ip?.hasFragmentHeader == true)
        #expect(decoded.packet.ip?.isFragment == false)
        #expect(decoded.packet.ip?.identification == 99)
        #expect(decoded.udp?.destinationPort == 2000)
        #expect(decoded.payload == utf8("data"))
    }

    @Test("true fragments end the chain", arguments: [(0, true), (8, true), (1448, false), (65528, false)])
    func fragments(offset: Int, more: Bool) throws {
        let decoded = Self.decode {
            $0.extensions = [
                .options(.hopByHop), .fragment(offset: offset, more: more, identification: 0xdead_beef),
            ]
        }
        let ip = try #require(decoded.packet.ip)
        #expect(decoded.failure == nil)
        #expect(ip.isFragment)
        #expect(ip.fragmentOffset == offset)
        #expect(ip.moreFragments == more)
        #expect(ip.identification == 0xdead_beef)
        #expect(ip.headerLength == 56)
        #expect(ip.upperProtocol == .udp)
        #expect(!decoded.hasTransport)
    }

    @Test("what follows the fragment header of a later fragment is payload, not a chain")
    func headersInFragment() {
        let decoded = Self.decode {
            $0.extensions = [.fragment(offset: 8, more: false, identification: 1), .options(.destinationOptions)]
        }
        #expect(decoded.failure == nil)
        #expect(decoded.packet.ip?.upperProtocol == .destinationOptions)
        #expect(decoded.packet.ip?.headerLength == 48)
    }

    @Test("no next header, and ESP, end the chain", arguments: [IPProtocol.noNext, .esp])
    func endOfChain(type: IPProtocol) {
        let decoded = DecodedPacket(Self.builder.frame(type, [1, 2, 3]), .raw)
        #expect(decoded.failure == nil)
        #expect(decoded.packet.ip?.upperProtocol == type)
        #expect(!decoded.hasTransport)
    }

    @Test("ICMP of the other family is not read as ICMP")
    func foreignICMP() {
        #expect(DecodedPacket(Self.builder.frame(.icmp, [8, 0, 0, 0]), .raw).packet.icmp == nil)
        let four = PacketBuilder(from: "10.0.0.1", to: "10.0.0.2").with { $0.link = .raw }
        #expect(DecodedPacket(four.frame(.icmpv6, [128, 0, 0, 0]), .raw).packet.icmp == nil)
    }
}
