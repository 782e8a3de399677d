/// A read ran past the end of the bytes at hand.
public struct EndOfBytes: Error, Hashable, Sendable {
    @inlinable
    public init() {}
}

/// Reads network byte order from a span, front to back. Every read is checked against what is left and throws
/// instead of trapping, so that no length a peer sends can stop the process.
@frozen
public struct ByteCursor: ~Escapable {
    @usableFromInline var bytes: RawSpan
    @usableFromInline var position: Int

    @inlinable
    @_lifetime(copy bytes)
    public init(_ bytes: RawSpan) {
        self.bytes = bytes
        position = 0
    }

    /// Bytes read so far.
    @inlinable
    public var offset: Int { position }

    @inlinable
    public var remaining: Int { bytes.byteCount &- position }

    @inlinable
    public var isAtEnd: Bool { position == bytes.byteCount }

    @inlinable
    @_lifetime(self: copy self)
    public mutating func u8() throws(EndOfBytes) -> UInt8 {
        guard remaining >= 1 else { throw EndOfBytes() }
        defer { position &+= 1 }
        return unsafe bytes.unsafeLoad(fromByteOffset: position, as: UInt8.self)
    }

    @inlinable
    @_lifetime(self: copy self)
    public mutating func u16() throws(EndOfBytes) -> UInt16 {
        guard remaining >= 2 else { throw EndOfBytes() }
        defer { position &+= 2 }
        return bytes.bigEndian16(at: position)
    }

    @inlinable
    @_lifetime(self: copy self)
    public mutating func u24() throws(EndOfBytes) -> Int {
        let high = Int(try u8())
        return high << 16 | Int(try u16())
    }

    @inlinable
    @_lifetime(self: copy self)
    public mutating func u32() throws(EndOfBytes) -> UInt32 {
        guard remaining >= 4 else { throw EndOfBytes() }
        defer { position &+= 4 }
        return bytes.bigEndian32(at: position)
    }

    @inlinable
    @_lifetime(self: copy self)
    public mutating func skip(_ count: Int) throws(EndOfBytes) {
        guard count >= 0, count <= remaining else { throw EndOfBytes() }
        position &+= count
    }

    /// The next `count` bytes as a cursor that cannot read beyond them.
    @inlinable
    @_lifetime(copy self)
    @_lifetime(self: copy self)
    public mutating func take(_ count: Int) throws(EndOfBytes) -> ByteCursor {
        guard count >= 0, count <= remaining else { throw EndOfBytes() }
        defer { position &+= count }
        return ByteCursor(bytes.extracting(position..<(position &+ count)))
    }

    /// What is left, unread.
    @inlinable
    public var rest: RawSpan {
        @_lifetime(copy self)
        get { bytes.extracting(position..<bytes.byteCount) }
    }

    /// All bytes of this cursor, read or not.
    @inlinable
    public var all: RawSpan {
        @_lifetime(copy self)
        get { bytes }
    }
}

extension RawSpan {
    /// The byte at `offset`, which the caller has checked to lie inside; a wrong offset traps.
    @inlinable
    public func byte(at offset: Int) -> UInt8 {
        unsafe unsafeLoad(fromByteOffset: offset, as: UInt8.self)
    }

    /// Two bytes in network order at a checked offset.
    @inlinable
    public func bigEndian16(at offset: Int) -> UInt16 {
        UInt16(bigEndian: unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self))
    }

    /// Four bytes in network order at a checked offset.
    @inlinable
    public func bigEndian32(at offset: Int) -> UInt32 {
        UInt32(bigEndian: unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    /// Eight bytes in network order at a checked offset.
    @inlinable
    public func bigEndian64(at offset: Int) -> UInt64 {
        UInt64(bigEndian: unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// The part of `range` that lies inside this span.
    @inlinable
    @_lifetime(copy self)
    public func clamped(_ range: Range<Int>) -> RawSpan {
        let lower = Swift.min(Swift.max(range.lowerBound, 0), byteCount)
        let upper = Swift.min(Swift.max(range.upperBound, lower), byteCount)
        return extracting(lower..<upper)
    }

    /// A copy of all bytes.
    @inlinable
    public func copied() -> [UInt8] {
        unsafe withUnsafeBytes { unsafe Array($0) }
    }
}
