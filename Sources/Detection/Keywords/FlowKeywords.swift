import RuleLanguage

/// `flow`: direction, establishment, and where content is looked for.
enum FlowKeywords {
    static let all = [
        Keyword(
            name: "flow", value: .required,
            summary:
                "Direction and state of the flow: to_server, to_client, established, not_established, stateless, ...",
            setUp: setUp),
        Keyword(
            name: "flow.age", value: .required,
            summary: "Seconds from the flow's first packet to this one: N, !N, <N, >N, <=N, >=N, N-M."
        ) {
            builder, argument throws(RuleProblem) in
            builder.add(.flowAge(try argument.integer(IntegerSyntax(maximum: Int64(UInt32.max)))))
            builder.packetKeyword = builder.packetKeyword ?? argument.option
        },
    ]

    @Sendable
    private static func setUp(_ builder: inout SignatureBuilder, _ argument: KeywordArgument) throws(RuleProblem) {
        guard builder.flow == nil else {
            throw RuleProblem("a rule has one flow option", hint: "join them: flow:established,to_server")
        }
        var test = FlowTest()
        var seen: Set<String> = []
        for word in argument.parts {
            let word = word.lowercased()
            guard seen.insert(word).inserted else { throw RuleProblem("flow names '\(word)' twice") }
            try take(word, &test)
        }
        if test.toServer, test.toClient {
            throw RuleProblem("flow names both directions", hint: "leave the direction out to mean both")
        }
        if test.streamOnly, test.packetsOnly { throw RuleProblem("only_stream and no_stream exclude each other") }
        if test.wholeOnly, test.reassembledOnly { throw RuleProblem("no_frag and only_frag exclude each other") }
        builder.flow = test
        // A bare direction is part of the header; everything else is a test of each packet.
        if !test.isDirectionOnly { builder.add(.flow(test)) }
    }

    private static func take(_ word: String, _ test: inout FlowTest) throws(RuleProblem) {
        switch word {
        case "to_server", "from_client":
            guard !test.toServer else { throw RuleProblem("flow names the direction twice") }
            test.toServer = true
        case "to_client", "from_server":
            guard !test.toClient else { throw RuleProblem("flow names the direction twice") }
            test.toClient = true
        case "established": try establish(.established, word, &test)
        case "not_established": try establish(.notEstablished, word, &test)
        case "stateless": try establish(.stateless, word, &test)
        case "only_stream": test.streamOnly = true
        case "no_stream": test.packetsOnly = true
        case "no_frag": test.wholeOnly = true
        case "only_frag": test.reassembledOnly = true
        default:
            throw RuleProblem(
                "'\(word)' is no flow option",
                hint:
                    "expected to_server, to_client, from_client, from_server, established, not_established, stateless, "
                    + "only_stream, no_stream, no_frag or only_frag")
        }
    }

    private static func establish(
        _ value: FlowTest.Establishment, _ word: String, _ test: inout FlowTest
    ) throws(RuleProblem) {
        guard test.establishment == .any else {
            throw RuleProblem(
                "'\(word)' contradicts what flow says before it",
                hint: "keep one of established, not_established, stateless")
        }
        test.establishment = value
    }
}
