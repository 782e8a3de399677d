import NetTypes

/// Reads IP headers. Lengths are taken from the header, checked against the bytes on the wire.
enum IPDecoder {
    /// Most IPv6 extension headers before the transport header. RFC 8200 lets each occur once (destination options
    /// twice); a longer chain serves only to hide what follows.
    static let maximumExtensionHeaders = 16

    /// - Parameter wireEnd: frame length on the wire; a total length beyond it is a lie.
    static func ipv4(_ bytes: RawSpan, at offset: Int, wireEnd: Int) throws(DecodeFailure) -> IPHeader {
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
        header.hasOptions = headerLength > 20
        return header
    }

    static func ipv6(_ bytes: RawSpan, at offset: Int, wireEnd: Int) throws(DecodeFailure) -> IPHeader {
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
        try walkExtensionHeaders(bytes, of: &header)
        return header
    }

    /// Follows the chain of RFC 8200 section 4 to the transport header, or to the fragment header of a true fragment.
    private static func walkExtensionHeaders(_ bytes: RawSpan, of header: inout IPHeader) throws(DecodeFailure) {
        let end = min(bytes.byteCount, header.offset &+ header.totalLength)
        var position = header.offset &+ 40
        var next = header.upperProtocol
        var count = 0
        while true {
            let length: Int
            switch next {
            case .hopByHop, .routing, .destinationOptions, .mobility, .hostIdentity, .shim6:
                guard end &- position >= 8 else { throw .ipv6ExtensionTruncated }
                length = (Int(bytes.byte(at: position &+ 1)) &+ 1) &* 8
            case .fragment:
                guard end &- position >= 8 else { throw .ipv6ExtensionTruncated }
                length = 8
                let field = bytes.bigEndian16(at: position &+ 2)
                header.hasFragmentHeader = true
                header.fragmentOffset = Int(field & 0xfff8)
                header.moreFragments = field & 1 != 0
                header.identification = bytes.bigEndian32(at: position &+ 4)
            case .authentication:
                guard end &- position >= 8 else { throw .ipv6ExtensionTruncated }
                length = (Int(bytes.byte(at: position &+ 1)) &+ 2) &* 4
            default:
                header.upperProtocol = next
                header.headerLength = position &- header.offset
                return
            }
            guard length <= end &- position else { throw .ipv6ExtensionTruncated }
            count &+= 1
            guard count <= maximumExtensionHeaders else { throw .ipv6TooManyExtensions }
            let following = IPProtocol(rawValue: bytes.byte(at: position))
            position &+= length
            if next == .fragment, header.isFragment {
                header.upperProtocol = following
                header.headerLength = position &- header.offset
                return
            }
            next = following
        }
    }
}
