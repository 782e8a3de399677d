import AppLayer
import NetTypes
import Wire

/// An own search for many literals, without a compiler of patterns: a reload of tens of thousands of them takes
/// milliseconds.
///
/// A few bytes in a row of each literal are its key, those that are rarest among all literals. Bit tables over the hashes
/// of keys are asked along the buffer, eight bytes at a time; a hit is looked up in a hash table and the literal
/// compared. A literal of seven bytes or more has four keys of four bytes side by side, so that only every fourth place
/// has to be asked for it; one of four to six has two of three bytes, for every second place, a shorter one a pair of
/// bytes. Building is linear in the literals.
final class LiteralIndex: Sendable {
    /// Keys of literals of seven bytes or more, of four to six, of two and three.
    private let quads: KeyTable
    private let triples: KeyTable
    private let pairs: KeyTable

    /// - Parameter cuts: in small letters, each of two to `LiteralSearch.longest` bytes.
    init(_ cuts: [[UInt8]], _ use: GramUse) {
        var quads = KeyTable.Draft(keyLength: 4, stride: 4)
        var triples = KeyTable.Draft(keyLength: 3, stride: 2)
        var pairs = KeyTable.Draft(keyLength: 2, stride: 1)
        for (number, literal) in cuts.enumerated() {
            switch literal.count {
            case 7...: quads.add(Int32(number), literal, at: use.rarest(literal, keys: 4))
            case 4...6: triples.add(Int32(number), literal, at: (literal.count - 3) / 2)
            default: pairs.add(Int32(number), literal, at: 0)
            }
        }
        self.quads = KeyTable(quads)
        self.triples = KeyTable(triples)
        self.pairs = KeyTable(pairs)
    }

    /// Calls `found` with every literal that stands in `buffer` from `from` on, and where it begins the last time, give or
    /// take `LiteralSearch.slack`.
    /// - Parameter seen: forgotten at the start; a literal that has been found is not compared again.
    /// - Returns: bytes compared beyond one look at each place.
    func search(
        _ buffer: RawSpan, from: Int, seen: inout NumberMarks, _ found: (Int32, Int) -> Void
    ) -> Int {
        let count = buffer.byteCount
        seen.begin()
        var work = 0
        let (quadBits, tripleBits, pairBits) = unsafe (quads.bits, triples.bits, pairs.bits)
        let (hasQuads, hasTriples, hasPairs) = (!quads.isEmpty, !triples.isEmpty, !pairs.isEmpty)
        // From the end to the start. Behind the end stand zeros: a key that reaches into them is met by no literal.
        var next: UInt64 = 0
        var position = from &+ (count &- from &- 1) / 8 &* 8
        while position >= from {
            let word = LiteralIndex.folded(buffer, position)
            var met: UInt64 = 0
            if hasQuads {
                unsafe met |= quads.mark(word & 0xffff_ffff, quadBits) | quads.mark(word &>> 32, quadBits)
            }
            if hasTriples {
                unsafe met |= triples.mark(word & 0xff_ffff, tripleBits)
                unsafe met |= triples.mark((word &>> 16) & 0xff_ffff, tripleBits)
                unsafe met |= triples.mark((word &>> 32) & 0xff_ffff, tripleBits)
                unsafe met |= triples.mark(word &>> 48 | (next & 0xff) &<< 16, tripleBits)
            }
            if hasPairs {
                unsafe met |= pairs.markPair(word, pairBits) | pairs.markPair(word &>> 8, pairBits)
                unsafe met |= pairs.markPair(word &>> 16, pairBits) | pairs.markPair(word &>> 24, pairBits)
                unsafe met |= pairs.markPair(word &>> 32, pairBits) | pairs.markPair(word &>> 40, pairBits)
                unsafe met |= pairs.markPair(word &>> 48, pairBits) | pairs.markPair(word &>> 56 | next &<< 8, pairBits)
            }
            if met & 1 != 0 {
                // Not in a loop over the three: an array of them would be made for each word.
                if hasQuads {
                    quads.forEachKey(word, next) { key, offset in
                        work &+= verify(quads, key, buffer, position &+ offset, &seen, found)
                    }
                }
                if hasTriples {
                    triples.forEachKey(word, next) { key, offset in
                        work &+= verify(triples, key, buffer, position &+ offset, &seen, found)
                    }
                }
                if hasPairs {
                    pairs.forEachKey(word, next) { key, offset in
                        work &+= verify(pairs, key, buffer, position &+ offset, &seen, found)
                    }
                }
            }
            next = word
            position &-= 8
        }
        return work
    }

