import NetTypes
import TestSupport
import Testing
import Wire

/// Link headers and VLAN tags in front of the same packet.
struct LinkTests {
    private static let four = PacketBuilder(from: "10.0.0.1", to: "192.0.2.1")
    private static let six = PacketBuilder(from: "2001:db8::1", to: "2001:db8::2")
    private static let datagram = UDPFields(1000, 2000)

    @Test("every link type leads to the same headers", arguments: PacketBuilder.Link.allCases)
    func links(link: PacketBuilder.Link) throws {
        for builder in [Self.four, Self.six] {
            let frame = builder.with { $0.link = link }.udp(Self.datagram, utf8("hello"))
            let decoded = DecodedPacket(frame, link.type)
            #expect(decoded.failure == nil)
            let tuple = try #require(decoded.packet.tuple)
            #expect(tuple.source == (builder.version == .v4 ? builder.v4.source : builder.v6.source))
            #expect(tuple.destinationPort == 2000)
            #expect(decoded.packet.etherType == (builder.version == .v4 ? 0x0800 : 0x86dd))
            #expect(decoded.payload == utf8("hello"))
            #expect(decoded.packet.wireLength == frame.count)
        }
    }

    @Test(
        "links without a header of their own", arguments: [LinkType.raw, .rawLinux, .rawBSD, .ipv4, .ipv6])
    func raw(type: LinkType) {
        let decoded = DecodedPacket(Self.six.with { $0.link = .raw }.udp(Self.datagram), type)
        #expect(decoded.failure == nil)
        #expect(decoded.packet.ip?.version == .v6)
    }

    @Test(
        "the address families of BSD loopback, in both byte orders",
        arguments: [
            ([2, 0, 0, 0], true), ([0, 0, 0, 2], true), ([10, 0, 0, 0], true), ([24, 0, 0, 0], true),
            ([28, 0, 0, 0], true),
            ([30, 0, 0, 0], true), ([0, 0, 0, 30], true), ([0, 0, 0, 0], false), ([7, 0, 0, 0], false),
            ([2, 0, 0, 1], false), ([0, 2, 0, 0], false), ([255, 255, 255, 255], false),
        ] as [([UInt8], Bool)])
    func loopback(family: [UInt8], isKnown: Bool) {
        let frame = family + Self.four.with { $0.link = .raw }.udp(Self.datagram)
        for type in [LinkType.null, .loop] {
            let decoded = DecodedPacket(frame, type)
            #expect(decoded.failure == (isKnown ? nil : .loopbackUnsupported))
            #expect((decoded.packet.ip != nil) == isKnown)
        }
    }

    @Test("a frame shorter than its link header", arguments: PacketBuilder.Link.allCases)
    func short(link: PacketBuilder.Link) {
        let expected: (length: Int, DecodeEvent) =
            switch link {
            case .ethernet: (14, .ethernetTooSmall)
            case .linuxCooked: (16, .linuxCookedTooSmall)
            case .linuxCooked2: (20, .linuxCookedTooSmall)
            case .raw: (0, .ipv4TooSmall)
            case .null, .loop: (4, .loopbackTooSmall)
            }
        let frame = Self.four.with { $0.link = link }.udp(Self.datagram)
        for count in 0..<expected.length {
            #expect(DecodedPacket(Array(frame.prefix(count)), link.type).failure == expected.1, "\(count) bytes")
        }
        #expect(DecodedPacket(Array(frame.prefix(expected.length)), link.type).failure == .ipv4TooSmall)
    }

    @Test("unknown link types are refused by name", arguments: [2, 129, 149, -1] as [Int32])
    func unsupported(type: Int32) {
        let decoded = DecodedPacket(Self.four.udp(Self.datagram), LinkType(rawValue: type))
        #expect(decoded.failure == .linkTypeUnsupported)
        #expect(decoded.packet.ip == nil)
    }

    private static let snap: [UInt8] = [0xaa, 0xaa, 3, 0, 0, 0, 8, 0]
    private static func radio(_ kind: UInt8, _ flags: UInt8 = 0, length: Int = 24) -> [UInt8] {
        [kind, flags] + [UInt8](repeating: 0, count: length - 2)
    }

