import TestSupport
import Testing
import Wire

/// The cursor, each read through a closure: a span cannot stand in an expectation.
struct ByteCursorTests {
    private static let bytes: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]

    private static func read<R>(_ count: Int = bytes.count, _ body: (inout ByteCursor) throws -> R) rethrows -> R {
        let part = Array(bytes.prefix(count))
        var cursor = ByteCursor(part.span.bytes)
        return try body(&cursor)
    }

    @Test("numbers in network order")
    func numbers() throws {
        let numbers = try Self.read { cursor in
            [
                Int(try cursor.u8()), Int(try cursor.u16()), try cursor.u24(), Int(try cursor.u32()), cursor.offset,
                cursor.remaining,
            ]
        }
        #expect(numbers == [1, 0x0203, 0x04_0506, 0x0708_090a, 10, 1])
    }

    @Test("the last byte can be read, the one behind it not", arguments: [(1, 0), (2, 1), (3, 2), (4, 3)])
    func end(width: Int, short: Int) throws {
        func number(_ cursor: inout ByteCursor) throws -> Int {
            switch width {
            case 1: Int(try cursor.u8())
            case 2: Int(try cursor.u16())
            case 3: try cursor.u24()
            default: Int(try cursor.u32())
            }
        }
        let isAtEnd = try Self.read(width) { cursor in
            _ = try number(&cursor)
            return cursor.isAtEnd
        }
        #expect(isAtEnd)
        #expect(throws: EndOfBytes.self) { try Self.read(short) { _ = try number(&$0) } }
    }

    @Test("lengths that do not fit are refused and move nothing", arguments: [-1, 12, Int.max, Int.min])
    func lengths(count: Int) {
        #expect(throws: EndOfBytes.self) { try Self.read { try $0.skip(count) } }
        #expect(throws: EndOfBytes.self) { try Self.read { _ = try $0.take(count) } }
        let offset = Self.read { cursor in
            do { try cursor.skip(count) } catch {}
            do { _ = try cursor.take(count) } catch {}
            return cursor.offset
        }
        #expect(offset == 0)
    }

    @Test("a part cannot read beyond itself")
    func parts() throws {
        let (whole, unread, behind) = try Self.read(4) { cursor in
            var part = try cursor.take(2)
            try part.skip(1)
            return (part.all.copied(), part.rest.copied(), cursor.rest.copied())
        }
        #expect(whole == [1, 2])
        #expect(unread == [2])
        #expect(behind == [3, 4])
        #expect(throws: EndOfBytes.self) {
            try Self.read {
                var part = try $0.take(1)
                _ = try part.u16()
            }
        }
    }

    @Test(
        "clamping keeps a range inside",
        arguments: [(0..<3, 0..<3), (-5..<2, 0..<2), (1..<99, 1..<3), (7..<9, 3..<3), (-9 ..< -2, 0..<0)])
    func clamping(range: Range<Int>, expected: Range<Int>) {
        let bytes: [UInt8] = [0, 1, 2]
        let clamped = bytes.span.bytes.clamped(range).copied()
        #expect(clamped == Array(bytes[expected]))
    }
}
