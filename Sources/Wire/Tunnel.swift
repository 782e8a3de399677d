import NetTypes

/// A packet inside another: what it is and where it lies.
public struct Tunnel: Sendable {
    public enum Kind: UInt8, Sendable, CaseIterable {
        /// In IPv4, without a header between.
        case ipv4
        /// In IPv6.
        case ipv6
        case gre
        case vxlan
        case geneve
        case teredo
    }

    public var kind: Kind
    public var frame: FrameKind
    public var range: Range<Int>
}

/// Ports on which UDP carries other packets, and what is looked for at all.
public struct TunnelSettings: Sendable {
    public var vxlan = PortList(4789)
    public var geneve = PortList(6081)
    public var teredo = PortList(3544)
    /// Teredo packets with an authentication header are looked into; Suricata leaves them.
    public var readsTeredoAuthentication = true

    public init() {}
}

/// Up to four ports: a trivial value, for every UDP packet is compared with it.
public struct PortList: Sendable, Equatable {
    /// The most that fit.
    public static let capacity = 4

    private var ports: SIMD4<UInt16>
    private var isAny = false

    public init(_ port: UInt16) { ports = SIMD4(repeating: port) }

    /// Nothing is looked for.
    public static let none = PortList(0)

    public static let any: PortList = {
        var list = PortList(0)
        list.isAny = true
        return list
    }()

    /// Nil for none and for more than four.
    public init?(_ list: [UInt16]) {
        guard let first = list.first, list.count <= PortList.capacity else { return nil }
        ports = SIMD4(repeating: first)
        for (index, port) in list.enumerated() { ports[index] = port }
    }

    func contains(_ port: UInt16) -> Bool { isAny || port != 0 && Swift.any(ports .== port) }
}

extension Tunnel {
    /// The packet that this one carries, if it carries one that is read here.
    /// - Parameter events: receives what is odd about the header between.
    public static func find(
        in packet: borrowing Packet, _ bytes: RawSpan, _ settings: TunnelSettings, events: inout DecodeEvents
    ) -> Tunnel? {
        guard let ip = packet.ip else { return nil }
        switch packet.transport {
        case .udp(let udp): return inUDP(udp, packet, bytes, settings, &events)
        case .other:
            let kind: Kind = ip.version == .v4 ? .ipv4 : .ipv6
            switch ip.upperProtocol {
            case .ipv4: return direct(.ipv4, .v4, kind, packet, bytes, &events)
            case .ipv6: return direct(.ipv6, .v6, kind, packet, bytes, &events)
            case .gre: return gre(packet, bytes, &events)
            default: return nil
            }
        case .none, .tcp, .icmp, .sctp: return nil
        }
    }

    /// IP in IP (RFC 2003), IPv6 in IPv4 (RFC 4213), and both in IPv6 (RFC 2473).
    private static func direct(
        _ frame: FrameKind, _ version: IPVersion, _ kind: Kind, _ packet: borrowing Packet, _ bytes: RawSpan,
        _ events: inout DecodeEvents
    ) -> Tunnel? {
        if kind == .ipv6 {
            guard packet.payloadLength >= (version == .v4 ? 20 : 40) else {
                events.insert(version == .v4 ? .ipv4InIPv6TooSmall : .ipv6InIPv6TooSmall)
                return nil
            }
            guard bytes.byte(at: packet.payloadOffset) >> 4 == version.rawValue else {
                events.insert(version == .v4 ? .ipv4InIPv6WrongVersion : .ipv6InIPv6WrongVersion)
                return nil
            }
        }
        return Tunnel(kind: kind, frame: frame, range: packet.payload)
    }

    // MARK: UDP

    private static func inUDP(
        _ udp: UDPHeader, _ packet: borrowing Packet, _ bytes: RawSpan, _ settings: TunnelSettings,
        _ events: inout DecodeEvents
    ) -> Tunnel? {
        if settings.teredo.contains(udp.destinationPort) || settings.teredo.contains(udp.sourcePort) {
            return teredo(packet, bytes, settings)
        }
        if settings.geneve.contains(udp.destinationPort) { return geneve(packet, bytes, &events) }
        if settings.vxlan.contains(udp.destinationPort) { return vxlan(packet, bytes, &events) }
        return nil
    }

