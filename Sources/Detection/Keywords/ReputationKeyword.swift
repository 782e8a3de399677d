import RuleLanguage

/// `iprep`: what a list the user provides says about an address.
enum ReputationKeyword {
    static let keyword = Keyword(
        name: "iprep", value: .required,
        summary: "Reputation of an end: src|dst|any|both,CATEGORY,<|>|<=|>=|=|!=,N or isset|isnotset."
    ) { builder, argument throws(RuleProblem) in
        let parts = argument.parts
        guard (3...4).contains(parts.count) else {
            throw RuleProblem("iprep needs an end, a category and a condition", hint: "iprep:dst,BadHosts,>,30")
        }
        let sides: [String: ReputationTest.Side] = [
            "src": .source, "dst": .destination, "any": .any, "both": .both,
        ]
        guard let side = sides[parts[0]] else {
            throw RuleProblem("'\(parts[0])' is no end of a packet", hint: "expected src, dst, any or both")
        }
        let condition = try condition(parts)
        let table = builder.context.reputations
        guard let category = table.category(named: parts[1]) else {
            let message = "there is no reputation category '\(parts[1])'"
            let hint =
                table.isEmpty
                ? "set reputation-categories-file and reputation-files"
                : "there are \(table.categoryNames.prefix(8).joined(separator: ", "))"
            guard !table.isEmpty || builder.context.requiresDatabases else {
                builder.warn(argument.option, message, hint: hint)
                builder.add(.never, addressCompatible: true)
                return
            }
            throw RuleProblem(message, hint: hint)
        }
        builder.reputationTests.append(ReputationTest(side: side, category: category, condition: condition))
    }

    private static func condition(_ parts: [String]) throws(RuleProblem) -> ReputationTest.Condition {
        switch parts[2] {
        case "isset" where parts.count == 3: return .isSet
        case "isnotset" where parts.count == 3: return .isNotSet
        default: break
        }
        let comparisons: [String: IntegerTest.Comparison] = [
            "<": .less, ">": .greater, "<=": .lessOrEqual, ">=": .greaterOrEqual, "=": .equal, "==": .equal,
            "!=": .notEqual,
        ]
        guard let comparison = comparisons[parts[2]] else {
            throw RuleProblem(
                "'\(parts[2])' is no comparison", hint: "expected <, >, <=, >=, =, !=, isset or isnotset")
        }
        guard parts.count == 4, parts[3].utf8.allSatisfy({ (48...57).contains($0) }), let value = UInt8(parts[3]) else {
            throw RuleProblem("iprep compares with a number", hint: "values go from 0 to 127")
        }
        return .value(IntegerTest(comparison: comparison, first: Int64(value)))
    }
}
