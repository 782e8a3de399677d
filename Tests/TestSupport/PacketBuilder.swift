import NetTypes
import Wire

/// Builds frames between two addresses: link header, IP header and transport, with right checksums unless a test asks
/// for wrong ones.
///
///     let out = PacketBuilder(from: "10.0.0.1", to: "192.0.2.1")
///     out.tcp(TCPFields(40000, 443, .syn, options: [.maximumSegmentSize(1460)]))
///     out.with { $0.vlan = [100, 7] }.udp(UDPFields(5353, 53), DNSBytes.query("example.com"))
///     out.reversed.icmpError(type: 3, code: 1, quoting: out.network(.udp, datagram))
public struct PacketBuilder: Sendable {
    public enum Link: Sendable, CaseIterable {
        case ethernet
        case linuxCooked
        case linuxCooked2
        case raw
        /// BSD loopback in little-endian byte order, and OpenBSD's in network order.
        case null
        case loop

        public var type: LinkType {
            switch self {
            case .ethernet: .ethernet
            case .linuxCooked: .linuxCooked
            case .linuxCooked2: .linuxCooked2
            case .raw: .raw
            case .null: .null
            case .loop: .loop
            }
        }
    }

    public var link = Link.ethernet
    /// 802.1Q identifiers from the outside in.
    public var vlan: [UInt16] = []
    /// EtherType of each tag; the last one counts for all that follow.
    public var vlanTypes: [UInt16] = [0x8100]
    public var v4: IPv4Fields
    public var v6: IPv6Fields
    public let version: IPVersion

    /// - Parameters: two addresses of one family, as text.
    public init(from source: String, to destination: String) {
        let source = address(source)
        let destination = address(destination)
        precondition(source.version == destination.version, "two families: \(source), \(destination)")
        version = source.version
        v4 = IPv4Fields(source: source, destination: destination)
        v6 = IPv6Fields(source: source, destination: destination)
    }

    /// A changed copy.
    public func with(_ change: (inout PacketBuilder) -> Void) -> PacketBuilder {
        var copy = self
        change(&copy)
        return copy
    }

    /// The other way: both addresses exchanged.
    public var reversed: PacketBuilder {
        with {
            swap(&$0.v4.source, &$0.v4.destination)
            swap(&$0.v6.source, &$0.v6.destination)
        }
    }

    // MARK: transport

    public func tcp(_ fields: TCPFields, _ payload: [UInt8] = []) -> [UInt8] {
        frame(.tcp, tcpSegment(fields, payload))
    }

    public func udp(_ fields: UDPFields, _ payload: [UInt8] = []) -> [UInt8] {
        frame(.udp, udpDatagram(fields, payload))
    }

    /// ICMP or ICMPv6, as the addresses are.
    /// - Parameter rest: four bytes behind the checksum: identifier and sequence number of an echo, and the like.
    public func icmp(type: UInt8, code: UInt8 = 0, rest: UInt32 = 0, _ payload: [UInt8] = []) -> [UInt8] {
        frame(version == .v4 ? .icmp : .icmpv6, icmpMessage(type: type, code: code, rest: rest, payload))
    }

    /// An error about `packet`, which starts with its IP header; as much of it is quoted as is given.
    public func icmpError(type: UInt8, code: UInt8, quoting packet: [UInt8]) -> [UInt8] {
        icmp(type: type, code: code, packet)
    }

    public func tcpSegment(_ fields: TCPFields, _ payload: [UInt8] = []) -> [UInt8] {
        fields.bytes(payload) { pseudoHeader(.tcp, $0) }
    }

    public func udpDatagram(_ fields: UDPFields, _ payload: [UInt8] = []) -> [UInt8] {
        fields.bytes(payload) { pseudoHeader(.udp, $0) }
    }

    public func icmpMessage(type: UInt8, code: UInt8, rest: UInt32 = 0, _ payload: [UInt8]) -> [UInt8] {
        var message = ByteWriter()
        message.append([type, code, 0, 0])
        message.u32(rest)
        message.append(payload)
        let prefix = version == .v4 ? [] : pseudoHeader(.icmpv6, message.bytes.count)
        return LengthField(offset: 2, width: 2).setting(
            Int(internetChecksum(prefix + message.bytes)), in: message.bytes)
    }

    private func pseudoHeader(_ ipProtocol: IPProtocol, _ length: Int) -> [UInt8] {
        var header = ByteWriter()
        switch version {
        case .v4:
            header.u32(v4.source.v4Bits)
            header.u32(v4.destination.v4Bits)
            header.append([0, ipProtocol.rawValue])
            header.u16(UInt16(truncatingIfNeeded: length))
        case .v6:
            for word in [v6.source.high, v6.source.low, v6.destination.high, v6.destination.low] {
                header.u32(UInt32(truncatingIfNeeded: word >> 32))
                header.u32(UInt32(truncatingIfNeeded: word))
            }
            header.u32(UInt32(length))
            header.append([0, 0, 0, ipProtocol.rawValue])
        }
        return header.bytes
    }

    // MARK: network and link

    /// An IP packet without a link header.
    public func network(_ ipProtocol: IPProtocol, _ transport: [UInt8]) -> [UInt8] {
        version == .v4 ? v4.bytes(ipProtocol, transport) : v6.bytes(ipProtocol, transport)
    }

    /// A whole frame around transport bytes.
    public func frame(_ ipProtocol: IPProtocol, _ transport: [UInt8]) -> [UInt8] {
        linked(network(ipProtocol, transport), etherType: version == .v4 ? 0x0800 : 0x86dd)
    }

    /// The frames of one datagram cut into fragments of at most `size` payload bytes (a multiple of eight).
    public func fragments(_ ipProtocol: IPProtocol, _ transport: [UInt8], size: Int, identification: UInt32 = 7)
        -> [[UInt8]]
    {
        stride(from: 0, to: transport.count, by: size).map { start in
            let end = min(start + size, transport.count)
            let piece = with {
                $0.v4.fragmentOffset = start
                $0.v4.moreFragments = end < transport.count
                $0.v4.dontFragment = false
                $0.v4.identification = UInt16(truncatingIfNeeded: identification)
                $0.v6.extensions.append(
                    .fragment(offset: start, more: end < transport.count, identification: identification))
            }
            return piece.frame(ipProtocol, Array(transport[start..<end]))
        }
    }

    /// `network` behind the link header.
    public func linked(_ network: [UInt8], etherType: UInt16) -> [UInt8] {
        var tags = ByteWriter()
        var type = etherType
        for (index, identifier) in vlan.enumerated().reversed() {
            var tag = ByteWriter()
            tag.u16(identifier)
            tag.u16(type)
            tag.append(tags.bytes)
            tags = tag
            type = vlanTypes[min(index, vlanTypes.count - 1)]
        }
        var header = ByteWriter()
        switch link {
        case .ethernet:
            header.append([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1])
            header.u16(type)
        case .linuxCooked:
            header.append([0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0])
            header.u16(type)
        case .linuxCooked2:
            header.u16(type)
            header.append([0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0])
        case .raw: return network
        case .null: header.append([version == .v4 ? 2 : 10, 0, 0, 0])
        case .loop: header.append([0, 0, 0, version == .v4 ? 2 : 24])
        }
        return header.bytes + tags.bytes + network
    }
}

/// An address that a test writes down; a wrong text stops the test.
public func address(_ text: String) -> IPAddress {
    guard let address = IPAddress(text) else { preconditionFailure("no address: \(text)") }
    return address
}
