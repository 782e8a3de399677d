import AppLayer
import RuleLanguage

/// `dns.opcode`: what a DNS message wants (RFC 1035 section 4.1.1).
enum DNSKeywords {
    static let all = [
        Keyword(name: "dns.opcode", value: .required, summary: "The message's opcode: a number, or !number.") {
            builder, argument throws(RuleProblem) in
            try builder.require(.dns, for: argument.option)
            let text = argument.text.filter { $0 != " " }
            let isNegated = text.hasPrefix("!")
            let digits = text.dropFirst(isNegated ? 1 : 0)
            guard !digits.isEmpty, digits.utf8.allSatisfy({ (48...57).contains($0) }), let code = UInt8(digits) else {
                throw RuleProblem("'\(text)' is no opcode", hint: "expected a number from 0 to 255, or !number")
            }
            builder.transactionTests.append(.dnsOpcode(code, isNegated: isNegated))
        }
    ]
}
