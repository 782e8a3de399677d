import AppLayer
import RuleLanguage

/// Keywords about HTTP/2 frames.
enum HTTP2Keywords {
    static let all = [
        named(
            "http2.frametype", HTTP2FrameType.allCases.map(\.name), maximum: 255,
            "A frame of this type: \(HTTP2FrameType.allCases.map(\.name).joined(separator: ", ")), or its number."
        ) { .frameType(UInt8(truncatingIfNeeded: $0)) },
        named(
            "http2.errorcode", HTTP2Names.errors, maximum: UInt32.max,
            "An error code of RST_STREAM or GOAWAY: its name, PROTOCOL_ERROR, or its number."
        ) { .errorCode($0) },
        number("http2.priority", maximum: 255, "The weight of a stream, less one: N, <N, >N, N<>M.") { .priority($0) },
        number("http2.window", maximum: Int64(UInt32.max), "What WINDOW_UPDATE adds: N, <N, >N, N<>M.") { .window($0) },
        number(
            "http2.size_update", maximum: Int64(UInt32.max), "A new size of the header table: N, <N, >N, N<>M."
        ) { .sizeUpdate($0) },
        Keyword(
            name: "http2.settings", value: .required,
            summary: "A setting, with a value or any: SETTINGS_ENABLE_PUSH, SETTINGS_HEADER_TABLE_SIZE>1000.",
            setUp: setting),
    ]

    /// A name from a list, by its place, or that number.
    private static func named(
        _ name: String, _ names: [String], maximum: UInt32, _ summary: String,
        _ make: @escaping @Sendable (UInt32) -> HTTP2Test
    ) -> Keyword {
        Keyword(name: name, value: .required, summary: summary) { builder, argument throws(RuleProblem) in
            try builder.require(.http2, for: argument.option)
            let text = argument.text.filter { $0 != " " }
            if let place = names.firstIndex(of: text.uppercased()) {
                builder.transactionTests.append(.http2(make(UInt32(place))))
            } else if text.utf8.allSatisfy({ (48...57).contains($0) }), let number = UInt32(text), number <= maximum {
                builder.transactionTests.append(.http2(make(number)))
            } else {
                throw RuleProblem(
                    "'\(text)' is no value of \(name)", hint: "expected one of \(names.joined(separator: ", "))")
            }
        }
    }

    private static func number(
        _ name: String, maximum: Int64, _ summary: String, _ make: @escaping @Sendable (IntegerTest) -> HTTP2Test
    ) -> Keyword {
        Keyword(name: name, value: .required, summary: summary) { builder, argument throws(RuleProblem) in
            try builder.require(.http2, for: argument.option)
            let test = try argument.integer(IntegerSyntax(maximum: maximum))
            builder.transactionTests.append(.http2(make(test)))
        }
    }

    @Sendable
    private static func setting(_ builder: inout SignatureBuilder, _ argument: KeywordArgument) throws(RuleProblem) {
        try builder.require(.http2, for: argument.option)
        let text = argument.text.filter { $0 != " " }
        let name = text.prefix { $0.isLetter || $0 == "_" }
        guard let place = HTTP2Names.settings.firstIndex(of: name.uppercased()) else {
            throw RuleProblem(
                "'\(name)' is no setting", hint: "expected one of \(HTTP2Names.settings.joined(separator: ", "))")
        }
        var test: IntegerTest?
        let rest = text.dropFirst(name.count)
        if !rest.isEmpty {
            switch IntegerSyntax(maximum: Int64(UInt32.max)).parse(rest) {
            case .success(let parsed): test = parsed
            case .failure(let problem): throw RuleProblem("'\(rest)' is no value of a setting", hint: problem.message)
            }
        }
        builder.transactionTests.append(.http2(.setting(UInt16(place + 1), test)))
    }
}
