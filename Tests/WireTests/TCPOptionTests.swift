import NetTypes
import TestSupport
import Testing
import Wire

struct TCPOptionTests {
    private static let builder = PacketBuilder(from: "10.0.0.1", to: "192.0.2.1")

    private static func options(_ options: [TCPOption]) throws -> TCPOptions {
        try #require(DecodedPacket(builder.tcp(TCPFields(1, 2, .syn, options: options))).packet.tcp).options
    }

    @Test("those of an ordinary SYN")
    func ordinary() throws {
        let options = try Self.options([
            .maximumSegmentSize(1460), .selectiveAcknowledgmentPermitted, .timestamp(0xdead_beef, echo: 7),
            .noOperation,
            .windowScale(8),
        ])
        #expect(options.maximumSegmentSize == 1460)
        #expect(options.selectiveAcknowledgmentPermitted)
        #expect(options.timestamp?.value == 0xdead_beef && options.timestamp?.echo == 7)
        #expect(options.windowScale == 8)
        #expect(!options.malformed)
    }

    @Test("none")
    func none() throws {
        let options = try Self.options([])
        #expect(options.maximumSegmentSize == nil && options.windowScale == nil && options.timestamp == nil)
        #expect(!options.selectiveAcknowledgmentPermitted && !options.malformed)
    }

    @Test(
        "a shift count is at most 14 (RFC 7323)",
        arguments: [(0, 0), (14, 14), (15, 14), (255, 14)] as [(UInt8, UInt8)])
    func windowScale(sent: UInt8, used: UInt8) throws {
        #expect(try Self.options([.windowScale(sent)]).windowScale == used)
    }

    @Test("nothing is read behind the end of the list")
    func endOfList() throws {
        let options = try Self.options([.windowScale(3), .end, .maximumSegmentSize(9)])
        #expect(options.windowScale == 3)
        #expect(options.maximumSegmentSize == nil)
        #expect(!options.malformed)
    }

    @Test("unknown options are stepped over")
    func unknown() throws {
        let options = try Self.options([
            .raw([254, 6, 1, 2, 3, 4]), .raw([30, 2]), .selectiveAcknowledgment([(1, 2)]), .windowScale(3),
        ])
        #expect(options.windowScale == 3)
        #expect(!options.malformed)
    }

    @Test(
        "impossible lengths",
        arguments: [
            // A length of 0 or 1 would never end; one beyond the header reads the payload.
            [2, 0, 0, 0], [2, 1, 0, 0], [3, 5, 0, 0], [254, 0, 1, 1], [254, 200, 1, 1], [1, 1, 1, 3], [1, 1, 1, 254],
            [8, 255, 0, 0],
        ] as [[UInt8]])
    func impossible(bytes: [UInt8]) throws {
        let options = try Self.options([.raw(bytes)])
        #expect(options.malformed)
        #expect(options.maximumSegmentSize == nil && options.windowScale == nil && options.timestamp == nil)
    }

    @Test(
        "a known option with a length of its own making is not used, the next one is",
        arguments: [
            [2, 3, 9, 3, 3, 7, 0, 0], [3, 4, 9, 9, 3, 3, 7, 0], [4, 3, 9, 3, 3, 7, 0, 0], [8, 5, 9, 9, 9, 3, 3, 7],
            [2, 2, 3, 3, 7, 0, 0, 0],
        ] as [[UInt8]])
    func wrongLength(bytes: [UInt8]) throws {
        let options = try Self.options([.raw(bytes)])
        #expect(options.malformed)
        #expect(
            options.maximumSegmentSize == nil && options.timestamp == nil && !options.selectiveAcknowledgmentPermitted)
        #expect(options.windowScale == 7)
    }

    @Test("every list of random bytes is read without a trap, and with no more than it holds")
    func anyList() throws {
        try property("TCP options", runs: 5000) { random in
            let list = random.bytes(upTo: 40)
            let frame = Self.builder.tcp(TCPFields(1, 2, options: [.raw(list)]), utf8("payload"))
            let decoded = DecodedPacket(frame)
            try #require(decoded.failure == nil)
            try #require(decoded.payload == utf8("payload"))
            let options = try #require(decoded.packet.tcp).options
            try #require((options.windowScale ?? 0) <= 14)
        }
    }
}
