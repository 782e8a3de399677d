import AppLayer
import NetTypes
import RuleLanguage

/// Compiles single rules into signatures, with every problem of a rule in one pass.
struct RuleCompiler {
    let context: RuleContext

    struct Result {
        var signatures: [Signature] = []
        var diagnostics: [Diagnostic] = []
        /// The rule requires another engine.
        var isSkipped = false
    }

    func compile(_ rule: RuleSyntax, order: inout Int32, into tables: inout PolicyTables) -> Result {
        var diagnostics: [Diagnostic] = []
        do throws(RuleProblem) {
            if try RuleRequirement.unmet(
                rule, ignoresUnknown: context.ignoresUnknownRequirements, features: context.features) != nil
            {
                return Result(isSkipped: true)
            }
        } catch {
            let token = rule.option("requires")?.value ?? rule.actionToken
            diagnostics.append(rule.diagnostic(at: token, error.message, hint: error.hint))
        }
        let ruleProtocol = RuleProtocol(name: rule.protocolName)
        if ruleProtocol == nil {
            let near = nearestName(to: rule.protocolName, among: RuleProtocol.names).map { "did you mean \($0)?" }
            diagnostics.append(
                rule.diagnostic(
                    at: rule.protocolToken, "unknown protocol '\(rule.protocolToken.text)'",
                    hint: near ?? "expected one of \(RuleProtocol.names.joined(separator: ", "))"))
        }
        let scope = context.scope
        let source = resolve(rule, rule.source, &tables.resolved.addresses, &diagnostics, scope.resolve(addresses:))
        let sourcePort = resolve(rule, rule.sourcePort, &tables.resolved.ports, &diagnostics, scope.resolve(ports:))
        let destination = resolve(
            rule, rule.destination, &tables.resolved.addresses, &diagnostics, scope.resolve(addresses:))
        let destinationPort = resolve(
            rule, rule.destinationPort, &tables.resolved.ports, &diagnostics, scope.resolve(ports:))
        var builder = SignatureBuilder(
            rule: rule, ruleProtocol: ruleProtocol ?? RuleProtocol(ipProtocols: []), context: context)
        for option in rule.options { apply(option, to: &builder) }
        guard let ruleProtocol, let source, let sourcePort, let destination, let destinationPort, diagnostics.isEmpty
        else {
            return Result(diagnostics: diagnostics + builder.diagnostics)
        }
        var effective = ruleProtocol
        // A tcp header with buffers of an application protocol means that protocol.
        if effective.appProtocol == .unknown { effective.appProtocol = builder.appProtocol }
        if let version = builder.ipVersion { effective.ipVersion = version }
        let header = RuleHeader(
            ruleProtocol: effective, source: source.values, sourcePorts: sourcePort.values,
            destination: destination.values, destinationPorts: destinationPort.values)
        let signatures = builder.assemble(
            header: header, hasNegatedAddress: source.hasNegation || destination.hasNegation, order: &order,
            into: &tables)
        return Result(signatures: signatures, diagnostics: builder.diagnostics)
    }

    private func resolve<Values>(
        _ rule: RuleSyntax, _ token: Token, _ known: inout [String: ResolvedSet<Values>],
        _ diagnostics: inout [Diagnostic], _ body: (String) throws(ResolutionError) -> ResolvedSet<Values>
    ) -> ResolvedSet<Values>? {
        if let found = known[token.text] { return found }
        do throws(ResolutionError) {
            let found = try body(token.text)
            known[token.text] = found
            return found
        } catch {
            diagnostics.append(
                rule.diagnostic(
                    at: token, offset: error.offset, length: error.length ?? token.text.count, error.message,
                    hint: error.hint))
            return nil
        }
    }

    private func apply(_ option: RuleOption, to builder: inout SignatureBuilder) {
        guard let keyword = Keyword.byName[option.name] else {
            builder.diagnostics.append(unknown(option, in: builder.rule))
            return
        }
        do throws(RuleProblem) {
            switch keyword.value {
            case .none where !(option.value?.text.isEmpty ?? true):
                throw RuleProblem("\(option.name) takes no value")
            case .required where option.value?.text.isEmpty ?? true:
                throw RuleProblem("\(option.name) needs a value", hint: keyword.summary)
            default: break
            }
            if option.value?.text.first == "\"", keyword.value != .none, !KnownKeywords.quoted.contains(option.name) {
                throw RuleProblem("the value of \(option.name) stands without quotes", hint: "remove the quotes")
            }
            try keyword.setUp(&builder, KeywordArgument(option: option))
        } catch {
            let token = option.value ?? option.nameToken
            builder.diagnostics.append(
                builder.rule.diagnostic(
                    at: token, offset: error.offset, length: error.length ?? token.text.count, error.message,
                    hint: error.hint))
        }
    }

    private func unknown(_ option: RuleOption, in rule: RuleSyntax) -> Diagnostic {
        if KnownKeywords.suricata.contains(option.name) {
            return rule.diagnostic(
                at: option.nameToken, "keyword '\(option.name)' is not supported yet",
                hint: "`weir keywords` lists what is supported")
        }
        let names = Array(Keyword.byName.keys) + KnownKeywords.suricata
        let near = nearestName(to: option.name, among: names).map { "did you mean '\($0)'?" }
        return rule.diagnostic(at: option.nameToken, "unknown keyword '\(option.nameToken.text)'", hint: near)
    }
}

extension RuleProtocol {
    init(ipProtocols: [IPProtocol]) { self.ipProtocols = ipProtocols }
}
