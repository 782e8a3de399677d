/// A set of unsigned integers kept as sorted, disjoint, non-adjacent closed intervals. Membership is a binary search.
public struct IntervalSet<Bound: FixedWidthInteger & UnsignedInteger & Sendable>: Hashable, Sendable {
    public private(set) var intervals: [ClosedRange<Bound>]

    public init() { intervals = [] }

    public init(_ intervals: some Sequence<ClosedRange<Bound>>) {
        let sorted = intervals.sorted { $0.lowerBound < $1.lowerBound }
        self.intervals = []
        for interval in sorted {
            guard let last = self.intervals.last else {
                self.intervals.append(interval)
                continue
            }
            if last.upperBound == .max || interval.lowerBound <= last.upperBound + 1 {
                let upper = Swift.max(last.upperBound, interval.upperBound)
                self.intervals[self.intervals.count - 1] = last.lowerBound...upper
            } else {
                self.intervals.append(interval)
            }
        }
    }

    public static var all: Self { Self(CollectionOfOne(Bound.min...Bound.max)) }

    public var isEmpty: Bool { intervals.isEmpty }

    public var isAll: Bool { intervals.count == 1 && intervals[0] == Bound.min...Bound.max }

    @inlinable
    public func contains(_ value: Bound) -> Bool {
        var low = 0
        var high = intervals.count
        while low < high {
            let middle = (low &+ high) >> 1
            if intervals[middle].upperBound < value { low = middle &+ 1 } else { high = middle }
        }
        return low < intervals.count && intervals[low].lowerBound <= value
    }

    public var complement: Self {
        var result = Self()
        var next: Bound? = Bound.min
        for interval in intervals {
            guard let start = next else { break }
            if start < interval.lowerBound { result.intervals.append(start...(interval.lowerBound - 1)) }
            next = interval.upperBound == .max ? nil : interval.upperBound + 1
        }
        if let start = next { result.intervals.append(start...Bound.max) }
        return result
    }

    public func union(_ other: Self) -> Self { Self(intervals + other.intervals) }

    public func intersection(_ other: Self) -> Self {
        var result = Self()
        var left = 0
        var right = 0
        while left < intervals.count, right < other.intervals.count {
            let lower = Swift.max(intervals[left].lowerBound, other.intervals[right].lowerBound)
            let upper = Swift.min(intervals[left].upperBound, other.intervals[right].upperBound)
            if lower <= upper { result.intervals.append(lower...upper) }
            if intervals[left].upperBound < other.intervals[right].upperBound { left += 1 } else { right += 1 }
        }
        return result
    }

    public func subtracting(_ other: Self) -> Self { intersection(other.complement) }
}

/// TCP or UDP ports.
public typealias PortSet = IntervalSet<UInt16>
