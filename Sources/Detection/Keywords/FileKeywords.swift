import NetTypes
import RuleLanguage

/// Files that are transferred: their names and sizes.
enum FileKeywords {
    static let all = [
        Keyword(
            name: "filename", value: .required,
            summary: "The file's name has this in it: [!]\"text\", whatever its case."
        ) { builder, argument throws(RuleProblem) in
            try name(argument, &builder) { $0 }
        },
        Keyword(name: "fileext", value: .required, summary: "The file's name ends in a dot and this: [!]\"pdf\".") {
            builder, argument throws(RuleProblem) in
            try name(argument, &builder) { draft in
                var draft = draft
                draft.bytes = [UInt8(ascii: ".")] + draft.bytes
                draft.pattern.endsWith = true
                return draft
            }
        },
        Keyword(
            name: "filesize", value: .required, summary: "Size of the file, once it is complete: N, <N, >N, N<>M."
        ) { builder, argument throws(RuleProblem) in
            let test = try argument.integer(IntegerSyntax(maximum: Int64.max))
            try builder.require(fileBuffer.appProtocol, for: argument.option)
            builder.transactionTests.append(.fileSize(test))
        },
    ]

    private static var fileBuffer: StickyBuffer { StickyBuffer.byID[Int(BufferID.fileName.rawValue)] }

    private static func name(
        _ argument: KeywordArgument, _ builder: inout SignatureBuilder,
        _ change: (SignatureBuilder.ContentDraft) -> SignatureBuilder.ContentDraft
    ) throws(RuleProblem) {
        let value = try argument.quoted()
        let bytes = try ContentLiteral.bytes(of: value)
        var draft = SignatureBuilder.ContentDraft(bytes: bytes, option: argument.option)
        draft.pattern.isNegated = value.isNegated
        draft.pattern.ignoresCase = true
        try builder.append(.content(change(draft)), to: fileBuffer, argument.option)
    }
}
