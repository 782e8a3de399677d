/// A small DEFLATE encoder (RFC 1951): blocks of all three kinds, with codes and matches drawn by lot. It does not compress
/// well; it makes what a decoder has to read.
public struct DeflateBytes {
    private var bytes: [UInt8] = []
    private var pending: UInt64 = 0
    private var pendingCount = 0

    private enum Token {
        case literal(UInt8)
        case match(length: Int, distance: Int)
    }

    /// `content` in some number of blocks.
    public static func encode(_ content: [UInt8], _ random: inout SeededRandom) -> [UInt8] {
        var writer = DeflateBytes()
        var position = 0
        repeat {
            let count = min(content.count - position, random.below(1 + random.pick([0, 5, 300, 40_000])))
            let end = random.chance(1, in: 5) ? content.count : position + count
            writer.block(content, position..<end, isLast: end == content.count, kind: random.below(3), &random)
            position = end
        } while position < content.count
        writer.flush()
        return writer.bytes
    }

    /// Wrapped as gzip (RFC 1952), with some of the optional parts of the header.
    public static func gzip(_ content: [UInt8], _ random: inout SeededRandom) -> [UInt8] {
        let flags = UInt8(random.pick([0, 2, 4, 8, 16, 30, 12]))
        var head: [UInt8] = [0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 3]
        if flags & 4 != 0 { head += [3, 0, 1, 2, 3] }
        if flags & 8 != 0 { head += utf8("name") + [0] }
        if flags & 16 != 0 { head += utf8("comment") + [0] }
        if flags & 2 != 0 { head += [0, 0] }
        return head + encode(content, &random) + [1, 2, 3, 4, 0, 0, 0, 0]
    }

    /// Wrapped as zlib (RFC 1950).
    public static func zlib(_ content: [UInt8], _ random: inout SeededRandom) -> [UInt8] {
        [0x78, 0x9c] + encode(content, &random) + [1, 2, 3, 4]
    }

    // MARK: bits

    private mutating func put(_ value: Int, _ count: Int) {
        pending |= UInt64(value) << UInt64(pendingCount)
        pendingCount += count
        while pendingCount >= 8 {
            bytes.append(UInt8(truncatingIfNeeded: pending))
            pending >>= 8
            pendingCount -= 8
        }
    }

    private mutating func put(code: (bits: Int, length: Int)) {
        for place in stride(from: code.length - 1, through: 0, by: -1) { put(code.bits >> place & 1, 1) }
    }

    private mutating func flush() {
        if pendingCount > 0 { put(0, 8 - pendingCount) }
    }

    // MARK: blocks

    private mutating func block(
        _ content: [UInt8], _ range: Range<Int>, isLast: Bool, kind: Int, _ random: inout SeededRandom
    ) {
        put(isLast ? 1 : 0, 1)
        if kind == 0, range.count <= 65535 {
            put(0, 2)
            flush()
            for value in [range.count & 255, range.count >> 8, ~range.count & 255, ~range.count >> 8 & 255] {
                put(value, 8)
            }
            for byte in content[range] { put(Int(byte), 8) }
            return
        }
        let tokens = DeflateBytes.tokens(content, range, &random)
        put(kind == 2 ? 2 : 1, 2)
        var literals = (0..<288).map { $0 < 144 ? 8 : $0 < 256 ? 9 : $0 < 280 ? 7 : 8 }
        var distances = Array(repeating: 5, count: 30)
        if kind == 2 {
            (literals, distances) = DeflateBytes.lengths(for: tokens)
            putLengths(literals, distances, &random)
        }
        put(tokens, DeflateBytes.codes(literals), DeflateBytes.codes(distances))
    }

    private mutating func put(_ tokens: [Token], _ literals: [(Int, Int)], _ distances: [(Int, Int)]) {
        for token in tokens {
            switch token {
            case .literal(let byte): put(code: literals[Int(byte)])
            case .match(let length, let distance):
                let long = DeflateBytes.symbol(length, DeflateBytes.lengthBases)
                put(code: literals[257 + long.symbol])
                put(long.rest, length == 258 ? 0 : DeflateBytes.lengthExtra(long.symbol))
                let far = DeflateBytes.symbol(distance, DeflateBytes.distanceBases)
                put(code: distances[far.symbol])
                put(far.rest, DeflateBytes.distanceExtra(far.symbol))
            }
        }
        put(code: literals[256])
    }

