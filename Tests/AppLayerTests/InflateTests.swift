import TestSupport
import Testing

@testable import AppLayer

/// DEFLATE, gzip and zlib read back.
struct InflateTests {
    private enum Outcome: Equatable {
        case needsInput
        case finished
        case corrupt
        case full
    }

    /// Reads `pieces` one after the other; what came out, at most `limit` bytes.
    private static func read(
        _ pieces: [[UInt8]], _ container: CompressedStream.Container = .bare, limit: Int = 1 << 22
    ) -> (bytes: [UInt8], outcome: Outcome) {
        var stream = CompressedStream(container)
        var output: [UInt8] = []
        var outcome = Outcome.needsInput
        for piece in pieces {
            var position = 0
            switch stream.run(piece.span.bytes, &position, into: &output, limit: limit) {
            case .needsInput: continue
            case .needsRoom: outcome = .full
            case .finished: outcome = .finished
            case .corrupt: outcome = .corrupt
            }
            break
        }
        return (output, outcome)
    }

    private static let plain = utf8(String(repeating: "hello hello hello, this is hello. ", count: 3))
    /// Made by zlib 1.3 with level 9: one block with the fixed codes.
    private static let fixed: [UInt8] = [
        0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0x57, 0xc8, 0x40, 0x90, 0x3a, 0x0a, 0x25, 0x19, 0x99, 0xc5, 0x0a, 0x40, 0x04,
        0xe6,
        0xea, 0x21, 0xcb, 0x91, 0xad, 0x02, 0x00,
    ]
    /// The same for a block with codes of its own.
    private static let dynamic: [UInt8] = [
        0x25, 0x8f, 0xcb, 0x15, 0x44, 0x31, 0x08, 0x42, 0xf7, 0x56, 0x61, 0x6b, 0x80, 0xbf, 0xfe, 0x2b, 0x78, 0x64,
        0xc6,
        0x55, 0x4e, 0x84, 0x0b, 0x12, 0x42, 0x64, 0x2c, 0x11, 0xd8, 0x43, 0x4a, 0x68, 0x78, 0x96, 0x07, 0x65, 0x68,
        0xa4,
        0x2c, 0x1c, 0x58, 0xe8, 0x63, 0x55, 0x2c, 0x42, 0x7b, 0x9c, 0x41, 0x82, 0x3b, 0x61, 0x5f, 0x2d, 0x29, 0x50,
        0x3b,
        0x93, 0xb2, 0xd3, 0xd6, 0x18, 0x5e, 0xcc, 0x0d, 0x3a, 0x21, 0xd2, 0x21, 0x1e, 0x3f, 0x8d, 0xe7, 0x14, 0xac,
        0xa7,
        0x2a, 0x3b, 0x02, 0x76, 0x1b, 0x2c, 0xab, 0x1c, 0x68, 0x33, 0x98, 0xa7, 0x87, 0xe9, 0x43, 0xd9, 0x59, 0x56,
        0x14,
        0x4f, 0x84, 0x37, 0xb4, 0x60, 0xc0, 0xa3, 0xcb, 0x56, 0xa0, 0xf7, 0xa1, 0x9a, 0x3f, 0x80, 0xbb, 0xbc, 0x14,
        0x7a,
        0xd4, 0x9a, 0x6e, 0x94, 0x82, 0xbe, 0xe6, 0x5e, 0xa5, 0xc6, 0x1a, 0x2f, 0x67, 0x9b, 0xfd, 0xa0, 0xfe, 0x76,
        0xe5,
        0x23, 0xd2, 0x5d, 0x70, 0x6b, 0x71, 0x83, 0xef, 0xf6, 0xea, 0xdc, 0x5e, 0xfc, 0xab, 0xc7, 0xb8, 0x7e, 0x51,
        0x63,
        0xf7, 0x07,
    ]
    private static let dynamicText =
        "baca\n \ngba\nagha ccaeaaaagbhac \ncfcc dahabdaehbdd\nga\ncghbffa abgf\na\nadgbbcabcgff cagbbha\nfbh\nfhfae acbbacaaaa"
        + " acccabfdabbcbcd e\n\naadgehbcacbhacagbab hc cagehadbbadaaddbhcbaab bagbfabhb\nagd\naegdabbebehbcagf\n"
        + "caaabbbbcecfeeadc\nbaeahagbbeagacacfda caadaaahaabchba bcbahgdc\neabeaaade gegaae acb\nfcbbdbcfaca"

