import AppLayer
import NetTypes
import RuleLanguage

/// When the server's certificate is valid: `tls_cert_notbefore`, `tls_cert_notafter`, `tls_cert_valid`,
/// `tls_cert_expired`.
enum CertificateTimeKeywords {
    static let all = [
        bound("tls_cert_notbefore", .notBefore, "Begin of the certificate's validity"),
        bound("tls_cert_notafter", .notAfter, "End of the certificate's validity"),
        state("tls_cert_valid", isExpired: false, "The certificate has not expired."),
        state("tls_cert_expired", isExpired: true, "The certificate has expired."),
    ]

    private static func bound(_ name: String, _ bound: CertificateBound, _ summary: String) -> Keyword {
        Keyword(
            name: name, value: .required, summary: summary + ": 2026-11-24, <2026-11-24T10:20:30, a<>b, or seconds."
        ) { builder, argument throws(RuleProblem) in
            try builder.require(.tls, for: argument.option)
            guard let range = range(argument.text) else {
                throw RuleProblem(
                    "'\(argument.text)' is no time",
                    hint: "expected [<|>]YYYY-MM-DD[THH:MM:SS], seconds since 1970, or two of them: a<>b")
            }
            builder.directedOptions.append((.toClient, argument.option))
            builder.transactionTests.append(.certificateTime(bound, from: range.lowerBound, to: range.upperBound))
        }
    }

    private static func state(_ name: String, isExpired: Bool, _ summary: String) -> Keyword {
        Keyword(name: name, value: .none, summary: summary) { builder, argument throws(RuleProblem) in
            try builder.require(.tls, for: argument.option)
            builder.directedOptions.append((.toClient, argument.option))
            builder.transactionTests.append(.certificateExpired(isExpired))
        }
    }

    /// The times that fit; `<` and `>` count their own time in.
    static func range(_ text: String) -> ClosedRange<Int64>? {
        let text = text[...].trimmed
        if let middle = text.firstRange(of: "<>") {
            guard let first = seconds(text[..<middle.lowerBound].trimmed),
                let second = seconds(text[middle.upperBound...].trimmed), first < second
            else { return nil }
            return first...second
        }
        if text.first == "<" { return seconds(text.dropFirst().trimmed).map { Int64.min...$0 } }
        if text.first == ">" { return seconds(text.dropFirst().trimmed).map { $0...Int64.max } }
        return seconds(text).map { $0...$0 }
    }

    /// Digits alone are seconds since 1970; else a date with as much of a time as is wanted, in UTC.
    private static func seconds(_ text: Substring) -> Int64? {
        if !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }) { return Int64(text) }
        let halves = text.split(maxSplits: 1, omittingEmptySubsequences: false) { $0 == "T" || $0 == " " }
        guard let date = halves.first.flatMap({ numbers($0, "-") }), (2...3).contains(date.count), date[0] >= 1000,
            let days = CertificateTime.days(year: date[0], month: date[1], day: date.count > 2 ? date[2] : 1)
        else { return nil }
        guard halves.count == 2 else { return days * 86_400 }
        guard date.count == 3, var time = numbers(halves[1], ":"), (1...3).contains(time.count) else { return nil }
        time += [0, 0]
        guard time[0] < 24, time[1] < 60, time[2] < 60 else { return nil }
        return days * 86_400 + Int64(time[0] * 3600 + time[1] * 60 + time[2])
    }

    private static func numbers(_ text: Substring, _ separator: Character) -> [Int]? {
        let parts = text.split(separator: separator, omittingEmptySubsequences: false)
        let numbers = parts.compactMap { part -> Int? in
            (1...4).contains(part.count) && part.utf8.allSatisfy { (48...57).contains($0) } ? Int(part) : nil
        }
        return numbers.count == parts.count ? numbers : nil
    }
}
