import NetTypes

/// Types and codes of ICMP that no standard defines, as Suricata judges them.
enum ICMPEvents {
    /// Highest code of each ICMPv4 type (RFC 792 and its successors); types that are not listed are unknown.
    private static let highestCodes4: [UInt8: UInt8] = [
        0: 0, 3: 15, 4: 0, 5: 3, 8: 0, 9: 255, 10: 255, 11: 1, 12: 2, 13: 0, 14: 0, 15: 0, 16: 0, 17: 0, 18: 0,
    ]

    /// The same for ICMPv6 (RFC 4443, RFC 2710, RFC 4861 and others).
    private static let highestCodes6: [UInt8: UInt8] = [
        1: 6, 2: 0, 3: 1, 4: 2, 128: 0, 129: 0, 130: 0, 131: 0, 132: 0, 133: 0, 134: 0, 135: 0, 136: 0, 137: 0,
        138: 255, 139: 255, 140: 255, 141: 255, 142: 255, 143: 0, 144: 255, 145: 255, 146: 255, 147: 255, 151: 255,
        152: 255, 153: 255, 154: 255,
    ]

    static func note(_ header: ICMPHeader, _ ip: IPHeader, _ events: inout DecodeEvents) {
        switch ip.version {
        case .v4:
            guard let highest = highestCodes4[header.type] else { return events.insert(.icmpv4UnknownType) }
            if header.code > highest { events.insert(.icmpv4UnknownCode) }
        case .v6: note6(header, ip, &events)
        }
    }

    private static func note6(_ header: ICMPHeader, _ ip: IPHeader, _ events: inout DecodeEvents) {
        guard let highest = highestCodes6[header.type] else {
            switch header.type {
            // RFC 4443 section 2.1: for experiments.
            case 100, 101, 200, 201: events.insert(.icmpv6ExperimentalType)
            case 5..<100, 102..<127, 160..<200: events.insert(.icmpv6UnassignedType)
            default: events.insert(.icmpv6UnknownType)
            }
            return
        }
        if header.code > highest { events.insert(.icmpv6UnknownCode) }
        // RFC 2710 section 3: listener messages stay on the link.
        if (130...132).contains(header.type), ip.timeToLive != 1 { events.insert(.icmpv6ListenerHopLimit) }
    }
}
