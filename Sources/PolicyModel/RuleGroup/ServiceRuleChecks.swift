import RuleLanguage

/// What the service refuses in the rules of a stateful group, beyond the grammar. Not for files of rules, which may use
/// all of Suricata.
struct ServiceRuleChecks {
    let order: RuleOrder
    let variables: RuleVariables
    let ipSetReferences: Set<String>
    /// The key that holds the rules, `RulesString` or `RuleOptions`, for messages.
    let source: String
    private var sids = SidRegister()

    init(order: RuleOrder, variables: RuleVariables, ipSetReferences: Set<String>, source: String) {
        self.order = order
        self.variables = variables
        self.ipSetReferences = ipSetReferences
        self.source = source
    }

    private static let rejectableProtocols: Set<String> = ["tcp", "http", "tls", "smb", "ssh", "smtp", "dcerpc"]
    private static let refusedKeywords: Set<String> = [
        "dataset", "datarep", "iprep", "lua", "luajit", "filestore", "filemagic", "filemd5", "filesha1", "filesha256",
        "ftpdata_command",
    ]
    /// Words of a rule's header that the service's own list of limits excludes.
    private static let refusedProtocols: Set<String> = ["sctp", "enip", "ftp-data"]
    private static let keywordsOfActionOrder: Set<String> = ["priority", "classtype"]
    private static let companionsOfPCRE = ["content", "tls.sni", "http.host", "dns.query", "http.uri"]

    mutating func problems(of rule: RuleSyntax) -> [Diagnostic] {
        var problems: [Diagnostic] = []
        checkAction(rule, &problems)
        if ServiceRuleChecks.refusedProtocols.contains(rule.protocolName) {
            problems.append(
                rule.diagnostic(
                    at: rule.protocolToken, "protocol \(rule.protocolName) is not supported",
                    hint: "a file of plain rules may use it; the service does not take it"))
        }
        checkHeader(rule, &problems)
        checkLength(rule, &problems)
        checkOptions(rule, &problems)
        if let problem = sids.problem(of: rule, ofFile: false) { problems.append(problem) }
        return problems
    }

    private func checkAction(_ rule: RuleSyntax, _ problems: inout [Diagnostic]) {
        switch rule.action {
        case .pass, .drop, .alert: break
        case .reject:
            guard !ServiceRuleChecks.rejectableProtocols.contains(rule.protocolName) else { break }
            let names = ServiceRuleChecks.rejectableProtocols.sorted().joined(separator: ", ")
            problems.append(
                rule.diagnostic(
                    at: rule.protocolToken, "\(rule.protocolName) reject is not supported",
                    hint: "reject answers with a TCP reset; it goes with \(names); use drop"))
        case .rejectSource, .rejectDestination, .rejectBoth, .config:
            problems.append(
                rule.diagnostic(
                    at: rule.actionToken, "Action \(rule.action.rawValue) is not supported",
                    hint: "expected pass, drop, reject or alert"))
        }
    }

