import Detection
import EventLog
import FirewallEngine
import FlowTracking
import PolicyModel
import RuleLanguage

/// Brings documents and configuration together into a compiled policy.
struct PolicyAssembly {
    enum Purpose {
        case check
        case replay
        case run
    }

    let configuration: Configuration
    let purpose: Purpose
    var skipsBadRules = false
    private(set) var diagnostics: [Diagnostic] = []
    /// HOME_NET was not given anywhere and the private ranges stand for it.
    private(set) var assumesHomeNet = false
    /// Rules taken, refused, and left out because they require another engine.
    private(set) var counts = (loaded: 0, failed: 0, skipped: 0)

    /// What is said of the counts when not every rule was taken.
    var countsText: String? {
        counts.failed + counts.skipped == 0
            ? nil : "weir: \(counts.loaded) rules loaded, \(counts.failed) failed, \(counts.skipped) skipped"
    }

    init(configuration: Configuration, purpose: Purpose, skipsBadRules: Bool = false) {
        self.configuration = configuration
        self.purpose = purpose
        self.skipsBadRules = skipsBadRules
    }

    /// What is missing is an error where packets are judged and a warning where documents are only checked.
    private var missing: Diagnostic.Severity { purpose == .check ? .warning : .error }

    mutating func compile(_ loading: BundleLoading) -> CompiledPolicy? {
        diagnostics += loading.diagnostics
        guard let bundle = loading.bundle else { return nil }
        diagnostics += bundle.unresolved.map { $0.diagnostic(missing) }
        var options = CompileOptions()
        options.compatibleWithSuricata = configuration.settings.compatibleWithSuricata
        options.skipsBadRules = skipsBadRules
        if let actionOrder = configuration.actionOrder { options.actionOrder = actionOrder }
        options.ignoresUnknownRequirements = configuration.ignoresUnknownRequirements
        options.missingFeatures = configuration.missingFeatures
        options.requiresDatabases = purpose != .check
        options.countries = openCountries()
        if let maximum = configuration.packetAlertMaximum { options.maximumAlerts = maximum }
        let source = source(of: bundle)
        options.unreadRules = diagnostics.filter { $0.severity == .error && $0.isOfOneRule }.count
        let listsAreWhole = readLists(bundle, into: &options)
        let compilation = PolicyCompiler.compile(source, options: options)
        let fatal = diagnostics.filter { $0.severity == .error && !$0.isOfOneRule }.count
        diagnostics += compilation.diagnostics
        counts = (compilation.loadedRules, compilation.failedRules + options.unreadRules, compilation.skippedRules)
        guard fatal == 0, skipsBadRules || counts.failed == 0 && listsAreWhole,
            !compilation.diagnostics.hasErrors || skipsBadRules
        else {
            return nil
        }
        return compilation.policy
    }

    /// - Returns: whether every line of the lists says something.
    private mutating func readLists(_ bundle: PolicyBundle, into options: inout CompileOptions) -> Bool {
        let variables = EffectiveVariables(policy: bundle.policy, configured: configuredVariables(bundle))
        let scope = VariableScope(
            addresses: variables.ipSets.mapValues { VariableDefinition($0).text },
            references: configuration.references)
        var files = ListFiles()
        files.read(configuration.lists, scope: scope, into: &options)
        options.datasets = ListFiles.datasets(configuration.lists)
        diagnostics += files.problems
        diagnostics += files.lineProblems.map { problem in
            var problem = problem
            problem.isOfOneRule = true
            return problem
        }
        return files.lineProblems.isEmpty
    }

    /// A policy without rules: everything is tracked and read, nothing is judged.
    static func empty() -> CompiledPolicy? { PolicyCompiler.compile(PolicySource()).policy }

    private mutating func openCountries() -> CountryDatabase? {
        guard let path = configuration.countryDatabase else { return nil }
        do throws(CountryDatabase.Problem) {
            return try CountryDatabase(path: path)
        } catch {
            diagnostics.append(
                Diagnostic(at: SourceLocation(file: path, line: 1, column: 1), "geoip.database: \(error.message)"))
            return nil
        }
    }

