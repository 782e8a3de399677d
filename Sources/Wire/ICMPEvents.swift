import NetTypes

/// Types, codes and quotes of ICMP that no standard defines, as Suricata judges them.
enum ICMPEvents {
    /// Highest code of each ICMPv4 type (RFC 792 and its successors); types that are not listed are unknown.
    private static let highestCodes4: [UInt8: UInt8] = [
        0: 0, 3: 15, 4: 0, 5: 3, 8: 0, 9: 255, 11: 1, 12: 0, 13: 0, 14: 0, 15: 0, 16: 0, 17: 0, 18: 0,
    ]

    /// The same for ICMPv6 (RFC 4443, RFC 2710, RFC 4861 and others).
    private static let highestCodes6: [UInt8: UInt8] = [
        1: 6, 2: 0, 3: 1, 4: 2, 128: 0, 129: 0, 130: 0, 131: 0, 132: 0, 133: 0, 134: 0, 135: 0, 136: 0, 137: 0,
        138: 2, 139: 2, 140: 2, 141: 0, 142: 0, 143: 0, 144: 0, 145: 0, 146: 0, 147: 0, 148: 0, 149: 0, 150: 255,
        151: 255, 152: 255, 153: 255, 154: 0, 155: 3, 156: 0, 157: 0, 158: 0, 159: 0,
    ]

    /// - Parameter rest: what stands behind the first eight bytes.
    static func note(_ header: ICMPHeader, _ ip: IPHeader, _ rest: RawSpan, _ events: inout DecodeEvents) {
        switch ip.version {
        case .v4: note4(header, rest, &events)
        case .v6: note6(header, ip, rest, &events)
        }
    }

    private static func note4(_ header: ICMPHeader, _ rest: RawSpan, _ events: inout DecodeEvents) {
        guard let highest = highestCodes4[header.type] else { return events.insert(.icmpv4UnknownType) }
        if header.code > highest { events.insert(.icmpv4UnknownCode) }
        switch header.type {
        case 13, 14:
            // RFC 792: three timestamps.
            if rest.byteCount < 12 { events.insert(.icmpv4QuoteTruncated) }
        case 3, 4, 5, 11, 12:
            guard header.code <= highest, rest.byteCount > 0 || header.type == 4 else { return }
            guard rest.byteCount >= 20 else { return events.insert(.icmpv4QuoteTruncated) }
            if rest.byte(at: 0) >> 4 != 4 { events.insert(.icmpv4QuoteWrongVersion) }
        default: break
        }
    }

    private static func note6(
        _ header: ICMPHeader, _ ip: IPHeader, _ rest: RawSpan, _ events: inout DecodeEvents
    ) {
        guard let highest = highestCodes6[header.type] else {
            switch header.type {
            // RFC 4443 section 2.1: for experiments.
            case 100, 101, 200, 201: events.insert(.icmpv6ExperimentalType)
            case 5..<100, 102..<127, 160..<200, 202...255: events.insert(.icmpv6UnassignedType)
            default: events.insert(.icmpv6UnknownType)
            }
            return
        }
        // RFC 2894 section 3.1: 255 resets the sequence number of router renumbering.
        if header.code > highest, !(header.type == 138 && header.code == 255) { events.insert(.icmpv6UnknownCode) }
        // RFC 2710 section 3: listener messages stay on the link.
        if (130...132).contains(header.type), ip.timeToLive != 1 { events.insert(.icmpv6ListenerHopLimit) }
        guard header.type <= 4, header.code <= highest else { return }
        guard rest.byteCount >= 40 else { return events.insert(.icmpv6QuoteTruncated) }
        if rest.byte(at: 0) >> 4 != 6 { events.insert(.icmpv6QuoteWrongVersion) }
    }
}
