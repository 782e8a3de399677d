import RuleLanguage

/// `flowint`: integers of a flow that rules count with.
enum FlowIntegerKeyword {
    static let keyword = Keyword(
        name: "flowint", value: .required,
        summary: "An integer of the flow: NAME,+|-|=|==|!=|<|<=|>|>=,N or another NAME; NAME,isset|notset."
    ) { builder, argument throws(RuleProblem) in
        let parts = argument.parts
        guard parts.count >= 2 else {
            throw RuleProblem("flowint needs a name and an operation", hint: "flowint:name,+,1")
        }
        builder.hasOnlyAddressTests = false
        let name = parts[0]
        guard isName(name, also: "_./") else {
            throw RuleProblem(
                "'\(name)' is no name of a flow integer",
                hint: "a letter, then at least one letter, digit, '_', '.' or '/'")
        }
        switch parts[1] {
        case "isset": test(.isSet, name, .number(0), &builder)
        case "notset", "isnotset": test(.isNotSet, name, .number(0), &builder)
        default:
            guard parts.count == 3 else {
                throw RuleProblem("flowint takes a name, an operation and a value", hint: "flowint:name,+,1")
            }
            try compare(parts[1], name, try operand(parts[2]), &builder)
        }
    }

    private enum Value: Sendable {
        case number(UInt32)
        case name(String)

        func number(_ names: inout StateNames) -> FlowIntegerOperand {
            switch self {
            case .number(let number): .number(number)
            case .name(let name): .variable(names.flowIntegers.number(of: name))
            }
        }
    }

    private static func isName(_ text: String, also others: String) -> Bool {
        guard text.utf8.count > 1, let first = text.first, first.isASCII, first.isLetter else { return false }
        return text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) || others.contains($0) }
    }

    private static func operand(_ text: String) throws(RuleProblem) -> Value {
        if text.utf8.allSatisfy({ (48...57).contains($0) }), let number = UInt32(text) { return .number(number) }
        guard isName(text, also: "_") else {
            throw RuleProblem(
                "'\(text)' is neither a number nor a name", hint: "a number from 0 to \(UInt32.max), or a flow integer")
        }
        return .name(text)
    }

    private static func compare(
        _ operation: String, _ name: String, _ value: Value, _ builder: inout SignatureBuilder
    ) throws(RuleProblem) {
        switch operation {
        case "=": builder.effects.append { .setFlowInteger($0.flowIntegers.number(of: name), value.number(&$0)) }
        case "+": builder.effects.append { .addToFlowInteger($0.flowIntegers.number(of: name), value.number(&$0)) }
        case "-":
            builder.effects.append { .subtractFromFlowInteger($0.flowIntegers.number(of: name), value.number(&$0)) }
        default:
            let comparisons: [String: FlowIntegerTest.Comparison] = [
                "==": .equal, "!=": .notEqual, "<": .less, "<=": .lessOrEqual, ">": .greater, ">=": .greaterOrEqual,
            ]
            guard let comparison = comparisons[operation] else {
                throw RuleProblem(
                    "'\(operation)' is no operation of flowint",
                    hint: "expected +, -, =, ==, !=, <, <=, >, >=, isset or notset")
            }
            test(comparison, name, value, &builder)
        }
    }

    private static func test(
        _ comparison: FlowIntegerTest.Comparison, _ name: String, _ value: Value,
        _ builder: inout SignatureBuilder
    ) {
        builder.integerTests.append {
            FlowIntegerTest(
                variable: $0.flowIntegers.number(of: name), comparison: comparison, operand: value.number(&$0))
        }
    }
}