    private mutating func source(of bundle: PolicyBundle) -> PolicySource {
        var source = PolicySource()
        source.name = bundle.name
        source.order = bundle.ruleOrder
        source.defaultActions = bundle.policy.statefulDefaultActions
        let configured = configuredVariables(bundle)
        for group in bundle.statefulGroups {
            let variables = bundle.effectiveVariables(for: group, configured: configured)
            source.groups.append(
                PolicySource.Group(
                    name: group.name, resource: group.resourceARN?.text ?? group.file, rules: group.group.rules,
                    scope: scope(variables, group), dropToAlert: group.override == .dropToAlert))
        }
        source.stateless.groups = bundle.statelessGroups.map { ($0.name, $0.group) }
        source.stateless.defaultActions = bundle.policy.statelessDefaultActions
        source.stateless.fragmentDefaultActions = bundle.policy.statelessFragmentDefaultActions
        for action in bundle.policy.statelessCustomActions {
            source.stateless.customActions[action.name] = action.dimension
        }
        return source
    }

    private mutating func configuredVariables(_ bundle: PolicyBundle) -> RuleVariables {
        var texts = configuration.variables
        if texts["HOME_NET"] == nil, bundle.policy.homeNet == nil {
            assumesHomeNet = true
            texts["HOME_NET"] = Configuration.privateRanges
        }
        let definitions = texts.mapValues { VariableDefinition([$0]) }
        return RuleVariables(ipSets: definitions, portSets: definitions)
    }

    private mutating func scope(_ variables: EffectiveVariables, _ group: PolicyBundle.StatefulGroup) -> VariableScope {
        var scope = VariableScope(
            addresses: variables.ipSets.mapValues { VariableDefinition($0).text },
            ports: variables.portSets.mapValues { VariableDefinition($0).text }, references: configuration.references)
        for (name, reference) in variables.references where scope.references[name] == nil {
            diagnostics.append(
                Diagnostic(
                    missing, at: reference.location, "the IP set reference @\(name) has no addresses here",
                    hint: "give them as references.\(name) in the configuration: a list, or file:PATH"))
            // An address no packet has: rules that use the reference load and match nothing.
            if purpose == .check { scope.references[name] = ["0.0.0.0/32"] }
        }
        return scope
    }

    /// Takes over what the policy says about the engine, under what the configuration says.
    static func engineSettings(_ configuration: Configuration, _ policy: FirewallPolicy?) -> Configuration {
        var result = configuration
        let options = policy?.statefulEngineOptions ?? StatefulEngineOptions()
        switch options.streamExceptionPolicy {
        case .drop: result.settings.flow.midstream = .drop
        case .continue: result.settings.flow.midstream = .continue
        case .reject: result.settings.flow.midstream = .reject
        }
        result.settings.flow.midstream = configuration.midstream(or: result.settings.flow.midstream)
        result.settings.log.forwardedFor = configuration.forwardedFor
        result.settings.flow.tcpIdle = configuration.tcpIdle ?? options.tcpIdleTimeoutSeconds
        return result
    }
}

extension Configuration {
    /// What becomes of TCP packets without a session: two options with one meaning, the master switch, or the policy.
    fileprivate func midstream(or documented: MidstreamPolicy) -> MidstreamPolicy {
        if midstream == .track {
            return switch midstreamPolicy ?? settings.exceptions.master {
            case .passFlow, .passPacket: .trackPassed
            case .bypass: .bypass
            case .dropFlow, .dropPacket: .drop
            case .reject: .reject
            case .ignore, nil: .track
            }
        }
        if let midstream, midstreamPolicy == nil { return midstream }
        return switch midstreamPolicy ?? settings.exceptions.master {
        case .dropFlow, .dropPacket: .drop
        case .reject: .reject
        case .bypass: .bypass
        case .passFlow, .passPacket: .pass
        case .ignore: .continue
        case nil: documented
        }
    }
}
