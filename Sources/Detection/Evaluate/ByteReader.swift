import AppLayer
import NetTypes
import Wire

/// Reads the numbers that rules speak of, and keeps those that have a name.
struct ByteReader {
    /// Variables of one rule.
    static let maximumVariables = 16

    private var variables = InlineArray<16, UInt64>(repeating: 0)

    func value(_ number: ByteNumber) -> Int64 {
        switch number {
        case .literal(let value): value
        case .variable(let index): Int64(truncatingIfNeeded: variables[Int(index)])
        }
    }

    func value(variable index: Int8) -> Int {
        Int(truncatingIfNeeded: min(variables[Int(index)], UInt64(UInt32.max)))
    }

    /// Where the match goes on, or nil when the condition does not hold.
    mutating func run(_ operation: ByteOperation, _ bytes: RawSpan, behind: Int) -> Int? {
        switch operation {
        case .dataAt(let number, let isRelative, let isNegated):
            let wanted = Int(truncatingIfNeeded: value(number))
            let isThere =
                isRelative
                ? wanted <= bytes.byteCount &- behind && wanted >= 0
                : wanted >= 0 && wanted < bytes.byteCount
            return isThere != isNegated ? behind : nil
        case .test(let field, let comparison, let right, let isNegated):
            guard let read = read(field, bytes, behind) else { return nil }
            let other = UInt64(bitPattern: value(right))
            return comparison.holds(read.value, other) != isNegated ? behind : nil
        case .jump(let field, let jump):
            return self.jump(field, jump, bytes, behind)
        case .extract(let field, let multiplier, let alignment, let index):
            guard let read = read(field, bytes, behind) else { return nil }
            variables[Int(index)] = ByteReader.aligned(read.value &* multiplier, to: alignment)
            return read.end
        case .math(var field, let operation, let right, let index):
            let mask = field.mask
            field.mask = 0
            guard let read = read(field, bytes, behind),
                let result = operation.apply(read.value, UInt64(bitPattern: value(right)))
            else { return nil }
            variables[Int(index)] = ByteReader.masked(result, mask)
            return read.end
        }
    }

    private func jump(_ field: ByteField, _ jump: ByteOperation.Jump, _ bytes: RawSpan, _ behind: Int) -> Int? {
        guard let read = read(field, bytes, behind) else { return nil }
        var distance = read.value &* jump.multiplier
        if jump.aligns { distance = ByteReader.aligned(distance, to: 4) }
        distance &+= UInt64(bitPattern: jump.postOffset)
        let origin =
            switch jump.origin {
            case .number: read.end
            case .beginning: 0
            case .end: bytes.byteCount
            }
        let target = Int64(origin) &+ Int64(bitPattern: distance)
        // Before the buffer is its start.
        return target < Int64(bytes.byteCount) ? max(0, Int(target)) : nil
    }

    /// The number and the place behind it; nil when it does not lie in the buffer or is none.
    private func read(_ field: ByteField, _ bytes: RawSpan, _ behind: Int) -> (value: UInt64, end: Int)? {
        let start = (field.isRelative ? Int64(behind) : 0) &+ value(field.offset)
        var count = value(field.count)
        // A text of 0 bytes goes on as far as its digits do.
        if count == 0, case .text = field.format { count = min(23, Int64(bytes.byteCount) &- start) }
        // No bytes make a zero, which a length read from the packet can come to.
        guard start >= 0, count >= 0, start <= Int64(bytes.byteCount), count <= Int64(bytes.byteCount) - start else {
            return nil
        }
        let (first, length) = (Int(start), Int(count))
        switch field.format {
        case .bigEndian, .littleEndian:
            guard length <= 8 else { return nil }
            var value: UInt64 = 0
            for index in 0..<length {
                let place = if case .bigEndian = field.format { index } else { length - 1 - index }
                value = value << 8 | UInt64(bytes.byte(at: first + place))
            }
            return (ByteReader.masked(value, field.mask), first + length)
        case .text(let base):
            guard length > 0, length <= 23,
                let digits = ByteReader.digits(bytes.extracting(first..<first + length), base: base)
            else { return nil }
            return (ByteReader.masked(digits.value, field.mask), first + digits.consumed)
        }
    }

    private static func masked(_ value: UInt64, _ mask: UInt64) -> UInt64 {
        mask == 0 ? value : (value & mask) >> UInt64(mask.trailingZeroBitCount)
    }

    private static func aligned(_ value: UInt64, to alignment: UInt64) -> UInt64 {
        guard alignment > 1, value % alignment != 0 else { return value }
        return value &+ (alignment - value % alignment)
    }

    /// What `strtoull` makes of the text; nil when there is no number or it is too large.
    static func digits(_ text: RawSpan, base: UInt64) -> (value: UInt64, consumed: Int)? {
        var index = 0
        let count = text.byteCount
        while index < count, text.byte(at: index) == 32 || (9...13).contains(text.byte(at: index)) { index += 1 }
        var isNegative = false
        if index < count, text.byte(at: index) == UInt8(ascii: "-") || text.byte(at: index) == UInt8(ascii: "+") {
            isNegative = text.byte(at: index) == UInt8(ascii: "-")
            index += 1
        }
        if base == 16, count - index > 2, text.byte(at: index) == UInt8(ascii: "0"),
            text.byte(at: index + 1).lowercased == UInt8(ascii: "x"),
            text.byte(at: index + 2).hexadecimalDigitValue != nil
        {
            index += 2
        }
        let first = index
        var value: UInt64 = 0
        while index < count, let digit = text.byte(at: index).hexadecimalDigitValue, UInt64(digit) < base {
            let (product, overflows) = value.multipliedReportingOverflow(by: base)
            let (sum, carries) = product.addingReportingOverflow(UInt64(digit))
            guard !overflows, !carries else { return nil }
            value = sum
            index += 1
        }
        guard index > first else { return nil }
        return (isNegative ? 0 &- value : value, index)
    }
}
