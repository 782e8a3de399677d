import NetTypes

/// The headers of one packet, parsed once; the bytes stay where they are and offsets count from the frame's first byte.
public struct Packet: Sendable {
    /// Bytes at hand, link header included.
    public var capturedLength = 0
    /// Bytes on the wire; larger than `capturedLength` when the capture or the queue cut the packet.
    public var wireLength = 0
    public var vlan = VLANTags()
    /// EtherType of the network layer, 0 where the link has none.
    public var etherType: UInt16 = 0
    /// Innermost IP header; nil for other traffic.
    public var ip: IPHeader?
    public var transport = Transport.none
    /// Offset and length of the transport payload at hand.
    public var payloadOffset = 0
    public var payloadLength = 0
    /// Payload bytes the headers announce but the capture does not hold.
    public var payloadMissing = 0
    /// Headers met so far, those of the packets around this one included.
    public var layers = 0
    /// Packets around this one.
    public var depth: UInt8 = 0
    public var encapsulations: Encapsulations = []
    /// What is wrong or odd about the headers.
    public var events = DecodeEvents()

    public init() {}

    /// A TCP acknowledgment without payload that was never on the wire.
    public static func made(
        _ tuple: FlowTuple, sequence: SequenceNumber, acknowledgment: SequenceNumber, vlan: VLANTags
    ) -> Packet {
        var packet = Packet()
        packet.vlan = vlan
        var ip = IPHeader(
            version: tuple.source.version, offset: 0, headerLength: 20, totalLength: 40, source: tuple.source,
            destination: tuple.destination, upperProtocol: .tcp, timeToLive: 64, typeOfService: 0)
        if ip.version == .v6 { (ip.headerLength, ip.totalLength) = (40, 60) }
        packet.ip = ip
        packet.transport = .tcp(
            TCPHeader(
                offset: ip.headerLength, sourcePort: tuple.sourcePort, destinationPort: tuple.destinationPort,
                sequence: sequence, acknowledgment: acknowledgment, headerLength: 20, flags: .ack, reserved: 0,
                window: 0, urgentPointer: 0))
        return packet
    }

    @inlinable
    public var payload: Range<Int> { payloadOffset..<(payloadOffset &+ payloadLength) }

    @inlinable
    public var tcp: TCPHeader? {
        if case .tcp(let header) = transport { header } else { nil }
    }

    @inlinable
    public var icmp: ICMPHeader? {
        if case .icmp(let header) = transport { header } else { nil }
    }

    /// Addresses, ports and protocol as the sender wrote them. ICMP has type and code in place of ports; protocols
    /// without ports, and fragments, have zeros.
    @inlinable
    public var tuple: FlowTuple? {
        guard let ip else { return nil }
        var sourcePort: UInt16 = 0
        var destinationPort: UInt16 = 0
        switch transport {
        case .tcp(let header):
            sourcePort = header.sourcePort
            destinationPort = header.destinationPort
        case .udp(let header):
            sourcePort = header.sourcePort
            destinationPort = header.destinationPort
        case .sctp(let header):
            sourcePort = header.sourcePort
            destinationPort = header.destinationPort
        case .icmp(let header):
            sourcePort = UInt16(header.type)
            destinationPort = UInt16(header.code)
        case .none, .other: break
        }
        return FlowTuple(
            source: ip.source, destination: ip.destination, sourcePort: sourcePort, destinationPort: destinationPort,
            ipProtocol: ip.upperProtocol)
    }
}

/// IEEE 802.1Q tags from the outside in; more than three are skipped but not kept.
public struct VLANTags: Hashable, Sendable {
    public private(set) var count: UInt8 = 0
    @usableFromInline var identifiers: (UInt16, UInt16, UInt16) = (0, 0, 0)

    public init() {}

    public mutating func append(_ identifier: UInt16) {
        switch count {
        case 0: identifiers.0 = identifier
        case 1: identifiers.1 = identifier
        case 2: identifiers.2 = identifier
        default: return
        }
        count &+= 1
    }

    public subscript(index: Int) -> UInt16 {
        switch index {
        case 0: identifiers.0
        case 1: identifiers.1
        default: identifiers.2
        }
    }

    public static func == (left: VLANTags, right: VLANTags) -> Bool {
        left.count == right.count && left.identifiers == right.identifiers
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(identifiers.0)
        hasher.combine(identifiers.1)
        hasher.combine(identifiers.2)
    }
}

