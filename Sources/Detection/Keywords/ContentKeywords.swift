import NetTypes
import RuleLanguage

/// `content` and the modifiers behind it.
enum ContentKeywords {
    /// Longest literal: as long as a rule may be.
    static let maximumLength = RuleParser.maximumRuleLength

    static let all = [
        Keyword(name: "content", value: .required, summary: "A literal, with hexadecimal bytes between bars.") {
            builder, argument throws(RuleProblem) in
            let value = try argument.quoted()
            guard value.isQuoted else { throw RuleProblem("content needs quotes", hint: "write content:\"...\"") }
            let bytes = try ContentLiteral.bytes(of: value)
            var draft = SignatureBuilder.ContentDraft(bytes: bytes, option: argument.option)
            draft.pattern.isNegated = value.isNegated
            builder.append(.content(draft))
        },
        modifier("nocase", "The literal before it ignores case.") { draft throws(RuleProblem) in
            guard !draft.pattern.ignoresCase else { throw RuleProblem("nocase stands twice behind one content") }
            draft.pattern.ignoresCase = true
        },
        modifier("startswith", "The buffer begins with the literal before it.") { draft throws(RuleProblem) in
            guard !draft.isAbsolute, !draft.pattern.isRelative, !draft.pattern.startsWith else {
                throw RuleProblem("startswith cannot stand with offset, depth, distance or within")
            }
            draft.pattern.startsWith = true
        },
        modifier("endswith", "The buffer ends with the literal before it.") { draft throws(RuleProblem) in
            guard !draft.pattern.endsWith else { throw RuleProblem("endswith stands twice behind one content") }
            draft.pattern.endsWith = true
        },
        Keyword(name: "rawbytes", value: .none, summary: "Without effect; accepted for old rules.") {
            builder, argument throws(RuleProblem) in
            guard builder.target == .payload else {
                throw RuleProblem("rawbytes goes with the payload, not with a buffer", hint: "remove rawbytes")
            }
            try builder.modifyContent(argument.option) { draft throws(RuleProblem) in
                guard !draft.hasRawBytes else { throw RuleProblem("rawbytes stands twice behind one content") }
                draft.hasRawBytes = true
            }
        },
        Keyword(name: "pkt_data", value: .none, summary: "From here on content is looked for in the payload again.") {
            builder, _ throws(RuleProblem) in
            builder.target = .payload
        },
        Keyword(
            name: "fast_pattern", value: .optional,
            summary: "The literal by which candidates are found; changes no result."
        ) { builder, argument throws(RuleProblem) in
            let text = argument.text
            let isRange =
                text.split(separator: ",").count == 2 && text.allSatisfy { $0.isNumber || $0 == "," || $0 == " " }
            guard text.isEmpty || text == "only" || isRange else {
                throw RuleProblem(
                    "'\(text)' is no fast_pattern option", hint: "expected nothing, only, or offset,length")
            }
            try builder.modifyContent(argument.option) { draft throws(RuleProblem) in
                guard !draft.isFastPattern else { throw RuleProblem("fast_pattern stands twice behind one content") }
                if isRange {
                    let numbers = argument.parts.compactMap { Int($0) }
                    guard numbers.count == 2, numbers[0] <= draft.bytes.count,
                        numbers[1] <= draft.bytes.count - numbers[0]
                    else {
                        throw RuleProblem(
                            "fast_pattern names more than the content's \(draft.bytes.count) bytes",
                            hint: "offset and length lie inside the content")
                    }
                }
                draft.isFastPattern = true
                draft.isFastPatternOnly = text == "only"
            }
        },
        number("offset", "Where the search begins.", 0...65535, \.offset) { draft, value throws(RuleProblem) in
            guard draft.offset == nil else { throw RuleProblem("offset stands twice behind one content") }
            guard !draft.pattern.startsWith, !draft.pattern.isRelative else { throw mixed("offset") }
            draft.offset = value
        },
        number("depth", "Where the search ends, counted from the offset.", 0...65535, \.depth) {
            draft, value throws(RuleProblem) in
            guard draft.depth == nil else { throw RuleProblem("depth stands twice behind one content") }
            guard !draft.pattern.startsWith, !draft.pattern.isRelative else { throw mixed("depth") }
            guard value >= draft.bytes.count || draft.pattern.variables.areUsed else {
                throw RuleProblem(
                    "depth \(value) is less than the content's \(draft.bytes.count) bytes",
                    hint: "such a rule can never match")
            }
            draft.depth = value
        },
        number("distance", "Bytes between the match before and this one.", -65535...65535, \.distance) {
            draft, value throws(RuleProblem) in
            guard draft.pattern.distance == nil else { throw RuleProblem("distance stands twice behind one content") }
            guard !draft.pattern.startsWith, !draft.isAbsolute else { throw mixed("distance") }
            draft.pattern.distance = Int32(value)
        },
        number("within", "Bytes, behind distance, the whole literal lies in.", -65535...65535, \.within) {
            draft, value throws(RuleProblem) in
            guard draft.pattern.within == nil else { throw RuleProblem("within stands twice behind one content") }
            guard !draft.pattern.startsWith, !draft.isAbsolute else { throw mixed("within") }
            guard value >= draft.bytes.count || draft.pattern.variables.areUsed else {
                throw RuleProblem(
                    "within \(value) is less than the content's \(draft.bytes.count) bytes",
                    hint: "such a rule can never match")
            }
            draft.pattern.within = Int32(value)
        },
    ]