    /// RFC 4380 section 5.1.1: authentication and origin may stand before the IPv6 packet.
    private static func teredo(
        _ packet: borrowing Packet, _ bytes: RawSpan, _ settings: TunnelSettings
    ) -> Tunnel? {
        var start = packet.payloadOffset
        let end = start &+ packet.payloadLength
        guard end &- start >= 40 else { return nil }
        if bytes.bigEndian16(at: start) == 1 {
            guard settings.readsTeredoAuthentication else { return nil }
            let length = 13 &+ Int(bytes.byte(at: start &+ 2)) &+ Int(bytes.byte(at: start &+ 3))
            guard length <= end &- start &- 40 else { return nil }
            start &+= length
        }
        if bytes.bigEndian16(at: start) == 0, end &- start >= 48 { start &+= 8 }
        // The port is no more than a hint: the length has to fit as well.
        guard end &- start >= 40, bytes.byte(at: start) >> 4 == 6,
            Int(bytes.bigEndian16(at: start &+ 4)) == end &- start &- 40 &+ packet.payloadMissing
        else { return nil }
        return Tunnel(kind: .teredo, frame: .ipv6, range: start..<end)
    }

    /// RFC 7348 section 5: flags, reserved, network identifier, reserved; then an Ethernet frame.
    private static func vxlan(
        _ packet: borrowing Packet, _ bytes: RawSpan, _ events: inout DecodeEvents
    ) -> Tunnel? {
        let start = packet.payloadOffset
        guard packet.payloadLength >= 8 &+ 14, bytes.byte(at: start) & 0x08 != 0, bytes.byte(at: start &+ 7) == 0
        else { return nil }
        return ethernet(.vxlan, at: start &+ 8, packet, bytes, unknown: .vxlanUnknownPayload, &events)
    }

    /// RFC 8926 section 3.4: version and option length, flags, protocol, network identifier, options.
    private static func geneve(
        _ packet: borrowing Packet, _ bytes: RawSpan, _ events: inout DecodeEvents
    ) -> Tunnel? {
        let start = packet.payloadOffset
        guard packet.payloadLength >= 8, bytes.byte(at: start) >> 6 == 0 else { return nil }
        let length = 8 &+ Int(bytes.byte(at: start) & 0x3f) &* 4
        guard length < packet.payloadLength else { return nil }
        switch bytes.bigEndian16(at: start &+ 2) {
        case EtherType.bridging:
            return ethernet(.geneve, at: start &+ length, packet, bytes, unknown: .genevePayload, &events)
        case let type where type == EtherType.ipv4 || type == EtherType.ipv6:
            return Tunnel(
                kind: .geneve, frame: .etherType(type), range: (start &+ length)..<packet.payload.upperBound)
        case EtherType.arp: return nil
        default:
            events.insert(.genevePayload)
            return nil
        }
    }

    /// What the Ethernet frame at `offset` carries.
    private static func ethernet(
        _ kind: Kind, at offset: Int, _ packet: borrowing Packet, _ bytes: RawSpan, unknown: DecodeEvent,
        _ events: inout DecodeEvents
    ) -> Tunnel? {
        let end = packet.payload.upperBound
        guard end &- offset > 14 else { return nil }
        let type = bytes.bigEndian16(at: offset &+ 12)
        switch type {
        case EtherType.ipv4, EtherType.ipv6, EtherType.tag, EtherType.providerTag, EtherType.mpls,
            EtherType.pppoeSession:
            return Tunnel(kind: kind, frame: .etherType(type), range: (offset &+ 14)..<end)
        case EtherType.arp: return nil
        default:
            events.insert(unknown)
            return nil
        }
    }

    // MARK: GRE

