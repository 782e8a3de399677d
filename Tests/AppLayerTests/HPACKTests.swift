import TestSupport
import Testing
import Wire

@testable import AppLayer

@Suite struct HPACKTests {
    private static func text(_ entries: [HPACKDecoder.Entry]) -> [String] {
        entries.map {
            switch $0 {
            case .field(let name, let value):
                "\(String(decoding: name, as: UTF8.self)): \(String(decoding: value, as: UTF8.self))"
            case .sizeUpdate(let size): "size \(size)"
            }
        }
    }

    private static func decode(_ decoder: inout HPACKDecoder, _ hex: String) throws -> [String] {
        let block = bytes(hex: hex)
        return text(try decoder.decode(block.span.bytes, maximumBytes: 65_536, maximumFields: 100))
    }

    @Test("requests with Huffman codes and a table (RFC 7541 appendix C.4)")
    func requests() throws {
        var decoder = HPACKDecoder()
        let common = [":method: GET", ":scheme: http", ":path: /", ":authority: www.example.com"]
        let blocks: [(hex: String, expected: [String])] = [
            ("828684418cf1e3c2e5f23a6ba0ab90f4ff", common),
            ("828684be5886a8eb10649cbf", common + ["cache-control: no-cache"]),
            (
                "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf",
                [
                    ":method: GET", ":scheme: https", ":path: /index.html", ":authority: www.example.com",
                    "custom-key: custom-value",
                ]
            ),
        ]
        for block in blocks {
            let decoded = try Self.decode(&decoder, block.hex)
            #expect(decoded == block.expected)
        }
    }

    @Test("a table of 256 bytes lets go of the oldest (RFC 7541 appendix C.5)")
    func eviction() throws {
        var decoder = HPACKDecoder()
        let size = "3fe101"
        let first = """
            4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d546e1768747470733a2f2f\
            7777772e6578616d706c652e636f6d
            """
        let whole = try Self.decode(&decoder, size + first)
        #expect(whole.first == "size 256")
        let next = try Self.decode(&decoder, "4803333037c1c0bf")
        #expect(next.first == ":status: 307")
        // The first status was the oldest entry.
        #expect(throws: HPACKDecoder.Fault.self) { try Self.decode(&decoder, "c2") }
    }

    @Test(
        "what is no block",
        arguments: [
            "80", "ff00", "bf", "82ff", "0085ffffffff", "00 81 00", "3fffffffffff0f", "3fe2ff03",
            "00 7f ff ff ff ff 7f",
            "00 84 ff ff ff ff 00",
        ])
    func faults(_ hex: String) {
        var decoder = HPACKDecoder()
        #expect(throws: HPACKDecoder.Fault.self) { try Self.decode(&decoder, hex) }
    }

    @Test("a few bytes do not become many")
    func bomb() {
        var decoder = HPACKDecoder()
        let field = [0x40, 1, 0x61, 0x7f, 0xa1, 0x1e] + [UInt8](repeating: 0x62, count: 4000)
        let block = field + [UInt8](repeating: 0xbe, count: 60)
        #expect(throws: HPACKDecoder.Fault.tooLong) {
            try decoder.decode(block.span.bytes, maximumBytes: 65_536, maximumFields: 1000)
        }
        #expect(throws: HPACKDecoder.Fault.tooLong) {
            try decoder.decode(
                [UInt8](repeating: 0x82, count: 101).span.bytes, maximumBytes: 65_536, maximumFields: 100)
        }
    }

    @Test("no bytes trap")
    func hostile() throws {
        let seeds = ["828684418cf1e3c2e5f23a6ba0ab90f4ff", "3fe1014803333032580770726976617465", "4803333037c1c0bf"].map
        { bytes(hex: $0) }
        try property("hostile HPACK", runs: 20_000) { random in
            var decoder = HPACKDecoder()
            decoder.allow(random.pick([0, 100, 1 << 20]))
            for _ in 0..<1 + random.below(4) {
                let block = random.chance(1, in: 3) ? random.bytes(upTo: 40) : random.mutated(random.pick(seeds))
                _ = try? decoder.decode(block.span.bytes, maximumBytes: 1000, maximumFields: 50)
            }
        }
    }
}
