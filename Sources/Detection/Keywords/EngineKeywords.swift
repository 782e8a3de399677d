import RuleLanguage

/// Keywords that speak to the engine: what it must be, what it shall leave out.
enum EngineKeywords {
    static let all = [
        Keyword(
            name: "requires", value: .required, summary: "What an engine must have for the rule to count.",
            // Judged before anything else of the rule: `RuleRequirement`.
            setUp: { _, _ throws(RuleProblem) in }),
        Keyword(
            name: "prefilter", value: .none,
            summary: "Which condition is looked at first; changes no result."
        ) { builder, argument throws(RuleProblem) in
            guard builder.hasCondition else {
                throw RuleProblem("prefilter needs a condition before it", hint: "write flags:S; prefilter;")
            }
            guard !builder.hasPrefilter else { throw RuleProblem("prefilter stands twice") }
            builder.hasPrefilter = true
        },
        Keyword(name: "bypass", value: .none, summary: "The flow is not inspected any further.") {
            builder, _ throws(RuleProblem) in
            builder.hasOnlyAddressTests = false
            builder.flowEffects.append(.bypass)
        },
        Keyword(
            name: "config", value: .required,
            summary: "Switches logging off: logging disable, type tx|flow, scope tx|flow.", setUp: configuration),
    ]

    @Sendable
    private static func configuration(
        _ builder: inout SignatureBuilder, _ argument: KeywordArgument
    ) throws(RuleProblem) {
        let pairs = argument.parts.map { part in part.split(separator: " ").map(String.init) }
        guard pairs.count == 3, pairs.allSatisfy({ $0.count == 2 }), pairs[0] == ["logging", "disable"],
            pairs[1][0] == "type", ["tx", "flow"].contains(pairs[1][1]), pairs[2][0] == "scope",
            ["tx", "flow"].contains(pairs[2][1])
        else {
            throw RuleProblem(
                "'\(argument.text)' is no configuration",
                hint: "expected logging disable, type tx|flow, scope tx|flow")
        }
        builder.flowEffects.append(
            pairs[1][1] == "flow"
                ? .leaveFlowOut : pairs[2][1] == "flow" ? .leaveTransactionsOut : .leaveTransactionOut)
    }
}
