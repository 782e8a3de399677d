import RuleLanguage

/// A rule around options, and a parser for texts without a file.
let header = "alert tcp any any -> any any "

func parse(_ text: String, firstLine: Int = 1) -> RuleParser.Result {
    RuleParser(file: "test.rules", firstLine: firstLine).parse(text)
}

/// `line:column+length message` of each problem.
func problems(_ text: String) -> [String] {
    parse(text).diagnostics.map { "\($0.location.line):\($0.location.column)+\($0.length) \($0.message)" }
}

extension RuleSyntax {
    /// `name` or `name=value` of each option.
    var optionTexts: [String] {
        options.map { option in option.value.map { "\(option.name)=\($0.text)" } ?? option.name }
    }

    /// Source, source port, destination, destination port.
    var endpoints: [String] { [source, sourcePort, destination, destinationPort].map(\.text) }
}

extension Token {
    /// `line:column`.
    var place: String { "\(location.line):\(location.column)" }
}
