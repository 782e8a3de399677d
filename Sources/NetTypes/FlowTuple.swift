/// Addresses, ports and protocol of a packet or flow, as seen from the sender. For ICMP the ports hold type and code.
@frozen
public struct FlowTuple: Hashable, Sendable {
    public var source: IPAddress
    public var destination: IPAddress
    public var sourcePort: UInt16
    public var destinationPort: UInt16
    public var ipProtocol: IPProtocol

    @inlinable
    public init(
        source: IPAddress, destination: IPAddress, sourcePort: UInt16, destinationPort: UInt16, ipProtocol: IPProtocol
    ) {
        self.source = source
        self.destination = destination
        self.sourcePort = sourcePort
        self.destinationPort = destinationPort
        self.ipProtocol = ipProtocol
    }

    @inlinable
    public var reversed: FlowTuple {
        FlowTuple(
            source: destination, destination: source, sourcePort: destinationPort, destinationPort: sourcePort,
            ipProtocol: ipProtocol)
    }
}

/// Which way a packet travels in its flow: from the client (the side that opened it) or from the server.
@frozen
public enum FlowDirection: UInt8, Sendable {
    case toServer = 0
    case toClient = 1

    @inlinable
    public var opposite: FlowDirection { self == .toServer ? .toClient : .toServer }
}
