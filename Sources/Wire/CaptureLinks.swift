import NetTypes

/// Link layers that are met in captures alone: what other tools' capturing puts in front of a frame, and wireless frames.
/// (https://www.tcpdump.org/linktypes.html)
extension PacketDecoder {
    /// - Returns: false for a link type that is not one of them.
    static func captured(
        _ bytes: RawSpan, _ linkType: LinkType, into packet: inout Packet
    ) throws(DecodeEvent) -> Bool {
        switch linkType {
        case .netfilterLog: try netfilterLog(bytes, into: &packet)
        case .processTap: try processTap(bytes, into: &packet)
        case .wireless: try wireless(bytes, at: 0, into: &packet)
        case .radiotap: try radiotap(bytes, into: &packet)
        case .switchTag: try switchTag(bytes, length: 4, into: &packet)
        case .extendedSwitchTag: try switchTag(bytes, length: 8, into: &packet)
        case .infiniBand:
            // Addresses of both ends, EtherType, reserved. (LINKTYPE_IPOIB)
            guard bytes.byteCount >= 44 else { throw .ethernetTooSmall }
            try network(bytes.bigEndian16(at: 40), bytes, at: 44, into: &packet)
        default: return false
        }
        return true
    }

    /// Family, version, group; then values with a length and a type in the capturing host's order, of which one is the
    /// packet. (LINKTYPE_NFLOG)
    private static func netfilterLog(_ bytes: RawSpan, into packet: inout Packet) throws(DecodeEvent) {
        guard bytes.byteCount >= 4 else { throw .ethernetTooSmall }
        var offset = 4
        while bytes.byteCount &- offset >= 4 {
            var length = Int(bytes.bigEndian16(at: offset).byteSwapped)
            var type = bytes.bigEndian16(at: offset &+ 2).byteSwapped
            // Types are small: the byte order shows in them.
            if type & 0xff == 0, type != 0 {
                length = Int(bytes.bigEndian16(at: offset))
                type = type.byteSwapped
            }
            // The packet; a capture may have cut it.
            if type & 0x7fff == 9 {
                try enter(&packet)
                return try decodeIP(bytes, at: offset &+ 4, into: &packet)
            }
            guard length >= 4, length <= bytes.byteCount &- offset else { break }
            offset &+= (length &+ 3) & ~3
        }
        rest(bytes, at: min(offset, bytes.byteCount), into: &packet)
    }

    /// A header that begins with its length, its type and the link type of what follows, little-endian. (LINKTYPE_PKTAP)
    private static func processTap(_ bytes: RawSpan, into packet: inout Packet) throws(DecodeEvent) {
        guard bytes.byteCount >= 12 else { throw .ethernetTooSmall }
        let length = Int(bytes.bigEndian32(at: 0).byteSwapped)
        guard length >= 12, length <= bytes.byteCount else { throw .ethernetTooSmall }
        switch LinkType(rawValue: Int32(truncatingIfNeeded: bytes.bigEndian32(at: 8).byteSwapped)) {
        case .ethernet: try ethernet(bytes, at: length, into: &packet)
        case .raw, .rawLinux, .rawBSD: try decodeIP(bytes, at: length, into: &packet)
        default: throw .linkTypeUnsupported
        }
    }

    /// Ethernet addresses, the tag of a switch's port, EtherType. (LINKTYPE_DSA_TAG_DSA, ..._EDSA)
    private static func switchTag(
        _ bytes: RawSpan, length: Int, into packet: inout Packet
    ) throws(DecodeEvent) {
        let type = 12 &+ length
        guard bytes.byteCount >= type &+ 2 else { throw .ethernetTooSmall }
        try network(bytes.bigEndian16(at: type), bytes, at: type &+ 2, into: &packet)
    }

    // MARK: wireless

    /// A header of the capturing driver's in front of an IEEE 802.11 frame (radiotap.org): version, length, which fields
    /// follow. One of the fields says whether the frame's header is padded.
    private static func radiotap(_ bytes: RawSpan, into packet: inout Packet) throws(DecodeEvent) {
        guard bytes.byteCount >= 8 else { throw .ethernetTooSmall }
        let length = Int(bytes.bigEndian16(at: 2).byteSwapped)
        guard length >= 8, length <= bytes.byteCount else { throw .ethernetTooSmall }
        let present = bytes.bigEndian32(at: 4).byteSwapped
        var fields = 8
        var last = present
        while last & 0x8000_0000 != 0, fields &+ 4 <= length {
            last = bytes.bigEndian32(at: fields).byteSwapped
            fields &+= 4
        }
        // A timestamp of eight bytes, aligned, may come first.
        if present & 1 != 0 { fields = (fields &+ 7) & ~7 &+ 8 }
        let isPadded = present & 2 != 0 && fields < length && bytes.byte(at: fields) & 0x20 != 0
        try wireless(bytes, at: length, isPadded: isPadded, into: &packet)
    }

    /// A data frame (IEEE 802.11-2020 section 9.3.2.1) with an LLC and SNAP header (RFC 1042); others hold no packet that can
    /// be read.
    private static func wireless(
        _ bytes: RawSpan, at offset: Int, isPadded: Bool = false, into packet: inout Packet
    ) throws(DecodeEvent) {
        guard bytes.byteCount &- offset >= 24 else { return rest(bytes, at: offset, into: &packet) }
        let (kind, flags) = (bytes.byte(at: offset), bytes.byte(at: offset &+ 1))
        let isService = kind & 0x80 != 0
        let isFragment = flags & 4 != 0 || bytes.byte(at: offset &+ 22) & 15 != 0
        // Data, not without data, not encrypted, whole.
        guard kind & 0x4f == 0x08, flags & 0x40 == 0, !isFragment else { return rest(bytes, at: offset, into: &packet) }
        var length = 24
        if flags & 3 == 3 { length &+= 6 }
        let service = offset &+ length
        if isService { length &+= 2 }
        if isService, flags & 0x80 != 0 { length &+= 4 }
        if isPadded { length = (length &+ 3) & ~3 }
        let start = offset &+ length
        guard bytes.byteCount &- start >= 8, !isService || bytes.byte(at: service) & 0x80 == 0,
            bytes.bigEndian32(at: start) == 0xaaaa_0300, bytes.bigEndian16(at: start &+ 4) == 0
        else { return rest(bytes, at: min(start, bytes.byteCount), into: &packet) }
        try network(bytes.bigEndian16(at: start &+ 6), bytes, at: start &+ 8, into: &packet)
    }
}
