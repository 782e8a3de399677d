import FlowTracking
import NetTypes
import TestSupport
import Testing
import Wire

/// Fragments become datagrams, or nothing at all.
struct FragmentReassemblerTests {
    static let builders = [
        PacketBuilder(from: "10.0.0.1", to: "192.0.2.1").with { $0.vlan = [6] },
        PacketBuilder(from: "2001:db8::1", to: "2001:db8::2").with {
            $0.v6.extensions = [.options(.hopByHop), .authentication()]
        },
    ]
    static let payload = (0..<90).map { UInt8($0) }

    /// Gives every fragment to the reassembler; what it said about each.
    static func run(
        _ frames: [[UInt8]], _ settings: FragmentSettings = FragmentSettings(), seconds: [Int64] = []
    ) -> [FragmentReassembler.Outcome] {
        var reassembler = FragmentReassembler(settings)
        var events = DecodeEvents()
        return frames.enumerated().map { index, frame in
            reassembler.insert(
                DecodedPacket(frame).packet, frame.span.bytes, now: index < seconds.count ? seconds[index] : 0,
                events: &events)
        }
    }

    static func pieces(_ builder: PacketBuilder, size: Int = 24) -> [[UInt8]] {
        builder.fragments(.udp, builder.udpDatagram(UDPFields(1000, 2000), payload), size: size)
    }

    /// One fragment with `bytes` at `offset`.
    static func piece(
        _ builder: PacketBuilder, _ bytes: [UInt8], at offset: Int, more: Bool, identification: UInt32 = 7
    ) -> [UInt8] {
        builder.with {
            $0.v4.fragmentOffset = offset
            $0.v4.moreFragments = more
            $0.v4.dontFragment = false
            $0.v4.identification = UInt16(identification)
            $0.v6.extensions.append(.fragment(offset: offset, more: more, identification: identification))
        }.frame(.udp, bytes)
    }

    static func bytes(_ value: UInt8, _ count: Int) -> [UInt8] { [UInt8](repeating: value, count: count) }

