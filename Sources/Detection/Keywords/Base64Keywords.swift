import RuleLanguage

/// `base64_decode` decodes a part of the buffer, and `base64_data` looks into what came of it.
enum Base64Keywords {
    static let all = [
        Keyword(
            name: "base64_decode", value: .optional,
            summary: "Decodes base64 in the buffer for base64_data: bytes N, offset N, relative."
        ) { builder, argument throws(RuleProblem) in
            var decoding = Base64Decoding()
            for word in argument.parts where !word.isEmpty {
                let pair = word.split(separator: " ").map(String.init)
                switch (pair.first, pair.count) {
                case ("bytes", 2): decoding.count = Int32(try number(pair[1], 65535))
                case ("offset", 2): decoding.offset = Int32(try number(pair[1], Int(Int32.max)))
                case ("relative", 1): decoding.isRelative = true
                default:
                    throw RuleProblem(
                        "'\(word)' is no option of base64_decode", hint: "expected bytes N, offset N or relative")
                }
            }
            builder.hasBase64Decoding = true
            try builder.appendBase64(decoding, argument.option)
        },
        Keyword(
            name: "base64_data", value: .none,
            summary: "From here to the rule's end, content is looked for in what base64_decode made."
        ) { builder, argument throws(RuleProblem) in
            guard builder.hasBase64Decoding else {
                throw RuleProblem(
                    "base64_data needs base64_decode before it", hint: "write base64_decode; base64_data;")
            }
            builder.target = .base64
        },
    ]

    private static func number(_ text: String, _ maximum: Int) throws(RuleProblem) -> Int {
        guard let number = Int(text), (0...maximum).contains(number) else {
            throw RuleProblem("'\(text)' is no number for base64_decode", hint: "expected one from 0 to \(maximum)")
        }
        return number
    }
}

extension SignatureBuilder {
    /// Behind a content that an old-style modifier has moved, decoding goes with that content.
    mutating func appendBase64(_ decoding: Base64Decoding, _ option: RuleOption) throws(RuleProblem) {
        guard target != .base64 else {
            throw RuleProblem("base64_decode does not go behind base64_data", hint: "put it before base64_data")
        }
        let draft = ConditionDraft.base64(decoding, option)
        if target == .payload, case .buffer(let index)? = lastContentTarget {
            buffers[index].conditions.append(draft)
        } else {
            append(draft)
        }
    }
}
