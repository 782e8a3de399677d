import NetTypes

/// Follows the chain of extension headers (RFC 8200 section 4) to the transport header, or to the fragment header of a
/// true fragment.
struct IPv6Extensions {
    /// Most extension headers before the transport header. RFC 8200 lets each occur once (destination options twice); a
    /// longer chain serves only to hide what follows.
    static let maximumHeaders = 16

    private var position: Int
    private let end: Int
    /// Headers met so far; destination options may stand twice.
    private var hasRouting = false
    private var hasHopByHop = false
    private var hasAuthentication = false
    private var destinationOptions = 0

    static func walk(
        _ bytes: RawSpan, of header: inout IPHeader, events: inout DecodeEvents
    ) throws(DecodeEvent) {
        var chain = IPv6Extensions(
            position: header.offset &+ 40, end: min(bytes.byteCount, header.offset &+ header.totalLength))
        try chain.walk(bytes, of: &header, &events)
    }

    private init(position: Int, end: Int) {
        self.position = position
        self.end = end
    }

    private mutating func walk(
        _ bytes: RawSpan, of header: inout IPHeader, _ events: inout DecodeEvents
    ) throws(DecodeEvent) {
        var next = header.upperProtocol
        var count = 0
        while let length = try length(of: next, bytes) {
            guard length <= end &- position else { throw .ipv6ExtensionTruncated }
            count &+= 1
            guard count <= IPv6Extensions.maximumHeaders else { throw .ipv6TooManyExtensions }
            note(next, bytes.extracting(position..<(position &+ length)), &header, &events)
            let following = IPProtocol(rawValue: bytes.byte(at: position))
            position &+= length
            let isTrueFragment = next == .fragment && header.isFragment
            next = following
            if isTrueFragment { break }
            guard end &- position >= 2 else { throw .ipv6ExtensionTruncated }
        }
        header.upperProtocol = next
        header.headerLength = position &- header.offset
        if header.isFragment {
            // RFC 8200 section 4.5: all fragments but the last have a multiple of eight bytes.
            if header.moreFragments, (end &- position) % 8 != 0 { events.insert(.ipv6FragmentInvalidLength) }
        } else {
            noteUpper(next, &events)
        }
    }

    private func noteUpper(_ type: IPProtocol, _ events: inout DecodeEvents) {
        switch type {
        case .icmp: events.insert(.ipv6CarriesICMPv4)
        case .noNext: if end > position { events.insert(.ipv6DataAfterNoNext) }
        case .tcp, .udp, .icmpv6, .sctp, .esp, .gre, .ipv4, .ipv6: break
        default: events.insert(.ipv6UnknownNextHeader)
        }
    }

    /// Length of the extension header at `position`; nil when `type` is none.
    private func length(of type: IPProtocol, _ bytes: RawSpan) throws(DecodeEvent) -> Int? {
        switch type {
        case .hopByHop, .routing, .destinationOptions, .mobility, .hostIdentity, .shim6:
            guard end &- position >= 8 else { throw .ipv6ExtensionTruncated }
            return (Int(bytes.byte(at: position &+ 1)) &+ 1) &* 8
        case .fragment:
            guard end &- position >= 8 else { throw .ipv6ExtensionTruncated }
            return 8
        case .authentication:
            guard end &- position >= 8 else { throw .ipv6ExtensionTruncated }
            return (Int(bytes.byte(at: position &+ 1)) &+ 2) &* 4
        default: return nil
        }
    }

    /// - Parameter bytes: the extension header, at least eight bytes.
    private mutating func note(
        _ type: IPProtocol, _ bytes: RawSpan, _ header: inout IPHeader, _ events: inout DecodeEvents
    ) {
        switch type {
        case .fragment: noteFragment(bytes, &header, &events)
        case .routing:
            if hasRouting { events.insert(.ipv6DuplicateRoutingHeader) }
            hasRouting = true
            if bytes.byte(at: 2) == 0 { events.insert(.ipv6RoutingType0) }
        case .hopByHop:
            if hasHopByHop { events.insert(.ipv6DuplicateHopByHop) }
            hasHopByHop = true
            noteOptions(bytes, unknown: .ipv6HopByHopUnknownOption, onlyPadding: .ipv6HopByHopOnlyPadding, &events)
        case .destinationOptions:
            destinationOptions &+= 1
            if destinationOptions > 2 { events.insert(.ipv6DuplicateDestinationOptions) }
            noteOptions(
                bytes, unknown: .ipv6DestinationUnknownOption, onlyPadding: .ipv6DestinationOnlyPadding, &events)
        case .authentication:
            if hasAuthentication { events.insert(.ipv6DuplicateAuthentication) }
            hasAuthentication = true
            if bytes.bigEndian16(at: 2) != 0 { events.insert(.ipv6AuthenticationReservedSet) }
        default: break
        }
    }

    private func noteFragment(_ bytes: RawSpan, _ header: inout IPHeader, _ events: inout DecodeEvents) {
        if header.hasFragmentHeader { events.insert(.ipv6DuplicateFragmentHeader) }
        if bytes.byte(at: 1) != 0 { events.insert(.ipv6FragmentReservedSet) }
        let field = bytes.bigEndian16(at: 2)
        header.hasFragmentHeader = true
        header.fragmentOffset = Int(field & 0xfff8)
        header.moreFragments = field & 1 != 0
        header.identification = bytes.bigEndian32(at: 4)
        if !header.isFragment { events.insert(.ipv6UselessFragmentHeader) }
    }

    /// The options of RFC 8200 section 4.2: type, length, value; type 0 is a byte of padding, type 1 is padding with a
    /// length.
    private func noteOptions(
        _ bytes: RawSpan, unknown: DecodeEvent, onlyPadding: DecodeEvent, _ events: inout DecodeEvents
    ) {
        var index = 2
        var hasPadding = false
        var hasOther = false
        while index < bytes.byteCount {
            let type = bytes.byte(at: index)
            if type == 0 {
                hasPadding = true
                index &+= 1
                continue
            }
            guard index &+ 1 < bytes.byteCount, index &+ 2 &+ Int(bytes.byte(at: index &+ 1)) <= bytes.byteCount else {
                events.insert(.ipv6InvalidOptionLength)
                break
            }
            let length = Int(bytes.byte(at: index &+ 1))
            if type == 1 {
                hasPadding = true
                if length == 0 { events.insert(.ipv6ZeroLengthPadding) }
            } else {
                hasOther = true
                switch type {
                // Router alert (RFC 2711), jumbo payload (RFC 2675), home address (RFC 6275).
                case 0x05: if length < 2 { events.insert(.ipv6InvalidOptionLength) }
                case 0xc2: if length < 4 { events.insert(.ipv6InvalidOptionLength) }
                case 0xc9: if length < 16 { events.insert(.ipv6InvalidOptionLength) }
                default: events.insert(unknown)
                }
            }
            index &+= 2 &+ length
        }
        if hasPadding, !hasOther { events.insert(onlyPadding) }
    }
}
