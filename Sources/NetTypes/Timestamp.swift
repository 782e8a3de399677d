/// A point in time in microseconds since 1970-01-01 00:00 UTC: packet time in replay, wall-clock time on a gateway.
@frozen
public struct Timestamp: Hashable, Comparable, Sendable {
    public var microseconds: Int64

    @inlinable
    public init(microseconds: Int64) { self.microseconds = microseconds }

    @inlinable
    public init(seconds: Int64, microseconds: Int64 = 0) {
        self.microseconds = (seconds &* 1_000_000) &+ microseconds
    }

    /// Whole seconds, rounded down.
    @inlinable
    public var seconds: Int64 {
        let (quotient, remainder) = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
        return remainder < 0 ? quotient - 1 : quotient
    }

    @inlinable
    public static func < (left: Timestamp, right: Timestamp) -> Bool { left.microseconds < right.microseconds }
}
