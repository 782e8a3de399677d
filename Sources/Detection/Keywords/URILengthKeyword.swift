import NetTypes
import RuleLanguage

/// `urilen`: the length of the request target, normalized or as sent.
enum URILengthKeyword {
    static let keyword = Keyword(
        name: "urilen", value: .required,
        summary: "Length of http.uri: N, <N, >N, N<>M (ends excluded); with ,raw of http.uri.raw."
    ) { builder, argument throws(RuleProblem) in
        let parts = argument.parts
        guard parts.count <= 2 else {
            throw RuleProblem("urilen takes a length and one word", hint: "urilen:>20,raw;")
        }
        let form = parts.count == 2 ? parts[1].lowercased() : "norm"
        if form != "norm", form != "raw" {
            builder.warn(argument.option, "'\(form)' is no form of a URI: norm is used", hint: "expected raw or norm")
        }
        let buffer = form == "raw" ? BufferID.httpURIRaw : .httpURI
        let test: IntegerTest
        switch IntegerSyntax(maximum: 65535).parse(parts[0]) {
        case .success(let parsed): test = parsed
        case .failure(let problem): throw RuleProblem("'\(parts[0])' is no value of urilen", hint: problem.message)
        }
        try builder.add(.size(test, argument.option), to: StickyBuffer.byID[Int(buffer.rawValue)], argument.option)
    }
}
