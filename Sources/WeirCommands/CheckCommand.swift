import ArgumentParser
import Detection
import FirewallEngine
import PolicyModel
import RuleLanguage

/// `weir check`: load and validate documents, and say everything that is wrong with them.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Load and validate policies, rule groups, rules and lists.",
        discussion: """
            Every problem is named with file, line and column or JSON path. Rule groups that a policy refers to are looked \
            for beside it; one that is missing is a warning here and an error in run and replay.
            """)

    enum Kind: String, ExpressibleByArgument, CaseIterable {
        case stateful = "STATEFUL"
        case stateless = "STATELESS"
        case policy = "POLICY"

        init?(argument: String) { self.init(rawValue: argument.uppercased()) }

        var groupType: RuleGroupType? {
            switch self {
            case .stateful: .stateful
            case .stateless: .stateless
            case .policy: nil
            }
        }
    }

    @Argument(help: ArgumentHelp("Documents.", valueName: "file"))
    var files: [String]

    @Option(
        name: .long,
        help: ArgumentHelp("What a bare rule group is; inferred otherwise.", valueName: "STATEFUL|STATELESS"))
    var type: Kind?

    @Flag(name: .customShort("T"), help: "Accepted for Suricata's sake: check only tests.")
    var testOnly = false

    @Flag(name: .customLong("no-notes"), help: "Do not say where AWS or Suricata would decide otherwise.")
    var omitsNotes = false

    @OptionGroup var source: RuleSourceOptions
    @OptionGroup var options: ConfigurationOptions

    func run() throws {
        let configuration = try options.load()
        let loader = PolicyLoader(groupFiles: try source.groupFiles())
        var isRefused = false
        var assumesHomeNet = false
        for file in files {
            let result = check(file, loader, configuration)
            Terminal.report(result.diagnostics)
            if let counts = result.counts { Terminal.printError(counts) }
            let isBad = result.isRefused || result.diagnostics.hasErrors && !source.skipBadRules
            isRefused = isRefused || isBad
            assumesHomeNet = assumesHomeNet || result.assumesHomeNet
            if let summary = result.summary {
                let mark =
                    isBad
                    ? Terminal.styled("refused", .red)
                    : Terminal.styled(result.diagnostics.hasErrors ? "ok without its bad rules" : "ok", .green)
                print("\(file): \(mark): \(summary)")
                for note in result.notes { print("    " + Terminal.styled("note:", .cyan) + " \(note)") }
            } else {
                print("\(file): \(Terminal.styled("refused", .red))")
            }
        }
        if assumesHomeNet {
            Terminal.printError(
                "weir: HOME_NET is not given, \(Configuration.privateRanges) is assumed (--set vars.HOME_NET=...)")
        }
        if isRefused { throw ExitStatus.refused }
    }

    private struct Outcome {
        var diagnostics: [Diagnostic] = []
        var summary: DocumentSummary?
        var assumesHomeNet = false
        var counts: String?
        /// Even without the bad rules there is nothing to load.
        var isRefused = false
        /// Where AWS and Suricata would decide otherwise.
        var notes: [String] = []
    }

    private func check(_ file: String, _ loader: PolicyLoader, _ configuration: Configuration) -> Outcome {
        let reading = loader.document(at: file, type: type?.groupType)
        guard let document = reading.document else { return Outcome(diagnostics: reading.diagnostics) }
        var outcome = Outcome(summary: DocumentSummary(document))
        var assembly = PolicyAssembly(
            configuration: configuration, purpose: .check, skipsBadRules: source.skipBadRules)
        var policy: CompiledPolicy?
        var needsPolicy = true
        switch document {
        case .firewallPolicy:
            let loading = loader.bundle(policy: file)
            policy = assembly.compile(loading)
            if !omitsNotes, let bundle = loading.bundle { outcome.notes += notes(bundle.policy) }
        case .ruleGroup(let group):
            var loading = BundleLoading(diagnostics: reading.diagnostics)
            if case .stateful(let stateful) = group.group {
                loading.bundle = PolicyBundle(
                    ruleGroups: [PolicyBundle.StatefulGroup(name: group.name ?? file, file: file, group: stateful)],
                    order: stateful.ruleOrder)
            }
            policy = assembly.compile(loading)
            needsPolicy = loading.bundle != nil || loading.diagnostics.hasErrors
        case .plainList(let list):
            let group = list.ruleGroup(.pass, order: .strictOrder)
            let bundle = PolicyBundle(
                ruleGroups: [PolicyBundle.StatefulGroup(name: file, file: file, group: group)], order: .strictOrder)
            policy = assembly.compile(BundleLoading(bundle: bundle, diagnostics: reading.diagnostics))
        case .loggingConfiguration: return Outcome(diagnostics: reading.diagnostics, summary: outcome.summary)
        }
        outcome.diagnostics = assembly.diagnostics.unique
        outcome.assumesHomeNet = assembly.assumesHomeNet
        outcome.counts = assembly.countsText
        outcome.isRefused = needsPolicy && policy == nil && assembly.diagnostics.hasErrors
        if !omitsNotes, let policy { outcome.notes += notes(policy, configuration) }
        return outcome
    }

    // MARK: notes

    private func notes(_ policy: CompiledPolicy, _ configuration: Configuration) -> [String] {
        policy.portabilityNotes(judgesEveryRequest: configuration.settings.judgesEveryRequest).map { note in
            let more = note.others == 0 ? "" : " and \(note.others) more"
            return "\(note.location.file):\(note.location.line): sid \(note.signatureID)\(more): \(note.text)"
        }
    }

    /// A connection taken up in its middle is not established, and only the strict default drops what is not.
    private func notes(_ policy: FirewallPolicy) -> [String] {
        let drop = policy.statefulDefaultActions.first(where: \.drops)
        guard policy.statefulEngineOptions.streamExceptionPolicy == .continue, let drop, drop.family != .strict else {
            return []
        }
        return [
            "StreamExceptionPolicy CONTINUE with \(drop.rawValue): TCP packets without a known connection are never "
                + "established, so that nothing drops them, here as on AWS"
        ]
    }
}

extension [Diagnostic] {
    /// Each problem once, in the order of the file.
    var unique: [Diagnostic] {
        var seen: Set<Diagnostic> = []
        return filter { seen.insert($0).inserted }
    }
}
