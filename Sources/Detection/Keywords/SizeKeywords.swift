import RuleLanguage

/// Lengths: of a buffer, of a packet's payload.
enum SizeKeywords {
    static let all = [
        Keyword(name: "bsize", value: .required, summary: "Length of the buffer: N, <N, >N, N<>M.") {
            builder, argument throws(RuleProblem) in
            guard builder.target != .payload else {
                throw RuleProblem("bsize needs a buffer before it", hint: "for payload use dsize")
            }
            let test = try argument.integer(IntegerSyntax(maximum: Int64(UInt32.max)))
            builder.append(.size(test, argument.option))
        },
        Keyword(name: "dsize", value: .required, summary: "Length of the packet's payload: N, !N, <N, >N, N<>M.") {
            builder, argument throws(RuleProblem) in
            let test = try argument.integer(IntegerSyntax(maximum: 65535, allowsOrEqual: true))
            guard !builder.packetTests.contains(where: { if case .payloadSize = $0 { true } else { false } }) else {
                throw RuleProblem("a rule has one dsize")
            }
            builder.add(.payloadSize(test))
            builder.packetKeyword = builder.packetKeyword ?? argument.option
        },
    ]
}
