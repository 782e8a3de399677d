import AppLayer
import NetTypes
import Wire

/// Finds which of many literals end a buffer, whatever the case of their letters: domain lists. A hash is carried from
/// the buffer's last byte to its first and looked up at each length that some literal has, so the cost is that of the
/// buffer's length, not of the list's.
final class EndingIndex: Sendable {
    private struct Entry {
        var hash: UInt64
        /// Folded bytes in `bytes`.
        var start: Int32
        var count: Int32
        var identifiers: Range<Int32>
    }

    private let bytes: [UInt8]
    private let entries: [Entry]
    private let identifiers: [Int32]
    /// Open addressing: one more than an entry's place; 0 is free.
    private let slots: [Int32]
    /// Lengths that literals have.
    private let lengths: [Bool]

    var isEmpty: Bool { entries.isEmpty }

    init(_ list: [(literal: [UInt8], identifier: Int32)]) {
        var members: [[UInt8]: [Int32]] = [:]
        var literals: [[UInt8]] = []
        for item in list where !item.literal.isEmpty {
            let literal = item.literal.map(\.lowercased)
            if members[literal] == nil { literals.append(literal) }
            members[literal, default: []].append(item.identifier)
        }
        var bytes: [UInt8] = []
        var entries: [Entry] = []
        var identifiers: [Int32] = []
        var room = 16
        while room < literals.count * 2 { room *= 2 }
        var slots = [Int32](repeating: 0, count: room)
        var lengths = [Bool](repeating: false, count: (literals.map(\.count).max() ?? 0) + 1)
        for literal in literals {
            var hash = EndingIndex.seed
            for byte in literal.reversed() { hash = EndingIndex.step(hash, byte) }
            entries.append(
                Entry(
                    hash: hash, start: Int32(bytes.count), count: Int32(literal.count),
                    identifiers: identifiers.place(members[literal] ?? [])))
            bytes += literal
            lengths[literal.count] = true
            var slot = Int(truncatingIfNeeded: hash >> 20) & (room - 1)
            while slots[slot] != 0 { slot = (slot + 1) & (room - 1) }
            slots[slot] = Int32(entries.count)
        }
        self.bytes = bytes
        self.entries = entries
        self.identifiers = identifiers
        self.slots = slots
        self.lengths = lengths
    }

    private static let seed: UInt64 = 0xcbf2_9ce4_8422_2325

    @inline(__always)
    private static func step(_ hash: UInt64, _ byte: UInt8) -> UInt64 {
        (hash ^ UInt64(byte)) &* 0x9E37_79B9_7F4A_7C15
    }

    /// Calls `found` with the identifiers of every literal that `buffer` ends with.
    func search(_ buffer: RawSpan, _ found: (ArraySlice<Int32>) -> Void) {
        var hash = EndingIndex.seed
        var length = 0
        let count = buffer.byteCount
        while length < count, length &+ 1 < lengths.count {
            length &+= 1
            hash = EndingIndex.step(hash, buffer.byte(at: count &- length).lowercased)
            if lengths[length], let entry = entry(hash, buffer, length) {
                found(identifiers[entries[entry].identifiers.asInt])
            }
        }
    }

    private func entry(_ hash: UInt64, _ buffer: RawSpan, _ length: Int) -> Int? {
        var slot = Int(truncatingIfNeeded: hash >> 20) & (slots.count &- 1)
        while slots[slot] != 0 {
            let place = Int(slots[slot]) &- 1
            if entries[place].hash == hash, Int(entries[place].count) == length, equals(entries[place], buffer) {
                return place
            }
            slot = (slot &+ 1) & (slots.count &- 1)
        }
        return nil
    }

    private func equals(_ entry: Entry, _ buffer: RawSpan) -> Bool {
        let offset = buffer.byteCount &- Int(entry.count)
        var index = 0
        while index < Int(entry.count) {
            guard buffer.byte(at: offset &+ index).lowercased == bytes[Int(entry.start) &+ index] else { return false }
            index &+= 1
        }
        return true
    }
}