    /// Eight bytes with their ASCII capitals made small; behind the buffer's end stand zeros.
    @inline(__always)
    static func folded(_ buffer: RawSpan, _ position: Int) -> UInt64 {
        let word: UInt64
        if position &+ 8 <= buffer.byteCount {
            word = UInt64(
                littleEndian: unsafe buffer.unsafeLoadUnaligned(fromUncheckedByteOffset: position, as: UInt64.self))
        } else {
            word = (position..<buffer.byteCount).reduce(0) { word, place in
                word | UInt64(buffer.byte(at: place)) &<< UInt64(8 &* (place &- position))
            }
        }
        let low = word & 0x7f7f_7f7f_7f7f_7f7f
        let isAboveZ = low &+ 0x2525_2525_2525_2525
        let isFromA = low &+ 0x3f3f_3f3f_3f3f_3f3f
        return word | ((~word & (isFromA ^ isAboveZ) & 0x8080_8080_8080_8080) &>> 2)
    }

    private func verify(
        _ table: KeyTable, _ key: UInt32, _ buffer: RawSpan, _ position: Int, _ seen: inout NumberMarks,
        _ found: (Int32, Int) -> Void
    ) -> Int {
        guard let chain = table.chain(of: key) else { return 1 }
        for place in chain.asInt {
            let entry = table.entry(place)
            let start = position &- Int(entry.offset)
            guard start >= 0, entry.length <= buffer.byteCount &- start,
                LiteralIndex.folded(buffer, start) & entry.mask == entry.bytes, seen[entry.literal] == nil
            else { continue }
            seen.set(entry.literal, 0)
            found(entry.literal, start)
        }
        return chain.count &+ 1
    }
}

/// Keys of one length, and the literals they stand in.
@safe
private final class KeyTable: @unchecked Sendable {
    struct Entry {
        var literal: Int32
        /// Place of the key in the literal.
        var offset: Int32
        /// The literal, and which bits of eight bytes to compare with it.
        var bytes: UInt64
        var mask: UInt64

        var length: Int { (64 &- mask.leadingZeroBitCount) &>> 3 }
    }

    /// A table while literals are added.
    struct Draft {
        let keyLength: Int
        /// Places from one look to the next, and keys of each literal side by side.
        let stride: Int
        private var keys: [(key: UInt32, entry: Entry)] = []

        init(keyLength: Int, stride: Int) {
            self.keyLength = keyLength
            self.stride = stride
        }

        mutating func add(_ number: Int32, _ literal: [UInt8], at first: Int) {
            let bytes = literal.indices.reduce(UInt64(0)) { $0 | UInt64(literal[$1]) << UInt64(8 * $1) }
            let mask = UInt64.max >> UInt64(64 - 8 * literal.count)
            for offset in first..<(first + stride) {
                let entry = Entry(literal: number, offset: Int32(offset), bytes: bytes, mask: mask)
                keys.append((literal.key(offset, keyLength), entry))
            }
        }

        /// By key; the literals of one in the order they were added.
        func sorted() -> [(key: UInt32, entry: Entry)] {
            keys.sorted { ($0.key, $0.entry.literal, $0.entry.offset) < ($1.key, $1.entry.literal, $1.entry.offset) }
        }
    }

    private let stride: Int
    private let keyLength: Int
    /// The upper bits of a hash index `bits`.
    private let shift: UInt64
    // The tables lie in memory of their own, which goes with this object: counting references to arrays would cost more
    // than the look into them.
    let bits: UnsafePointer<UInt64>
    /// Open addressing: a key in the upper half, one more than its place in `chains` in the lower; 0 is free.
    private let slots: UnsafePointer<UInt64>
    private let slotMask: Int
    /// Entries of each key, in a row.
    private let chains: UnsafePointer<Range<Int32>>
    private let entries: UnsafePointer<Entry>
    let isEmpty: Bool

