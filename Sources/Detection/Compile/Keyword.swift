import RuleLanguage

/// A rule keyword: its spellings, whether it takes a value, and what it adds to a signature. One file for a family, one
/// line in `Keyword.all`.
struct Keyword: Sendable {
    enum Value: Sendable {
        case none
        case optional
        case required
    }

    let name: String
    var aliases: [String] = []
    let value: Value
    let summary: String
    let setUp: @Sendable (inout SignatureBuilder, KeywordArgument) throws(RuleProblem) -> Void

    static let all: [Keyword] =
        MetaKeywords.all + FlowKeywords.all + ContentKeywords.all + [PatternKeyword.keyword] + ByteKeywords.all
        + SizeKeywords.all + HeaderKeywords.all + PacketFieldKeywords.all + PacketEventKeywords.all + EngineKeywords.all
        + StateKeywords.all + HostBitKeywords.all + VariableKeywords.all + [
            FlowIntegerKeyword.keyword, TagKeyword.keyword,
        ] + ThresholdKeywords.all
        + EventKeywords.all + ApplicationKeywords.all + TLSKeywords.all
        + CertificateTimeKeywords.all + SSHKeywords.all + DNSKeywords.all + HTTP2Keywords.all + DatasetKeywords.all
        + FTPKeywords.all
        + BufferKeywords.all + TransformKeywords.all + Base64Keywords.all + FileKeywords.all
        + [GeoIPKeyword.keyword, ReputationKeyword.keyword, URILengthKeyword.keyword]

    static let byName: [String: Keyword] = {
        var table: [String: Keyword] = [:]
        for keyword in all {
            for name in [keyword.name] + keyword.aliases { table[name] = keyword }
        }
        return table
    }()
}

/// Something wrong with one option of a rule; `offset` and `length` are characters of its value.
struct RuleProblem: Error {
    var message: String
    var hint: String?
    var offset = 0
    var length: Int?

    init(_ message: String, hint: String? = nil, offset: Int = 0, length: Int? = nil) {
        self.message = message
        self.hint = hint
        self.offset = offset
        self.length = length
    }
}

/// An option's value as a keyword receives it.
struct KeywordArgument {
    let option: RuleOption

    /// As written; empty without a value.
    var text: String { option.value?.text ?? "" }

    /// With `!` and quotes taken apart.
    func quoted() throws(RuleProblem) -> OptionText {
        guard let value = OptionText(text) else {
            throw RuleProblem(
                "the quotes of '\(option.name)' do not match",
                hint: "a ';' inside quotes has to be written as '\\;'")
        }
        return value
    }

    /// The value split at commas, blanks removed.
    var parts: [String] {
        text.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).map { part in
            var part = part
            while part.first == UInt8(ascii: " ") { part.removeFirst() }
            while part.last == UInt8(ascii: " ") { part.removeLast() }
            return String(Substring(part))
        }
    }

    func integer(_ syntax: IntegerSyntax) throws(RuleProblem) -> IntegerTest {
        switch syntax.parse(text) {
        case .success(let test): return test
        case .failure(let problem): throw RuleProblem("'\(text)' is no value of \(option.name)", hint: problem.message)
        }
    }

    func number(_ range: ClosedRange<Int>) throws(RuleProblem) -> Int {
        guard !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }), let value = Int(text),
            range.contains(value)
        else {
            throw RuleProblem(
                "'\(text)' is no value of \(option.name)",
                hint: "expected a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }
}
