import NetTypes
import Wire

/// What has been decided about a flow as a whole. The first decision stays.
@frozen
public enum FlowDisposition: UInt8, Sendable {
    case undecided
    case passed
    case dropped
}

/// How far a flow has come, whatever its protocol.
@frozen
public enum FlowState: UInt8, Sendable {
    case new
    case established
    case closed
}

/// Counters of one direction of a flow.
@frozen
public struct FlowCounters: Sendable {
    public var packets: UInt64 = 0
    /// Bytes on the wire, link header included, as EVE flow records count.
    public var bytes: UInt64 = 0
    public var minimumTTL: UInt8 = 255
    public var maximumTTL: UInt8 = 0

    public init() {}

    @inlinable
    mutating func count(bytes count: Int, ttl: UInt8) {
        packets &+= 1
        bytes &+= UInt64(truncatingIfNeeded: count)
        if ttl < minimumTTL { minimumTTL = ttl }
        if ttl > maximumTTL { maximumTTL = ttl }
    }
}

/// A handle into the flow table: valid until the flow is removed.
public typealias FlowIndex = Int32

/// One conversation between two endpoints. A trivial record: what needs more room (streams, parsers, names) hangs off
/// `conversation` while it is needed.
public struct Flow: Sendable {
    public internal(set) var key: FlowKey
    /// The `flow_id` of the log.
    public internal(set) var identifier: Int64 = 0
    /// True when the client is the endpoint that stands first in the key.
    public internal(set) var clientIsFirst: Bool
    public var state = FlowState.new
    public var disposition = FlowDisposition.undecided
    /// Why the flow is dropped; the raw value of a `DropReason`. 0 when it is not.
    public var dropReason: UInt8 = 0
    public internal(set) var toServer = FlowCounters()
    public internal(set) var toClient = FlowCounters()
    public internal(set) var start: Timestamp
    public internal(set) var lastSeen: Timestamp
    public var tcp = TCPConnection()
    /// Number of the signature that decided the flow, in the policy of `generation`; -1 when none did.
    public var decidingSignature: Int32 = -1
    /// Generation of the policy that judges the flow.
    public var generation: UInt32 = 0
    /// Signatures whose header fits this flow, by direction; -1 until they are looked up.
    public var ruleSets: (toServer: Int32, toClient: Int32) = (-1, -1)
    /// Slot of the flow's streams, parsers and inspection state; -1 when it has none.
    public var conversation: Int32 = -1
    public var flags: FlowFlags = []
    /// Records like ones already written, which were not written again.
    public var suppressed: (alerts: UInt32, drops: UInt32) = (0, 0)
    /// The policy applied last for each cause, one half byte each: its place in `ExceptionPolicy.allCases`, from 1.
    private var exceptions: UInt32 = 0
    /// The application protocol, as a raw value of the application layer; 0 while unknown.
    public var applicationProtocol: UInt8 = 0

    /// Stands for the QUIC connection that the flow is; 0 for none.
    public var connectionMark: UInt32 = 0

    // Links of the table: the timer wheel's slot list, and the list of half-open flows.
    var hash: UInt32 = 0
    var timerSlot: Int32 = -1
    var timerNext: FlowIndex = -1
    var timerPrevious: FlowIndex = -1
    var halfOpenNext: FlowIndex = -1
    var halfOpenPrevious: FlowIndex = -1
    var isHalfOpen = false

    init(key: FlowKey, clientIsFirst: Bool, time: Timestamp) {
        self.key = key
        self.clientIsFirst = clientIsFirst
        start = time
        lastSeen = time
    }
}

/// Facts about a flow that rules and logs ask for.
@frozen
public struct FlowFlags: OptionSet, Sendable {
    public let rawValue: UInt16
    @inlinable
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    public static let addressRulesDoneToServer = FlowFlags(rawValue: 1)
    public static let addressRulesDoneToClient = FlowFlags(rawValue: 2)
    public static let hasAlerts = FlowFlags(rawValue: 4)
    /// The first packet was not the start of a connection.
    public static let midstream = FlowFlags(rawValue: 8)
    public static let dropLoggedToServer = FlowFlags(rawValue: 16)
    public static let dropLoggedToClient = FlowFlags(rawValue: 32)
    /// Taken as it is, without a session: StreamExceptionPolicy CONTINUE.
    public static let judgedWithoutSession = FlowFlags(rawValue: 64)
    public static let reversed = FlowFlags(rawValue: 128)
    /// The application layer is not read any more.
    public static let finishedReading = FlowFlags(rawValue: 256)
    public static let defaultAlertToServer = FlowFlags(rawValue: 512)
    public static let defaultAlertToClient = FlowFlags(rawValue: 1024)
    /// A rule or an exception policy took the flow out of inspection.
    public static let bypassed = FlowFlags(rawValue: 2048)
    /// A `config` rule wants no record of its transactions, of itself.
    public static let transactionsUnlogged = FlowFlags(rawValue: 4096)
    public static let unlogged = FlowFlags(rawValue: 8192)
}

