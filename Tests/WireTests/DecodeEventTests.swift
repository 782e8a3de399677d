import NetTypes
import TestSupport
import Testing
import Wire

/// What the decoder notes about headers that it can still read.
struct DecodeEventTests {
    static let v4 = PacketBuilder(from: "10.0.0.1", to: "192.0.2.1")
    static let v6 = PacketBuilder(from: "fd00::1", to: "2001:db8::1")

    @Test func everyEventHasItsPlace() {
        #expect(DecodeEvent.allCases.count <= 128)
        #expect(Set(DecodeEvent.allCases.map(\.index)).count == DecodeEvent.allCases.count)
        #expect(Set(DecodeEvent.allCases.map(\.rawValue)).count == DecodeEvent.allCases.count)
        var events = DecodeEvents()
        #expect(events.isEmpty)
        for event in DecodeEvent.allCases {
            #expect(!events.contains(event))
            events.insert(event)
            #expect(events.contains(event))
        }
        #expect(events.all == DecodeEvent.allCases)
    }

    /// Types and codes as Suricata 7.0.10 judges them, each with a sound quote behind.
    @Test(
        arguments: [
            (.v4, 8, 0, nil), (.v4, 8, 1, .icmpv4UnknownCode), (.v4, 3, 15, nil), (.v4, 3, 16, .icmpv4UnknownCode),
            (.v4, 9, 200, nil), (.v4, 10, 0, .icmpv4UnknownType), (.v4, 12, 1, .icmpv4UnknownCode),
            (.v4, 77, 0, .icmpv4UnknownType), (.v6, 128, 0, nil), (.v6, 128, 1, .icmpv6UnknownCode), (.v6, 1, 6, nil),
            (.v6, 1, 7, .icmpv6UnknownCode), (.v6, 5, 0, .icmpv6UnassignedType), (.v6, 99, 0, .icmpv6UnassignedType),
            (.v6, 100, 0, .icmpv6ExperimentalType), (.v6, 127, 0, .icmpv6UnknownType),
            (.v6, 131, 0, .icmpv6ListenerHopLimit),
            (.v6, 138, 255, nil), (.v6, 138, 254, .icmpv6UnknownCode), (.v6, 255, 0, .icmpv6UnassignedType),
        ] as [(IPVersion, UInt8, UInt8, DecodeEvent?)])
    func icmp(version: IPVersion, type: UInt8, code: UInt8, event: DecodeEvent?) {
        let out = version == .v4 ? Self.v4 : Self.v6
        let quote = out.reversed.network(.udp, out.reversed.udpDatagram(UDPFields(5, 6), [1, 2, 3]))
        let decoded = DecodedPacket(out.icmp(type: type, code: code, quote + [UInt8](repeating: 0, count: 20)))
        #expect(decoded.failure == nil)
        #expect(decoded.packet.events.all == [event].compactMap { $0 })
    }

    @Test func quotesOfICMPErrors() {
        let wrong = [UInt8](repeating: 0, count: 40)
        #expect(DecodedPacket(Self.v4.icmp(type: 3, wrong)).packet.events.all == [.icmpv4QuoteWrongVersion])
        #expect(DecodedPacket(Self.v4.icmp(type: 3, [0x45, 0])).packet.events.all == [.icmpv4QuoteTruncated])
        #expect(DecodedPacket(Self.v4.icmp(type: 3)).packet.events.isEmpty)
        #expect(DecodedPacket(Self.v6.icmp(type: 1, wrong)).packet.events.all == [.icmpv6QuoteWrongVersion])
        #expect(DecodedPacket(Self.v6.icmp(type: 1)).packet.events.all == [.icmpv6QuoteTruncated])
    }

    /// Options of eight bytes in all where no padding is to be noted.
    @Test(
        arguments: [
            ([7, 7, 4, 0, 0, 0, 0, 0], [.recordRoute, .endOfList], []),
            ([0x94, 4, 0, 0, 1, 1, 1, 0], [.routerAlert, .noOperation, .endOfList], []),
            ([0x94, 4, 0, 0], [.routerAlert], [.ipv4OptionPaddingRequired]),
            ([0x94, 4, 0, 0, 0x94, 4, 0, 0], [.routerAlert], [.ipv4OptionDuplicate]),
            ([77, 4, 0, 0, 0, 0, 0, 0], [.endOfList], [.ipv4OptionInvalid]),
            ([1, 1, 1, 1, 1, 1, 1, 7], [.noOperation], [.ipv4OptionEndRequired]),
        ] as [([UInt8], IPv4Options, [DecodeEvent])])
    func ipv4Options(bytes: [UInt8], options: IPv4Options, events: [DecodeEvent]) {
        let decoded = DecodedPacket(Self.v4.with { $0.v4.options = bytes }.udp(UDPFields(1, 2)))
        #expect(decoded.failure == nil)
        #expect(decoded.packet.ip?.options == options)
        #expect(decoded.packet.events.all == events)
    }

