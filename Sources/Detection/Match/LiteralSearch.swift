import AppLayer
import NetTypes
import Wire

/// Finds which of many literals stand in a buffer, whatever the case of their letters: the prefilter of `content`.
///
/// Four bytes in a row of each literal are its key, those that are rarest among all literals. A bit table over the hashes
/// of keys is asked along the buffer; a hit is looked up in a hash table and the whole literal compared. A literal of
/// seven bytes or more has four keys side by side, so that only every fourth place has to be asked for it, one of five or
/// six has two. Shorter ones have keys of three bytes, those of two with each byte there is in the third place. Building
/// is linear in the literals and takes milliseconds for tens of thousands of them, so that a reload needs no compiler of
/// patterns.
final class LiteralSearch: Sendable {
    private let literals: [Literal]
    /// Folded bytes of all literals.
    private let bytes: [UInt8]
    private let identifiers: [Int32]
    private let tables: [KeyTable]
    /// A literal and the identifiers it stands for.
    private struct Literal {
        var bytes: Range<Int32>
        var identifiers: Range<Int32>
    }

    var isEmpty: Bool { literals.isEmpty }

    /// - Parameter entries: each literal with the identifier to be told of; the same one may stand there often.
    init(_ entries: [(literal: [UInt8], identifier: Int32)]) {
        let whole = entries.filter { $0.literal.count >= LiteralSearch.shortest }.map {
            (literal: $0.literal.map(\.lowercased), identifier: $0.identifier)
        }
        let use = GramUse(whole.map(\.literal))
        var members: [[UInt8]: [Int32]] = [:]
        var cuts: [[UInt8]] = []
        for entry in whole {
            let cut = use.rarestPart(of: entry.literal, length: LiteralSearch.longest)
            if members[cut] == nil { cuts.append(cut) }
            members[cut, default: []].append(entry.identifier)
        }
        var literals: [Literal] = []
        var bytes: [UInt8] = []
        var identifiers: [Int32] = []
        var drafts = KeyTable.Draft.all
        for (number, literal) in cuts.enumerated() {
            literals.append(
                Literal(bytes: bytes.place(literal), identifiers: identifiers.place(members[literal] ?? [])))
            guard let place = drafts.firstIndex(where: { literal.count >= $0.shortest }) else { continue }
            drafts[place].add(Int32(number), literal, use)
        }
        self.literals = literals
        self.bytes = bytes
        self.identifiers = identifiers
        tables = drafts.filter { !$0.isEmpty }.map(KeyTable.init)
    }

    /// A literal of one byte stands in nearly everything: looking for it is no help.
    static let shortest = 2
    /// Of a longer literal so many bytes are looked for: what selects candidates need not be the whole, and a search that
    /// goes on where another ended has less to look at again.
    static let longest = 16

    /// Calls `found` with the identifiers of every literal that stands in `buffer` from `from` on, and where it begins the
    /// last time.
    /// - Parameter seen: forgotten at the start; a literal that has been found is not compared again.
    /// - Returns: bytes compared beyond one look at each place, the account of what traffic made for the literals costs.
    func search(
        _ buffer: RawSpan, from: Int = 0, seen: inout NumberMarks, _ found: (ArraySlice<Int32>, Int) -> Void
    ) -> Int {
        var work = 0
        seen.begin()
        for table in tables {
            work &+= table.search(buffer, from: max(0, from)) { key, position in
                verify(table, key, buffer, position, &seen, found)
            }
        }
        return work
    }

    private func verify(
        _ table: KeyTable, _ key: UInt32, _ buffer: RawSpan, _ position: Int, _ seen: inout NumberMarks,
        _ found: (ArraySlice<Int32>, Int) -> Void
    ) -> Int {
        guard let chain = table.chain(of: key) else { return 1 }
        var work = 1
        for entry in table.entries[chain.asInt] where seen[entry.literal] == nil {
            let literal = literals[Int(entry.literal)]
            let start = position &- Int(entry.offset)
            let count = literal.bytes.count
            guard start >= 0, count <= buffer.byteCount &- start else { continue }
            let same = equalBytes(Int(literal.bytes.lowerBound), count, buffer, start)
            work &+= same &+ 1
            guard same == count else { continue }
            seen.set(entry.literal, 0)
            work &+= literal.identifiers.count
            found(identifiers[literal.identifiers.asInt], start)
        }
        return work &+ chain.count
    }

