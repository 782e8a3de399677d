import AppLayer
import Wire

/// A condition on a packet and its flow, beside header and content. Trivial records only: tests run per packet.
enum PacketTest: Sendable {
    case flow(FlowTest)
    case payloadSize(IntegerTest)
    case tcpFlags(TCPFlagTest)
    case timeToLive(IntegerTest)
    case typeOfService(IntegerTest)
    case ipProtocol(IntegerTest)
    case icmpType(IntegerTest)
    case icmpCode(IntegerTest)
    case icmpIdentifier(UInt16)
    case icmpSequence(UInt16)
    case tcpWindow(UInt16, isNegated: Bool)
    case tcpSequence(UInt32)
    case tcpAcknowledgment(UInt32)
    case ipIdentifier(UInt16)
    case sameAddress
    /// One of the bits is set; or none is.
    case flowbits(Range<Int32>, isSet: Bool)
    case appLayerProtocol(AppProtocol, isNegated: Bool)
    /// `app-layer-event:applayer_...`: the packet brought this about.
    case sessionEvent(SessionEvents)
    case geoip(Int32)
    case reputation(Int32)
    /// A captured variable's bytes, into the policy's table.
    case variable(Int32)
    case flowInteger(FlowIntegerTest)
    /// The flow has not yet shown what an application-layer default action waits for.
    case awaitsApplication(Bool)
    case fragmentBits(FragmentBitsTest)
    case fragmentOffset(IntegerTest)
    /// All of these options are there.
    case ipOptions(IPv4Options)
    case maximumSegmentSize(IntegerTest)
    case icmpv6MTU(IntegerTest)
    case checksum(ChecksumTest, isValid: Bool)
    case streamSize(StreamSizeTest)
    /// Seconds from the flow's first packet on.
    case flowAge(IntegerTest)
    /// Index of a `DecodeEvent`, of a `StreamFault`.
    case decodeEvent(UInt8)
    case streamEvent(UInt8)
    /// A known event that does not happen here.
    case never
    /// Conditions on a part of the headers, by the policy's buffer use.
    case packetBuffer(Int32, Range<Int32>)
}

extension PacketTest {
    /// It holds for packets with payload alone: `dsize` unless it says zero or less than something.
    var needsPayload: Bool {
        guard case .payloadSize(let test) = self else { return false }
        switch test.comparison {
        case .less, .lessOrEqual, .outside: return false
        case .equal: return test.first > 0
        case .notEqual, .greater, .greaterOrEqual, .between, .within: return true
        }
    }
}

/// The `flow` keyword.
struct FlowTest: Sendable {
    enum Establishment: UInt8, Sendable {
        case any
        case established
        case notEstablished
        case stateless
    }

    var toServer = false
    var toClient = false
    var establishment = Establishment.any
    var streamOnly = false
    var packetsOnly = false
    var wholeOnly = false
    var reassembledOnly = false

    /// It names a direction and nothing else.
    var isDirectionOnly: Bool {
        establishment == .any && !streamOnly && !packetsOnly && !wholeOnly && !reassembledOnly
    }
}

/// The `flags` keyword: `[modifier]flags[,ignored]`.
struct TCPFlagTest: Sendable {
    enum Modifier: UInt8, Sendable {
        /// Exactly these.
        case exactly
        /// `+`: these and any others.
        case all
        /// `*`: any of these.
        case any
        /// `!`: not all... none of these.
        case not
    }

    var modifier: Modifier
    var flags: UInt8
    /// Bits left out of the comparison.
    var ignored: UInt8

    func matches(_ value: UInt8) -> Bool {
        let relevant = value & ~ignored
        return switch modifier {
        case .exactly: relevant == flags
        case .all: relevant & flags == flags
        case .any: flags == 0 ? relevant == 0 : relevant & flags != 0
        case .not: relevant & flags != flags
        }
    }
}

/// What a matching signature does to its flow beside its action.
enum FlowEffect: UInt8, Sendable {
    /// The flow goes on without inspection.
    case bypass
    /// No record of the transaction, of any of the flow's transactions, of the flow.
    case leaveTransactionOut
    case leaveTransactionsOut
    case leaveFlowOut
}

/// What a matching signature does beside its action.
enum SignatureEffect: Sendable {
    case setFlowbit(Int32)
    case clearFlowbit(Int32)
    case toggleFlowbit(Int32)
    case flow(FlowEffect)
    case setFlowInteger(Int32, FlowIntegerOperand)
    case addToFlowInteger(Int32, FlowIntegerOperand)
    case subtractFromFlowInteger(Int32, FlowIntegerOperand)
    case changeHostBit(HostBitChange)

    /// It needs the memory of a flow.
    var isAboutFlow: Bool {
        if case .changeHostBit = self { false } else { true }
    }
}

/// A bit of a host or a pair of hosts is set, or is not.
struct HostBitTest: Sendable {
    var bit: Int32
    var track: StateTrack
    var isSet: Bool
}

struct HostBitChange: Sendable {
    var bit: Int32
    var track: StateTrack
    var change: BitChange
    var seconds: UInt32
}

/// What a flow's integer is compared or changed with.
enum FlowIntegerOperand: Sendable {
    case number(UInt32)
    /// Another integer of the flow; 0 while it is unset.
    case variable(Int32)
}

/// A condition on one of a flow's integers; comparisons fail while it is unset.
struct FlowIntegerTest: Sendable {
    enum Comparison: UInt8, Sendable {
        case isSet
        case isNotSet
        case equal
        case notEqual
        case less
        case lessOrEqual
        case greater
        case greaterOrEqual
    }

    var variable: Int32
    var comparison: Comparison
    var operand: FlowIntegerOperand
}
