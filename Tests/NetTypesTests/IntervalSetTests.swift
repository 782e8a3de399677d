import NetTypes
import TestSupport
import Testing

/// The algebra of interval sets against sets of single numbers.
struct IntervalSetTests {
    private typealias Model = Set<UInt8>

    private static let everything = Model(UInt8.min...UInt8.max)

    private static func randomSet(_ random: inout SeededRandom) -> (IntervalSet<UInt8>, Model) {
        var ranges: [ClosedRange<UInt8>] = []
        var model = Model()
        for _ in 0..<random.below(6) {
            let ends = [random.pick([0, 1, 254, 255, UInt8(random.below(256))]), UInt8(random.below(256))].sorted()
            ranges.append(ends[0]...ends[1])
            model.formUnion(ends[0]...ends[1])
        }
        return (IntervalSet(ranges), model)
    }

    /// Sorted, disjoint, not adjacent, and with exactly the members of the model.
    private static func check(_ set: IntervalSet<UInt8>, _ model: Model) throws {
        for (left, right) in zip(set.intervals, set.intervals.dropFirst()) {
            try #require(left.upperBound < .max && left.upperBound + 1 < right.lowerBound)
        }
        try #require(everything.filter { set.contains($0) } == model)
        try #require(set.isEmpty == model.isEmpty)
        try #require(set.isAll == (model.count == 256))
    }

    @Test("union, intersection, difference and complement are those of sets")
    func algebra() throws {
        try property("interval sets", runs: 1500) { random in
            let (left, leftModel) = Self.randomSet(&random)
            let (right, rightModel) = Self.randomSet(&random)
            try Self.check(left, leftModel)
            try Self.check(left.union(right), leftModel.union(rightModel))
            try Self.check(left.intersection(right), leftModel.intersection(rightModel))
            try Self.check(left.subtracting(right), leftModel.subtracting(rightModel))
            try Self.check(left.complement, Self.everything.subtracting(leftModel))
            try #require(left.complement.complement == left)
            try #require((left == right) == (leftModel == rightModel))
        }
    }

    @Test("neighbours and overlaps merge, gaps stay")
    func merging() {
        #expect(PortSet([80...80, 81...90]).intervals == [80...90])
        #expect(PortSet([80...90, 85...95]).intervals == [80...95])
        #expect(PortSet([80...90, 82...83]).intervals == [80...90])
        #expect(PortSet([90...91, 80...80]).intervals == [80...80, 90...91])
        #expect(PortSet([80...80, 82...82]).intervals == [80...80, 82...82])
        #expect(PortSet([65535...65535, 0...65535, 7...7]).isAll)
    }

    @Test("the ends of the number range")
    func ends() {
        #expect(PortSet.all.isAll)
        #expect(PortSet.all.complement.isEmpty)
        #expect(PortSet().complement.isAll)
        #expect(PortSet([0...0]).complement.intervals == [1...65535])
        #expect(PortSet([65535...65535]).complement.intervals == [0...65534])
        #expect(IntervalSet<UInt128>([0...UInt128.max]).contains(.max))
        #expect(!PortSet().contains(0))
    }
}
