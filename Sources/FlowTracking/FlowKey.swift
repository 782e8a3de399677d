import NetTypes
import Wire

/// What identifies a flow, the same for both directions: the endpoint with the smaller address and port stands first.
@frozen
public struct FlowKey: Hashable, Sendable {
    public let firstHigh: UInt64
    public let firstLow: UInt64
    public let secondHigh: UInt64
    public let secondLow: UInt64
    /// Ports, protocol and IP version in one word; VLAN identifiers and the number of packets around in the other.
    public let portsAndProtocol: UInt64
    public let vlan: UInt64

    /// An ICMP query and its answer are one flow: the key holds both types in place of ports (RFC 792, RFC 4443).
    private static func ports(_ tuple: FlowTuple) -> (source: UInt16, destination: UInt16) {
        switch tuple.ipProtocol {
        case .icmp: (tuple.sourcePort, FlowKey.counterpart4[tuple.sourcePort] ?? 0)
        case .icmpv6: (tuple.sourcePort, FlowKey.counterpart6[tuple.sourcePort] ?? 0)
        default: (tuple.sourcePort, tuple.destinationPort)
        }
    }

    private static let counterpart4: [UInt16: UInt16] = [
        8: 0, 0: 8, 13: 14, 14: 13, 15: 16, 16: 15, 17: 18, 18: 17, 10: 9, 9: 10,
    ]
    private static let counterpart6: [UInt16: UInt16] = [
        128: 129, 129: 128, 133: 134, 134: 133, 135: 136, 136: 135, 139: 140, 140: 139, 144: 145, 145: 144,
    ]

    /// - Parameter depth: packets around this one; the same tuple inside and outside of a tunnel is not one flow.
    /// - Returns: the key, and whether the packet's sender is the endpoint that stands first in it.
    public static func make(_ tuple: FlowTuple, vlan tags: VLANTags, depth: UInt8 = 0) -> (
        key: FlowKey, senderIsFirst: Bool
    ) {
        let source = tuple.source
        let destination = tuple.destination
        let (sourcePort, destinationPort) = ports(tuple)
        let sourceFirst: Bool
        if source.high != destination.high {
            sourceFirst = source.high < destination.high
        } else if source.low != destination.low {
            sourceFirst = source.low < destination.low
        } else {
            sourceFirst = sourcePort <= destinationPort
        }
        let (first, second) = sourceFirst ? (source, destination) : (destination, source)
        let (low, high) =
            sourceFirst ? (sourcePort, destinationPort) : (destinationPort, sourcePort)
        let vlan = UInt64(tags[0]) | UInt64(tags[1]) << 16 | UInt64(tags[2]) << 32 | UInt64(depth) << 48
        let key = FlowKey(
            firstHigh: first.high, firstLow: first.low, secondHigh: second.high, secondLow: second.low,
            portsAndProtocol: UInt64(low) | UInt64(high) << 16 | UInt64(tuple.ipProtocol.rawValue) << 32
                | UInt64(source.version.rawValue) << 40,
            vlan: vlan)
        return (key, sourceFirst)
    }

    @inlinable
    public static func == (left: FlowKey, right: FlowKey) -> Bool {
        left.portsAndProtocol == right.portsAndProtocol && left.firstLow == right.firstLow
            && left.secondLow == right.secondLow && left.firstHigh == right.firstHigh
            && left.secondHigh == right.secondHigh && left.vlan == right.vlan
    }

    /// A seeded multiply-and-fold hash. The seed is random for each process, so that a peer cannot aim at one slot.
    @inlinable
    public func hash(seed: UInt64) -> UInt64 {
        var hash = FlowKey.fold(firstLow ^ seed, secondLow ^ 0x9e37_79b9_7f4a_7c15)
        hash = FlowKey.fold(hash ^ portsAndProtocol, seed ^ 0xc2b2_ae3d_27d4_eb4f)
        if firstHigh | secondHigh | vlan != 0 {
            hash = FlowKey.fold(hash ^ firstHigh, secondHigh ^ 0x1656_67b1_9e37_79f9)
            hash = FlowKey.fold(hash ^ vlan, seed ^ 0x27d4_eb2f_1656_67c5)
        }
        return hash
    }

    @inlinable
    static func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low
    }
}
