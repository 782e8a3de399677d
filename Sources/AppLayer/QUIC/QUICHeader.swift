import Wire

/// The header of a QUIC packet up to its packet number (RFC 9000 section 17).
///
///     long     0 form, type   1 version   5 destination ID (length, bytes)   source ID (length, bytes)
///              Initial: token (length, bytes)   Initial, 0-RTT, Handshake: length   packet number, payload
///     short    0 form         destination ID, packet number, payload: nothing in it can be read
struct QUICHeader {
    enum Kind: UInt8 {
        case initial
        case zeroRTT
        case handshake
        case retry
        case versionNegotiation
        /// A short header.
        case oneRTT
    }

    var kind: Kind
    var version: QUICVersion
    var destinationID: [UInt8] = []
    var sourceID: [UInt8] = []
    /// Bytes before the packet number, or before the frames where they are in clear.
    var length = 0
    /// Bytes behind the header that belong to the packet.
    var payloadLength = 0

    /// - Parameter bytes: from the packet's first byte to the datagram's end.
    init(_ bytes: RawSpan) throws(EndOfBytes) {
        var cursor = ByteCursor(bytes)
        let first = try cursor.u8()
        if first & 0x80 != 0 {
            version = QUICVersion(try cursor.u32())
            kind = try QUICHeader.kind(first, version)
            try readLong(&cursor)
        } else if first & 0x40 == 0, first & 1 != 0 {
            version = QUICVersion(0)
            kind = .initial
            try readGooglePublic(first, &cursor)
        } else {
            kind = .oneRTT
            version = QUICVersion(0)
            payloadLength = cursor.remaining
        }
        length = cursor.offset
    }

    private mutating func readLong(_ cursor: inout ByteCursor) throws(EndOfBytes) {
        if version.isClear {
            // Both lengths share a byte; 0 for none, else three less than they are.
            let lengths = try cursor.u8()
            let count = (Int(lengths >> 4), Int(lengths & 15))
            destinationID = try cursor.take(count.0 == 0 ? 0 : count.0 + 3).all.copied()
            sourceID = try cursor.take(count.1 == 0 ? 0 : count.1 + 3).all.copied()
            // Packet number and a checksum over the packet.
            if kind == .initial { try cursor.skip(4 + 12) }
            payloadLength = cursor.remaining
            return
        }
        destinationID = try cursor.take(Int(try cursor.u8())).all.copied()
        sourceID = try cursor.take(Int(try cursor.u8())).all.copied()
        if kind == .initial { try cursor.skip(try cursor.quicInteger()) }
        let hasLength = kind == .initial || version.initialSalt != nil && (kind == .zeroRTT || kind == .handshake)
        payloadLength = hasLength ? try cursor.quicInteger() : cursor.remaining
        guard payloadLength <= cursor.remaining else { throw EndOfBytes() }
    }

    /// The public header of Google's QUIC until Q043: flags, connection ID, version, packet number, and the checksum that
    /// stands before the frames.
    private mutating func readGooglePublic(_ first: UInt8, _ cursor: inout ByteCursor) throws(EndOfBytes) {
        if first & 8 != 0 { destinationID = try cursor.take(8).all.copied() }
        version = QUICVersion(try cursor.u32())
        guard version.rawValue >> 16 == 0x5130 else { throw EndOfBytes() }
        try cursor.skip([1, 2, 4, 6][Int(first >> 4 & 3)] + 12)
        payloadLength = cursor.remaining
    }

    private static func kind(_ first: UInt8, _ version: QUICVersion) throws(EndOfBytes) -> Kind {
        if version == .negotiation { return .versionNegotiation }
        if version.hasOldTypes {
            switch first & 0x7f {
            case 0x7f: return .initial
            case 0x7e: return .retry
            case 0x7d: return .handshake
            case 0x7c: return .zeroRTT
            default: throw EndOfBytes()
            }
        }
        // Version 2 has turned the numbers, so that nobody gets used to them (RFC 9369 section 3.2).
        let type = version == .version2 ? (first >> 4 &- 1) & 3 : first >> 4 & 3
        return Kind(rawValue: type) ?? .initial
    }

}

extension ByteCursor {
    /// An integer of one, two, four or eight bytes (RFC 9000 section 16). One that no length can be ends the reading.
    @_lifetime(self: copy self)
    mutating func quicInteger() throws(EndOfBytes) -> Int {
        let first = try u8()
        var value = UInt64(first & 0x3f)
        for _ in 0..<((1 << Int(first >> 6)) - 1) { value = value << 8 | UInt64(try u8()) }
        guard let result = Int(exactly: value) else { throw EndOfBytes() }
        return result
    }
}