    /// How many bytes agree from the start on.
    private func equalBytes(_ first: Int, _ count: Int, _ buffer: RawSpan, _ start: Int) -> Int {
        var index = 0
        while index < count, buffer.byte(at: start &+ index).lowercased == bytes[first &+ index] { index &+= 1 }
        return index
    }
}

/// How often bytes in a row stand in the literals, by a hash of them: what many literals share is common in traffic too.
private struct GramUse {
    private static let bits: UInt32 = 16
    private var counts = [UInt32](repeating: 0, count: 1 << Int(bits))

    init(_ literals: [[UInt8]]) {
        for literal in literals where literal.count >= 4 {
            for offset in 0...(literal.count - 4) { counts[GramUse.place(literal.key(offset, 4))] &+= 1 }
        }
    }

    private static func place(_ key: UInt32) -> Int { Int(key.keyHash >> (32 &- bits)) }

    /// The offset at which so many keys side by side are the rarest.
    func rarest(_ literal: [UInt8], keys: Int) -> Int {
        var best = 0
        var least = UInt64.max
        for offset in 0...(literal.count - keys - 3) {
            let sum = (0..<keys).reduce(UInt64(0)) { $0 + UInt64(self[literal.key(offset + $1, 4)]) }
            if sum < least { (best, least) = (offset, sum) }
        }
        return best
    }

    func rarestPart(of literal: [UInt8], length: Int) -> [UInt8] {
        guard literal.count > length else { return literal }
        let start = min(max(0, rarest(literal, keys: 4) - 4), literal.count - length)
        return Array(literal[start..<start + length])
    }

    subscript(key: UInt32) -> UInt32 {
        // Runs of one byte fill real traffic; they are the last resort.
        key == (key & 0xff) &* 0x0101_0101 ? UInt32.max : counts[GramUse.place(key)]
    }
}

extension [UInt8] {
    /// Some bytes as a number, little-endian, as a load from a buffer gives it.
    fileprivate func key(_ offset: Int, _ length: Int) -> UInt32 {
        var key: UInt32 = 0
        for index in 0..<length { key |= UInt32(self[offset + index]) << UInt32(8 * index) }
        return key
    }
}

extension UInt32 {
    @inline(__always)
    fileprivate var keyHash: UInt32 { self &* 0x9E37_79B1 }
}

/// The keys of literals of some lengths.
private final class KeyTable: Sendable {
    struct Entry {
        var literal: Int32
        /// Place of the key in the literal.
        var offset: Int32
    }

    /// A table while literals are added.
    struct Draft {
        let keyLength: Int
        /// Keys of each literal side by side, and places from one look to the next.
        let stride: Int
        private var keys: [(key: UInt32, entry: Entry)] = []

        init(keyLength: Int, stride: Int) {
            self.keyLength = keyLength
            self.stride = stride
        }

        static let all = [
            Draft(keyLength: 4, stride: 4), Draft(keyLength: 4, stride: 2), Draft(keyLength: 3, stride: 1),
        ]

        /// Literals of at least so many bytes fit.
        var shortest: Int { keyLength == 4 ? keyLength + stride - 1 : LiteralSearch.shortest }

        var isEmpty: Bool { keys.isEmpty }

        mutating func add(_ number: Int32, _ literal: [UInt8], _ use: GramUse) {
            if literal.count < keyLength {
                // As if it were one of three bytes, whatever the third; compared is what it has.
                let key = literal.key(0, literal.count)
                for third in UInt32(0)...255 { keys.append((key | third << 16, Entry(literal: number, offset: 0))) }
                return
            }
            let best = keyLength == 4 ? use.rarest(literal, keys: stride) : 0
            for offset in best..<(best + stride) {
                keys.append((literal.key(offset, keyLength), Entry(literal: number, offset: Int32(offset))))
            }
        }

        /// By key; the literals of one in the order they were added.
        func sorted() -> [(key: UInt32, entry: Entry)] {
            keys.sorted { ($0.key, $0.entry.literal, $0.entry.offset) < ($1.key, $1.entry.literal, $1.entry.offset) }
        }
    }

    private let stride: Int
    private let mask: UInt32
    private let keyLength: Int
    /// The upper bits of a hash index `bits`.
    private let shift: UInt32
    private let bits: [UInt64]
    /// Open addressing: a key in the upper half, one more than its place in `chains` in the lower; 0 is free.
    private let slots: [UInt64]
    /// Entries of each key, in a row.
    private let chains: [Range<Int32>]
    let entries: [Entry]