    /// Matches are looked for at one place drawn by lot: enough to have all lengths and distances.
    private static func tokens(_ content: [UInt8], _ range: Range<Int>, _ random: inout SeededRandom) -> [Token] {
        var tokens: [Token] = []
        var position = range.lowerBound
        while position < range.upperBound {
            let distance = 1 + random.below(min(position, 32_768))
            var length = 0
            if position > 0 {
                let limit = min(258, range.upperBound - position)
                while length < limit, content[position - distance + length] == content[position + length] {
                    length += 1
                }
            }
            if length >= 3 {
                tokens.append(.match(length: length, distance: distance))
                position += length
            } else {
                tokens.append(.literal(content[position]))
                position += 1
            }
        }
        return tokens
    }

    // MARK: codes

    private static let lengthBases = [
        3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227,
        258,
    ]
    private static let distanceBases = [
        1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097,
        6145,
        8193, 12289, 16385, 24577,
    ]

    private static func lengthExtra(_ symbol: Int) -> Int { symbol < 8 || symbol == 28 ? 0 : symbol / 4 - 1 }
    private static func distanceExtra(_ symbol: Int) -> Int { symbol < 4 ? 0 : symbol / 2 - 1 }

    private static func symbol(_ value: Int, _ bases: [Int]) -> (symbol: Int, rest: Int) {
        let symbol = (bases.lastIndex { $0 <= value }) ?? 0
        return (symbol, value - bases[symbol])
    }

    /// Canonical codes of given lengths (RFC 1951 section 3.2.2).
    private static func codes(_ lengths: [Int]) -> [(bits: Int, length: Int)] {
        var codes = lengths.map { (bits: 0, length: $0) }
        var code = 0
        for length in 1...15 {
            for symbol in lengths.indices where lengths[symbol] == length {
                codes[symbol].bits = code
                code += 1
            }
            code <<= 1
        }
        return codes
    }

    /// A complete code in which all symbols that occur have nearly the same length.
    private static func balanced(_ used: Set<Int>, count: Int) -> [Int] {
        var lengths = Array(repeating: 0, count: count)
        var bits = 1
        while 1 << bits < used.count { bits += 1 }
        var short = (1 << bits) - used.count
        if used.count == 1 { short = 0 }
        for symbol in used.sorted() {
            lengths[symbol] = short > 0 ? bits - 1 : bits
            short -= 1
        }
        return lengths
    }

    private static func lengths(for tokens: [Token]) -> ([Int], [Int]) {
        var literals: Set<Int> = [256]
        var distances: Set<Int> = []
        for token in tokens {
            switch token {
            case .literal(let byte): literals.insert(Int(byte))
            case .match(let length, let distance):
                literals.insert(257 + symbol(length, lengthBases).symbol)
                distances.insert(symbol(distance, distanceBases).symbol)
            }
        }
        if literals.count == 1 { literals.insert(0) }
        return (balanced(literals, count: 286), balanced(distances, count: 30))
    }

    private mutating func putLengths(_ literals: [Int], _ distances: [Int], _ random: inout SeededRandom) {
        let all = literals + distances
        var items: [(symbol: Int, extra: Int, bits: Int)] = []
        var index = 0
        while index < all.count {
            var run = 1
            while index + run < all.count, all[index + run] == all[index] { run += 1 }
            if all[index] == 0, run >= 11, random.chance(3, in: 4) {
                run = min(run, 138)
                items.append((18, run - 11, 7))
            } else if all[index] == 0, run >= 3 {
                run = min(run, 10)
                items.append((17, run - 3, 3))
            } else if index > 0, all[index - 1] == all[index], run >= 3, random.chance(3, in: 4) {
                run = min(run, 6)
                items.append((16, run - 3, 2))
            } else {
                run = 1
                items.append((all[index], 0, 0))
            }
            index += run
        }
        var used = Set(items.map(\.symbol))
        if used.count == 1 { used.insert(used.contains(0) ? 1 : 0) }
        let lengths = DeflateBytes.balanced(used, count: 19)
        put(29, 5)
        put(29, 5)
        put(15, 4)
        for symbol in [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15] { put(lengths[symbol], 3) }
        let codes = DeflateBytes.codes(lengths)
        for item in items {
            put(code: codes[item.symbol])
            put(item.extra, item.bits)
        }
    }
}
