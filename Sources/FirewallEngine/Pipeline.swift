import AppLayer
import Detection
import EventLog
import FlowTracking
import NetTypes
import PacketIO
import PolicyModel
import Synchronization
import Wire

/// One packet's way through the firewall: decode, screen, track, reassemble, sniff, inspect, and the record of it. A
/// pipeline owns all its state and runs on one thread.
public struct Pipeline: ~Copyable, PacketHandler {
    /// An atomic lives at an address: what holds one is handed to its methods by address, not as a copy of kilobytes.
    private let anchor = Atomic<Bool>(false)
    let policy: CompiledPolicy
    let settings: EngineSettings
    var flows: FlowTable
    var conversations = ConversationTable()
    var expectations = ExpectationTable()
    var evaluator: StatefulEvaluator
    /// Packets that wait for their flow's name, and those that have got their verdict since the source asked.
    var holds: HoldTable
    var released: [HeldVerdict] = []
    var firstReleased = 0
    /// The flow of the packet at hand; -1 when it has none.
    var touched: FlowIndex = -1
    public var recorder: EventRecorder
    public internal(set) var counters = Counters()
    /// The decision about the packet handled last, and its headers.
    public internal(set) var decision = Decision()
    public internal(set) var packet = Packet()
    var context = PacketContext()
    /// Where the packet at hand comes from, when it is not the one that was handed over.
    var nesting = Nesting()
    var fragments: FragmentReassembler
    var raw = RawPacket(number: 0, time: Timestamp(microseconds: 0), linkType: .raw, wireLength: 0)
    /// Newest packet time; timers never run backwards.
    public internal(set) var now = Timestamp(microseconds: 0)
    /// The flow of the packet handled last, when it is to be logged for a tag.
    var judged: (flow: Flow?, conversation: Conversation?) = (nil, nil)
    /// The frame's Ethernet addresses and its bytes, where the log wants them.
    var ethernet: LinkAddresses?
    var frame: [UInt8] = []
    /// Ethernet addresses of flows, where the log wants them.
    var flowAddresses: [FlowIndex: LinkAddressSet] = [:]
    private var started: Timestamp?
    private var due: [FlowIndex] = []
    private var nextStats: Int64 = 0
    var flowlessDrops = (second: Int64.min, count: 0)
    var anomalies = (second: Int64.min, count: 0)
    /// Told of every transaction that is read and every flow that ends, for summaries. Not called per packet.
    public var onTransaction: ((Transaction, Flow) -> Void)?
    public var onFlowEnd: ((Flow, Conversation?) -> Void)?

    /// - Parameter state: what rules keep beyond a flow: one for all pipelines that serve the same gateway, one for each
    ///   replay.
    public init(policy: CompiledPolicy, state: HostState, settings: EngineSettings, sink: (any EventSink)?) {
        self.policy = policy
        self.settings = settings
        fragments = FragmentReassembler(settings.fragmentSettings)
        flows = FlowTable(capacity: settings.flow.capacity, seed: settings.seed)
        holds = HoldTable(settings: settings.hold)
        evaluator = StatefulEvaluator(policy: policy, state: state)
        evaluator.judgesEveryRequest = settings.judgesEveryRequest && !settings.compatibleWithSuricata
        recorder = EventRecorder(sink: sink, settings: settings.log)
        counters.customMetrics = Array(repeating: 0, count: policy.stateless.metrics.count)
    }

    public var activeFlows: Int { flows.count }

    // MARK: packets

    public mutating func handle(_ raw: RawPacket, bytes: RawSpan) -> Verdict {
        let verdict = process(raw, bytes)
        if decision.isTagged {
            recorder.packet(
                eventPacket, bytes, raw.linkType, flow: judged.flow, conversation: judged.conversation, policy: policy)
        }
        return verdict
    }

    private mutating func process(_ raw: RawPacket, _ bytes: RawSpan) -> Verdict {
        begin(raw, bytes.byteCount)
        if settings.log.logsEthernet, raw.linkType == .ethernet { ethernet = LinkAddresses(frame: bytes) }
        if settings.log.logsAnomalyPackets { frame = bytes.copied() }
        nesting = Nesting(frame: .link(raw.linkType))
        if settings.log.needsFrames { nesting.bytes = bytes.copied() }
        let verdict = handleFrame(bytes)
        if !holds.isEmpty { settleHeld() }
        return verdict
    }

    private mutating func handleFrame(_ bytes: RawSpan) -> Verdict {
        touched = -1
        clearContext()
        do throws(DecodeEvent) {
            try PacketDecoder.decode(
                bytes, as: nesting.frame, wireLength: raw.wireLength, layers: 0, into: &packet)
        } catch {
            return handleUndecodable(bytes, error)
        }
        if raw.linkType == .ethernet { counters.ethernet += 1 }
        guard let ip = packet.ip else {
            counters.notIP += 1
            if packet.etherType == 0x0806 { counters.arp += 1 } else { counters.unknownEtherType += 1 }
            return conclude(nil)
        }
        if settings.restoresTimeToLive { packet.ip?.timeToLive = ip.timeToLive == 255 ? 255 : ip.timeToLive + 1 }
        count(ip)
        guard screen() else { return conclude(nil) }
        return handleIP(ip, bytes)
    }

