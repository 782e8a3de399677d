import ArgumentParser
import PolicyModel

/// The options by which `run`, `replay` and `check` are told of policy and configuration.
struct ConfigurationOptions: ParsableArguments {
    @Option(name: [.customShort("c"), .long], help: ArgumentHelp("Configuration file (YAML).", valueName: "file"))
    var config: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "One option of the configuration, such as vars.HOME_NET=[10.0.0.0/8]. Repeatable.", valueName: "key=value"))
    var set: [String] = []

    func load() throws -> Configuration {
        var loader = ConfigurationLoader()
        if let config { loader.read(config) }
        for assignment in set { loader.set(assignment) }
        loader.checkCombinations()
        guard loader.problems.isEmpty else {
            Terminal.report(loader.problems)
            throw ExitStatus.configuration
        }
        return loader.configuration
    }
}

struct RuleSourceOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp("Firewall policy (AWS JSON or YAML); its rule groups lie beside it.", valueName: "file"))
    var policy: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "File of a rule group that the policy refers to: its ARN or name, and the file. A plain list needs an action: ARN=pass:FILE. Repeatable.",
            valueName: "arn=file"))
    var group: [String] = []

    @Flag(name: .customLong("skip-bad-rules"), help: "Leave rules with errors out instead of refusing the policy.")
    var skipBadRules = false

    /// The explicit map of ARNs to files.
    func groupFiles() throws -> [String: PolicyLoader.RuleFile] {
        var files: [String: PolicyLoader.RuleFile] = [:]
        for entry in group {
            guard let equals = entry.firstIndex(of: "="), equals > entry.startIndex else {
                throw ValidationError("--group \(entry): expected ARN=FILE")
            }
            files[String(entry[..<equals])] = PolicyLoader.RuleFile(
                argument: String(entry[entry.index(after: equals)...]))
        }
        return files
    }
}

extension PolicyLoader.RuleFile {
    /// `FILE`, or `pass:FILE`, `drop:FILE`, `reject:FILE`, `alert:FILE` for a plain list of domains or addresses.
    init(argument: String) {
        for action in PlainList.Action.allCases {
            let prefix = action.rawValue.lowercased() + ":"
            if argument.lowercased().hasPrefix(prefix) {
                self.init(String(argument.dropFirst(prefix.count)), listAction: action)
                return
            }
        }
        self.init(argument)
    }
}
