import ArgumentParser
import Detection
import EventLog
import FirewallEngine
import Foundation
import Pcap
import PolicyModel

/// `weir replay`: captures through the same engine, to test a policy.
struct ReplayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Run captures through the firewall and say what would have happened.",
        discussion: """
            Reads pcap and pcapng files (- is standard input) on packet time. Each capture is a run of its own; with \
            --continue the state goes on from one to the next. Without --policy and --rules flows are only tracked and logged.
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text
        case json
    }

    enum Order: String, ExpressibleByArgument, CaseIterable {
        case strict
        case action
    }

    @Argument(help: ArgumentHelp("Captures.", valueName: "capture"))
    var captures: [String] = []

    @Option(name: .customShort("r"), help: ArgumentHelp("A capture, as Suricata's -r.", valueName: "capture"))
    var readCapture: [String] = []

    @OptionGroup var source: RuleSourceOptions

    @Option(
        name: [.customShort("S"), .long],
        help: ArgumentHelp("Rules or a plain list (pass:FILE), instead of a policy. Repeatable.", valueName: "file"))
    var rules: [String] = []

    @Option(name: .customLong("rule-order"), help: "Order of --rules: as written, or by action.")
    var ruleOrder: Order = .strict

    @Option(
        name: [.customShort("l"), .customLong("log-dir")], help: ArgumentHelp("Folder for eve.json.", valueName: "dir"))
    var logDirectory: String?

    @Option(
        name: .long, help: ArgumentHelp("File for one JSON line per packet; - is standard output.", valueName: "file"))
    var verdicts: String?

    @Option(
        name: .customLong("write-accepted"),
        help: ArgumentHelp("Capture file for the packets that pass.", valueName: "file"))
    var writeAccepted: String?

    @Option(name: .long, help: "Form of the report on standard output.")
    var format: Format = .text

    @Flag(name: .customLong("continue"), help: "Keep state and packet numbers from one capture to the next.")
    var continues = false

    @Flag(
        name: .long,
        help: "Judge everything a second time as Suricata and AWS would, and list what they decide otherwise.")
    var compare = false

    @Option(name: .customShort("k"), help: ArgumentHelp("Checksums, as Suricata's -k.", valueName: "none|all"))
    var checksums: String?

    @Flag(name: .customLong("simulate-ips"), help: "Accepted for Suricata's sake: replay always judges inline.")
    var simulateIPS = false

    @OptionGroup var options: ConfigurationOptions

    func validate() throws {
        if captures.isEmpty, readCapture.isEmpty { throw ValidationError("expected a capture") }
        if source.policy != nil, !rules.isEmpty { throw ValidationError("--policy and --rules exclude each other") }
        if let checksums, !["none", "all"].contains(checksums) { throw ValidationError("-k: expected none or all") }
        if verdicts == "-", format == .json || logDirectory == "-" {
            throw ValidationError("--verdicts - and --format json both want standard output")
        }
    }

    func run() throws {
        var configuration = try options.load()
        if let checksums { configuration.settings.verifiesChecksums = checksums == "all" }
        let (policy, effective) = try load(configuration)
        let other = compare ? try loadCompatible(configuration) : nil
        var settings = effective.settings
        settings.log.numbersPackets = true
        settings.log.logsEveryDrop = true
        settings.log.packetSource = "wire/pcap"
        let all = readCapture + captures
        let lists = effective.lists
        if continues {
            try replay(
                all, name: all.joined(separator: " "), folder: logDirectory, datasetFolder: lists.datasetFolder,
                policy: policy, other: other, settings: settings)
        } else {
            for capture in all {
                try replay(
                    [capture], name: capture, folder: folder(for: capture, of: all),
                    datasetFolder: lists.datasetFolder, policy: policy, other: other, settings: settings)
            }
        }
    }

    // MARK: policy

    private func load(_ configuration: Configuration) throws -> (CompiledPolicy, Configuration) {
        var assembly = PolicyAssembly(
            configuration: configuration, purpose: .replay, skipsBadRules: source.skipBadRules)
        guard let loading = try readDocuments() else {
            guard let policy = PolicyAssembly.empty() else { throw ExitStatus.internalError }
            return (policy, PolicyAssembly.engineSettings(configuration, nil))
        }
        let compiled = assembly.compile(loading)
        Terminal.report(assembly.diagnostics)
        if let counts = assembly.countsText { Terminal.printError(counts) }
        guard let compiled else { throw ExitStatus.refused }
        if assembly.assumesHomeNet {
            Terminal.printError(
                "weir: HOME_NET is not given, \(Configuration.privateRanges) is assumed (--set vars.HOME_NET=...)")
        }
        return (compiled, PolicyAssembly.engineSettings(configuration, loading.bundle?.policy))
    }

    /// The documents of the policy; nil without any.
    private func readDocuments() throws -> BundleLoading? {
        let loader = PolicyLoader(groupFiles: try source.groupFiles())
        if let path = source.policy { return loader.bundle(policy: path) }
        guard !rules.isEmpty else { return nil }
        return loader.bundle(
            ruleFiles: rules.map(PolicyLoader.RuleFile.init(argument:)),
            order: ruleOrder == .strict ? .strictOrder : .actionOrder)
    }

    /// The same policy as Suricata would judge by it. Its problems are those that have been reported already.
    private func loadCompatible(_ configuration: Configuration) throws -> CompiledPolicy? {
        guard let loading = try readDocuments() else { return nil }
        var configuration = configuration
        configuration.settings.compatibleWithSuricata = true
        var assembly = PolicyAssembly(
            configuration: configuration, purpose: .replay, skipsBadRules: source.skipBadRules)
        return assembly.compile(loading)
    }

    // MARK: replay

    private func folder(for capture: String, of all: [String]) -> String? {
        guard let logDirectory else { return nil }
        guard all.count > 1 else { return logDirectory }
        return logDirectory + "/" + (capture as NSString).lastPathComponent
    }

    private func replay(
        _ paths: [String], name: String, folder: String?, datasetFolder: String, policy: CompiledPolicy,
        other: CompiledPolicy?,
        settings: EngineSettings
    ) throws {
        do {
            let comparison = other.map { ReplayComparison(policy: $0, settings: settings) }
            let sink = try folder.map { try openLog($0) }
            let verdictSink = try verdicts.map { try FileSink(path: $0) }
            var session = ReplaySession(
                policy: policy, settings: settings, sink: sink, verdictSink: verdictSink, acceptedPath: writeAccepted,
                progress: ReplayProgress(isEnabled: Terminal.errorHasColor), comparison: comparison)
            let damage = replayAll(paths, &session)
            let summary = session.summary
            let counters = try session.finish()
            for problem in ListFiles.save(session.state, in: datasetFolder) {
                Terminal.printError("weir: data set not saved: \(problem)")
            }
            for failed in [sink, verdictSink] where failed?.failure ?? 0 != 0 {
                Terminal.printError(
                    "weir: the log could not be written in full: \(unsafe String(cString: strerror(failed?.failure ?? 0)))"
                )
                throw ExitStatus.internalError
            }
            if let damage, counters.packets == 0 { throw damage }
            let report = ReplayReport(capture: name, counters: counters, summary: summary, comparison: comparison)
            if verdicts != "-" { print(format == .json ? report.json : report.text) }
            if let damage { throw damage }
        } catch let error as CaptureError {
            Terminal.printError("weir: \(error)")
            throw ExitStatus.refused
        } catch let error as LogFileError {
            Terminal.printError("weir: \(error)")
            throw ExitStatus.internalError
        }
    }

    /// What was read before a capture turned out to be damaged still counts, and is reported.
    private func replayAll(_ paths: [String], _ session: inout ReplaySession) -> CaptureError? {
        for path in paths {
            do throws(CaptureError) {
                try session.replay(path)
            } catch {
                return error
            }
        }
        return nil
    }

    private func openLog(_ folder: String) throws -> FileSink {
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            Terminal.printError("weir: \(folder): \(error.localizedDescription)")
            throw ExitStatus.internalError
        }
        return try FileSink(path: folder + "/eve.json")
    }
}
