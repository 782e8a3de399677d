import FlowTracking
import NetTypes
import TestSupport
import Testing
import Wire

/// The table against a dictionary.
struct FlowTableTests {
    private static func key(_ number: Int) -> FlowKey {
        FlowKey.make(
            FlowTuple(
                source: IPAddress(v4: UInt32(number)), destination: IPAddress(v4: 0xffff_ffff), sourcePort: 1,
                destinationPort: 2, ipProtocol: .tcp), vlan: VLANTags()
        ).key
    }

    private static let now = Timestamp(seconds: 1000)

    @Test("insert, find and remove in any order")
    func model() throws {
        try property("flow table", runs: 300) { random in
            // The smallest table: 32 slots, so that probe runs are long and wrap around.
            var table = FlowTable(capacity: 16, seed: random.next())
            var model: [FlowKey: (index: FlowIndex, identifier: Int64)] = [:]
            var identifiers: Set<Int64> = []
            for _ in 0..<300 {
                let key = Self.key(random.below(40))
                if let known = model[key] {
                    try #require(table.find(key) == known.index)
                    try #require(table[known.index].identifier == known.identifier)
                    guard random.chance(1, in: 2) else { continue }
                    table.remove(known.index)
                    model[key] = nil
                } else {
                    try #require(table.find(key) == nil)
                    guard !table.isFull else { continue }
                    let index = table.insert(key, clientIsFirst: true, time: Self.now)
                    try #require(table[index].key == key)
                    try #require(identifiers.insert(table[index].identifier).inserted)
                    model[key] = (index, table[index].identifier)
                }
                try #require(table.count == model.count)
                try #require(table.isFull == (model.count == 16))
                for (key, known) in model { try #require(table.find(key) == known.index) }
            }
            var listed: [FlowIndex] = []
            table.visit { listed.append($0) }
            try #require(listed.sorted() == model.values.map(\.index).sorted())
        }
    }

    @Test("a table over several chunks, filled, emptied and filled again")
    func chunks() {
        var table = FlowTable(capacity: 3000, seed: 99)
        for round in 0..<2 {
            var indices: [FlowIndex] = []
            for number in 0..<3000 {
                indices.append(table.insert(Self.key(number + round * 10_000), clientIsFirst: true, time: Self.now))
            }
            let isFull = table.isFull
            #expect(isFull)
            #expect(Set(indices).count == 3000)
            #expect((0..<3000).allSatisfy { table.find(Self.key($0 + round * 10_000)) == indices[$0] })
            for index in indices { table.remove(index) }
            #expect(table.count == 0)
        }
    }

    @Test("a capacity is never below sixteen", arguments: [-5, 0, 1, 16])
    func smallest(capacity: Int) {
        #expect(FlowTable(capacity: capacity, seed: 1).capacity == 16)
    }

    @Test("identifiers follow from the seed, and stay exact as JSON numbers", arguments: [0, 1, 42, .max] as [UInt64])
    func identifiers(seed: UInt64) {
        var left = FlowTable(capacity: 16, seed: seed)
        var right = FlowTable(capacity: 16, seed: seed)
        for number in 0..<16 {
            let index = left.insert(Self.key(number), clientIsFirst: true, time: Self.now)
            let other = right.insert(Self.key(number), clientIsFirst: true, time: Self.now)
            #expect(left[index].identifier == right[other].identifier)
            #expect((0..<Int64(1 << 53)).contains(left[index].identifier))
        }
    }

    @Test("half-open flows leave from the oldest on")
    func halfOpen() throws {
        try property("half-open list", runs: 200) { random in
            var table = FlowTable(capacity: 64, seed: random.next())
            let indices = (0..<40).map { table.insert(Self.key($0), clientIsFirst: true, time: Self.now) }
            var model: [FlowIndex] = []
            var removed: Set<FlowIndex> = []
            for _ in 0..<200 {
                let index = random.pick(indices)
                guard !removed.contains(index) else { continue }
                switch random.below(5) {
                case 0, 1:
                    table.linkHalfOpen(index)
                    if !model.contains(index) { model.append(index) }
                case 2:
                    table.unlinkHalfOpen(index)
                    model.removeAll { $0 == index }
                case 3:
                    guard let oldest = table.oldestHalfOpen else { continue }
                    try #require(model.first == oldest)
                    table.unlinkHalfOpen(oldest)
                    model.removeFirst()
                default:
                    guard random.chance(1, in: 10) else { continue }
                    table.remove(index)
                    removed.insert(index)
                    model.removeAll { $0 == index }
                }
                try #require(table.halfOpenCount == model.count)
                try #require(table.oldestHalfOpen == model.first)
            }
        }
    }
}
