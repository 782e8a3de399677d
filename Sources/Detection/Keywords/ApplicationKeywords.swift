import AppLayer
import RuleLanguage

/// `app-layer-protocol`: the flow's application protocol.
enum ApplicationKeywords {
    static let all = [
        Keyword(
            name: "app-layer-protocol", value: .required,
            summary: "The recognised protocol, or !protocol; failed when recognition ended without one."
        ) { builder, argument throws(RuleProblem) in
            guard builder.appProtocol == .unknown else {
                throw RuleProblem(
                    "the rule's header or another keyword names a protocol already",
                    hint: "use a tcp, udp or ip header with app-layer-protocol")
            }
            let text = argument.text.filter { $0 != " " }
            let isNegated = text.hasPrefix("!")
            let name = String(text.dropFirst(isNegated ? 1 : 0)).lowercased()
            let wanted: AppProtocol
            if name == "failed" {
                wanted = .failed
            } else if name == "unknown" {
                wanted = .unknown
            } else if let found = RuleProtocol.applications[name] {
                wanted = found.appProtocol
            } else {
                throw RuleProblem(
                    "'\(name)' is no application protocol",
                    hint:
                        "expected one of \(RuleProtocol.applications.keys.sorted().joined(separator: ", ")), failed, unknown"
                )
            }
            builder.add(.appLayerProtocol(wanted, isNegated: isNegated))
        }
    ]
}