extension Flow {
    public mutating func note(_ cause: ExceptionCause, _ policy: ExceptionPolicy) {
        guard let place = ExceptionPolicy.allCases.firstIndex(of: policy) else { return }
        let shift = UInt32(cause.rawValue) * 4
        exceptions = exceptions & ~(0xf << shift) | UInt32(place + 1) << shift
    }

    /// Exception policies that were applied to the flow or its packets.
    public var appliedExceptions: [(cause: ExceptionCause, policy: ExceptionPolicy)] {
        guard exceptions != 0 else { return [] }
        return ExceptionCause.allCases.compactMap { cause in
            let place = Int(exceptions >> (UInt32(cause.rawValue) * 4) & 0xf)
            return place == 0 ? nil : (cause, ExceptionPolicy.allCases[place - 1])
        }
    }
}

extension Flow {
    public var ipProtocol: IPProtocol { IPProtocol(rawValue: UInt8(truncatingIfNeeded: key.portsAndProtocol >> 32)) }

    public var ipVersion: IPVersion { UInt8(truncatingIfNeeded: key.portsAndProtocol >> 40) == 6 ? .v6 : .v4 }

    /// The tuple as the client sends it.
    public var tuple: FlowTuple {
        let first = address(key.firstHigh, key.firstLow)
        let second = address(key.secondHigh, key.secondLow)
        let firstPort = UInt16(truncatingIfNeeded: key.portsAndProtocol)
        let secondPort = UInt16(truncatingIfNeeded: key.portsAndProtocol >> 16)
        let forward = FlowTuple(
            source: first, destination: second, sourcePort: firstPort, destinationPort: secondPort,
            ipProtocol: ipProtocol)
        return clientIsFirst ? forward : forward.reversed
    }

    public var vlan: VLANTags {
        var tags = VLANTags()
        var word = key.vlan & 0xffff_ffff_ffff
        while word != 0 {
            tags.append(UInt16(truncatingIfNeeded: word))
            word >>= 16
        }
        return tags
    }

    private func address(_ high: UInt64, _ low: UInt64) -> IPAddress {
        ipVersion == .v4 ? IPAddress(v4: UInt32(truncatingIfNeeded: low)) : IPAddress(v6High: high, v6Low: low)
    }

    public func counters(_ direction: FlowDirection) -> FlowCounters { direction == .toServer ? toServer : toClient }

    /// Both directions have been seen.
    public var isBidirectional: Bool { toServer.packets > 0 && toClient.packets > 0 }

    public func ruleSet(_ direction: FlowDirection) -> Int32 {
        direction == .toServer ? ruleSets.toServer : ruleSets.toClient
    }

    public mutating func setRuleSet(_ set: Int32, _ direction: FlowDirection) {
        if direction == .toServer { ruleSets.toServer = set } else { ruleSets.toClient = set }
    }

    /// The client turns out to be the other side (a connection picked up midstream).
    public mutating func reverse() {
        clientIsFirst.toggle()
        swap(&toServer, &toClient)
        swap(&tcp.client, &tcp.server)
        ruleSets = (-1, -1)
        flags.formSymmetricDifference(.reversed)
    }
}

extension Flow {
    /// A record that stands in no table: for packets without a flow.
    public static func placeholder(_ tuple: FlowTuple, time: Timestamp) -> Flow {
        let (key, senderIsFirst) = FlowKey.make(tuple, vlan: VLANTags())
        return Flow(key: key, clientIsFirst: senderIsFirst, time: time)
    }

    /// Seconds of the clock from the first packet to the latest.
    public var age: Int64 { lastSeen.seconds &- start.seconds }

    /// Counts a packet of this flow.
    public mutating func count(_ packet: borrowing Packet, _ direction: FlowDirection, at time: Timestamp) {
        let ttl = packet.ip?.timeToLive ?? 0
        if direction == .toServer {
            toServer.count(bytes: packet.wireLength, ttl: ttl)
        } else {
            toClient.count(bytes: packet.wireLength, ttl: ttl)
        }
        if time > lastSeen { lastSeen = time }
    }
}
