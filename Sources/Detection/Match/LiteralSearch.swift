import AppLayer
import NetTypes
import Wire

/// Finds which of many literals stand in a buffer, whatever the case of their letters: the prefilter of `content`.
///
/// Of each literal of four bytes or more the four that are rarest among all literals are its key (a gram). A bit table
/// over the hashes of keys is asked at each place of the buffer; a hit is looked up in a hash table and the whole literal
/// compared. Shorter literals have keys of two bytes or one, in tables of their own. Building is linear in the literals
/// and takes milliseconds for tens of thousands of them, so that a reload needs no compiler of patterns.
struct LiteralSearch: Sendable {
    /// A literal and the identifiers it stands for.
    fileprivate struct Literal {
        /// Folded bytes in `bytes`.
        var start: Int32
        var count: Int32
        /// Place of its key in it.
        var keyOffset: Int32
        var identifiers: Range<Int32>
    }

    /// Literals with keys of one length.
    fileprivate struct Table {
        let keyLength: Int
        /// Hash bits that index `bits`.
        let shift: UInt32
        var bits: [UInt64]
        /// Open addressing: a key in the upper half, one more than its place in `chains` in the lower; 0 is free.
        var slots: [UInt64]
        /// Literals of each key, in a row.
        var chains: [Range<Int32>] = []
    }

    private var bytes: [UInt8] = []
    private var literals: [Literal] = []
    private var identifiers: [Int32] = []
    private var tables: [Table] = []
    /// Bytes of the longest literal.
    private(set) var longest = 0

    var isEmpty: Bool { literals.isEmpty }

    /// - Parameter literals: not empty, each with the identifier to be told of; the same literal may stand there often.
    init(_ entries: [(literal: [UInt8], identifier: Int32)]) {
        var index: [[UInt8]: Int] = [:]
        var folded: [[UInt8]] = []
        var members: [[Int32]] = []
        for entry in entries where !entry.literal.isEmpty {
            let literal = entry.literal.map(\.lowercased)
            if let known = index[literal] {
                members[known].append(entry.identifier)
            } else {
                index[literal] = folded.count
                folded.append(literal)
                members.append([entry.identifier])
            }
        }
        place(folded, members)
    }

    private mutating func place(_ folded: [[UInt8]], _ members: [[Int32]]) {
        let use = LiteralSearch.gramUse(folded)
        var keyed: [(key: UInt32, length: Int, offset: Int, literal: Int)] = []
        for (number, literal) in folded.enumerated() {
            longest = max(longest, literal.count)
            let length = literal.count >= 4 ? 4 : literal.count >= 2 ? 2 : 1
            let offset = length == 4 ? LiteralSearch.rarest(literal, use) : 0
            keyed.append((LiteralSearch.key(literal, offset, length), length, offset, number))
        }
        keyed.sort { ($0.length, $0.key, $0.literal) < ($1.length, $1.key, $1.literal) }
        for length in [4, 2, 1] {
            let part = keyed.filter { $0.length == length }
            guard !part.isEmpty else { continue }
            var table = Table(keyLength: length, keys: part.count)
            var start = 0
            while start < part.count {
                var end = start
                let first = Int32(literals.count)
                while end < part.count, part[end].key == part[start].key {
                    let literal = folded[part[end].literal]
                    let list = members[part[end].literal]
                    literals.append(
                        Literal(
                            start: Int32(bytes.count), count: Int32(literal.count), keyOffset: Int32(part[end].offset),
                            identifiers: identifiers.place(list)))
                    bytes += literal
                    end += 1
                }
                table.insert(part[start].key, first..<Int32(literals.count))
                start = end
            }
            tables.append(table)
        }
    }

    // MARK: keys

    private static let useBits: UInt32 = 16

    /// How often four bytes in a row stand in the literals, by a hash of them: what many literals share is common in
    /// traffic too.
    private static func gramUse(_ literals: [[UInt8]]) -> [UInt32] {
        var use = [UInt32](repeating: 0, count: 1 << Int(useBits))
        for literal in literals where literal.count >= 4 {
            for offset in 0...(literal.count - 4) { use[place(key(literal, offset, 4))] &+= 1 }
        }
        return use
    }

    private static func place(_ key: UInt32) -> Int { Int(hash(key) >> (32 &- useBits)) }

    private static func rarest(_ literal: [UInt8], _ use: [UInt32]) -> Int {
        var best = 0
        var least = UInt32.max
        for offset in 0...(literal.count - 4) {
            let key = key(literal, offset, 4)
            // Runs of one byte fill real traffic; they are the last resort.
            let isRun = key == (key & 0xff) &* 0x0101_0101
            let count = isRun ? UInt32.max - 1 : use[place(key)]
            if count < least { (best, least) = (offset, count) }
        }
        return best
    }

    /// Little-endian, as a load from the buffer gives it.
    private static func key(_ literal: [UInt8], _ offset: Int, _ length: Int) -> UInt32 {
        var key: UInt32 = 0
        for index in 0..<length { key |= UInt32(literal[offset + index]) << UInt32(8 * index) }
        return key
    }

    @inline(__always)
    fileprivate static func hash(_ key: UInt32) -> UInt32 { key &* 0x9E37_79B1 }

    /// ASCII capitals of eight bytes made small.
    @inline(__always)
    private static func fold(_ word: UInt64) -> UInt64 {
        let low = word & 0x7f7f_7f7f_7f7f_7f7f
        let isAboveZ = low &+ 0x2525_2525_2525_2525
        let isFromA = low &+ 0x3f3f_3f3f_3f3f_3f3f
        return word | ((~word & (isFromA ^ isAboveZ) & 0x8080_8080_8080_8080) >> 2)
    }

    // MARK: search

