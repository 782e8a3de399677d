import NetTypes
import PacketIO
import Pcap
import TestSupport
import Testing
import Wire

/// Capture files in all their forms, and what is written read back.
struct CaptureTests {
    /// One packet as the reader gave it.
    private struct Seen: Equatable {
        var number: UInt64
        var time: Timestamp
        var wireLength: Int
        var bytes: [UInt8]
    }

    private let folder: TemporaryDirectory
    private let frames: [TimedFrame]

    init() throws {
        folder = try TemporaryDirectory()
        var script = TCPScript()
        script.handshake()
        script.client("hello")
        script.finish(.toServer)
        frames = script.frames
    }

    /// All packets of a file, the link type, and the error that ended it.
    private func read(_ path: String) -> (packets: [Seen], linkType: LinkType?, error: String?) {
        var packets: [Seen] = []
        var linkType: LinkType?
        do {
            var reader = try CaptureReader(path: path)
            linkType = reader.linkType
            while let packet = try reader.next({ raw, bytes in
                Seen(number: raw.number, time: raw.time, wireLength: raw.wireLength, bytes: bytes.copied())
            }) {
                packets.append(packet)
            }
        } catch {
            return (packets, linkType, "\(error)")
        }
        return (packets, linkType, nil)
    }

    private func read(_ bytes: [UInt8]) throws -> (packets: [Seen], linkType: LinkType?, error: String?) {
        let path = folder.file("capture")
        try CaptureFile.write(bytes, to: path)
        return read(path)
    }

    private func expectAll(_ packets: [Seen]) {
        #expect(packets.map(\.bytes) == frames.map(\.bytes))
        #expect(packets.map(\.time) == frames.map(\.time))
        #expect(packets.map(\.number) == Array(1...UInt64(frames.count)))
        #expect(packets.allSatisfy { $0.wireLength == $0.bytes.count })
    }

    @Test("classic files: both byte orders, microseconds and nanoseconds", arguments: [false, true], [false, true])
    func classic(nanoseconds: Bool, bigEndian: Bool) throws {
        let result = try read(CaptureFile.bytes(frames, nanoseconds: nanoseconds, bigEndian: bigEndian))
        #expect(result.error == nil)
        #expect(result.linkType == .ethernet)
        expectAll(result.packets)
    }

    @Test("a pcapng file", arguments: [false, true])
    func pcapng(bigEndian: Bool) throws {
        let result = try read(PcapngBytes(isBigEndian: bigEndian).file(frames))
        #expect(result.error == nil)
        #expect(result.linkType == .ethernet)
        expectAll(result.packets)
    }

