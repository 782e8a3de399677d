import Detection
import EventLog
import FirewallEngine
import Foundation
import NetTypes
import PacketIO
import Pcap
import Wire

/// Runs captures through one pipeline on packet time.
struct ReplaySession: ~Copyable {
    private let policy: CompiledPolicy
    /// What rules keep beyond a flow; its data sets are to be saved at the end.
    let state: HostState
    private var pipeline: Pipeline
    private var verdicts: VerdictWriter?
    private var accepted: CaptureWriter?
    private let acceptedPath: String?
    private var offset: UInt64 = 0
    private var progress: ReplayProgress
    private let comparison: ReplayComparison?
    private var backlog = VerdictBacklog()
    let summary = ReplaySummary()

    init(
        policy: CompiledPolicy, settings: EngineSettings, sink: (any EventSink)?, verdictSink: (any EventSink)?,
        acceptedPath: String?, progress: ReplayProgress, comparison: ReplayComparison? = nil
    ) {
        self.comparison = comparison
        self.policy = policy
        self.acceptedPath = acceptedPath
        self.progress = progress
        state = HostState(seed: settings.seed)
        pipeline = Pipeline(
            policy: policy, state: state, settings: settings, sink: sink)
        verdicts = verdictSink.map { VerdictWriter(sink: $0) }
        let summary = summary
        pipeline.onTransaction = { summary.take($0, $1) }
        pipeline.onFlowEnd = { summary.take($0, $1, policy) }
    }

    /// Replays one capture; several in a row share the state when called again.
    mutating func replay(_ path: String) throws(CaptureError) {
        var reader = try CaptureReader(path: path)
        if let acceptedPath, accepted == nil {
            accepted = try CaptureWriter(path: acceptedPath, linkType: reader.linkType)
        }
        progress.begin(path)
        pipeline.recorder.capture = path
        defer {
            progress.end()
            offset += reader.packets
        }
        while try step(&reader) {
            if reader.packets & 0x3fff == 0 { progress.show(reader.offset, packets: reader.packets) }
        }
    }

    private mutating func step(_ reader: inout CaptureReader) throws(CaptureError) -> Bool {
        var raw = RawPacket(number: 0, time: Timestamp(microseconds: 0), linkType: reader.linkType, wireLength: 0)
        let keepsBytes = accepted != nil
        let isPacket: Bool? = try reader.next { packet, bytes in
            raw = packet
            raw.number += offset
            let verdict = pipeline.handle(raw, bytes: bytes)
            comparison?.handle(raw, bytes, tuple: pipeline.packet.tuple)
            takeReleased()
            guard verdict == .hold || !backlog.isEmpty else {
                write(raw, verdict, pipeline.decision, bytes)
                return true
            }
            let copy = keepsBytes ? bytes.copied() : []
            backlog.append(raw, copy, verdict == .hold ? nil : (verdict, pipeline.decision))
            return true
        }
        guard isPacket != nil else { return false }
        writeBacklog()
        return true
    }

    private mutating func write(_ raw: RawPacket, _ verdict: Verdict, _ decision: Decision, _ bytes: RawSpan) {
        if verdict == .accept { accepted?.write(raw, bytes) }
        verdicts?.write(number: raw.number, verdict: verdict, decision: decision, policy: policy)
        comparison?.settle(raw, verdict, decision, policy)
    }

    /// Held packets show the verdict they get in the end.
    private mutating func takeReleased() {
        for held in pipeline.takeReleased() { backlog.settle(held) }
    }

    private mutating func writeBacklog() {
        while let line = backlog.next() { write(line.raw, line.verdict, line.decision, unsafe line.bytes.span.bytes) }
    }

    /// Ends all flows and brings every file out.
    mutating func finish() throws -> Counters {
        pipeline.finish()
        takeReleased()
        writeBacklog()
        verdicts?.flush()
        try accepted?.flush()
        return pipeline.counters
    }
}

/// A line on the terminal for long captures: how far, how fast.
struct ReplayProgress {
    private let isEnabled: Bool
    private var size: Int?
    private var shown = false
    private var last = ContinuousClock.now
    private var started = ContinuousClock.now

    /// - Parameter isEnabled: standard error is a terminal.
    init(isEnabled: Bool) { self.isEnabled = isEnabled }

    mutating func begin(_ path: String) {
        guard isEnabled else { return }
        size = (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? NSNumber)?.intValue
        started = .now
        last = .now
    }

    mutating func show(_ offset: Int?, packets: UInt64) {
        guard isEnabled, last.duration(to: .now) > .milliseconds(500) else { return }
        last = .now
        let seconds = Double(started.duration(to: .now).components.seconds) + 0.001
        var text = "\r\(packets) packets"
        if let offset, let size, size > 0 { text += ", \(offset * 100 / size)%" }
        text += ", \(Int(Double(packets) / seconds)) per second   "
        Terminal.writeError(text)
        shown = true
    }

    mutating func end() {
        guard shown else { return }
        Terminal.writeError("\r" + String(repeating: " ", count: 60) + "\r")
        shown = false
    }
}
