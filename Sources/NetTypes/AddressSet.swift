/// A set of IPv4 and IPv6 addresses, one interval set for each family.
public struct AddressSet: Hashable, Sendable {
    public private(set) var v4: IntervalSet<UInt32>
    public private(set) var v6: IntervalSet<UInt128>

    public init() {
        v4 = IntervalSet()
        v6 = IntervalSet()
    }

    public init(v4: IntervalSet<UInt32>, v6: IntervalSet<UInt128>) {
        self.v4 = v4
        self.v6 = v6
    }

    public init(_ prefix: IPPrefix) {
        self.init(prefix.first, through: prefix.last)
    }

    /// Both ends of one family, `first` not above `last`; otherwise the set is empty.
    public init(_ first: IPAddress, through last: IPAddress) {
        self.init()
        guard first.version == last.version, first.value <= last.value else { return }
        switch first.version {
        case .v4: v4 = IntervalSet(CollectionOfOne(first.v4Bits...last.v4Bits))
        case .v6: v6 = IntervalSet(CollectionOfOne(first.value...last.value))
        }
    }

    public init(_ prefixes: some Sequence<IPPrefix>) {
        var four: [ClosedRange<UInt32>] = []
        var six: [ClosedRange<UInt128>] = []
        for prefix in prefixes {
            switch prefix.address.version {
            case .v4: four.append(prefix.first.v4Bits...prefix.last.v4Bits)
            case .v6: six.append(prefix.first.value...prefix.last.value)
            }
        }
        self.init(v4: IntervalSet(four), v6: IntervalSet(six))
    }

    public static var all: Self { Self(v4: .all, v6: .all) }

    public var isEmpty: Bool { v4.isEmpty && v6.isEmpty }

    public var isAll: Bool { v4.isAll && v6.isAll }

    @inlinable
    public func contains(_ address: IPAddress) -> Bool {
        switch address.version {
        case .v4: v4.contains(address.v4Bits)
        case .v6: v6.contains(address.value)
        }
    }

    public var complement: Self { Self(v4: v4.complement, v6: v6.complement) }

    public func union(_ other: Self) -> Self { Self(v4: v4.union(other.v4), v6: v6.union(other.v6)) }

    public func intersection(_ other: Self) -> Self {
        Self(v4: v4.intersection(other.v4), v6: v6.intersection(other.v6))
    }

    public func subtracting(_ other: Self) -> Self {
        Self(v4: v4.subtracting(other.v4), v6: v6.subtracting(other.v6))
    }
}
