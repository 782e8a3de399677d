import ArgumentParser
import Detection
import EventLog
import FirewallEngine
import Foundation
import NFQueue
import PolicyModel
import RuleLanguage

/// `weir run`: inline on the gateway.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Guard the gateway: judge every packet of a netfilter queue.",
        discussion: """
            scripts/gateway installs the rules that send forwarded packets to the queue; see its --help. Without a running \
            weir, nothing is forwarded. SIGTERM and SIGINT stop it: what is queued is answered, the rules stay, and so the \
            gateway stays closed.
            """)

    @OptionGroup var source: RuleSourceOptions

    @Option(
        name: [.customShort("q"), .long],
        help: ArgumentHelp("Queue number, or several as FIRST:LAST with one thread each.", valueName: "n[:m]"))
    var queue = "0"

    @Option(
        name: [.customShort("l"), .customLong("log-dir")], help: ArgumentHelp("Folder for eve.json.", valueName: "dir"))
    var logDirectory = "/var/log/weir"

    @OptionGroup var options: ConfigurationOptions

    func validate() throws {
        if source.policy == nil {
            throw ValidationError("--policy is needed: a gateway without a policy guards nothing")
        }
        _ = try queues()
    }

    private func queues() throws -> ClosedRange<UInt16> {
        let parts = queue.split(separator: ":", omittingEmptySubsequences: false).map { UInt16($0) }
        guard (1...2).contains(parts.count), let first = parts[0], let last = parts.count == 2 ? parts[1] : first,
            first <= last, last - first < 64
        else { throw ValidationError("--queue \(queue): expected N or FIRST:LAST, at most 64 queues") }
        return first...last
    }

    func run() throws {
        let configuration = try options.load()
        let (policy, effective) = try load(configuration)
        let sink = try openLog()
        let stop = StopSignals()
        let state = HostState(seed: effective.settings.seed)
        let workers = try start(policy, state, effective, sink, stop)
        announce(policy, workers)
        stop.wait()
        for worker in workers { worker.stop() }
        waitForEnd(of: workers)
        for problem in ListFiles.save(state, in: effective.lists.datasetFolder) {
            Terminal.printError("weir: data set not saved: \(problem)")
        }
        sink.close()
        report(workers, sink)
        if let failed = workers.first(where: { $0.error != nil }), let error = failed.error {
            Terminal.printError("weir: queue \(failed.queue): \(error)")
            throw ExitStatus.status(for: error)
        }
    }

    // MARK: start

    private func load(_ configuration: Configuration) throws -> (CompiledPolicy, Configuration) {
        let loader = PolicyLoader(groupFiles: try source.groupFiles())
        let loading = loader.bundle(policy: source.policy ?? "")
        var assembly = PolicyAssembly(configuration: configuration, purpose: .run, skipsBadRules: source.skipBadRules)
        let compiled = assembly.compile(loading)
        Terminal.report(assembly.diagnostics)
        if let counts = assembly.countsText { Terminal.printError(counts) }
        if loading.bundle != nil, assembly.assumesHomeNet {
            Terminal.printError(
                """
                weir: HOME_NET is not given: which networks are inside?
                    on the command line: --set vars.HOME_NET='[10.0.0.0/8,fd00::/8]'
                    or in the configuration file: vars: { HOME_NET: "[10.0.0.0/8,fd00::/8]" }
                    or in the policy: PolicyVariables.RuleVariables.HOME_NET
                """)
            throw ExitStatus.configuration
        }
        guard let compiled else { throw ExitStatus.refused }
        var effective = PolicyAssembly.engineSettings(configuration, loading.bundle?.policy)
        effective.settings.restoresTimeToLive = true
        effective.settings.hold.packets = min(
            effective.settings.hold.packets, Int(effective.queue.maximumLength) / 4)
        effective.settings.seed = UInt64.random(in: 1...UInt64.max)
        if effective.settings.statsInterval == 0 { effective.settings.statsInterval = 60 }
        return (compiled, effective)
    }

    private func openLog() throws -> BackgroundFileSink {
        do {
            try FileManager.default.createDirectory(atPath: logDirectory, withIntermediateDirectories: true)
            return try BackgroundFileSink(path: logDirectory + "/eve.json")
        } catch {
            Terminal.printError(
                "weir: \(logDirectory): \(error is LogFileError ? "\(error)" : error.localizedDescription)")
            throw ExitStatus.configuration
        }
    }

    private func start(
        _ policy: CompiledPolicy, _ state: HostState, _ configuration: Configuration, _ sink: BackgroundFileSink,
        _ stop: StopSignals
    ) throws -> [QueueWorker] {
        var workers: [QueueWorker] = []
        do {
            for number in try queues() {
                var queueConfiguration = configuration.queue
                queueConfiguration.queue = number
                workers.append(
                    try QueueWorker(
                        policy: policy, state: state, settings: configuration.settings,
                        configuration: queueConfiguration, sink: sink,
                        onFailure: { stop.raise() }))
            }
        } catch let error as QueueError {
            for worker in workers { worker.stop() }
            Terminal.printError("weir: \(error)")
            throw ExitStatus.status(for: error)
        }
        return workers
    }

    private func announce(_ policy: CompiledPolicy, _ workers: [QueueWorker]) {
        let queues = workers.map { "\($0.queue)" }.joined(separator: ", ")
        let rules = Int(policy.firstDefault)
        Terminal.printError(
            "weir: guarding with policy \(policy.name): \(rules) rules in \(policy.groups.count) groups; queue \(queues); log \(logDirectory)/eve.json"
        )
        if !policy.stateless.forwardsAll {
            Terminal.printError(
                "weir: note: with connection tracking active, the kernel reassembles datagrams before the queue; StatelessFragmentDefaultActions then never apply"
            )
        }
    }

    // MARK: end

    private func waitForEnd(of workers: [QueueWorker]) {
        for _ in 0..<500 where !workers.allSatisfy(\.isDone) { usleep(10_000) }
    }

    private func report(_ workers: [QueueWorker], _ sink: BackgroundFileSink) {
        for worker in workers {
            let counters = worker.finalCounters
            let queue = worker.control.statistics
            Terminal.printError(
                "weir: queue \(worker.queue): \(counters.packets) packets, \(counters.accepted) accepted, \(counters.blocked) dropped, \(counters.rejected) rejected, \(counters.flows) flows, \(counters.alerts) alerts, \(queue.overruns) queue overruns"
            )
        }
        if sink.lostBytes > 0 { Terminal.printError("weir: \(sink.lostBytes) bytes of log were lost") }
    }
}

extension ExitStatus {
    static func status(for error: QueueError) -> ExitCode {
        switch error {
        case .notPermitted: noPermission
        case .busy, .unsupported: unavailable
        case .unexpectedAnswer, .systemCall: internalError
        }
    }
}
