import ArgumentParser
import Detection

/// `weir keywords`: what the rule language has, and the configuration's options, from the registries themselves.
struct KeywordsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keywords", abstract: "List the rule keywords, protocols and options that are supported.")

    @Flag(name: .long, help: "One name a line, nothing else.")
    var names = false

    func run() throws {
        let keywords = RuleLanguageReference.keywords
        if names {
            for keyword in keywords { print(keyword.name) }
            return
        }
        print(Terminal.styled("Rule keywords", .bold))
        for keyword in keywords {
            let also = keyword.aliases.isEmpty ? "" : " (also \(keyword.aliases.joined(separator: ", ")))"
            print("  \(keyword.name)\(also): \(keyword.summary)")
        }
        print("")
        print(Terminal.styled("Protocols of rule headers", .bold))
        print("  " + RuleLanguageReference.protocols.joined(separator: ", "))
        print("")
        let events = RuleLanguageReference.events
        print(Terminal.styled("Events", .bold))
        print("  decode-event: " + events.decode.joined(separator: ", "))
        print("  stream-event: " + events.stream.joined(separator: ", "))
        print("  known, but Weir never sees them: " + events.unseen.joined(separator: ", "))
        print("")
        print(Terminal.styled("Options (--set, weir.yaml)", .bold))
        print("  vars.NAME=LIST: an address or port variable, $NAME in rules")
        print("  references.NAME=LIST|file:PATH: addresses behind @NAME")
        for key in ConfigurationKey.all { print("  \(key.name)=\(key.form): \(key.summary)") }
    }
}
