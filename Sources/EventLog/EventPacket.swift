import NetTypes
import Wire

/// The packet an event is about.
public struct EventPacket: Sendable {
    /// Nil for a packet that was not captured itself.
    public var number: UInt64?
    public var time: Timestamp
    public var packet: Packet
    /// Nil where they are not logged.
    public var ethernet: LinkAddresses?

    public var origin: PacketOrigin
    /// What it came in.
    public var carrier: Carrier?
    /// The packet's bytes, where records want them.
    public var frame: [UInt8] = []
    public var linkType = LinkType.raw

    public init(
        number: UInt64?, time: Timestamp, packet: Packet, ethernet: LinkAddresses? = nil,
        origin: PacketOrigin = .wire, carrier: Carrier? = nil
    ) {
        self.ethernet = ethernet
        self.number = number
        self.time = time
        self.packet = packet
        self.origin = origin
        self.carrier = carrier
    }

    /// The captured packet around another.
    public struct Carrier: Sendable {
        public var tuple: FlowTuple
        public var number: UInt64

        public init(tuple: FlowTuple, number: UInt64) {
            self.tuple = tuple
            self.number = number
        }
    }
}

/// Where a packet comes from.
public enum PacketOrigin: Sendable, Equatable {
    case wire
    /// Put together from fragments.
    case fragments
    case tunnel(Tunnel.Kind)
    /// Made at a flow's end, for what was not inspected yet.
    case flowEnd

    /// `pkt_src` of records; nil for the source's own.
    var recordName: String? {
        switch self {
        case .wire: nil
        case .fragments: "defrag"
        case .tunnel(.ipv4): "ipv4 tunnel"
        case .tunnel(.ipv6): "ipv6 tunnel"
        case .tunnel(.gre): "gre tunnel"
        case .tunnel(.vxlan): "vxlan encapsulation"
        case .tunnel(.geneve): "geneve encapsulation"
        case .tunnel(.teredo): "teredo tunnel"
        case .flowEnd: "stream (flow timeout)"
        }
    }
}
