import NetTypes
import PolicyModel
import RuleLanguage

/// Turns documents into a `CompiledPolicy`: every rule of every group, then the default actions, in the order in which
/// they count.
public enum PolicyCompiler {
    public static func compile(_ source: PolicySource, options: CompileOptions = CompileOptions()) -> Compilation {
        var result = Compilation()
        var tables = PolicyTables(names: options.names)
        var signatures: [Signature] = []
        var order: Int32 = 0
        /// Details of rules that a newer revision replaces.
        var replaced: Set<Int32> = []
        for (index, group) in source.groups.enumerated() {
            let compiler = RuleCompiler(
                context: RuleContext(
                    scope: group.scope, group: index, dropToAlert: group.dropToAlert,
                    classifications: options.classifications, hasCountryDatabase: options.countries != nil,
                    requiresDatabases: options.requiresDatabases,
                    compatibleWithSuricata: options.compatibleWithSuricata, references: options.references,
                    reputations: options.reputations, datasets: options.datasets,
                    ignoresUnknownRequirements: options.ignoresUnknownRequirements,
                    features: RuleRequirement.features.subtracting(options.missingFeatures)))
            var sids = SidTable()
            tables.resolved = ResolvedFields()
            for rule in group.rules {
                let compiled = compiler.compile(rule, order: &order, into: &tables)
                if compiled.isSkipped {
                    result.skippedRules += 1
                    continue
                }
                var problems = compiled.diagnostics
                if let first = compiled.signatures.first {
                    switch sids.add(tables.details[Int(first.detail)], rule, detail: first.detail) {
                    case .new: break
                    case .replaces(let detail, let warning):
                        replaced.insert(detail)
                        result.loadedRules -= 1
                        problems.append(warning)
                    case .duplicate(let problem): problems.append(problem)
                    }
                }
                result.diagnostics += problems
                if problems.contains(where: { $0.severity == .error }) {
                    result.failedRules += 1
                } else {
                    result.loadedRules += 1
                    signatures += compiled.signatures
                }
            }
        }
        guard result.failedRules == 0 || options.skipsBadRules else { return result }
        if !replaced.isEmpty { signatures.removeAll { replaced.contains($0.detail) } }
        if source.order == .actionOrder { signatures = ActionOrder.sorted(signatures, tables, options.actionOrder) }
        if let thresholds = options.thresholds { result.diagnostics += thresholds.apply(to: &signatures, &tables) }
        let firstDefault = Int32(signatures.count)
        signatures += DefaultActions.signatures(source.defaultActions, options: options, into: &tables)
        let numbered = signatures.enumerated().map { $1.renumbered(Int32($0)) }
        result.policy = CompiledPolicy(
            source: source, options: options, signatures: numbered, firstDefault: firstDefault, tables: tables,
            ruleCounts: (result.loadedRules, result.failedRules + options.unreadRules, result.skippedRules))
        return result
    }
}

/// sids used in one group.
private struct SidTable {
    enum Outcome {
        case new
        /// A newer revision of a rule stands further down and counts instead.
        case replaces(detail: Int32, Diagnostic)
        case duplicate(Diagnostic)
    }

    private struct Use {
        var line: Int
        var revision: UInt32
        var detail: Int32
    }

    private var used: [UInt64: Use] = [:]

    mutating func add(_ signature: SignatureDetail, _ rule: RuleSyntax, detail: Int32) -> Outcome {
        let key = UInt64(signature.generatorID) << 32 | UInt64(signature.signatureID)
        let place = rule.option("sid")?.value ?? rule.actionToken
        let earlier = used[key]
        guard earlier.map({ $0.revision < signature.revision }) ?? true else {
            return .duplicate(
                rule.diagnostic(
                    at: place,
                    "Duplicate signature: sid \(signature.signatureID) is used in line \(earlier?.line ?? 0)",
                    hint: "give every rule a number of its own"))
        }
        used[key] = Use(line: rule.location.line, revision: signature.revision, detail: detail)
        guard let earlier else { return .new }
        return .replaces(
            detail: earlier.detail,
            rule.diagnostic(
                .warning, at: place, "this newer revision replaces the rule with the same sid in line \(earlier.line)"))
    }
}

extension Signature {
    func renumbered(_ order: Int32) -> Signature {
        var copy = self
        copy.order = order
        return copy
    }
}

/// DEFAULT_ACTION_ORDER: pass, drop, reject, alert unless another order is asked for; within an action those that set flowbits before those that read
/// them, then by priority, then by sid.
enum ActionOrder {
    static func sorted(_ signatures: [Signature], _ tables: PolicyTables, _ actions: [RuleAction]) -> [Signature] {
        signatures.enumerated().sorted { left, right in
            let first = key(left.element, tables, actions)
            let second = key(right.element, tables, actions)
            return (first.0, first.1, first.2, first.3, left.offset) < (
                second.0, second.1, second.2, second.3, right.offset
            )
        }.map(\.element)
    }

    private static func key(
        _ signature: Signature, _ tables: PolicyTables, _ actions: [RuleAction]
    ) -> (Int, Int, Int, UInt32) {
        let action = actions.firstIndex(of: signature.action.isReject ? .reject : signature.action) ?? actions.count
        let reads = signature.packetTests.contains { index in
            if case .flowbits = tables.packetTests[Int(index)] { true } else { false }
        }
        let sets = !signature.effects.isEmpty
        let bits = sets ? (reads ? 1 : 0) : (reads ? 2 : 3)
        let detail = tables.details[Int(signature.detail)]
        return (action, bits, detail.severity, detail.signatureID)
    }
}
