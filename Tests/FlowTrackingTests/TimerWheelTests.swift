import FlowTracking
import NetTypes
import TestSupport
import Testing
import Wire

/// Which flows are looked at, and when.
struct TimerWheelTests {
    private static func fill(_ table: inout FlowTable, _ flows: Int) -> [FlowIndex] {
        var indices: [FlowIndex] = []
        for number in 0..<flows {
            let tuple = FlowTuple(
                source: IPAddress(v4: UInt32(number)), destination: IPAddress(v4: 9), sourcePort: 1, destinationPort: 2,
                ipProtocol: .udp)
            let key = FlowKey.make(tuple, vlan: VLANTags()).key
            indices.append(table.insert(key, clientIsFirst: true, time: Timestamp(seconds: 0)))
        }
        return indices
    }

    /// All flows that are due now, however small the limit.
    private static func due(_ table: inout FlowTable, at second: Int64, limit: Int = 1000) -> [FlowIndex] {
        var all: [FlowIndex] = []
        var due: [FlowIndex] = []
        repeat {
            table.collectDue(now: Timestamp(seconds: second, microseconds: 5), limit: limit, into: &due)
            all += due
        } while !due.isEmpty
        return all.sorted()
    }

    @Test("a flow is due in its second, not before, once", arguments: [1, 2, 30, 350, 511])
    func once(timeout: Int) {
        var table = FlowTable(capacity: 100, seed: 1)
        let indices = Self.fill(&table, 1)
        _ = Self.due(&table, at: 1000)
        table.schedule(indices[0], after: timeout, from: Timestamp(seconds: 1000, microseconds: 999_999))
        #expect(Self.due(&table, at: 1000 + Int64(timeout) - 1) == [])
        #expect(Self.due(&table, at: 1000 + Int64(timeout)) == indices)
        #expect(Self.due(&table, at: 5000) == [])
    }

    @Test(
        "timeouts out of range are looked at within one turn",
        arguments: [(-5, 1), (0, 1), (512, 511), (6000, 511), (Int.max, 511)] as [(Int, Int64)])
    func clamped(timeout: Int, after: Int64) {
        var table = FlowTable(capacity: 100, seed: 1)
        let indices = Self.fill(&table, 1)
        _ = Self.due(&table, at: 1000)
        table.schedule(indices[0], after: timeout, from: Timestamp(seconds: 1000))
        #expect(Self.due(&table, at: 1000 + after - 1) == [])
        #expect(Self.due(&table, at: 1000 + after) == indices)
    }

    @Test("a later schedule replaces the earlier one, a removed flow is not due")
    func replaced() {
        var table = FlowTable(capacity: 100, seed: 1)
        let indices = Self.fill(&table, 3)
        _ = Self.due(&table, at: 1000)
        for index in indices { table.schedule(index, after: 10, from: Timestamp(seconds: 1000)) }
        table.schedule(indices[1], after: 20, from: Timestamp(seconds: 1000))
        table.remove(indices[2])
        #expect(Self.due(&table, at: 1010) == [indices[0]])
        #expect(Self.due(&table, at: 1020) == [indices[1]])
    }

    @Test(
        "a jump over any time finds everything that is due",
        arguments: [511, 512, 513, 1000, 100_000_000, Int64.max / 2_000_000])
    func jumps(distance: Int64) {
        var table = FlowTable(capacity: 100, seed: 1)
        let indices = Self.fill(&table, 100)
        _ = Self.due(&table, at: 1000)
        for (number, index) in indices.enumerated() {
            table.schedule(index, after: 1 + number * 5, from: Timestamp(seconds: 1000))
        }
        #expect(Self.due(&table, at: 1000 + distance, limit: 7) == indices)
    }

    @Test("time that runs backwards makes nothing due, and nothing is lost")
    func backwards() {
        var table = FlowTable(capacity: 100, seed: 1)
        let indices = Self.fill(&table, 1)
        _ = Self.due(&table, at: 1000)
        table.schedule(indices[0], after: 10, from: Timestamp(seconds: 1000))
        for second in [999, 0, -1_000_000] as [Int64] { #expect(Self.due(&table, at: second) == []) }
        #expect(Self.due(&table, at: 1009) == [])
        #expect(Self.due(&table, at: 1010) == indices)
    }

    @Test("times before 1970")
    func negative() {
        var table = FlowTable(capacity: 100, seed: 1)
        let indices = Self.fill(&table, 1)
        _ = Self.due(&table, at: -1000)
        table.schedule(indices[0], after: 10, from: Timestamp(seconds: -1000))
        #expect(Self.due(&table, at: -991) == [])
        #expect(Self.due(&table, at: -990) == indices)
    }

    @Test("a limit spreads the work over calls and loses nothing")
    func limits() {
        var table = FlowTable(capacity: 100, seed: 1)
        let indices = Self.fill(&table, 50)
        _ = Self.due(&table, at: 1000)
        for (number, index) in indices.enumerated() {
            table.schedule(index, after: 1 + number % 3, from: Timestamp(seconds: 1000))
        }
        var seen: [FlowIndex] = []
        var due: [FlowIndex] = []
        for _ in 0..<10 {
            table.collectDue(now: Timestamp(seconds: 1003), limit: 8, into: &due)
            #expect(due.count <= 8)
            seen += due
        }
        #expect(seen.sorted() == indices)
    }

    @Test("any schedule, against a list of due times")
    func model() throws {
        try property("timer wheel", runs: 100) { random in
            var table = FlowTable(capacity: 100, seed: 1)
            let indices = Self.fill(&table, 60)
            var model: [FlowIndex: Int64] = [:]
            var now = Int64(random.below(100_000))
            _ = Self.due(&table, at: now)
            for _ in 0..<300 {
                let index = random.pick(indices)
                let timeout = random.pick([1, 2, 10, 30, 60, 120, 350, 511])
                table.schedule(index, after: timeout, from: Timestamp(seconds: now))
                model[index] = now + Int64(timeout)
                guard random.chance(1, in: 3) else { continue }
                now += Int64(random.pick([0, 1, 1, 5, 100, 511, 2000]))
                let expected = model.filter { $0.value <= now }.keys.sorted()
                try #require(Self.due(&table, at: now, limit: 1 + random.below(20)) == expected)
                for index in expected { model[index] = nil }
            }
        }
    }
}