/// An IPv4 header (RFC 791) or an IPv6 header with its extension headers (RFC 8200).
///
///     IPv4   0 version, IHL   1 type of service   2 total length   4 identification   6 flags, fragment offset
///            8 time to live   9 protocol   10 header checksum   12 source   16 destination   20 options
///     IPv6   0 version, traffic class, flow label   4 payload length   6 next header   7 hop limit
///            8 source   24 destination   40 extension headers
public struct IPHeader: Sendable {
    public var version: IPVersion
    /// Offset of the first byte from the start of the frame.
    public var offset: Int
    /// Length with options or extension headers, up to the transport header.
    public var headerLength: Int
    /// Header and payload as the header states them, in bytes.
    public var totalLength: Int
    public var source: IPAddress
    public var destination: IPAddress
    /// The protocol behind the last extension header.
    public var upperProtocol: IPProtocol
    public var timeToLive: UInt8
    public var typeOfService: UInt8
    /// 16 bits of IPv4, or 32 bits of an IPv6 fragment header.
    public var identification: UInt32 = 0
    public var dontFragment = false
    public var reservedBit = false
    public var moreFragments = false
    /// In bytes.
    public var fragmentOffset = 0
    public var hasFragmentHeader = false
    /// Options of an IPv4 header.
    public var options: IPv4Options = []

    /// Part of a larger datagram. An IPv6 "atomic" fragment (RFC 6946: offset 0, no more fragments) is whole.
    @inlinable
    public var isFragment: Bool { moreFragments || fragmentOffset != 0 }

    public init(
        version: IPVersion, offset: Int, headerLength: Int, totalLength: Int, source: IPAddress,
        destination: IPAddress, upperProtocol: IPProtocol, timeToLive: UInt8, typeOfService: UInt8
    ) {
        self.version = version
        self.offset = offset
        self.headerLength = headerLength
        self.totalLength = totalLength
        self.source = source
        self.destination = destination
        self.upperProtocol = upperProtocol
        self.timeToLive = timeToLive
        self.typeOfService = typeOfService
    }
}

/// What follows the IP header.
public enum Transport: Sendable {
    /// No IP, or a fragment: no transport header is read from a fragment.
    case none
    case tcp(TCPHeader)
    case udp(UDPHeader)
    case icmp(ICMPHeader)
    case sctp(SCTPHeader)
    /// A protocol without a header known here.
    case other
}

/// A TCP header (RFC 9293 section 3.1).
///
///     0 source port   2 destination port   4 sequence number   8 acknowledgment number
///     12 data offset, reserved   13 flags   14 window   16 checksum   18 urgent pointer   20 options
public struct TCPHeader: Sendable {
    public var offset: Int
    public var sourcePort: UInt16
    public var destinationPort: UInt16
    public var sequence: SequenceNumber
    public var acknowledgment: SequenceNumber
    /// In bytes, options included.
    public var headerLength: Int
    public var flags: TCPFlags
    /// The four reserved bits behind the data offset.
    public var reserved: UInt8
    /// As sent, not scaled.
    public var window: UInt16
    public var urgentPointer: UInt16
    public var options = TCPOptions()
}

/// A UDP header (RFC 768): 0 source port, 2 destination port, 4 length, 6 checksum.
public struct UDPHeader: Sendable {
    public var offset: Int
    public var sourcePort: UInt16
    public var destinationPort: UInt16
    /// Header and payload as stated.
    public var length: Int
}

/// An SCTP common header (RFC 9260 section 3.1): ports, verification tag, checksum.
public struct SCTPHeader: Sendable {
    public var offset: Int
    public var sourcePort: UInt16
    public var destinationPort: UInt16
}

/// An ICMP (RFC 792) or ICMPv6 (RFC 4443) header: 0 type, 1 code, 2 checksum, 4 rest.
public struct ICMPHeader: Sendable {
    public var offset: Int
    public var type: UInt8
    public var code: UInt8
    /// Bytes 4 and 5: identifier of an echo.
    public var identifier: UInt16
    /// Bytes 6 and 7: sequence number of an echo; the next-hop MTU of an IPv4 "fragmentation needed".
    public var sequence: UInt16
    /// The flow of the packet that an error message quotes, as its sender wrote it.
    public var quoted: FlowTuple?
}