    private func checkOptions(_ rule: RuleSyntax, _ problems: inout [Diagnostic]) {
        for option in rule.options {
            if option.name.utf8.contains(where: { " \t()".utf8.contains($0) }) {
                problems.append(
                    rule.diagnostic(
                        at: option.nameToken, "'\(shown(option.name))' is not a keyword",
                        hint: "is this more than one rule? In a JSON string \\n ends a rule, a line break does not"))
            } else if ServiceRuleChecks.refusedKeywords.contains(option.name) {
                problems.append(rule.diagnostic(at: option.nameToken, "RuleOptions \(option.name) is not supported"))
            } else if option.name == "tag", option.value?.text.hasPrefix("host") == true {
                problems.append(
                    rule.diagnostic(
                        at: option.nameToken, "RuleOptions tag of a host is not supported", hint: "tag:session is"))
            } else if isOfHosts(option) {
                problems.append(
                    rule.diagnostic(
                        .warning, at: option.nameToken,
                        "the service's documentation excludes \(option.name) that is kept by address",
                        hint: "its own samples use it nevertheless; try it there before you rely on it"))
            } else if option.name == "gid" {
                problems.append(
                    rule.diagnostic(
                        at: option.nameToken, "GIDs are not allowed", hint: "leave it out; the service adds its own"))
            } else if order == .strictOrder, ServiceRuleChecks.keywordsOfActionOrder.contains(option.name) {
                problems.append(
                    rule.diagnostic(
                        at: option.nameToken,
                        "\(source) has invalid keywords: a STRICT_ORDER group has no '\(option.name)'",
                        hint: "leave it out; in strict order rules are judged as they are written"))
            }
        }
        let companions = ServiceRuleChecks.companionsOfPCRE
        if let pcre = rule.option("pcre"), !rule.options.contains(where: { companions.contains($0.name) }) {
            problems.append(
                rule.diagnostic(
                    at: pcre.nameToken,
                    "Using pcre without one of the following options is not allowed: "
                        + companions.joined(separator: ", ")))
        }
    }

    /// State that is kept for an address: the service's list of limits and its samples contradict each other.
    private func isOfHosts(_ option: RuleOption) -> Bool {
        let value = option.value?.text ?? ""
        switch option.name {
        case "hostbits": return true
        case "xbits": return value.contains("track")
        case "tag": return value.hasPrefix("host")
        default: return false
        }
    }

    // MARK: variables

    private func checkHeader(_ rule: RuleSyntax, _ problems: inout [Diagnostic]) {
        for token in [rule.source, rule.destination] {
            for name in names(in: token.text, behind: "$") where variables.ipSets[name] == nil {
                guard !RuleVariables.builtIn.contains(name) else { continue }
                problems.append(undeclared(rule, token, "$", name, "RuleVariables.IPSets"))
            }
            for name in names(in: token.text, behind: "@") where !ipSetReferences.contains(name) {
                problems.append(undeclared(rule, token, "@", name, "ReferenceSets.IPSetReferences"))
            }
        }
        for token in [rule.sourcePort, rule.destinationPort] {
            for name in names(in: token.text, behind: "$") where variables.portSets[name] == nil {
                problems.append(undeclared(rule, token, "$", name, "RuleVariables.PortSets"))
            }
        }
    }

    /// The service counts a rule's length with the values of its variables in their place.
    private func checkLength(_ rule: RuleSyntax, _ problems: inout [Diagnostic]) {
        var length = rule.text.utf8.count
        for (token, sets) in [
            (rule.source, variables.ipSets), (rule.destination, variables.ipSets),
            (rule.sourcePort, variables.portSets), (rule.destinationPort, variables.portSets),
        ] {
            for name in names(in: token.text, behind: "$") {
                if let definition = sets[name] { length += definition.text.utf8.count - name.utf8.count - 1 }
            }
        }
        guard length > RulesString.maximumRuleLength else { return }
        problems.append(
            rule.diagnostic(
                .warning, at: rule.actionToken,
                "with the values of its variables the rule has \(length) characters; the service may take no more than "
                    + "\(RulesString.maximumRuleLength)"))
    }

    private func undeclared(
        _ rule: RuleSyntax, _ token: Token, _ sign: String, _ name: String, _ place: String
    ) -> Diagnostic {
        let text = "\(sign)\(name)"
        let start = token.text.firstRange(of: text)?.lowerBound ?? token.text.startIndex
        return rule.diagnostic(
            at: token, offset: token.text.distance(from: token.text.startIndex, to: start), length: text.count,
            "\(name) cannot be null or empty: \(place) does not declare it",
            hint: "declare it there; by themselves exist only $HOME_NET and $EXTERNAL_NET")
    }

    private func names(in text: String, behind sign: Character) -> [String] {
        text.split(separator: sign, omittingEmptySubsequences: false).dropFirst().compactMap { rest in
            let name = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
            // A sign alone is a matter of the grammar.
            return name.isEmpty ? nil : String(name)
        }
    }
}
