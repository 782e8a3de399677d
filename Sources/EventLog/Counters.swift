import AppLayer
import Detection
import FlowTracking
import Wire

/// What a pipeline has counted. Plain numbers of one thread; the log and the status read copies.
public struct Counters: Sendable {
    public var packets: UInt64 = 0
    public var bytes: UInt64 = 0
    public var ipv4: UInt64 = 0
    public var ipv6: UInt64 = 0
    public var tcp: UInt64 = 0
    public var udp: UInt64 = 0
    public var icmp: UInt64 = 0
    public var notIP: UInt64 = 0
    public var fragments: UInt64 = 0
    public var invalid: UInt64 = 0
    public var ethernet: UInt64 = 0
    public var arp: UInt64 = 0
    /// EtherTypes that nothing here reads.
    public var unknownEtherType: UInt64 = 0
    public var sctp: UInt64 = 0
    public var esp: UInt64 = 0
    /// Frames with at least one 802.1Q tag.
    public var tagged: UInt64 = 0
    public var encapsulations = EncapsulationCounters()
    /// Packets inside others, by raw value of the kind.
    public var tunnels = [UInt64](repeating: 0, count: Tunnel.Kind.allCases.count)
    /// Fragments of IPv4 and IPv6, datagrams put together, given up for their age, and fragments that fit nowhere.
    public var defragmentation = (
        fragments4: UInt64(0), fragments6: UInt64(0), reassembled4: UInt64(0), reassembled6: UInt64(0),
        timeouts: UInt64(0), refused: UInt64(0)
    )
    /// By index of the event.
    public var decodeEvents = [UInt64](repeating: 0, count: DecodeEvent.allCases.count)

    public var accepted: UInt64 = 0
    public var blocked: UInt64 = 0
    public var rejected: UInt64 = 0
    /// By raw value of the reason.
    public var dropReasons = [UInt64](repeating: 0, count: DropReason.allCases.count)

    public var statelessPassed: UInt64 = 0
    public var statelessDropped: UInt64 = 0
    public var statelessForwarded: UInt64 = 0
    /// By index of the policy's stateless metrics.
    public var customMetrics: [UInt64] = []

    public var flows: UInt64 = 0
    public var flowsEvicted: UInt64 = 0
    public var flowsRefused: UInt64 = 0
    /// Of bypassed flows.
    public var bypassedPackets: UInt64 = 0
    public var bypassedBytes: UInt64 = 0
    public var midstream: UInt64 = 0
    public var reassemblyGaps: UInt64 = 0
    public var reassemblyRefused: UInt64 = 0
    public var overlapConflicts: UInt64 = 0
    public var badChecksums: UInt64 = 0
    /// By place in `StreamFault.allCases`.
    public var streamFaults = [UInt64](repeating: 0, count: StreamFault.allCases.count)

    /// By raw value of the cause.
    public var exceptions = [ExceptionCounters](repeating: ExceptionCounters(), count: ExceptionCause.allCases.count)

    /// Packets that were put off; those that got their verdict, whose time was up before; those that were dropped as
    /// copies, over a cap; those that were gone when their verdict came.
    public var held: UInt64 = 0
    public var holdReleased: UInt64 = 0
    public var holdTimedOut: UInt64 = 0
    public var holdCopies: UInt64 = 0
    public var holdOverCaps: UInt64 = 0
    public var holdLost: UInt64 = 0

    public var alerts: UInt64 = 0
    public var alertsSuppressed: UInt64 = 0
    public var alertsDiscarded: UInt64 = 0
    /// Records thrown away because the log could not keep up.
    public var eventsLost: UInt64 = 0
    /// Transactions by protocol, as written to the log.
    public var tls: UInt64 = 0
    public var http: UInt64 = 0
    public var http2: UInt64 = 0
    public var dns: UInt64 = 0
    public var ssh: UInt64 = 0
    public var smtp: UInt64 = 0
    public var ftpData: UInt64 = 0
    public var quic: UInt64 = 0
    public var parserErrors: UInt64 = 0
    /// Flows by the raw value of their recognised protocol.
    public var protocolsOverTCP = [UInt64](repeating: 0, count: AppProtocol.allCases.count)
    public var protocolsOverUDP = [UInt64](repeating: 0, count: AppProtocol.allCases.count)
    public var dnsOverTCP: UInt64 = 0

    public init() {}
}

extension Counters {
    public mutating func take(_ fragments: FragmentReassembler) {
        defragmentation = (
            fragments.fragments4, fragments.fragments6, fragments.reassembled4, fragments.reassembled6,
            fragments.timeouts, fragments.refusals
        )
    }
}

/// Packets by the layers below IP.
public struct EncapsulationCounters: Sendable {
    public private(set) var mpls: UInt64 = 0
    public private(set) var pppoe: UInt64 = 0
    public private(set) var ppp: UInt64 = 0
    public private(set) var vnTag: UInt64 = 0
    public private(set) var backbone: UInt64 = 0
    public private(set) var ciscoHDLC: UInt64 = 0

    public init() {}

    public mutating func count(_ layers: Encapsulations) {
        if layers.contains(.mpls) { mpls += 1 }
        if layers.contains(.pppoe) { pppoe += 1 }
        if layers.contains(.ppp) { ppp += 1 }
        if layers.contains(.vnTag) { vnTag += 1 }
        if layers.contains(.backbone) { backbone += 1 }
        if layers.contains(.ciscoHDLC) { ciscoHDLC += 1 }
    }
}

/// How often each exception policy was applied for one cause.
public struct ExceptionCounters: Sendable {
    private var counts = [UInt64](repeating: 0, count: ExceptionPolicy.allCases.count)

    public init() {}

    public mutating func count(_ policy: ExceptionPolicy) {
        if let index = ExceptionPolicy.allCases.firstIndex(of: policy) { counts[index] += 1 }
    }

    public subscript(policy: ExceptionPolicy) -> UInt64 {
        ExceptionPolicy.allCases.firstIndex(of: policy).map { counts[$0] } ?? 0
    }

    public var isEmpty: Bool { counts.allSatisfy { $0 == 0 } }
}
