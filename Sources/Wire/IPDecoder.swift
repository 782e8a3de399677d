import NetTypes

/// Reads IP headers. Lengths are taken from the header, checked against the bytes on the wire.
enum IPDecoder {
    /// - Parameter wireEnd: frame length on the wire; a total length beyond it is a lie.
    static func ipv4(
        _ bytes: RawSpan, at offset: Int, wireEnd: Int, events: inout DecodeEvents
    ) throws(DecodeEvent) -> IPHeader {
        let available = bytes.byteCount &- offset
        guard available >= 20 else { throw .ipv4TooSmall }
        let headerLength = Int(bytes.byte(at: offset) & 0x0f) &* 4
        guard headerLength >= 20 else { throw .ipv4HeaderTooSmall }
        var totalLength = Int(bytes.bigEndian16(at: offset &+ 2))
        // Segmentation offload leaves 0 in packets captured on the sending host: the frame's own length counts then.
        if totalLength == 0 { totalLength = wireEnd &- offset }
        guard totalLength >= headerLength else { throw .ipv4LengthBelowHeader }
        guard totalLength <= wireEnd &- offset, headerLength <= available else { throw .ipv4Truncated }
        let fragment = bytes.bigEndian16(at: offset &+ 6)
        var header = IPHeader(
            version: .v4, offset: offset, headerLength: headerLength, totalLength: totalLength,
            source: IPAddress(v4: bytes.bigEndian32(at: offset &+ 12)),
            destination: IPAddress(v4: bytes.bigEndian32(at: offset &+ 16)),
            upperProtocol: IPProtocol(rawValue: bytes.byte(at: offset &+ 9)),
            timeToLive: bytes.byte(at: offset &+ 8), typeOfService: bytes.byte(at: offset &+ 1))
        header.identification = UInt32(bytes.bigEndian16(at: offset &+ 4))
        header.reservedBit = fragment & 0x8000 != 0
        header.dontFragment = fragment & 0x4000 != 0
        header.moreFragments = fragment & 0x2000 != 0
        header.fragmentOffset = Int(fragment & 0x1fff) &* 8
        if headerLength > 20 {
            header.options = try IPv4Options(bytes.extracting((offset &+ 20)..<(offset &+ headerLength)), &events)
        }
        return header
    }

    static func ipv6(
        _ bytes: RawSpan, at offset: Int, wireEnd: Int, events: inout DecodeEvents
    ) throws(DecodeEvent) -> IPHeader {
        let available = bytes.byteCount &- offset
        guard available >= 40 else { throw .ipv6TooSmall }
        let first = bytes.bigEndian32(at: offset)
        var payloadLength = Int(bytes.bigEndian16(at: offset &+ 4))
        // 0: a jumbogram (RFC 2675) or segmentation offload with BIG TCP; the frame's own length counts.
        if payloadLength == 0 { payloadLength = max(0, wireEnd &- offset &- 40) }
        guard payloadLength <= wireEnd &- offset &- 40 else { throw .ipv6Truncated }
        var header = IPHeader(
            version: .v6, offset: offset, headerLength: 40, totalLength: 40 &+ payloadLength,
            source: IPAddress(
                v6High: bytes.bigEndian64(at: offset &+ 8), v6Low: bytes.bigEndian64(at: offset &+ 16)),
            destination: IPAddress(
                v6High: bytes.bigEndian64(at: offset &+ 24), v6Low: bytes.bigEndian64(at: offset &+ 32)),
            upperProtocol: IPProtocol(rawValue: bytes.byte(at: offset &+ 6)),
            timeToLive: bytes.byte(at: offset &+ 7), typeOfService: UInt8(truncatingIfNeeded: first >> 20))
        try IPv6Extensions.walk(bytes, of: &header, events: &events)
        return header
    }
}