    @Test(
        arguments: [
            ([7, 39, 4, 0, 0, 0, 0, 0], .ipv4OptionInvalidLength),
            ([7, 1, 4, 0, 0, 0, 0, 0], .ipv4OptionInvalidLength),
            ([7, 7, 5, 0, 0, 0, 0, 0], .ipv4OptionMalformed), ([7, 7, 12, 0, 0, 0, 0, 0], .ipv4OptionMalformed),
            ([0x44, 8, 4, 0, 0, 0, 0, 0], .ipv4OptionMalformed),
            ([0x44, 4, 5, 0, 0, 0, 0, 0], .ipv4OptionInvalidLength),
            ([0x94, 5, 0, 0, 0, 0, 0, 0], .ipv4OptionInvalidLength),
        ] as [([UInt8], DecodeEvent)])
    func impossibleIPv4Options(bytes: [UInt8], failure: DecodeEvent) {
        #expect(DecodedPacket(Self.v4.with { $0.v4.options = bytes }.udp(UDPFields(1, 2))).failure == failure)
    }

    @Test("behind an option of the wrong length the next ones are looked at")
    func severalImpossibleIPv4Options() {
        for (second, repeats) in [([7, 39, 4, 0, 0, 0] as [UInt8], true), ([1, 1, 1, 1, 1, 0], false)] {
            let decoded = DecodedPacket(Self.v4.with { $0.v4.options = [0x82, 2] + second }.udp(UDPFields(1, 2)))
            #expect(decoded.failure == .ipv4OptionInvalidLength)
            #expect(decoded.packet.events.repeatsOptionLength == repeats)
        }
    }

    @Test(
        arguments: [
            ([.maximumSegmentSize(1400), .maximumSegmentSize(1300)], [.tcpOptionDuplicate]),
            ([.raw([2, 3, 5])], [.tcpOptionInvalidLength]), ([.raw([5, 2])], []),
            ([.raw([19, 4, 0, 0])], [.tcpOptionInvalidLength]), ([.raw([8, 40])], [.tcpOptionInvalidLength]),
            ([.raw([34, 2]), .raw([34, 2])], [.tcpOptionDuplicate]), ([.raw([77, 6, 0, 0, 0, 0])], []),
            ([.maximumSegmentSize(1400), .windowScale(3), .selectiveAcknowledgmentPermitted], []),
        ] as [([TCPOption], [DecodeEvent])])
    func tcpOptions(options: [TCPOption], events: [DecodeEvent]) {
        let decoded = DecodedPacket(Self.v4.tcp(TCPFields(1000, 80, .syn, options: options)))
        #expect(decoded.packet.events.all == events)
        // The first of two counts.
        if options.count == 2, events == [.tcpOptionDuplicate], case .maximumSegmentSize = options[0] {
            #expect(decoded.packet.tcp?.options.maximumSegmentSize == 1400)
        }
    }

    @Test(
        arguments: [
            ([.options(.hopByHop)], [.ipv6HopByHopOnlyPadding]),
            ([IPv6Fields.Extension(.hopByHop, body: [0, 5, 2, 0, 0, 1, 0])], [.ipv6ZeroLengthPadding]),
            ([IPv6Fields.Extension(.hopByHop, body: [0, 0x3e, 4, 0, 0, 0, 0])], [.ipv6HopByHopUnknownOption]),
            ([IPv6Fields.Extension(.hopByHop, body: [0, 5, 9, 0, 0, 0, 0])], [.ipv6InvalidOptionLength]),
            (
                [IPv6Fields.Extension(.destinationOptions, body: [0, 0x3e, 4, 0, 0, 0, 0])],
                [.ipv6DestinationUnknownOption]
            ),
            ([IPv6Fields.Extension(.routing, body: [0, 0, 0, 0, 0, 0, 0])], [.ipv6RoutingType0]),
            ([.fragment(offset: 0, more: false, identification: 1)], [.ipv6UselessFragmentHeader]),
            (
                [IPv6Fields.Extension(.fragment, body: [1, 0, 0, 0, 0, 0, 1])],
                [.ipv6UselessFragmentHeader, .ipv6FragmentReservedSet]
            ),
            ([.authentication(), .authentication()], [.ipv6DuplicateAuthentication]),
        ] as [([IPv6Fields.Extension], [DecodeEvent])])
    func ipv6Extensions(extensions: [IPv6Fields.Extension], events: [DecodeEvent]) {
        let decoded = DecodedPacket(Self.v6.with { $0.v6.extensions = extensions }.udp(UDPFields(1, 2), [1]))
        #expect(decoded.failure == nil)
        #expect(decoded.packet.events.all == events)
    }

    @Test func oddProtocols() {
        #expect(DecodedPacket(Self.v4.frame(.icmpv6, [1, 2, 3])).packet.events.all == [.ipv4CarriesICMPv6])
        #expect(DecodedPacket(Self.v4.frame(.esp, [1, 2, 3])).packet.events.all == [.espTooSmall])
        var tagged = Self.v4
        tagged.vlan = [5]
        #expect(DecodedPacket(tagged.linked([1, 2], etherType: 0x1234)).packet.events.all == [.vlanUnknownType])
    }
}
