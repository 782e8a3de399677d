import Detection
import EventLog
import FirewallEngine
import FlowTracking
import Foundation
import NetTypes
import PacketIO
import PolicyModel
import RuleLanguage
import TestSupport
import Wire

struct RulesRefused: Error, CustomStringConvertible {
    var description: String
}

/// What became of one packet.
struct Judgment: Equatable, CustomStringConvertible {
    var verdict: Verdict
    var reason: DropReason
    /// `signature_id` of the alerts, in order.
    var alerts: [Int] = []

    static let accept = Judgment(verdict: .accept, reason: .none)

    static func drop(_ reason: DropReason, _ alerts: Int...) -> Judgment {
        Judgment(verdict: .drop, reason: reason, alerts: alerts)
    }

    var description: String { verdict == .accept ? "accept\(alerts)" : "\(verdict)(\(reason.name))\(alerts)" }
}

/// A pipeline with rules, and the log it writes.
struct Firewall: ~Copyable {
    private var pipeline: Pipeline
    private let sink = MemorySink()
    private var count: UInt64 = 0
    private var readBytes = 0

    /// - Parameters:
    ///   - rules: one group of rules, in the order of the text.
    ///   - defaults: the policy's StatefulDefaultActions.
    ///   - configure: changes to the settings.
    init(
        _ rules: String = "", defaults: [StatefulDefaultAction] = [.dropStrict, .alertEstablished],
        order: RuleOrder = .strictOrder, stateless: PolicySource.Stateless = PolicySource.Stateless(),
        state: HostState = HostState(), configure: (inout EngineSettings) -> Void = { _ in },
        options changeOptions: (inout CompileOptions) -> Void = { _ in }
    ) throws {
        let parsed = RuleParser(file: "test.rules").parse(rules)
        guard parsed.diagnostics.isEmpty else { throw RulesRefused(description: "\(parsed.diagnostics)") }
        var settings = EngineSettings()
        settings.log.numbersPackets = true
        configure(&settings)
        var source = PolicySource()
        source.name = "test"
        source.order = order
        source.defaultActions = order == .strictOrder ? defaults : []
        source.stateless = stateless
        let scope = VariableScope(addresses: ["HOME_NET": "[10.0.0.0/8,fd00::/8]", "EXTERNAL_NET": "!$HOME_NET"])
        source.groups = [.init(name: "group", resource: "test.rules", rules: parsed.rules, scope: scope)]
        var options = CompileOptions()
        options.compatibleWithSuricata = settings.compatibleWithSuricata
        changeOptions(&options)
        let compilation = PolicyCompiler.compile(source, options: options)
        guard let policy = compilation.policy, compilation.diagnostics.isEmpty else {
            throw RulesRefused(description: "\(compilation.diagnostics)")
        }
        pipeline = Pipeline(policy: policy, state: state, settings: settings, sink: sink)
    }

    var counters: Counters { pipeline.counters }
    var activeFlows: Int { pipeline.activeFlows }

    /// Judges one frame.
    mutating func judge(_ frame: [UInt8], at time: Timestamp = Timestamp(seconds: 1_700_000_000)) -> Judgment {
        count += 1
        let raw = RawPacket(number: count, time: time, linkType: .ethernet, wireLength: frame.count)
        let verdict = pipeline.handle(raw, bytes: frame.span.bytes)
        released += pipeline.takeReleased()
        return Judgment(verdict: verdict, reason: pipeline.decision.reason, alerts: newAlerts())
    }

    mutating func judge(_ frames: [TimedFrame]) -> [Judgment] { frames.map { judge($0.bytes, at: $0.time) } }

    /// Judges the packets of a script and gives their verdicts alone.
    mutating func verdicts(_ script: TCPScript) -> [Verdict] { judge(script.frames).map(\.verdict) }

    // MARK: held packets

    /// Releases so far that nobody has taken.
    private(set) var released: [HeldVerdict] = []

    mutating func takeReleased() -> [HeldVerdict] {
        released += pipeline.takeReleased()
        defer { released = [] }
        return released
    }

    mutating func noteLost() { pipeline.noteLost() }

    /// Judges frames and gives the verdict each has in the end; `hold` for those that still wait.
    mutating func final(_ frames: [TimedFrame]) -> [Verdict] {
        let start = count
        var verdicts = judge(frames).map(\.verdict)
        for late in released where late.packet.number > start {
            verdicts[Int(late.packet.number - start) - 1] = late.verdict
        }
        return verdicts
    }

    static func letter(_ verdict: Verdict) -> Character {
        switch verdict {
        case .accept: "a"
        case .drop: "d"
        case .reject: "r"
        case .hold: "h"
        }
    }

    mutating func tick(_ time: Timestamp) { pipeline.tick(now: time) }

    /// Ends all flows.
    mutating func finish() {
        released = []
        pipeline.finish()
    }

    private mutating func newAlerts() -> [Int] {
        pipeline.recorder.hand()
        let new = records(from: readBytes)
        readBytes = sink.bytes.count
        return new.filter { $0["event_type"] as? String == "alert" }.compactMap {
            ($0["alert"] as? [String: Any])?["signature_id"] as? Int
        }
    }

    /// The log so far; of one type when `type` is given.
    func records(_ type: String? = nil) -> [[String: Any]] {
        records(from: 0).filter { type == nil || $0["event_type"] as? String == type }
    }

    private func records(from start: Int) -> [[String: Any]] {
        sink.bytes[start...].split(separator: 0x0a).map { line in
            guard let record = try? JSONSerialization.jsonObject(with: Data(line)) as? [String: Any] else {
                preconditionFailure("no JSON: \(String(decoding: line, as: UTF8.self))")
            }
            return record
        }
    }
}