    init(_ draft: Draft) {
        let keys = draft.sorted()
        // Bits for each key: few places of a buffer pass by chance (4 of 100 at 80,000 keys, next to none in a small
        // table). The cap keeps the table within the second-level cache: 256 KiB.
        var exponent = draft.keyLength == 2 ? 16 : 10
        while draft.keyLength > 2, exponent < 21, 1 << exponent < keys.count * 64 { exponent += 1 }
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
            let place = Int(draft.keyLength == 2 ? key : key.keyHash >> UInt32(32 - exponent))
            bits[place >> 6] |= 1 << UInt64(place & 63)
            var slot = Int(key.keyHash >> 8) & (room - 1)
            while slots[slot] != 0 { slot = (slot + 1) & (room - 1) }
            slots[slot] = UInt64(key) << 32 | UInt64(chains.count)
            start = end
        }
        stride = draft.stride
        keyLength = draft.keyLength
        shift = UInt64(32 - exponent)
        isEmpty = keys.isEmpty
        slotMask = room - 1
        unsafe self.bits = KeyTable.fixed(bits)
        unsafe self.slots = KeyTable.fixed(slots)
        unsafe self.chains = KeyTable.fixed(chains)
        unsafe entries = KeyTable.fixed(keys.map(\.entry))
    }

    deinit {
        unsafe bits.deallocate()
        unsafe slots.deallocate()
        unsafe chains.deallocate()
        unsafe entries.deallocate()
    }

    /// A copy of trivial values (nothing is counted or released) that stays where it is.
    private static func fixed<Value>(_ values: [Value]) -> UnsafePointer<Value> {
        let memory = UnsafeMutablePointer<Value>.allocate(capacity: max(1, values.count))
        for (index, value) in values.enumerated() { unsafe memory.advanced(by: index).initialize(to: value) }
        return unsafe UnsafePointer(memory)
    }

    /// - Parameter place: one of a chain's.
    @inline(__always)
    func entry(_ place: Int) -> Entry { unsafe entries[place] }

    /// In the lowest bit whether the key may be one of the table's; the other bits mean nothing.
    @inline(__always)
    func mark(_ key: UInt64, _ bits: UnsafePointer<UInt64>) -> UInt64 {
        let place = UInt64(UInt32(truncatingIfNeeded: key).keyHash) &>> shift
        // As many bits as the shift leaves places.
        return unsafe bits[Int(truncatingIfNeeded: place &>> 6)] &>> (place & 63)
    }

    /// The same for the table of pairs, whose keys are few enough to be places themselves.
    @inline(__always)
    func markPair(_ key: UInt64, _ bits: UnsafePointer<UInt64>) -> UInt64 {
        unsafe bits[Int(truncatingIfNeeded: (key &>> 6) & 0x3ff)] &>> (key & 63)
    }

    /// Calls `body` with each key of eight bytes that may be one of the table's, from the last to the first.
    func forEachKey(_ word: UInt64, _ next: UInt64, _ body: (UInt32, Int) -> Void) {
        let mask = keyLength == 4 ? UInt32.max : (1 &<< UInt32(8 &* keyLength)) &- 1
        var offset = 8 &- stride
        while offset >= 0 {
            let shift = UInt64(8 &* offset)
            let bytes = word &>> shift | (offset > 0 ? next &<< (64 &- shift) : 0)
            let key = UInt32(truncatingIfNeeded: bytes) & mask
            let mark = unsafe keyLength == 2 ? markPair(UInt64(key), bits) : mark(UInt64(key), bits)
            if mark & 1 != 0 { body(key, offset) }
            offset &-= stride
        }
    }

    func chain(of key: UInt32) -> Range<Int32>? {
        var slot = Int(key.keyHash >> 8) & slotMask
        while unsafe slots[slot] != 0 {
            let value = unsafe slots[slot]
            if UInt32(truncatingIfNeeded: value >> 32) == key {
                return unsafe chains[Int(value & 0xffff_ffff) &- 1]
            }
            slot = (slot &+ 1) & slotMask
        }
        return nil
    }
}