    @Test("pcapng: sections, interfaces of several types, clocks of several kinds", arguments: [false, true])
    func interfaces(bigEndian: Bool) throws {
        let ng = PcapngBytes(isBigEndian: bigEndian)
        let section = ng.block(0x0a0d_0d0a, ng.u32(0x1a2b_3c4d) + ng.u16(1) + ng.u16(0) + ng.u32(.max) + ng.u32(.max))
        func interface(_ type: UInt16, _ snap: UInt32, _ options: [UInt8] = []) -> [UInt8] {
            ng.block(1, ng.u16(type) + ng.u16(0) + ng.u32(snap) + options)
        }
        func clock(_ value: UInt8) -> [UInt8] { ng.u16(9) + ng.u16(1) + [value, 0, 0, 0] }
        func later(_ seconds: UInt32) -> [UInt8] {
            ng.u16(14) + ng.u16(8) + (bigEndian ? ng.u32(0) + ng.u32(seconds) : ng.u32(seconds) + ng.u32(0))
        }
        func packet(_ interface: UInt32, _ time: UInt64) -> [UInt8] {
            let stamp = ng.u32(UInt32(time >> 32)) + ng.u32(UInt32(truncatingIfNeeded: time))
            return ng.block(6, ng.u32(interface) + stamp + ng.u32(3) + ng.u32(9) + [1, 2, 3, 0])
        }
        let old = ng.block(2, ng.u16(0) + ng.u16(7) + ng.u32(0) + ng.u32(5) + ng.u32(4) + ng.u32(4) + [9, 9, 9, 9])
        let simple = ng.block(3, ng.u32(6) + [6, 5, 4, 3, 2, 1, 0, 0])
        let file =
            section + interface(1, 0) + interface(101, 96, clock(9) + ng.u32(0)) + ng.block(0x4321, [1, 2, 3, 4])
            + packet(0, 5_000_001) + packet(1, 7_000_002_999) + interface(113, 64, clock(0x80 | 10) + later(100))
            + packet(2, 1024 + 512) + old + section + interface(228, 4, clock(0)) + simple + packet(0, 3)
        let path = folder.file("capture")
        try CaptureFile.write(file, to: path)
        var reader = try CaptureReader(path: path)
        #expect(reader.linkType == .ethernet)
        var seen: [String] = []
        while let line = try reader.next({ raw, bytes in
            "\(raw.number) \(raw.linkType.rawValue) \(raw.time.microseconds) \(raw.wireLength) \(bytes.copied())"
        }) {
            seen.append(line)
        }
        #expect(
            seen == [
                "1 1 5000001 9 [1, 2, 3]", "2 12 7000002 9 [1, 2, 3]", "3 113 101500000 9 [1, 2, 3]",
                "4 1 5 4 [9, 9, 9, 9]", "5 228 0 6 [6, 5, 4, 3]", "6 228 3000000 9 [1, 2, 3]",
            ])
    }

    @Test("pcapng: what is damaged ends the file with a reason")
    func damagedBlocks() throws {
        let ng = PcapngBytes(isBigEndian: false)
        let head = Array(ng.file([]))
        let cases: [([UInt8], String)] = [
            (ng.u32(6) + ng.u32(13) + [0], "a block of 13 bytes"),
            (ng.u32(6) + ng.u32(0x4000_0000), "a block of 1073741824 bytes"),
            (ng.u32(6) + ng.u32(16) + [1, 2, 3, 4] + ng.u32(20), "do not match"),
            (ng.u32(6) + ng.u32(64) + [1, 2, 3, 4], "cut short"),
            (ng.u32(6) + ng.u32(16), "cut short"), ([6, 0], "cut short"),
            (ng.block(6, ng.u32(1) + [UInt8](repeating: 0, count: 16)), "interface 1"),
            (ng.block(6, ng.u32(0) + ng.u32(0) + ng.u32(0) + ng.u32(5) + ng.u32(5) + [1, 2, 3, 4]), "of 5 bytes"),
            (ng.block(6, [1, 2, 3, 4]), "a packet block"), (ng.block(1, [1, 0, 0, 0]), "interface description"),
            (ng.block(1, ng.u16(1) + ng.u16(0) + ng.u32(0) + ng.u16(9) + ng.u16(9)), "longer than its block"),
            (
                ng.block(1, ng.u16(1) + ng.u16(0) + ng.u32(0) + ng.u16(9) + ng.u16(1) + [20, 0, 0, 0]),
                "finer than can be counted"
            ),
            (ng.block(0x0a0d_0d0a, ng.u32(0x1a2b_3c4d) + ng.u16(2) + ng.u16(0) + ng.u32(0) + ng.u32(0)), "version 2.0"),
            (ng.block(0x0a0d_0d0a, ng.u32(7) + ng.u16(1) + ng.u16(0) + ng.u32(0) + ng.u32(0)), "byte-order magic"),
        ]
        for (bytes, reason) in cases {
            let error = try #require(try read(head + bytes).error)
            #expect(error.contains(reason), "\(error)")
        }
    }

    @Test("a capture that cut its packets says how long they were")
    func snapshots() throws {
        let result = try read(CaptureFile.bytes(frames, snapshotLength: 40))
        #expect(result.packets.map(\.bytes) == frames.map { Array($0.bytes.prefix(40)) })
        #expect(result.packets.map(\.wireLength) == frames.map(\.bytes.count))
    }

    @Test("an empty capture is no error")
    func empty() throws {
        let result = try read(CaptureFile.bytes([]))
        #expect(result.packets.isEmpty && result.error == nil)
    }

    @Test("a file cut inside a packet gives the packets before the cut, and then an error")
    func truncated() throws {
        let whole = CaptureFile.bytes(frames)
        let last = try #require(frames.last).bytes.count
        for missing in [1, last - 1, last, last + 1, last + 15] {
            let result = try read(Array(whole.dropLast(missing)))
            #expect(result.packets.count == frames.count - 1)
            #expect(result.error != nil, "\(missing) bytes missing")
        }
        let exact = try read(Array(whole.dropLast(last + 16)))
        #expect(exact.packets.count == frames.count - 1 && exact.error == nil)
    }

    @Test("what is no capture is refused with the file's name, once")
    func refused() throws {
        for bytes in [
            [], [1], utf8("this is no capture file at all, but long enough for a header"),
            Array(CaptureFile.bytes(frames).prefix(20)),
        ] {
            let result = try read(bytes)
            let error = try #require(result.error)
            #expect(result.linkType == nil)
            #expect(error.hasPrefix(folder.file("capture") + ": "))
            #expect(error.components(of: folder.path) == 1, "\(error)")
        }
        let missing = read(folder.file("nothing"))
        #expect(missing.error?.hasPrefix(folder.file("nothing") + ": ") == true)
        #expect(read(folder.path).error != nil)
    }

    @Test("damaged files never trap")
    func damaged() throws {
        let classic = CaptureFile.bytes(frames)
        let ng = PcapngBytes(isBigEndian: false).file(frames)
        try property("damaged captures", runs: 300) { random in
            _ = try read(random.mutated(random.chance(1, in: 2) ? classic : ng))
        }
    }

    // MARK: writing

    @Test("packets of another link type do not get into the file, and that is said")
    func otherLinkType() throws {
        var writer = try CaptureWriter(path: folder.file("out"), linkType: .ethernet)
        for type in [LinkType.ethernet, .linuxCooked, .ethernet] {
            let raw = RawPacket(number: 0, time: Timestamp(microseconds: 0), linkType: type, wireLength: 3)
            let bytes: [UInt8] = [1, 2, 3]
            writer.write(raw, bytes.span.bytes)
        }
        #expect(throws: CaptureError.self) { try writer.flush() }
        #expect(read(folder.file("out")).packets.count == 2)
    }

    private func write(_ frames: [TimedFrame], linkType: LinkType, extra: Int = 0, to path: String) throws {
        var writer = try CaptureWriter(path: path, linkType: linkType)
        for frame in frames {
            let packet = RawPacket(
                number: 0, time: frame.time, linkType: linkType, wireLength: frame.bytes.count + extra)
            writer.write(packet, frame.bytes.span.bytes)
        }
        try writer.flush()
    }

    @Test("what is written reads back the same")
    func roundTrip() throws {
        try write(frames, linkType: .ethernet, to: folder.file("out"))
        let result = read(folder.file("out"))
        #expect(result.error == nil)
        expectAll(result.packets)
        #expect(try CaptureFile.read(folder.file("out")) == CaptureFile.bytes(frames))
    }

    @Test(
        "every link type that the decoder reads can be written",
        arguments: [LinkType.null, .ethernet, .rawLinux, .raw, .loop, .linuxCooked, .linuxCooked2, .ipv4, .ipv6])
    func linkTypes(type: LinkType) throws {
        try write(frames, linkType: type, to: folder.file("out"))
        let result = read(folder.file("out"))
        #expect(result.packets.count == frames.count)
        // libpcap gives raw IP the number that this system has for it.
        #expect(result.linkType == (type == .raw ? .rawLinux : type))
    }

    @Test("lengths on the wire and empty packets survive, an impossible time does no harm")
    func oddPackets() throws {
        let odd = [
            TimedFrame([], at: Timestamp(seconds: 5)),
            TimedFrame([1, 2, 3], at: Timestamp(seconds: 0, microseconds: 999_999)),
        ]
        try write(odd, linkType: .ethernet, extra: 100, to: folder.file("out"))
        let result = read(folder.file("out"))
        #expect(result.packets.map(\.wireLength) == [100, 103])
        #expect(result.packets.map(\.time) == odd.map(\.time))
        try write([TimedFrame([1], at: Timestamp(microseconds: .min))], linkType: .ethernet, to: folder.file("out"))
        #expect(read(folder.file("out")).packets.count == 1)
    }

    @Test("a path that cannot be written is an error")
    func unwritable() {
        #expect(throws: CaptureError.self) {
            _ = try CaptureWriter(path: folder.file("no/such/folder"), linkType: .ethernet)
        }
    }

    @Test("a full disk is noticed")
    func fullDisk() throws {
        #expect(throws: CaptureError.self) { try write(frames, linkType: .ethernet, to: "/dev/full") }
    }
}

extension String {
    fileprivate func components(of part: String) -> Int {
        var count = 0
        var rest = self[...]
        while let range = rest.firstRange(of: part) {
            count += 1
            rest = rest[range.upperBound...]
        }
        return count
    }
}
