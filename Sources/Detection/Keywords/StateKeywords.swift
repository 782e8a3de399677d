import RuleLanguage

/// State that rules leave for each other.
enum StateKeywords {
    static let all = [
        Keyword(
            name: "flowbits", value: .required,
            summary: "Marks of a flow: set, unset, toggle, isset, isnotset with a name; noalert."
        ) { builder, argument throws(RuleProblem) in
            let parts = argument.parts
            let command = parts[0].lowercased()
            if command == "noalert" {
                guard parts.count == 1 else { throw RuleProblem("flowbits:noalert takes no name") }
                builder.isSilenced = true
                return
            }
            guard parts.count == 2, !parts[1].isEmpty else {
                throw RuleProblem("flowbits:\(command) needs a name", hint: "flowbits:\(command),name")
            }
            let names = parts[1].split(separator: "|").map { $0.filter { $0 != " " } }.filter { !$0.isEmpty }
            switch command {
            case "isset": builder.addFlowbitTest(names, isSet: true)
            case "isnotset": builder.addFlowbitTest(names, isSet: false)
            case "set", "unset", "toggle":
                guard names.count == 1, let name = names.first else {
                    // Suricata loads it and changes no bit.
                    builder.warn(
                        argument.option, "flowbits:\(command) of several names changes none of them",
                        hint: "only isset and isnotset take several; write one flowbits option for each name")
                    return
                }
                // Of the commands that change a bit only `set` leaves a rule about addresses alone.
                if command != "set" { builder.hasOnlyAddressTests = false }
                let make = effect(command)
                builder.effects.append { make($0.flowbits.number(of: name)) }
            default:
                throw RuleProblem(
                    "'\(command)' is no flowbits command",
                    hint: "expected set, unset, toggle, isset, isnotset or noalert")
            }
        }
    ]

    private static func effect(_ command: String) -> @Sendable (Int32) -> SignatureEffect {
        switch command {
        case "set": { .setFlowbit($0) }
        case "unset": { .clearFlowbit($0) }
        default: { .toggleFlowbit($0) }
        }
    }
}

extension SignatureBuilder {
    mutating func addFlowbitTest(_ names: [String], isSet: Bool) {
        flowbitTests.append((names, isSet))
        hasOnlyAddressTests = false
    }
}