    init(_ draft: Draft) {
        let keys = draft.sorted()
        // Bits for each key: few places of a buffer pass by chance (4 of 100 at 80,000 keys, next to none in a small
        // table). The cap keeps the table within the second-level cache: 256 KiB.
        var exponent = 10
        while exponent < 21, 1 << exponent < keys.count * 64 { exponent += 1 }
        var bits = [UInt64](repeating: 0, count: 1 << (exponent - 6))
        var room = 16
        while room < keys.count * 2 { room *= 2 }
        var slots = [UInt64](repeating: 0, count: room)
        var chains: [Range<Int32>] = []
        var start = 0
        while start < keys.count {
            let key = keys[start].key
            var end = start
            while end < keys.count, keys[end].key == key { end += 1 }
            chains.append(Int32(start)..<Int32(end))
            let place = Int(key.keyHash >> UInt32(32 - exponent))
            bits[place >> 6] |= 1 << UInt64(place & 63)
            var slot = Int(key.keyHash >> 8) & (room - 1)
            while slots[slot] != 0 { slot = (slot + 1) & (room - 1) }
            slots[slot] = UInt64(key) << 32 | UInt64(chains.count)
            start = end
        }
        stride = draft.stride
        keyLength = draft.keyLength
        mask = draft.keyLength == 4 ? .max : (1 << UInt32(8 * draft.keyLength)) - 1
        shift = UInt32(32 - exponent)
        self.bits = bits
        self.slots = slots
        self.chains = chains
        entries = keys.map(\.entry)
    }

    /// ASCII capitals of eight bytes made small.
    @inline(__always)
    private static func fold(_ word: UInt64) -> UInt64 {
        let low = word & 0x7f7f_7f7f_7f7f_7f7f
        let isAboveZ = low &+ 0x2525_2525_2525_2525
        let isFromA = low &+ 0x3f3f_3f3f_3f3f_3f3f
        return word | ((~word & (isFromA ^ isAboveZ) & 0x8080_8080_8080_8080) >> 2)
    }

    /// Asks the bit table along the buffer, from its end to its start and eight folded bytes at a time, and calls `hit`
    /// where a key may stand.
    @inline(__always)
    func search(_ buffer: RawSpan, from: Int, _ hit: (UInt32, Int) -> Int) -> Int {
        let count = buffer.byteCount
        guard from < count else { return 0 }
        var work = 0
        let bits = self.bits
        // Keys that begin in the first places of eight bytes lie in them whole.
        let advance = stride == 1 ? 9 &- keyLength : stride == 2 ? 6 : 8
        let blocks = count &- from < 8 ? 0 : (count &- from &- 8) / advance &+ 1
        let tail = from &+ blocks &* advance
        var position = tail &+ (count &- 1 &- tail) / stride &* stride
        while position >= tail {
            var key: UInt32 = 0
            for index in 0..<min(keyLength, count &- position) {
                key |= UInt32(buffer.byte(at: position &+ index).lowercased) << UInt32(8 &* index)
            }
            let place = Int(key.keyHash &>> shift)
            if bits[place >> 6] & (1 &<< UInt64(place & 63)) != 0 { work &+= hit(key, position) }
            position &-= stride
        }
        var block = blocks &- 1
        while block >= 0 {
            position = from &+ block &* advance
            let word = KeyTable.fold(
                UInt64(littleEndian: unsafe buffer.unsafeLoadUnaligned(fromByteOffset: position, as: UInt64.self)))
            var step = advance &- stride
            while step >= 0 {
                let key = UInt32(truncatingIfNeeded: word &>> UInt64(8 &* step)) & mask
                let place = Int(key.keyHash &>> shift)
                if bits[place >> 6] & (1 &<< UInt64(place & 63)) != 0 { work &+= hit(key, position &+ step) }
                step &-= stride
            }
            block &-= 1
        }
        return work
    }

    func chain(of key: UInt32) -> Range<Int32>? {
        var slot = Int(key.keyHash >> 8) & (slots.count &- 1)
        while slots[slot] != 0 {
            if UInt32(truncatingIfNeeded: slots[slot] >> 32) == key {
                return chains[Int(slots[slot] & 0xffff_ffff) &- 1]
            }
            slot = (slot &+ 1) & (slots.count &- 1)
        }
        return nil
    }
}
