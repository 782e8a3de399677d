import NetTypes
import TestSupport
import Testing
import Wire

/// ICMP and ICMPv6 messages, and the packets that errors quote.
struct ICMPTests {
    private static let four = PacketBuilder(from: "192.0.2.254", to: "10.0.0.1")
    private static let six = PacketBuilder(from: "2001:db8::ff", to: "2001:db8::1")
    private static let quotedFour = PacketBuilder(from: "10.0.0.1", to: "192.0.2.1")
    private static let quotedSix = PacketBuilder(from: "2001:db8::1", to: "2001:db8::2")

    private static func decode(_ frame: [UInt8]) throws -> ICMPHeader {
        let decoded = DecodedPacket(frame)
        #expect(decoded.failure == nil)
        return try #require(decoded.packet.icmp)
    }

    @Test("an echo")
    func echo() throws {
        for (builder, type) in [(Self.four, 8), (Self.six, 128)] as [(PacketBuilder, UInt8)] {
            let frame = builder.icmp(type: type, code: 0, rest: 0x1234_0007, utf8("ping"))
            let icmp = try Self.decode(frame)
            #expect(icmp.type == type && icmp.code == 0)
            #expect(icmp.identifier == 0x1234 && icmp.sequence == 7)
            #expect(icmp.quoted == nil)
            let decoded = DecodedPacket(frame)
            #expect(decoded.payload == utf8("ping"))
            #expect(decoded.packet.tuple?.sourcePort == UInt16(type))
            #expect(decoded.isTransportChecksumValid)
        }
    }

    @Test("too small a message")
    func short() {
        for count in 0..<8 {
            #expect(
                DecodedPacket(Self.four.frame(.icmp, [UInt8](repeating: 8, count: count))).failure == .icmpv4TooSmall)
        }
        for count in 0..<8 {
            #expect(
                DecodedPacket(Self.six.frame(.icmpv6, [UInt8](repeating: 1, count: count))).failure == .icmpv6TooSmall)
        }
    }

    @Test(
        "errors quote the flow as its sender wrote it",
        arguments: [(3, 1), (3, 4), (4, 0), (5, 1), (11, 0), (12, 0)] as [(UInt8, UInt8)])
    func quotesV4(type: UInt8, code: UInt8) throws {
        let segment = Self.quotedFour.tcpSegment(TCPFields(40_000, 443, .syn))
        let icmp = try Self.decode(
            Self.four.icmpError(type: type, code: code, quoting: Self.quotedFour.network(.tcp, segment)))
        #expect(
            icmp.quoted
                == FlowTuple(
                    source: address("10.0.0.1"), destination: address("192.0.2.1"), sourcePort: 40_000,
                    destinationPort: 443, ipProtocol: .tcp))
    }

    @Test("messages that are no errors quote nothing", arguments: [0, 8, 9, 10, 13, 14, 30] as [UInt8])
    func noErrorV4(type: UInt8) throws {
        let quote = Self.quotedFour.network(.udp, Self.quotedFour.udpDatagram(UDPFields(1, 2)))
        #expect(try Self.decode(Self.four.icmp(type: type, quote)).quoted == nil)
    }

    @Test(
        "ICMPv6 errors have types below 128",
        arguments: [(1, true), (2, true), (3, true), (4, true), (127, true), (128, false), (135, false)]
            as [(UInt8, Bool)])
    func quotesV6(type: UInt8, isError: Bool) throws {
        let quote = Self.quotedSix.network(.udp, Self.quotedSix.udpDatagram(UDPFields(5000, 53)))
        let icmp = try Self.decode(Self.six.icmpError(type: type, code: 0, quoting: quote))
        #expect(icmp.quoted?.destinationPort == (isError ? 53 : nil))
        #expect(icmp.quoted?.source == (isError ? address("2001:db8::1") : nil))
    }

    @Test("a quote is cut by the router: eight bytes of transport are enough, fewer are not", arguments: 0...28)
    func cutV4(count: Int) throws {
        let quote = Self.quotedFour.network(
            .udp, Self.quotedFour.udpDatagram(UDPFields(5000, 53), utf8("a longer payload")))
        let icmp = try Self.decode(Self.four.icmpError(type: 3, code: 3, quoting: Array(quote.prefix(count))))
        #expect(icmp.quoted?.destinationPort == (count >= 28 ? 53 : nil), "\(count) bytes")
    }

    @Test("an IPv6 quote with extension headers, cut anywhere")
    func cutV6() throws {
        let sender = Self.quotedSix.with { $0.v6.extensions = [.options(.hopByHop), .options(.destinationOptions)] }
        let quote = sender.network(.tcp, sender.tcpSegment(TCPFields(40_000, 443)))
        for count in 0...quote.count {
            let icmp = try Self.decode(Self.six.icmpError(type: 1, code: 0, quoting: Array(quote.prefix(count))))
            #expect(icmp.quoted?.sourcePort == (count >= 40 + 16 + 8 ? 40_000 : nil), "\(count) bytes")
        }
    }

    @Test("a quoted packet with options")
    func quotedOptions() throws {
        let sender = Self.quotedFour.with { $0.v4.options = [UInt8](repeating: 1, count: 12) }
        let quote = sender.network(.udp, sender.udpDatagram(UDPFields(5000, 53)))
        #expect(try Self.decode(Self.four.icmpError(type: 3, code: 3, quoting: quote)).quoted?.destinationPort == 53)
    }

    @Test("a later fragment has no ports to quote, a first one has")
    func fragments() throws {
        for (offset, more, port) in [(0, true, 53), (8, false, nil)] as [(Int, Bool, UInt16?)] {
            let sender = Self.quotedFour.with {
                $0.v4.fragmentOffset = offset
                $0.v4.moreFragments = more
            }
            let quote = sender.network(.udp, sender.udpDatagram(UDPFields(5000, 53)))
            #expect(
                try Self.decode(Self.four.icmpError(type: 11, code: 1, quoting: quote)).quoted?.destinationPort == port)
        }
    }

    @Test("a quoted echo gives type and code")
    func quotedEcho() throws {
        let quote = Self.quotedFour.network(.icmp, Self.quotedFour.icmpMessage(type: 8, code: 0, rest: 1, []))
        let icmp = try Self.decode(Self.four.icmpError(type: 3, code: 1, quoting: quote))
        #expect(icmp.quoted?.sourcePort == 8 && icmp.quoted?.destinationPort == 0)
        #expect(icmp.quoted?.ipProtocol == .icmp)
    }

    @Test("a quote of the other family is none")
    func foreignQuote() throws {
        let quote = Self.quotedSix.network(.udp, Self.quotedSix.udpDatagram(UDPFields(1, 2)))
        #expect(try Self.decode(Self.four.icmpError(type: 3, code: 1, quoting: quote)).quoted == nil)
    }
}
