import Detection
import FlowTracking
import NetTypes
import PacketIO
import Wire

/// A packet without a verdict: all that is needed to judge it later. Its bytes are a copy, for receive buffers end with
/// their batch.
struct HeldPacket {
    var raw: RawPacket
    var packet: Packet
    var context: PacketContext
    var bytes: [UInt8]

    var payloadLength: Int { packet.payloadLength }
}

/// Packets of flows that wait for a name, by flow. Everything is capped: `HoldSettings`.
struct HoldTable {
    enum Answer: Equatable {
        case held
        /// All of it waits already.
        case copy
        case overCap
    }

    private struct FlowHold {
        var packets: [HeldPacket] = []
        var payloadBytes = 0
        var serial: UInt64
        var source: IPAddress
    }

    /// Flows in the order in which their time ends. Those that are released before stay until they come to the front.
    private struct Deadline {
        var flow: FlowIndex
        var serial: UInt64
        var time: Timestamp
    }

    private let settings: HoldSettings
    private var flows: [FlowIndex: FlowHold] = [:]
    private var sources: [IPAddress: Int] = [:]
    private var deadlines: [Deadline] = []
    private var firstDeadline = 0
    private var nextSerial: UInt64 = 0
    private(set) var packetCount = 0
    private(set) var byteCount = 0

    init(settings: HoldSettings) { self.settings = settings }

    var isEmpty: Bool { flows.isEmpty }

    func contains(_ flow: FlowIndex) -> Bool { flows[flow] != nil }

    /// Flows with held packets, the first ones first.
    var waiting: [FlowIndex] { flows.sorted { $0.value.serial < $1.value.serial }.map(\.key) }

    /// - Parameters:
    ///   - isLast: the flow is decided with this packet and what waits will go at once; there need not be room for it.
    mutating func add(
        _ packet: Packet, _ raw: RawPacket, _ context: PacketContext, _ bytes: RawSpan, flow: FlowIndex,
        source: IPAddress, now: Timestamp, isLast: Bool
    ) -> Answer {
        let known = flows[flow]
        if let known, !isLast, known.packets.contains(where: { $0.covers(packet, context) }) { return .copy }
        if !isLast {
            let payload = (known?.payloadBytes ?? 0) + packet.payloadLength
            guard payload <= settings.flowBytes, packetCount < settings.packets,
                byteCount + bytes.byteCount <= settings.bytes, sources[source, default: 0] < settings.sourcePackets
            else { return .overCap }
        }
        if known == nil {
            nextSerial += 1
            flows[flow] = FlowHold(serial: nextSerial, source: source)
            deadlines.append(
                Deadline(
                    flow: flow, serial: nextSerial,
                    time: Timestamp(microseconds: now.microseconds &+ settings.interval)))
        }
        let held = HeldPacket(raw: raw, packet: packet, context: context, bytes: bytes.copied())
        packetCount += 1
        byteCount += held.bytes.count
        sources[source, default: 0] += 1
        flows[flow]?.payloadBytes += held.payloadLength
        flows[flow]?.packets.append(held)
        return .held
    }

    /// Gives up a flow's packets, in the order of its stream.
    mutating func take(_ flow: FlowIndex) -> [HeldPacket] {
        guard let hold = flows.removeValue(forKey: flow) else { return [] }
        packetCount -= hold.packets.count
        for packet in hold.packets { byteCount -= packet.bytes.count }
        let left = sources[hold.source, default: 0] - hold.packets.count
        sources[hold.source] = left > 0 ? left : nil
        if flows.isEmpty { forgetDeadlines() }
        return hold.packets.enumerated().sorted {
            ($0.element.context.streamOffset, $0.offset) < ($1.element.context.streamOffset, $1.offset)
        }.map(\.element)
    }

    /// A flow whose time is over at `now`; nil when there is none.
    mutating func nextDue(_ now: Timestamp) -> FlowIndex? {
        while firstDeadline < deadlines.count {
            let first = deadlines[firstDeadline]
            let isWaiting = flows[first.flow]?.serial == first.serial
            guard !isWaiting || first.time <= now else { return nil }
            firstDeadline += 1
            // The front is cut off now and then: what is left is no more than what waits.
            if firstDeadline > 1024, firstDeadline * 2 > deadlines.count {
                deadlines.removeFirst(firstDeadline)
                firstDeadline = 0
            }
            if isWaiting { return first.flow }
        }
        forgetDeadlines()
        return nil
    }

    private mutating func forgetDeadlines() {
        deadlines.removeAll(keepingCapacity: true)
        firstDeadline = 0
    }
}

extension HeldPacket {
    /// Every byte of `other`, and its FIN or RST, are here as well. Datagrams are no copies of each other.
    fileprivate func covers(_ other: Packet, _ context: PacketContext) -> Bool {
        guard let mine = packet.tcp, let its = other.tcp else { return false }
        let ends: TCPFlags = [.fin, .rst]
        guard mine.flags.intersection(ends) == its.flags.intersection(ends) else { return false }
        let start = mine.sequence
        let skip = its.sequence - start
        return skip >= 0 && skip + other.payloadLength <= payloadLength
            && (other.payloadLength > 0 || its.sequence == start)
    }
}