    /// Calls `found` with the identifiers of every literal that stands in `buffer` from `from` on, and where it begins;
    /// once for each place.
    /// - Returns: bytes compared beyond one look at each place, the account of what traffic made for the literals costs.
    func search(_ buffer: RawSpan, from: Int = 0, _ found: (ArraySlice<Int32>, Int) -> Void) -> Int {
        var work = 0
        for table in tables {
            switch table.keyLength {
            case 4: work &+= searchFours(table, buffer, from: from, found)
            case 2: work &+= searchTwos(table, buffer, from: from, found)
            default: work &+= searchOnes(table, buffer, from: from, found)
            }
        }
        return work
    }

    /// Eight bytes are loaded and folded at once and give five places.
    private func searchFours(
        _ table: Table, _ buffer: RawSpan, from: Int, _ found: (ArraySlice<Int32>, Int) -> Void
    ) -> Int {
        var work = 0
        var position = max(0, from)
        let count = buffer.byteCount
        while position &+ 8 <= count {
            let word = LiteralSearch.fold(
                UInt64(littleEndian: unsafe buffer.unsafeLoadUnaligned(fromByteOffset: position, as: UInt64.self)))
            var step = 0
            while step < 5 {
                let key = UInt32(truncatingIfNeeded: word >> UInt64(8 &* step))
                if table.mayHave(key) { work &+= verify(table, key, buffer, position &+ step, found) }
                step &+= 1
            }
            position &+= 5
        }
        while position &+ 4 <= count {
            let word = LiteralSearch.fold(
                UInt64(UInt32(littleEndian: unsafe buffer.unsafeLoadUnaligned(fromByteOffset: position, as: UInt32.self))))
            let key = UInt32(truncatingIfNeeded: word)
            if table.mayHave(key) { work &+= verify(table, key, buffer, position, found) }
            position &+= 1
        }
        return work
    }

    private func searchTwos(
        _ table: Table, _ buffer: RawSpan, from: Int, _ found: (ArraySlice<Int32>, Int) -> Void
    ) -> Int {
        var work = 0
        var position = max(0, from)
        guard position < buffer.byteCount else { return 0 }
        var key = UInt32(buffer.byte(at: position).lowercased) << 8
        while position &+ 2 <= buffer.byteCount {
            key = key >> 8 | UInt32(buffer.byte(at: position &+ 1).lowercased) << 8
            if table.mayHave(key) { work &+= verify(table, key, buffer, position, found) }
            position &+= 1
        }
        return work
    }

    private func searchOnes(
        _ table: Table, _ buffer: RawSpan, from: Int, _ found: (ArraySlice<Int32>, Int) -> Void
    ) -> Int {
        var work = 0
        var position = max(0, from)
        while position < buffer.byteCount {
            let key = UInt32(buffer.byte(at: position).lowercased)
            if table.mayHave(key) { work &+= verify(table, key, buffer, position, found) }
            position &+= 1
        }
        return work
    }

    private func verify(
        _ table: Table, _ key: UInt32, _ buffer: RawSpan, _ position: Int, _ found: (ArraySlice<Int32>, Int) -> Void
    ) -> Int {
        guard let chain = table.chain(of: key) else { return 1 }
        var work = 1
        for number in chain.asInt {
            let literal = literals[number]
            let start = position &- Int(literal.keyOffset)
            guard start >= 0, Int(literal.count) <= buffer.byteCount &- start else { continue }
            let same = equalBytes(literal, buffer, start)
            work &+= same &+ 1
            guard same == Int(literal.count) else { continue }
            work &+= literal.identifiers.count
            found(identifiers[literal.identifiers.asInt], start)
        }
        return work
    }

    /// How many bytes agree from the start on.
    private func equalBytes(_ literal: Literal, _ buffer: RawSpan, _ start: Int) -> Int {
        let first = Int(literal.start)
        var index = 0
        while index < Int(literal.count), buffer.byte(at: start &+ index).lowercased == bytes[first &+ index] {
            index &+= 1
        }
        return index
    }
}

extension LiteralSearch.Table {
    /// Bits for each key: few places of a buffer pass by chance (2 of 100 at the cap, none in a small table). The cap
    /// keeps the table in the second-level cache: 128 KiB.
    init(keyLength: Int, keys: Int) {
        self.keyLength = keyLength
        var exponent = 10
        while exponent < 20, 1 << exponent < keys * 64 { exponent += 1 }
        shift = UInt32(32 - exponent)
        bits = Array(repeating: 0, count: 1 << (exponent - 6))
        var room = 16
        while room < keys * 2 { room *= 2 }
        slots = Array(repeating: 0, count: room)
    }

    mutating func insert(_ key: UInt32, _ chain: Range<Int32>) {
        let hash = LiteralSearch.hash(key)
        bits[Int(hash >> shift) >> 6] |= 1 << UInt64((hash >> shift) & 63)
        chains.append(chain)
        var slot = Int(hash >> 8) & (slots.count - 1)
        while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = UInt64(key) << 32 | UInt64(chains.count)
    }

    @inline(__always)
    func mayHave(_ key: UInt32) -> Bool {
        let place = Int(LiteralSearch.hash(key) >> shift)
        return bits[place >> 6] & (1 << UInt64(place & 63)) != 0
    }

    func chain(of key: UInt32) -> Range<Int32>? {
        var slot = Int(LiteralSearch.hash(key) >> 8) & (slots.count &- 1)
        while slots[slot] != 0 {
            if UInt32(truncatingIfNeeded: slots[slot] >> 32) == key {
                return chains[Int(slots[slot] & 0xffff_ffff) &- 1]
            }
            slot = (slot &+ 1) & (slots.count &- 1)
        }
        return nil
    }
}