    private static func mixed(_ name: String) -> RuleProblem {
        RuleProblem(
            "\(name) does not go with the content's other modifiers",
            hint: "offset and depth, distance and within, and startswith exclude each other")
    }

    private static func modifier(
        _ name: String, _ summary: String,
        _ change: @escaping @Sendable (inout SignatureBuilder.ContentDraft) throws(RuleProblem) -> Void
    ) -> Keyword {
        Keyword(name: name, value: .none, summary: summary) { builder, argument throws(RuleProblem) in
            try builder.modifyContent(argument.option, change)
        }
    }

    /// A modifier with a number, or with the name of one that the rule has read before.
    private static func number(
        _ name: String, _ summary: String, _ range: ClosedRange<Int>,
        _ variable: any WritableKeyPath<ContentPattern.Variables, Int8> & Sendable,
        _ change: @escaping @Sendable (inout SignatureBuilder.ContentDraft, Int) throws(RuleProblem) -> Void
    ) -> Keyword {
        Keyword(name: name, value: .required, summary: summary) { builder, argument throws(RuleProblem) in
            switch try builder.byteNumber(argument.text, Int64(range.lowerBound)...Int64(range.upperBound), argument) {
            case .literal(let value):
                try builder.modifyContent(argument.option) { draft throws(RuleProblem) in
                    try change(&draft, Int(value))
                }
            case .variable(let index):
                try builder.modifyContent(argument.option) { draft throws(RuleProblem) in
                    draft.pattern.variables[keyPath: variable] = Int8(index)
                    // What is compared with the literal's length is known with the packet alone.
                    try change(&draft, 0)
                }
            }
        }
    }
}

/// The text between the quotes of a content: plain characters, `\"`, `\;`, `\:`, `\\`, and bytes as `|0d 0a|`.
enum ContentLiteral {
    static func bytes(of value: OptionText) throws(RuleProblem) -> [UInt8] {
        var bytes: [UInt8] = []
        var isHex = false
        var high: UInt8?
        var isEscaped = false
        var place = value.offset
        for byte in value.text.utf8 {
            defer { place += 1 }
            if isEscaped {
                guard [UInt8(ascii: "\""), UInt8(ascii: ";"), UInt8(ascii: ":"), UInt8(ascii: "\\")].contains(byte)
                else {
                    throw RuleProblem("'\\' stands before a character that needs none", offset: place, length: 1)
                }
                bytes.append(byte)
                isEscaped = false
            } else if byte == UInt8(ascii: "|") {
                guard high == nil else {
                    throw RuleProblem("a byte has two hexadecimal digits", offset: place, length: 1)
                }
                isHex.toggle()
            } else if isHex {
                if byte == 32 || byte == 9 || byte == UInt8(ascii: ",") { continue }
                guard let digit = byte.hexadecimalDigitValue else {
                    throw RuleProblem(
                        "'\(Character(UnicodeScalar(byte)))' is no hexadecimal digit",
                        hint: "between bars stand bytes: |0d 0a|",
                        offset: place, length: 1)
                }
                if let first = high {
                    bytes.append(first << 4 | digit)
                    high = nil
                } else {
                    high = digit
                }
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                throw RuleProblem("a quote inside content is written \\\"", offset: place, length: 1)
            } else {
                bytes.append(byte)
            }
        }
        guard !isHex, high == nil, !isEscaped else {
            throw RuleProblem("content ends in the middle of \(isHex ? "|bytes|" : "an escape")")
        }
        guard !bytes.isEmpty else { throw RuleProblem("content is empty") }
        guard bytes.count <= ContentKeywords.maximumLength else {
            throw RuleProblem("content has \(bytes.count) bytes, at most \(ContentKeywords.maximumLength) are allowed")
        }
        return bytes
    }
}