    @Test(arguments: builders)
    func anyOrder(builder: PacketBuilder) throws {
        let pieces = Self.pieces(builder)
        for order in [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 4, 0, 1, 3], [0, 0, 4, 4, 1, 2, 1, 3]] {
            let outcomes = Self.run(order.map { pieces[$0] })
            for outcome in outcomes.dropLast() { #expect(outcome.isWaiting) }
            let whole = DecodedPacket(try #require(outcomes.last?.datagram))
            #expect(whole.failure == nil)
            #expect(whole.payload == Self.payload)
            #expect(whole.isHeaderChecksumValid && whole.isTransportChecksumValid)
            #expect(whole.packet.ip?.isFragment == false && whole.packet.ip?.hasFragmentHeader == false)
        }
    }

    struct Refusal: CustomTestStringConvertible {
        var what: String
        /// Offset, length, value, more.
        var pieces: [(Int, Int, UInt8, Bool)]
        /// The first that is refused; all behind it are.
        var first: Int
        var testDescription: String { what }
    }

    @Test(arguments: [
        Refusal(what: "other bytes", pieces: [(0, 16, 1, true), (8, 8, 2, true), (16, 8, 1, false)], first: 1),
        Refusal(what: "the same bytes in another cut", pieces: [(0, 16, 1, true), (8, 8, 1, true)], first: 1),
        Refusal(what: "before what came", pieces: [(8, 16, 1, true), (0, 16, 1, true)], first: 1),
        Refusal(what: "two ends", pieces: [(16, 8, 1, false), (24, 8, 1, false), (0, 16, 1, true)], first: 1),
        Refusal(what: "behind the end", pieces: [(16, 8, 1, false), (24, 8, 1, true), (0, 16, 1, true)], first: 1),
        Refusal(what: "an end before what came", pieces: [(24, 8, 1, true), (0, 16, 1, false)], first: 1),
        Refusal(what: "no multiple of eight", pieces: [(0, 12, 1, true), (16, 8, 1, false)], first: 0),
        Refusal(
            what: "after the whole", pieces: [(0, 8, 1, true), (8, 8, 1, false), (0, 8, 1, true), (8, 8, 2, false)],
            first: 2),
    ])
    func refused(refusal: Refusal) {
        for builder in Self.builders {
            let outcomes = Self.run(
                refusal.pieces.map { Self.piece(builder, Self.bytes($0.2, $0.1), at: $0.0, more: $0.3) })
            #expect(outcomes.firstIndex { $0.isRefused } == refusal.first)
            for outcome in outcomes[refusal.first...] { #expect(outcome.isRefused) }
        }
    }

    @Test func overlapsTheBSDWay() throws {
        var settings = FragmentSettings()
        settings.resolvesOverlaps = true
        let builder = Self.builders[0]
        let outcomes = Self.run(
            [
                Self.piece(builder, Self.bytes(1, 16), at: 8, more: true),
                Self.piece(builder, Self.bytes(2, 16), at: 16, more: true),
                Self.piece(builder, Self.bytes(3, 16), at: 0, more: true),
                Self.piece(builder, Self.bytes(4, 8), at: 32, more: false),
            ], settings)
        let whole = try #require(outcomes.last?.datagram)
        // The piece that begins earlier counts.
        #expect(
            Array(whole.suffix(40)) == Self.bytes(3, 16) + Self.bytes(1, 8) + Self.bytes(2, 8) + Self.bytes(4, 8))
    }

    @Test func datagramsAreToldApart() {
        let builder = Self.builders[0]
        for other in [
            Self.piece(builder, Self.bytes(1, 8), at: 8, more: false, identification: 8),
            Self.piece(builder.reversed, Self.bytes(1, 8), at: 8, more: false),
            Self.piece(builder.with { $0.vlan = [7] }, Self.bytes(1, 8), at: 8, more: false),
        ] {
            #expect(Self.run([Self.piece(builder, Self.bytes(1, 8), at: 0, more: true), other])[1].isWaiting)
        }
    }

    @Test func time() {
        let builder = Self.builders[0]
        let pieces = [
            Self.piece(builder, Self.bytes(1, 8), at: 0, more: true),
            Self.piece(builder, Self.bytes(1, 8), at: 8, more: false),
        ]
        #expect(Self.run(pieces, seconds: [0, 120])[1].datagram != nil)
        #expect(Self.run(pieces, seconds: [0, 121])[1].isWaiting)
    }

    /// Over the memory cap the oldest is given up, and never completed; over the table's capacity nothing new is taken.
    @Test func caps() {
        let builder = Self.builders[0]
        var settings = FragmentSettings()
        settings.memoryCap = 2000
        let big = (1...3).map {
            Self.piece(builder, Self.bytes(1, 800), at: 0, more: true, identification: $0)
        }
        let ends = (1...3).map { Self.piece(builder, Self.bytes(1, 8), at: 800, more: false, identification: $0) }
        let outcomes = Self.run(big + ends, settings)
        #expect(outcomes[3].isRefused && outcomes[4].datagram != nil && outcomes[5].datagram != nil)
        settings = FragmentSettings()
        settings.capacity = 2
        #expect(Self.run(big, settings).map { $0.hasNoRoom } == [false, false, true])
    }

    @Test func longerThanADatagram() {
        for builder in Self.builders {
            var events = DecodeEvents()
            var reassembler = FragmentReassembler(FragmentSettings())
            let frame = Self.piece(builder, Self.bytes(1, 64), at: 65_528, more: false)
            let outcome = reassembler.insert(DecodedPacket(frame).packet, frame.span.bytes, now: 0, events: &events)
            #expect(outcome.isRefused)
            #expect(events.contains(builder.version == .v4 ? .ipv4FragmentTooLarge : .ipv6FragmentTooLarge))
        }
    }

    /// No sequence of fragments does worse than be refused.
    @Test func hostile() {
        var random = SeededRandom(seed: 7)
        for compatible in [false, true] {
            var settings = FragmentSettings()
            settings.memoryCap = 4096
            settings.resolvesOverlaps = compatible
            var reassembler = FragmentReassembler(settings)
            for step in 0..<20_000 {
                let frame = Self.piece(
                    Self.builders[step % 2], Self.bytes(UInt8(step & 3), random.below(40)),
                    at: random.below(12) * 8, more: random.chance(3, in: 4), identification: UInt32(random.below(4)))
                var events = DecodeEvents()
                _ = reassembler.insert(
                    DecodedPacket(frame).packet, frame.span.bytes, now: Int64(step / 50), events: &events)
                #expect(reassembler.bytes <= settings.memoryCap && reassembler.bytes >= 0)
            }
        }
    }
}

extension FragmentReassembler.Outcome {
    var datagram: [UInt8]? { if case .complete(let bytes) = self { bytes } else { nil } }
    var isWaiting: Bool { if case .waiting = self { true } else { false } }
    var isRefused: Bool { if case .refused = self { true } else { false } }
    var hasNoRoom: Bool { if case .noRoom = self { true } else { false } }
}
