import EventLog
import Foundation
import TestSupport
import Testing

/// What is written is JSON, one record a line, whatever a peer puts into it.
struct JSONWriterTests {
    private func parsed(_ writer: JSONWriter) throws -> [String: Any] {
        let line = writer.bytes
        #expect(line.last == 10)
        #expect(line.dropLast().allSatisfy { $0 >= 32 && $0 != 127 }, "a control byte in the line")
        return try #require(JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])
    }

    @Test func structure() throws {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("text", "a\"b\\c\n\t\u{1}é")
        writer.member("small", Int64.min)
        writer.member("large", UInt64.max)
        writer.member("yes", true)
        writer.beginObject("inner")
        writer.beginArray("list")
        writer.element("x")
        writer.element(7)
        writer.endArray()
        writer.endObject()
        writer.beginObject("empty")
        writer.endObject()
        writer.member(key: "own \"key\"", 0)
        writer.endObject()
        writer.endLine()
        let record = try parsed(writer)
        #expect(record["text"] as? String == "a\"b\\c\n\t\u{1}é")
        #expect(record["small"] as? Int64 == Int64.min)
        #expect(record["large"] as? UInt64 == UInt64.max)
        #expect(record["yes"] as? Bool == true)
        #expect((record["inner"] as? [String: Any])?["list"] as? NSArray == ["x", 7])
        #expect((record["empty"] as? [String: Any])?.isEmpty == true)
        #expect(record["own \"key\""] as? Int == 0)
    }

    @Test func clears() throws {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("a", 1)
        writer.clear()
        writer.beginObject()
        writer.endObject()
        writer.endLine()
        #expect(writer.bytes == utf8("{}\n"))
    }

    @Test(
        arguments: [
            ([0x61, 0xff, 0x62], "a\\xffb"), ([0xc3, 0xa9], "é"), ([0xc3], "\\xc3"),
            ([0, 10, 13, 127], "\0\n\r\u{7f}"),
            ([0xed, 0xa0, 0x80], "\\xed\\xa0\\x80"), ([], ""),
        ] as [([UInt8], String)])
    func bytesOfAPeer(_ bytes: [UInt8], _ text: String) throws {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("name", bytes: bytes)
        writer.endObject()
        writer.endLine()
        #expect(try parsed(writer)["name"] as? String == text)
    }

    @Test func anyBytes() throws {
        try property("JSON of any bytes", runs: 500) { random in
            let bytes = random.bytes(upTo: 300)
            var writer = JSONWriter()
            writer.beginObject()
            writer.member("name", bytes: bytes)
            writer.member("text", String(decoding: bytes, as: UTF8.self))
            writer.endObject()
            writer.endLine()
            let record = try parsed(writer)
            try #require(record["text"] as? String == String(decoding: bytes, as: UTF8.self))
        }
    }
}