    /// RFC 2784 and RFC 2890 (version 0), RFC 1701 (its source routes), RFC 2637 (version 1, PPTP).
    private static func gre(_ packet: borrowing Packet, _ bytes: RawSpan, _ events: inout DecodeEvents) -> Tunnel? {
        let start = packet.payloadOffset
        guard packet.payloadLength >= 4 else {
            events.insert(.greTooSmall)
            return nil
        }
        let flags = bytes.bigEndian16(at: start)
        let type = bytes.bigEndian16(at: start &+ 2)
        let length: Int?
        switch flags & 7 {
        case 0: length = version0(flags, start, packet, bytes, &events)
        case 1: length = version1(flags, type, packet, &events)
        default:
            events.insert(.greWrongVersion)
            length = nil
        }
        guard let length, length < packet.payloadLength else { return nil }
        return carried(type, hasSequence: flags & 0x1000 != 0, at: start &+ length, packet, bytes, &events)
    }

    private static func carried(
        _ type: UInt16, hasSequence: Bool, at offset: Int, _ packet: borrowing Packet, _ bytes: RawSpan,
        _ events: inout DecodeEvents
    ) -> Tunnel? {
        let end = packet.payload.upperBound
        switch type {
        case EtherType.ipv4, EtherType.ipv6, EtherType.tag, EtherType.bridging, EtherType.mpls:
            return Tunnel(kind: .gre, frame: .etherType(type), range: offset..<end)
        case EtherType.ppp: return Tunnel(kind: .gre, frame: .pointToPoint, range: offset..<end)
        // Mirrored frames: type I has no header of its own and no sequence number, type II has eight bytes, III twelve.
        case EtherType.erspan2, EtherType.erspan3:
            let length = type == EtherType.erspan3 ? 12 : hasSequence ? 8 : 0
            guard end &- offset > length &+ 14 else {
                events.insert(.erspanTooSmall)
                return nil
            }
            return Tunnel(kind: .gre, frame: .link(.ethernet), range: (offset &+ length)..<end)
        default: return nil
        }
    }

    /// - Returns: length of the header; nil when it makes no sense.
    private static func version0(
        _ flags: UInt16, _ start: Int, _ packet: borrowing Packet, _ bytes: RawSpan, _ events: inout DecodeEvents
    ) -> Int? {
        if flags & 0x0700 != 0 {
            events.insert(.greVersion0Recursion)
            return nil
        }
        if flags & 0x00f8 != 0 {
            events.insert(.greVersion0Flags)
            return nil
        }
        var length = 4
        // Checksum or routes bring both fields.
        if flags & 0xc000 != 0 { length &+= 4 }
        if flags & 0x2000 != 0 { length &+= 4 }
        if flags & 0x1000 != 0 { length &+= 4 }
        guard length <= packet.payloadLength else {
            events.insert(.greVersion0TooBig)
            return nil
        }
        guard flags & 0x4000 != 0 else { return length }
        // Route entries: address family, offset, length, address; the last has no length.
        while true {
            guard length &+ 4 <= packet.payloadLength else {
                events.insert(.greVersion0TooBig)
                return nil
            }
            let entry = Int(bytes.byte(at: start &+ length &+ 3))
            length &+= 4 &+ entry
            if entry == 0 { return length }
        }
    }

    private static func version1(
        _ flags: UInt16, _ type: UInt16, _ packet: borrowing Packet, _ events: inout DecodeEvents
    ) -> Int? {
        let faults: [(Bool, DecodeEvent)] = [
            (flags & 0x8000 != 0, .greVersion1Checksum), (flags & 0x4000 != 0, .greVersion1Route),
            (flags & 0x0800 != 0, .greVersion1StrictRoute), (flags & 0x0700 != 0, .greVersion1Recursion),
            (flags & 0x0078 != 0, .greVersion1Flags), (type != EtherType.ppp, .greVersion1WrongProtocol),
            (flags & 0x2000 == 0, .greVersion1NoKey),
        ]
        for (holds, event) in faults where holds {
            events.insert(event)
            return nil
        }
        let length = 8 &+ (flags & 0x1000 != 0 ? 4 : 0) &+ (flags & 0x0080 != 0 ? 4 : 0)
        guard length <= packet.payloadLength else {
            events.insert(.greVersion1TooBig)
            return nil
        }
        return length
    }
}
