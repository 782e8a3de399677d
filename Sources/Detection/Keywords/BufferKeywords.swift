import RuleLanguage

/// The names of all buffers, as sticky keywords and as modifiers of old rules.
enum BufferKeywords {
    static let all: [Keyword] = StickyBuffer.all.flatMap { buffer in
        let sticky = Keyword(name: buffer.name, aliases: buffer.aliases, value: .none, summary: buffer.summary) {
            builder, argument throws(RuleProblem) in
            try builder.select(buffer, argument.option)
        }
        let modifiers = buffer.modifiers.filter { !buffer.aliases.contains($0) }.map { name in
            Keyword(
                name: name, value: name == "uricontent" ? .required : .none,
                summary: "Old form of \(buffer.name): behind the content it is for."
            ) { builder, argument throws(RuleProblem) in
                if name == "uricontent" {
                    guard builder.target == .payload else {
                        throw RuleProblem(
                            "uricontent stands behind a sticky buffer",
                            hint: "write pkt_data; or content behind http.uri")
                    }
                    let value = try argument.quoted()
                    var draft = SignatureBuilder.ContentDraft(
                        bytes: try ContentLiteral.bytes(of: value), option: argument.option)
                    draft.pattern.isNegated = value.isNegated
                    builder.append(.content(draft))
                }
                try builder.moveContent(to: buffer, argument.option)
            }
        }
        return [sticky] + modifiers
    }
}