    @Test("what zlib has made")
    func vectors() {
        #expect(Self.read([Self.fixed]).bytes == Self.plain)
        #expect(Self.read([Self.fixed]).outcome == .finished)
        #expect(text(Self.read([Self.dynamic]).bytes) == Self.dynamicText)
        #expect(Self.read([[1, 3, 0, 0xfc, 0xff] + utf8("abc")]).bytes == utf8("abc"))
        #expect(Self.read([[3, 0]]).outcome == .finished)
        let zlib = [0x78, 0xda] + Self.fixed + [0x55, 0x61, 0x23, 0xfb]
        #expect(Self.read([zlib], .wrapped).bytes == Self.plain)
        let head: [UInt8] = [0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 2, 0xff] + utf8("name") + [0]
        #expect(Self.read([head + Self.fixed + [0x30, 0xc6, 0x7b, 0x99, 0x66, 0, 0, 0]], .wrapped).bytes == Self.plain)
    }

    @Test(
        "what is no DEFLATE",
        arguments: [
            [7], [1, 3, 0, 0, 0], [0xff, 0xff], [5, 0xff, 0xff, 0xff, 0xff],
            // A distance before the start.
            [0x4b, 0x04, 0x12, 0x00, 0x00],
        ] as [[UInt8]])
    func corrupt(bytes: [UInt8]) {
        let result = Self.read([bytes + Array(repeating: 0, count: 40)])
        #expect(result.outcome == .corrupt || result.bytes.count <= 2, "\(result)")
    }

    @Test(
        "heads of containers that are refused", arguments: [[0x78, 0xdb], [0x79, 0x9c], [0x1f, 0x8c], [0x78, 0xbb]])
    func containers(head: [UInt8]) {
        #expect(Self.read([head + Self.fixed], .wrapped).outcome == .corrupt)
    }

    @Test("every block, code and cut comes back as it was")
    func roundTrip() throws {
        try property("deflate and inflate", runs: 300) { random in
            let content = Self.content(&random)
            let packed: [UInt8]
            let container: CompressedStream.Container
            switch random.below(3) {
            case 0: (packed, container) = (DeflateBytes.encode(content, &random), .bare)
            case 1: (packed, container) = (DeflateBytes.gzip(content, &random), .wrapped)
            default: (packed, container) = (DeflateBytes.zlib(content, &random), .wrapped)
            }
            let result = Self.read(random.pieces(of: packed), container)
            try #require(result.bytes == content && result.outcome == .finished)
            let short = Self.read(random.pieces(of: Array(packed.dropLast(container == .bare ? 1 : 9))), container)
            try #require(content.starts(with: short.bytes))
            let limited = Self.read([packed], container, limit: content.count / 2)
            try #require(limited.bytes == Array(content.prefix(content.count / 2)))
        }
    }

    @Test("damaged bytes end somewhere, whatever their cut")
    func damaged() throws {
        try property("damaged deflate", runs: 600) { random in
            let packed = random.mutated(DeflateBytes.gzip(Self.content(&random), &random))
            let whole = Self.read([packed], .wrapped)
            let pieces = Self.read(random.pieces(of: packed), .wrapped)
            try #require(whole.bytes == pieces.bytes && whole.outcome == pieces.outcome)
            let noise = random.bytes(upTo: 300)
            try #require(Self.read([noise]).bytes.count <= noise.count * 1100)
        }
    }

    private static func content(_ random: inout SeededRandom) -> [UInt8] {
        switch random.below(4) {
        case 0: random.bytes(upTo: 3000)
        case 1: Array(repeating: UInt8(random.below(256)), count: random.below(70_000))
        case 2: (0..<random.below(4000)).map { _ in UInt8(97 + random.below(4)) }
        default: []
        }
    }
}
