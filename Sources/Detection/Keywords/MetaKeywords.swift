import RuleLanguage

/// Keywords that describe a rule and change nothing about what it matches, and those about its log entry.
enum MetaKeywords {
    static let all = [
        Keyword(name: "msg", value: .required, summary: "Text of the log entry.") {
            builder, argument throws(RuleProblem) in
            let value = try argument.quoted()
            guard value.isQuoted, !value.isNegated else {
                throw RuleProblem("msg needs quotes", hint: "write msg:\"...\"")
            }
            guard !value.text.isEmpty else { throw RuleProblem("msg is empty") }
            builder.detail.message = value.unescaped
        },
        Keyword(name: "sid", value: .required, summary: "The signature's number, unique with its gid.") {
            builder, argument throws(RuleProblem) in
            builder.detail.signatureID = UInt32(try number(argument, 1...Int(UInt32.max - 1)))
        },
        Keyword(
            name: "gid", value: .required, summary: "Number of the generator the signature belongs to; 1 by default."
        ) {
            builder, argument throws(RuleProblem) in
            builder.detail.generatorID = UInt32(try number(argument, 0...Int(UInt32.max - 1)))
        },
        Keyword(name: "rev", value: .required, summary: "Revision of the signature.") {
            builder, argument throws(RuleProblem) in
            builder.detail.revision = UInt32(try number(argument, 1...Int(UInt32.max - 1)))
        },
        Keyword(name: "classtype", value: .required, summary: "Class of the event; gives category and priority.") {
            builder, argument throws(RuleProblem) in
            let name = try argument.quoted().unescaped
            guard let classification = builder.context.classifications[name.lowercased()] else {
                builder.warn(argument.option, "unknown classtype '\(name)': priority 3 is used")
                return
            }
            builder.detail.classification = classification.description
            if !builder.hasExplicitPriority { builder.detail.severity = classification.priority }
        },
        Keyword(name: "priority", value: .required, summary: "Severity of the event, 1 (high) to 255.") {
            builder, argument throws(RuleProblem) in
            builder.detail.severity = try number(argument, 0...65535)
            builder.hasExplicitPriority = true
        },
        Keyword(name: "reference", value: .required, summary: "Where to read more: type,address.") {
            builder, argument throws(RuleProblem) in
            guard let comma = argument.text.firstIndex(of: ","),
                argument.text[argument.text.index(after: comma)...].contains(where: { $0 != " " })
            else {
                throw RuleProblem(
                    "'\(argument.text)' is no reference", hint: "expected a type and an address: url,example.com/x")
            }
            let system = String(argument.text[..<comma].trimmed)
            if let known = builder.context.references, !known.contains(system.lowercased()) {
                builder.warn(argument.option, "unknown reference '\(system)'")
            }
            builder.detail.references.append(argument.text)
        },
        Keyword(name: "metadata", value: .required, summary: "Pairs of key and value for the log.") {
            builder, argument throws(RuleProblem) in
            for part in argument.parts where !part.isEmpty {
                let pair = part.split(separator: " ", maxSplits: 1).map(String.init)
                builder.detail.metadata.append((pair[0], pair.count > 1 ? pair[1] : ""))
            }
        },
        Keyword(name: "target", value: .required, summary: "Which end is attacked: src_ip or dest_ip.") {
            builder, argument throws(RuleProblem) in
            guard ["src_ip", "dest_ip"].contains(argument.text) else {
                throw RuleProblem("'\(argument.text)' is no target", hint: "expected src_ip or dest_ip")
            }
            let isSource = argument.text == "src_ip"
            guard builder.detail.targetsSource == nil || builder.detail.targetsSource == isSource else {
                throw RuleProblem("target names both ends", hint: "keep one of src_ip and dest_ip")
            }
            builder.detail.targetsSource = isSource
        },
        Keyword(name: "noalert", value: .none, summary: "The rule acts without a log entry.") {
            builder, _ throws(RuleProblem) in
            builder.isSilenced = true
        },
        Keyword(name: "alert", value: .none, summary: "A pass rule writes a log entry.") {
            builder, _ throws(RuleProblem) in
            builder.isAlertWanted = true
        },
    ]

    private static func number(_ argument: KeywordArgument, _ range: ClosedRange<Int>) throws(RuleProblem) -> Int {
        // Quotes around numbers occur in the wild and are accepted by Suricata.
        let text = argument.text.filter { $0 != "\"" }
        guard !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }), let value = Int(text),
            range.contains(value)
        else {
            throw RuleProblem(
                "'\(argument.text)' is no \(argument.option.name)",
                hint: "expected a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }
}
