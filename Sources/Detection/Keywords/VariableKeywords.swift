import RuleLanguage

/// `flowvar` and `pktvar`: what a pattern has captured holds these bytes.
enum VariableKeywords {
    static let all = [("flowvar", false), ("pktvar", true)].map { name, isOfPacket in
        Keyword(
            name: name, value: .required,
            summary: "A variable that pcre has captured, of the \(isOfPacket ? "packet" : "flow"): NAME,\"bytes\"."
        ) { builder, argument throws(RuleProblem) in
            guard let comma = argument.text.firstIndex(of: ",") else {
                throw RuleProblem("\(name) needs a name and bytes", hint: "\(name):name,\"bytes\"")
            }
            let variable = String(argument.text[..<comma].trimmed)
            let text = argument.text[argument.text.index(after: comma)...].trimmed
            guard !variable.isEmpty, !variable.contains(where: \.isWhitespace), !text.isEmpty else {
                throw RuleProblem("\(name) needs a name and bytes", hint: "\(name):name,\"bytes\"")
            }
            guard let quoted = OptionText(String(text)), !quoted.isNegated else {
                throw RuleProblem("'\(text)' are no bytes", hint: "\(name):name,\"bytes\", hexadecimal between bars")
            }
            let bytes = try ContentLiteral.bytes(of: quoted)
            guard !bytes.isEmpty else { throw RuleProblem("\(name) compares with no bytes at all") }
            builder.hasOnlyAddressTests = false
            builder.variableTests.append { names in
                VariableTest(
                    variable: names.variables.number(of: variable), bytes: bytes, isOfPacket: isOfPacket)
            }
        }
    }
}
