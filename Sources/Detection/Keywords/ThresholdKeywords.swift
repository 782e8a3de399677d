import RuleLanguage

/// `threshold` and `detection_filter`: how many matches it takes, or how many count.
enum ThresholdKeywords {
    static let all = [
        Keyword(
            name: "threshold", value: .required,
            summary:
                "How many matches count: type limit|threshold|both, track by_src|by_dst|by_rule|by_both, count N, seconds N."
        ) { builder, argument throws(RuleProblem) in
            try checkSingle(builder, argument)
            var fields = ThresholdFields(argument.parts)
            let kinds: [String: ThresholdTest.Kind] = ["limit": .limit, "threshold": .threshold, "both": .both]
            builder.threshold = ThresholdTest(
                kind: try fields.word("type", kinds), track: try fields.word("track", ThresholdFields.tracks),
                count: try fields.number("count"), seconds: try fields.number("seconds"))
        },
        Keyword(
            name: "detection_filter", value: .required,
            summary: "Matches count from the one after N on: track by_src|by_dst, count N, seconds N."
        ) { builder, argument throws(RuleProblem) in
            try checkSingle(builder, argument)
            var fields = ThresholdFields(argument.parts)
            let track = try fields.word("track", ["by_src": StateTrack.source, "by_dst": .destination])
            let count = try fields.number("count")
            let seconds = try fields.number("seconds")
            guard count > 0, seconds > 0 else {
                throw RuleProblem("count and seconds of detection_filter are at least 1")
            }
            builder.threshold = ThresholdTest(kind: .detection, track: track, count: count, seconds: seconds)
        },
    ]

    private static func checkSingle(_ builder: SignatureBuilder, _ argument: KeywordArgument) throws(RuleProblem) {
        guard builder.threshold == nil else {
            throw RuleProblem(
                "a rule has one threshold or detection_filter",
                hint: "further limits for the same rule belong into the threshold file")
        }
    }
}

/// `name value` pairs in any order, as thresholds are written.
struct ThresholdFields {
    private var values: [String: String] = [:]
    private var isTwice: String?

    static let tracks: [String: StateTrack] = [
        "by_src": .source, "by_dst": .destination, "by_both": .both, "by_rule": .rule,
    ]

    /// Fields nobody knows are let pass, as Suricata does.
    init(_ parts: [String]) {
        for part in parts {
            let pair = part.split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init)
            guard pair.count == 2 else { continue }
            if values.updateValue(pair[1], forKey: pair[0]) != nil { isTwice = pair[0] }
        }
    }

    mutating func word<Value>(_ name: String, _ words: [String: Value]) throws(RuleProblem) -> Value {
        let text = try text(name)
        guard let value = words[text] else {
            throw RuleProblem(
                "'\(text)' is no \(name) of a threshold",
                hint: "expected \(words.keys.sorted().joined(separator: ", "))")
        }
        return value
    }

    mutating func number(_ name: String) throws(RuleProblem) -> UInt32 {
        let text = try text(name)
        guard text.utf8.allSatisfy({ (48...57).contains($0) }), let value = UInt32(text) else {
            throw RuleProblem("'\(text)' is no \(name)", hint: "expected a number from 0 to \(UInt32.max)")
        }
        return value
    }

    func text(_ name: String) throws(RuleProblem) -> String {
        if let isTwice { throw RuleProblem("'\(isTwice)' stands twice") }
        guard let text = values[name] else {
            throw RuleProblem("'\(name)' is missing", hint: "such as \(name) \(ThresholdFields.examples[name] ?? "N")")
        }
        return text
    }

    private static let examples = ["type": "limit", "track": "by_src", "new_action": "drop"]
}
