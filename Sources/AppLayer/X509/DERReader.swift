import Wire

/// Reads values of the distinguished encoding rules (X.690): tag, length, content. Tags of one byte and definite lengths
/// in their shortest form, which is all that certificates use; everything else is malformed.
struct DERReader: ~Escapable {
    private var cursor: ByteCursor
    /// Why the last value could not be read.
    private(set) var failure = Failure.shape

    enum Failure {
        /// Another tag, or a length that is not written as it must be.
        case shape
        /// The bytes end within tag or length.
        case endsEarly
        /// The content is longer than the bytes.
        case tooLong
    }

    enum Tag {
        static let boolean: UInt8 = 0x01
        static let integer: UInt8 = 0x02
        static let octetString: UInt8 = 0x04
        static let objectIdentifier: UInt8 = 0x06
        static let utf8String: UInt8 = 0x0c
        static let bmpString: UInt8 = 0x1e
        static let utcTime: UInt8 = 0x17
        static let generalizedTime: UInt8 = 0x18
        static let sequence: UInt8 = 0x30
        static let set: UInt8 = 0x31

        static func context(_ number: UInt8) -> UInt8 { 0xa0 | number }
    }

    @_lifetime(copy bytes)
    init(_ bytes: RawSpan) { cursor = ByteCursor(bytes) }

    var isAtEnd: Bool { cursor.isAtEnd }

    /// The tag of the next value; nil at the end.
    var nextTag: UInt8? { cursor.isAtEnd ? nil : cursor.rest.byte(at: 0) }

    /// The content of the next value, which must have this tag.
    @_lifetime(copy self)
    @_lifetime(self: copy self)
    mutating func next(_ tag: UInt8) throws(EndOfBytes) -> RawSpan {
        failure = .endsEarly
        let found = try cursor.u8()
        guard tag & 0x1f != 0x1f, found == tag else { throw fail(.shape) }
        let first = try cursor.u8()
        guard first >= 0x80 else { return try content(Int(first)) }
        let width = Int(first & 0x7f)
        guard (1...4).contains(width) else { throw fail(.shape) }
        var length = 0
        for _ in 0..<width { length = length << 8 | Int(try cursor.u8()) }
        guard length <= cursor.remaining else { throw fail(.tooLong) }
        guard length >= 0x80, width == 1 || length >> (8 * (width - 1)) != 0 else { throw fail(.shape) }
        return try content(length)
    }

    @_lifetime(copy self)
    @_lifetime(self: copy self)
    private mutating func content(_ length: Int) throws(EndOfBytes) -> RawSpan {
        failure = .tooLong
        return try cursor.take(length).all
    }

    @_lifetime(self: copy self)
    private mutating func fail(_ failure: Failure) -> EndOfBytes {
        self.failure = failure
        return EndOfBytes()
    }

    /// The next value, a time of either kind, in seconds since 1970.
    @_lifetime(self: copy self)
    mutating func nextTime() throws(EndOfBytes) -> Int64 {
        let tag = nextTag ?? 0
        guard tag == Tag.utcTime || tag == Tag.generalizedTime else { throw EndOfBytes() }
        let text = try next(tag).copied()
        guard let seconds = CertificateTime.seconds(text, hasCentury: tag == Tag.generalizedTime) else {
            throw EndOfBytes()
        }
        return seconds
    }
}
