import RuleLanguage

/// `pcre`: a regular expression, `"/pattern/flags"`.
enum PatternKeyword {
    static let keyword = Keyword(
        name: "pcre", value: .required,
        summary: "A regular expression (PCRE2): [!]\"/pattern/flags\" with i s m x A E G, R behind the match before."
    ) { builder, argument throws(RuleProblem) in
        let value = try argument.quoted()
        let text = value.text
        let shape = "pcre:\"/pattern/flags\""
        guard value.isQuoted else { throw RuleProblem("pcre needs quotes", hint: shape) }
        guard text.first == "/", let last = text.lastIndex(of: "/"), last > text.startIndex else {
            throw RuleProblem("the pattern of pcre stands between slashes", hint: shape)
        }
        let pattern = text[text.index(after: text.startIndex)..<last]
        guard !pattern.isEmpty else { throw RuleProblem("the pattern is empty", hint: shape) }
        let flags = try Flags(text[text.index(after: last)...], offset: value.offset + text.distance(to: last) + 1)
        let condition = try compile(pattern, flags, value, &builder)
        let draft = SignatureBuilder.ConditionDraft.expression(condition, argument.option)
        guard let name = flags.buffer else {
            builder.append(draft)
            return
        }
        if case .buffer(let index) = builder.target {
            // The letter says once more what the buffer before it says.
            let selected = builder.buffers[index].use.buffer
            if StickyBuffer.byID[Int(selected.rawValue)].name == name
                || name == "http.response_body" && selected == .fileData
            {
                builder.append(draft)
                return
            }
        }
        guard case .payload = builder.target else {
            throw RuleProblem("the flag for \(name) does not go with a buffer before pcre", hint: "keep one of the two")
        }
        guard let buffer = StickyBuffer.all.first(where: { $0.name == name }) else {
            throw RuleProblem("\(name), which the flag asks for, is not supported yet")
        }
        try builder.append(draft, to: buffer, argument.option)
    }

    /// Letters behind the second slash.
    private struct Flags {
        var options: RegularExpression.Options = []
        var isRelative = false
        /// Name of the buffer that a letter of old rules asks for.
        var buffer: String?
        /// What stands behind the letters, and where in the option's value.
        var captures: Substring = ""
        var captureOffset = 0

        /// - Parameter offset: of the text in the option's value.
        init(_ text: Substring, offset: Int) throws(RuleProblem) {
            var offset = offset
            // Behind a comma stand names for captured groups.
            if let comma = text.firstIndex(of: ",") {
                captures = text[text.index(after: comma)...]
                captureOffset = offset + text.distance(to: comma) + 1
            }
            for letter in text.prefix(while: { $0 != "," }) {
                defer { offset += 1 }
                if letter == " " { continue }
                if let option = Flags.options[letter] {
                    options.insert(option)
                } else if let name = Flags.buffers[letter] {
                    guard buffer == nil || buffer == name else {
                        throw RuleProblem("two flags name different buffers", offset: offset, length: 1)
                    }
                    buffer = name
                } else if letter == "R" {
                    isRelative = true
                } else if letter != "B", letter != "O" {
                    throw RuleProblem(
                        "'\(letter)' is no pcre flag",
                        hint: "expected letters of ismxAEG, R, B, O, or a buffer's: U I P Q H D M C S Y V W Z",
                        offset: offset, length: 1)
                }
            }
            guard buffer != "http.host" || !options.contains(.ignoresCase) else {
                throw RuleProblem("flag i does not go with W: http.host is always in lower case", hint: "remove the i")
            }
        }

        static let options: [Character: RegularExpression.Options] = [
            "i": .ignoresCase, "s": .dotMatchesAll, "m": .multiline, "x": .extended, "A": .anchored,
            "E": .dollarAtEndOnly, "G": .ungreedy,
        ]

        static let buffers: [Character: String] = [
            "U": "http.uri", "I": "http.uri.raw", "P": "http.request_body", "Q": "http.response_body",
            "H": "http.header", "D": "http.header.raw", "M": "http.method", "C": "http.cookie", "S": "http.stat_code",
            "Y": "http.stat_msg", "V": "http.user_agent", "W": "http.host", "Z": "http.host.raw",
        ]
    }

    private static func compile(
        _ pattern: Substring, _ flags: Flags, _ value: OptionText, _ builder: inout SignatureBuilder
    ) throws(RuleProblem) -> ExpressionCondition {
        #if PCRE2
            do throws(RegularExpression.Problem) {
                builder.expressions.append(try RegularExpression(Array(pattern.utf8), flags.options))
            } catch {
                throw RuleProblem(
                    error.message, offset: value.offset + 1 + error.offset,
                    length: max(1, pattern.utf8.count - error.offset))
            }
            let expression = builder.expressions[builder.expressions.count - 1]
            builder.captures.append(
                try PatternCapture.drafts(
                    list: flags.captures, listOffset: flags.captureOffset, groupCount: expression.groupCount,
                    names: expression.groupNames))
            return ExpressionCondition(
                index: Int32(builder.expressions.count - 1), isNegated: value.isNegated, isRelative: flags.isRelative,
                holdsAtLimit: builder.rule.action.blocks && !builder.context.compatibleWithSuricata)
        #else
            throw RuleProblem(
                "pcre is not part of this build",
                hint: "build with the package trait PCRE2 (needs libpcre2-dev): swift build --traits PCRE2")
        #endif
    }
}

extension Substring {
    fileprivate func distance(to index: Index) -> Int { distance(from: startIndex, to: index) }
}
