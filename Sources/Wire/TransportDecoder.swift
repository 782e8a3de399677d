import NetTypes

/// Reads the transport header behind a whole (not fragmented) IP header.
enum TransportDecoder {
    static func decode(_ bytes: RawSpan, ip: IPHeader, into packet: inout Packet) throws(DecodeEvent) {
        switch ip.upperProtocol {
        case .tcp: try tcp(bytes, into: &packet)
        case .udp: try udp(bytes, into: &packet)
        case .icmp where ip.version == .v4: try icmp(bytes, ip, into: &packet)
        case .icmpv6 where ip.version == .v6: try icmp(bytes, ip, into: &packet)
        case .sctp: try sctp(bytes, into: &packet)
        default:
            packet.transport = .other
            if ip.upperProtocol == .esp, packet.payloadLength < 8 { packet.events.insert(.espTooSmall) }
            if ip.version == .v4, ip.upperProtocol == .icmpv6 { packet.events.insert(.ipv4CarriesICMPv6) }
        }
    }

    private static func consume(_ count: Int, of packet: inout Packet) {
        packet.payloadOffset &+= count
        packet.payloadLength &-= count
    }

    private static func tcp(_ bytes: RawSpan, into packet: inout Packet) throws(DecodeEvent) {
        let offset = packet.payloadOffset
        guard packet.payloadLength >= 20 else { throw .tcpTooSmall }
        let offsetAndReserved = bytes.byte(at: offset &+ 12)
        let headerLength = Int(offsetAndReserved >> 4) &* 4
        guard headerLength >= 20 else { throw .tcpHeaderTooSmall }
        guard headerLength <= packet.payloadLength else { throw .tcpHeaderBeyondPacket }
        var header = TCPHeader(
            offset: offset, sourcePort: bytes.bigEndian16(at: offset),
            destinationPort: bytes.bigEndian16(at: offset &+ 2),
            sequence: SequenceNumber(bytes.bigEndian32(at: offset &+ 4)),
            acknowledgment: SequenceNumber(bytes.bigEndian32(at: offset &+ 8)), headerLength: headerLength,
            flags: TCPFlags(rawValue: bytes.byte(at: offset &+ 13)), reserved: offsetAndReserved & 0x0f,
            window: bytes.bigEndian16(at: offset &+ 14), urgentPointer: bytes.bigEndian16(at: offset &+ 18))
        if headerLength > 20 {
            header.options = TCPOptions(
                bytes.extracting((offset &+ 20)..<(offset &+ headerLength)), events: &packet.events)
        }
        packet.transport = .tcp(header)
        consume(headerLength, of: &packet)
    }

    private static func udp(_ bytes: RawSpan, into packet: inout Packet) throws(DecodeEvent) {
        let offset = packet.payloadOffset
        guard packet.payloadLength >= 8 else { throw .udpTooSmall }
        let stated = Int(bytes.bigEndian16(at: offset &+ 4))
        let carried = packet.payloadLength &+ packet.payloadMissing
        // 0: a jumbogram (RFC 2675 section 4); IP's length counts.
        let length = stated == 0 ? carried : stated
        guard length >= 8 else { throw .udpLengthTooSmall }
        guard length <= carried else { throw .udpLengthBeyondPacket }
        packet.transport = .udp(
            UDPHeader(
                offset: offset, sourcePort: bytes.bigEndian16(at: offset),
                destinationPort: bytes.bigEndian16(at: offset &+ 2), length: length))
        packet.payloadMissing = max(0, length &- packet.payloadLength)
        packet.payloadLength = min(packet.payloadLength, length)
        consume(8, of: &packet)
    }

    private static func sctp(_ bytes: RawSpan, into packet: inout Packet) throws(DecodeEvent) {
        let offset = packet.payloadOffset
        guard packet.payloadLength >= 12 else { throw .sctpTooSmall }
        packet.transport = .sctp(
            SCTPHeader(
                offset: offset, sourcePort: bytes.bigEndian16(at: offset),
                destinationPort: bytes.bigEndian16(at: offset &+ 2)))
        consume(12, of: &packet)
    }

    private static func icmp(
        _ bytes: RawSpan, _ ip: IPHeader, into packet: inout Packet
    ) throws(DecodeEvent) {
        let offset = packet.payloadOffset
        let version = ip.version
        // RFC 792 headers have eight bytes; ICMPv6 has four and a body of at least four, whatever the type.
        guard packet.payloadLength >= 8 else {
            throw version == .v4 ? .icmpv4TooSmall : .icmpv6TooSmall
        }
        var header = ICMPHeader(
            offset: offset, type: bytes.byte(at: offset), code: bytes.byte(at: offset &+ 1),
            identifier: bytes.bigEndian16(at: offset &+ 4), sequence: bytes.bigEndian16(at: offset &+ 6))
        let isError =
            switch version {
            // Unreachable, source quench, redirect, time exceeded, parameter problem (RFC 792).
            case .v4: [3, 4, 5, 11, 12].contains(header.type)
            // RFC 4443 section 2.1: error messages have a type below 128.
            case .v6: header.type < 128
            }
        let rest = bytes.extracting((offset &+ 8)..<(offset &+ packet.payloadLength))
        if isError { header.quoted = quotedTuple(rest, version: version) }
        ICMPEvents.note(header, ip, rest, &packet.events)
        packet.transport = .icmp(header)
        consume(8, of: &packet)
    }

    /// The tuple of the packet that an ICMP error quotes. Only as much of it is there as the router sent back, so its
    /// stated length is not checked; an ICMP quote gives type and code as ports.
    static func quotedTuple(_ bytes: RawSpan, version: IPVersion) -> FlowTuple? {
        guard let ip = quotedHeader(bytes, version: version), ip.fragmentOffset == 0 else { return nil }
        let start = ip.headerLength
        guard bytes.byteCount &- start >= 8 || ip.upperProtocol == .icmp && bytes.byteCount &- start >= 2 else {
            return nil
        }
        var ports: (UInt16, UInt16) = (0, 0)
        if ip.upperProtocol.hasPorts {
            ports = (bytes.bigEndian16(at: start), bytes.bigEndian16(at: start &+ 2))
        } else if ip.upperProtocol == .icmp || ip.upperProtocol == .icmpv6 {
            ports = (UInt16(bytes.byte(at: start)), UInt16(bytes.byte(at: start &+ 1)))
        }
        return FlowTuple(
            source: ip.source, destination: ip.destination, sourcePort: ports.0, destinationPort: ports.1,
            ipProtocol: ip.upperProtocol)
    }

    private static func quotedHeader(_ bytes: RawSpan, version: IPVersion) -> IPHeader? {
        guard bytes.byteCount >= 1, bytes.byte(at: 0) >> 4 == version.rawValue else { return nil }
        // Oddities of the quoted packet are not this packet's.
        var events = DecodeEvents()
        // A quote is cut: let the stated length count as being on the wire.
        return switch version {
        case .v4: try? IPDecoder.ipv4(bytes, at: 0, wireEnd: 65535, events: &events)
        case .v6: try? IPDecoder.ipv6(bytes, at: 0, wireEnd: 40 + 65535, events: &events)
        }
    }
}
