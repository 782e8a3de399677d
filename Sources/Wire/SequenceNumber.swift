/// A TCP sequence number: arithmetic and comparison are modulo 2^32 (RFC 9293 section 3.4).
@frozen
public struct SequenceNumber: Hashable, Sendable {
    public var rawValue: UInt32

    @inlinable
    public init(_ rawValue: UInt32) { self.rawValue = rawValue }

    @inlinable
    public static func + (left: SequenceNumber, right: Int) -> SequenceNumber {
        SequenceNumber(left.rawValue &+ UInt32(truncatingIfNeeded: right))
    }

    @inlinable
    public static func += (left: inout SequenceNumber, right: Int) { left = left + right }

    /// How far `left` is ahead of `right`: negative when it is behind, between -2^31 and 2^31 - 1.
    @inlinable
    public static func - (left: SequenceNumber, right: SequenceNumber) -> Int {
        Int(Int32(bitPattern: left.rawValue &- right.rawValue))
    }

    @inlinable
    public static func < (left: SequenceNumber, right: SequenceNumber) -> Bool { left - right < 0 }
    @inlinable
    public static func <= (left: SequenceNumber, right: SequenceNumber) -> Bool { left - right <= 0 }
    @inlinable
    public static func > (left: SequenceNumber, right: SequenceNumber) -> Bool { left - right > 0 }
    @inlinable
    public static func >= (left: SequenceNumber, right: SequenceNumber) -> Bool { left - right >= 0 }
}
