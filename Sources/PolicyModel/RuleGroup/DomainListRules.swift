import RuleLanguage

/// Makes the rules of a domain list, in the words in which the service makes them.
///
/// For each type, TLS before HTTP: a rule for every name, and behind those of an allowlist in action order one that
/// drops the rest. In strict order that rule is left out, as the service does: what happens to the rest is the policy's
/// default. `msg` of the reject and alert lists is inferred from that of the others.
struct DomainListRules {
    let action: RuleAction
    let types: [DomainList.TargetType]
    let order: RuleOrder
    private let listName: String
    private let endsWithDrop: Bool

    private(set) var rules: [RuleSyntax] = []
    private(set) var problems: [Diagnostic] = []
    /// Of the next rule.
    private(set) var sid = 1

    init(_ kind: DomainList.GeneratedRulesType, types: [DomainList.TargetType], order: RuleOrder, endsWithDrop: Bool) {
        (action, listName) =
            switch kind {
            case .allowlist: (.pass, "allowlisted")
            case .denylist: (.drop, "denylisted")
            case .rejectlist: (.reject, "rejectlisted")
            case .alertlist: (.alert, "alertlisted")
            }
        self.types = types
        self.order = order
        self.endsWithDrop = endsWithDrop
    }

    /// The rules of a list in a document.
    static func rules(of list: DomainList, order: RuleOrder, _ problems: inout [Diagnostic]) -> [RuleSyntax] {
        var maker = DomainListRules(
            list.generatedRulesType, types: list.targetTypes, order: order,
            endsWithDrop: list.generatedRulesType == .allowlist && order == .actionOrder)
        maker.add(list.targets, listLocation: list.location)
        problems += maker.problems
        return maker.rules
    }

    mutating func add(_ targets: [DomainTarget], listLocation: SourceLocation) {
        rules.reserveCapacity(rules.count + targets.count * types.count)
        for type in types {
            for target in targets {
                add(
                    type, "\(matcher(type, target)) msg:\"matching \(name(type)) \(listName) FQDNs\";",
                    at: target.location)
            }
            if endsWithDrop { addDrop(type, at: listLocation) }
        }
    }

    private func name(_ type: DomainList.TargetType) -> String {
        switch type {
        case .tlsSNI: "TLS"
        case .httpHost: "HTTP"
        }
    }

    /// `http.host` is lower-case already: it takes no `nocase`, and a capital in its content would never match.
    private func matcher(_ type: DomainList.TargetType, _ target: DomainTarget) -> String {
        let start = target.includesSubdomains ? "dotprefix; " : ""
        let startsWith = target.includesSubdomains ? "" : " startswith;"
        return switch type {
        case .tlsSNI:
            "ssl_state:client_hello; tls.sni; \(start)content:\"\(target.text)\";\(startsWith) nocase; endswith;"
        case .httpHost:
            "http.host; \(start)content:\"\(target.text.lowercased())\";\(startsWith) endswith;"
        }
    }

    private mutating func addDrop(_ type: DomainList.TargetType, at location: SourceLocation) {
        let message = "msg:\"not matching any \(name(type)) allowlisted FQDNs\";"
        switch type {
        case .tlsSNI: add(type, message, behindPriority: " ssl_state:client_hello;", action: .drop, at: location)
        case .httpHost:
            add(type, "http.header_names; content:\"|0d 0a|\"; startswith; \(message)", action: .drop, at: location)
        }
    }

    private mutating func add(
        _ type: DomainList.TargetType, _ options: String, behindPriority rest: String = "", action: RuleAction? = nil,
        at location: SourceLocation
    ) {
        let priority = order == .actionOrder ? " priority:1;" : ""
        let head = "\((action ?? self.action).rawValue) \(name(type).lowercased()) $HOME_NET any -> $EXTERNAL_NET any"
        add("\(head) (\(options)\(priority)\(rest) flow:to_server, established; sid:\(sid); rev:1;)", at: location)
    }

    /// Adds a rule as it is; its text has the current `sid`.
    mutating func add(_ text: String, at location: SourceLocation) {
        let result = RuleParser(file: location.file, path: location.path, firstLine: location.line).parse(text)
        rules += result.rules
        problems += result.diagnostics
        sid += 1
    }
}
