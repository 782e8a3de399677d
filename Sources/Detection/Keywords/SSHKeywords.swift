import AppLayer
import RuleLanguage

/// Old keywords about an SSH identification string; they compare a part of it as a whole.
enum SSHKeywords {
    static let all = [
        Keyword(
            name: "ssh.protoversion", value: .required,
            summary: "The protocol version: 2.0; 2_compat stands for 2 and 1.99.", setUp: protocolVersion),
        Keyword(
            name: "ssh.softwareversion", value: .required, summary: "The software version, the whole of it."
        ) { builder, argument throws(RuleProblem) in
            try builder.require(.ssh, for: argument.option)
            let text = plain(argument)
            guard !text.isEmpty, !text.contains("/") else {
                throw RuleProblem(
                    "'\(text)' is no software version", hint: "for a part of it use ssh.software and content")
            }
            builder.addExact(text, .sshSoftware, argument.option)
        },
    ]

    @Sendable
    private static func protocolVersion(
        _ builder: inout SignatureBuilder, _ argument: KeywordArgument
    ) throws(RuleProblem) {
        try builder.require(.ssh, for: argument.option)
        let text = plain(argument).filter { $0 != "\"" }
        if text == "2_compat" {
            builder.transactionTests.append(.sshVersion2)
            return
        }
        guard !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) || $0 == UInt8(ascii: ".") }) else {
            throw RuleProblem("'\(text)' is no protocol version", hint: "expected 2.0, 1.99 or 2_compat")
        }
        builder.addExact(text, .sshProtocol, argument.option)
    }

    private static func plain(_ argument: KeywordArgument) -> String {
        String(argument.text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}

extension SignatureBuilder {
    /// The buffer must be this text; what follows in the rule goes on as before.
    fileprivate mutating func addExact(_ text: String, _ buffer: BufferID, _ option: RuleOption) {
        var draft = ContentDraft(bytes: Array(text.utf8), option: option)
        draft.pattern.startsWith = true
        draft.pattern.endsWith = true
        buffers.append(BufferDraft(use: BufferUse(buffer: buffer), conditions: [.content(draft)], option: option))
    }
}
