import Wire

/// What the decoder made of a frame: the headers it could read, and why it stopped.
public struct DecodedPacket: Sendable {
    public let packet: Packet
    public let failure: DecodeEvent?
    public let bytes: [UInt8]

    /// - Parameter wireLength: more than the bytes at hand when the capture cut the frame.
    public init(_ bytes: [UInt8], _ linkType: LinkType = .ethernet, wireLength: Int? = nil) {
        var packet = Packet()
        do {
            try PacketDecoder.decode(
                bytes.span.bytes, linkType: linkType, wireLength: wireLength ?? bytes.count, into: &packet)
            failure = nil
        } catch {
            failure = error
        }
        self.packet = packet
        self.bytes = bytes
    }

    public var payload: [UInt8] { Array(bytes[packet.payload]) }

    public var udp: UDPHeader? {
        if case .udp(let header) = packet.transport { header } else { nil }
    }

    public var sctp: SCTPHeader? {
        if case .sctp(let header) = packet.transport { header } else { nil }
    }

    /// The IPv4 header's checksum is right, or there is none.
    public var isHeaderChecksumValid: Bool {
        guard let ip = packet.ip else { return true }
        return Checksum.isIPHeaderValid(bytes.span.bytes, of: ip)
    }

    /// The checksum of the transport is right, or cannot be judged.
    public var isTransportChecksumValid: Bool { Checksum.isTransportValid(bytes.span.bytes, of: packet) }

    public var hasTransport: Bool {
        switch packet.transport {
        case .none, .other: false
        case .tcp, .udp, .icmp, .sctp: true
        }
    }
}
