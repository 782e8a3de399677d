import ArgumentParser

/// The command line.
public struct WeirCommand: ParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "weir",
        abstract: "A transparent, stateful egress firewall that judges connections by name.",
        discussion: """
            Reads AWS Network Firewall rule groups and policies (JSON or YAML) and Suricata rules; writes EVE JSON.

            Exit codes: 0 fine, 1 input refused or a check failed, 64 usage, 69 queue busy or kernel feature missing, \
            70 internal error, 77 privilege missing, 78 configuration.
            """,
        version: "0.1.0",
        subcommands: [RunCommand.self, ReplayCommand.self, CheckCommand.self, KeywordsCommand.self])

    public init() {}
}

/// Exit codes of the commands (sysexits.h where one fits).
enum ExitStatus {
    static let refused = ExitCode(1)
    static let usage = ExitCode(64)
    static let unavailable = ExitCode(69)
    static let internalError = ExitCode(70)
    static let noPermission = ExitCode(77)
    static let configuration = ExitCode(78)
}