    mutating func clearContext() {
        decision = Decision()
        context = PacketContext()
        context.time = raw.time
        context.verifiesChecksums = settings.verifiesChecksums && raw.hasChecksums
    }

    mutating func handleIP(_ ip: IPHeader, _ bytes: RawSpan) -> Verdict {
        // Differs: every receiver throws it away, so it must not count as seen; Suricata reads it.
        if context.verifiesChecksums, !settings.compatibleWithSuricata, !Checksum.isIPHeaderValid(bytes, of: ip) {
            decision.drop(.decodeError)
            return conclude(nil)
        }
        if ip.isFragment { return handleFragment(bytes) }
        if let tunnel = tunnel(bytes) { judgeCarried(tunnel, bytes) }
        return handleWhole(bytes)
    }

    private mutating func begin(_ raw: RawPacket, _ length: Int) {
        self.raw = raw
        counters.packets += 1
        counters.bytes += UInt64(max(raw.wireLength, length))
        if started == nil { started = raw.time }
        if raw.time > now {
            let isNewSecond = raw.time.seconds != now.seconds
            now = raw.time
            if !holds.isEmpty { expireHeld() }
            if isNewSecond { everySecond() }
        }
    }

    mutating func count(_ ip: IPHeader) {
        if ip.version == .v4 { counters.ipv4 += 1 } else { counters.ipv6 += 1 }
        if ip.isFragment { counters.fragments += 1 }
        if !packet.encapsulations.isEmpty { counters.encapsulations.count(packet.encapsulations) }
        if packet.vlan.count > 0 { counters.tagged += 1 }
        switch packet.transport {
        case .tcp: counters.tcp += 1
        case .udp: counters.udp += 1
        case .icmp: counters.icmp += 1
        case .sctp: counters.sctp += 1
        case .other: if ip.upperProtocol == .esp { counters.esp += 1 }
        case .none: break
        }
    }

    /// The stateless rule groups. False when they have decided.
    private mutating func screen() -> Bool {
        if policy.stateless.forwardsAll { return true }
        let outcome = policy.stateless.evaluate(packet)
        for metric in outcome.metrics { counters.customMetrics[metric] += 1 }
        switch outcome.action {
        case .pass:
            counters.statelessPassed += 1
            decision.isPassed = true
            return false
        case .drop:
            counters.statelessDropped += 1
            decision.drop(
                outcome.isFragmentDrop ? .fragmentWithoutUDP : outcome.rule == nil ? .statelessDefault : .statelessRule)
            return false
        case .forwardToStateful:
            counters.statelessForwarded += 1
            return true
        }
    }

    /// Which way the packet goes nobody knows: what rules say of the way to the server holds, as in Suricata.
    mutating func judgeWithoutFlow(_ bytes: RawSpan) {
        guard let tuple = packet.tuple else { return }
        context.direction = .toServer
        var scratch = Flow.placeholder(tuple, time: now)
        evaluator.judge(packet, bytes, context, flow: &scratch, conversation: nil, decision: &decision)
    }

    // MARK: time

    public mutating func tick(now time: Timestamp) {
        if time > now { now = time }
        if !holds.isEmpty { expireHeld() }
        everySecond()
        recorder.hand()
    }

    private mutating func everySecond() {
        expireFlows()
        guard settings.statsInterval > 0 else { return }
        if nextStats == 0 { nextStats = now.seconds + Int64(settings.statsInterval) }
        if now.seconds >= nextStats {
            writeStats()
            nextStats = now.seconds + Int64(settings.statsInterval)
        }
    }

    /// Flows looked at in one go: bounds what a packet can be delayed by.
    static let expiryBatch = 4096

    private mutating func expireFlows() {
        flows.collectDue(now: now, limit: Pipeline.expiryBatch, into: &due)
        for index in due {
            let idle = now.seconds &- flows[index].lastSeen.seconds
            let limit = Int64(timeout(of: index))
            if idle >= limit {
                endFlow(index, .timeout)
            } else {
                flows.schedule(index, after: Int(limit - idle), from: now)
            }
        }
    }

    func timeout(of index: FlowIndex) -> Int {
        let flow = flows[index]
        switch flow.ipProtocol {
        case .tcp:
            switch flow.state {
            case .new: return settings.flow.tcpNew
            case .established: return settings.flow.tcpIdle
            case .closed: return settings.flow.tcpClosed
            }
        case .udp: return settings.flow.udpIdle
        case .icmp, .icmpv6: return settings.flow.icmpIdle
        default: return settings.flow.otherIdle
        }
    }

    private mutating func writeStats() {
        counters.eventsLost = recorder.lost
        counters.take(fragments)
        let uptime = now.seconds - (started ?? now).seconds
        recorder.stats(counters, activeFlows: flows.count, uptime: uptime, time: now, policy: policy)
    }

    /// Ends every flow and writes what is left.
    public mutating func finish() {
        end()
        var indices: [FlowIndex] = []
        flows.visit { indices.append($0) }
        // In the order they came, so that the log of a replay does not depend on memory layout.
        indices.sort { flows[$0].identifier < flows[$1].identifier }
        for index in indices { endFlow(index, .shutdown) }
        writeStats()
        recorder.flush()
    }
}