    @Test(
        "link headers of captures: netfilter's log, wireless, switches, processes",
        arguments: [
            (.netfilterLog, [2, 0, 0, 0, 8, 0, 1, 0, 1, 2, 3, 4, 5, 0, 10, 0, 120, 0, 0, 0, 200, 0, 9, 0], true),
            (.netfilterLog, [2, 0, 0, 0, 0, 8, 0, 1, 1, 2, 3, 4, 0, 50, 0, 9], true),
            (.netfilterLog, [2, 0, 0, 0, 3, 0, 8, 0], false), (.netfilterLog, [2, 0, 0, 0], false),
            (.infiniBand, [UInt8](repeating: 0, count: 40) + [8, 0, 0, 0], true),
            (.switchTag, [UInt8](repeating: 0, count: 12) + [0xc0, 10, 5, 57, 8, 0], true),
            (.extendedSwitchTag, [UInt8](repeating: 0, count: 12) + [0xda, 0xda, 0, 0, 0xc0, 10, 5, 57, 8, 0], true),
            (.processTap, [16, 0, 0, 0, 1, 0, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0], true),
            (.processTap, [12, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0] + [UInt8](repeating: 0, count: 12) + [8, 0], true),
            (.processTap, [12, 0, 0, 0, 1, 0, 0, 0, 7, 0, 0, 0], false),
            (.wireless, radio(8) + snap, true), (.wireless, radio(0x88, length: 26) + snap, true),
            (.wireless, radio(8, 3, length: 30) + snap, true), (.wireless, radio(0x88, 0x83, length: 36) + snap, true),
            (.wireless, radio(8, 0x40) + snap, false), (.wireless, radio(8, 4) + snap, false),
            (.wireless, radio(0x48) + snap, false), (.wireless, radio(0x80) + snap, false),
            (.wireless, radio(8) + [0xaa, 0xaa, 3, 0, 0, 1, 8, 0], false), (.wireless, radio(8), false),
            (.radiotap, [0, 0, 8, 0, 0, 0, 0, 0] + radio(8) + snap, true),
            (.radiotap, [0, 0, 12, 0, 2, 0, 0, 0, 0x20, 0, 0, 0] + radio(0x88, length: 28) + snap, true),
            (
                .radiotap,
                [0, 0, 25, 0, 3, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0x20]
                    + radio(0x88, length: 28) + snap, true
            ),
            (.radiotap, [0, 0, 200, 0, 0, 0, 0, 0] + radio(8) + snap, false),
        ] as [(LinkType, [UInt8], Bool)])
    func captureLinks(type: LinkType, header: [UInt8], isRead: Bool) {
        let frame = header + Self.four.with { $0.link = .raw }.udp(Self.datagram, utf8("hello"))
        let decoded = DecodedPacket(frame, type)
        #expect((decoded.packet.tuple?.destinationPort == 2000) == isRead)
        if isRead { #expect(decoded.failure == nil && decoded.payload == utf8("hello")) }
        for count in 0..<header.count { _ = DecodedPacket(Array(frame.prefix(count)), type) }
    }

    @Test("what is not IP is no error", arguments: [0x0806, 0x88cc, 0x8863, 0x0026] as [UInt16])
    func otherTraffic(type: UInt16) {
        let decoded = DecodedPacket(Self.four.linked([1, 2, 3], etherType: type))
        #expect(decoded.failure == nil)
        #expect(decoded.packet.ip == nil)
        #expect(decoded.packet.tuple == nil)
        #expect(decoded.packet.etherType == type)
        #expect(decoded.payload == [1, 2, 3])
    }

    @Test("VLAN stacks of every depth", arguments: 0...5)
    func vlanDepth(depth: Int) {
        let tags = (0..<depth).map { UInt16(100 + $0) }
        let decoded = DecodedPacket(Self.four.with { $0.vlan = tags }.udp(Self.datagram))
        guard depth <= PacketDecoder.maximumVLANTags else {
            #expect(decoded.failure == .vlanTooManyLayers)
            #expect(decoded.packet.ip == nil)
            return
        }
        #expect(decoded.failure == nil)
        #expect(Int(decoded.packet.vlan.count) == depth)
        #expect((0..<depth).map { decoded.packet.vlan[$0] } == tags)
        #expect(decoded.udp != nil)
    }

    @Test(
        "tag types, and priority bits that are no part of the identifier",
        arguments: [0x8100, 0x88a8, 0x9100, 0x9200] as [UInt16])
    func vlanTypes(type: UInt16) {
        let builder = Self.six.with {
            $0.vlan = [0xe000 | 0x1000 | 42, 7]
            $0.vlanTypes = [type, 0x8100]
        }
        for link in [PacketBuilder.Link.ethernet, .linuxCooked, .linuxCooked2] {
            let decoded = DecodedPacket(builder.with { $0.link = link }.udp(Self.datagram), link.type)
            #expect(decoded.packet.vlan[0] == 42)
            #expect(decoded.packet.vlan[1] == 7)
            #expect(decoded.udp?.destinationPort == 2000)
        }
    }

    @Test("a tag that is cut", arguments: 0...3)
    func vlanCut(bytes: Int) {
        let frame = Self.four.with { $0.vlan = [5] }.udp(Self.datagram)
        #expect(DecodedPacket(Array(frame.prefix(14 + bytes))).failure == .vlanHeaderTooSmall)
    }

    @Test("a version nibble that is not what the link announced")
    func wrongVersion() {
        let four = Self.four.network(.udp, [UInt8](repeating: 0, count: 20))
        let six = Self.six.network(.udp, [])
        #expect(DecodedPacket(Self.four.linked(six, etherType: 0x0800)).failure == .ipv4WrongVersion)
        #expect(DecodedPacket(Self.four.linked(four, etherType: 0x86dd)).failure == .ipv6WrongVersion)
        for nibble in [0, 1, 3, 5, 7, 15] as [UInt8] {
            #expect(DecodedPacket([nibble << 4] + four.dropFirst(), .raw).failure == .rawInvalidVersion)
        }
    }
}
