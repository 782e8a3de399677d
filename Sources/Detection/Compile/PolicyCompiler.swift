import NetTypes
import PolicyModel
import RuleLanguage

/// Turns documents into a `CompiledPolicy`: every rule of every group, then the default actions, in the order in which
/// they count.
public enum PolicyCompiler {
    public static func compile(_ source: PolicySource, options: CompileOptions = CompileOptions()) -> Compilation {
        var result = Compilation()
        var tables = PolicyTables(bits: options.bits)
        var signatures: [Signature] = []
        var order: Int32 = 0
        for (index, group) in source.groups.enumerated() {
            let compiler = RuleCompiler(
                context: RuleContext(
                    scope: group.scope, group: index, dropToAlert: group.dropToAlert,
                    classifications: options.classifications, hasCountryDatabase: options.countries != nil,
                    requiresDatabases: options.requiresDatabases))
            var sids = SidTable()
            for rule in group.rules {
                let compiled = compiler.compile(rule, order: &order, into: &tables)
                if compiled.isSkipped {
                    result.skippedRules += 1
                    continue
                }
                var problems = compiled.diagnostics
                if let first = compiled.signatures.first,
                    let duplicate = sids.add(tables.details[Int(first.detail)], rule)
                {
                    problems.append(duplicate)
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
        if source.order == .actionOrder { signatures = ActionOrder.sorted(signatures, tables) }
        let firstDefault = Int32(signatures.count)
        signatures += DefaultActions.signatures(source.defaultActions, options: options, into: &tables)
        let numbered = signatures.enumerated().map { $1.renumbered(Int32($0)) }
        result.policy = CompiledPolicy(
            source: source, options: options, signatures: numbered, firstDefault: firstDefault, tables: tables)
        return result
    }
}

/// sids used in one group.
private struct SidTable {
    private var used: [UInt64: Int] = [:]

    mutating func add(_ detail: SignatureDetail, _ rule: RuleSyntax) -> Diagnostic? {
        let key = UInt64(detail.generatorID) << 32 | UInt64(detail.signatureID)
        if let line = used[key] {
            return rule.diagnostic(
                at: rule.option("sid")?.value ?? rule.actionToken,
                "Duplicate signature: sid \(detail.signatureID) is used in line \(line)",
                hint: "give every rule a number of its own")
        }
        used[key] = rule.location.line
        return nil
    }
}

extension Signature {
    func renumbered(_ order: Int32) -> Signature {
        Signature(
            order: order, action: action, logs: logs, kind: kind, scope: scope, toServer: toServer, toClient: toClient,
            appProtocol: appProtocol, coversHTTP2: coversHTTP2, requirements: requirements, header: header,
            packetTests: packetTests, payload: payload, engines: engines, effects: effects, detail: detail)
    }
}

/// DEFAULT_ACTION_ORDER: pass, drop, reject, alert; within an action those that set flowbits before those that read
/// them, then by priority, then by sid.
enum ActionOrder {
    static func sorted(_ signatures: [Signature], _ tables: PolicyTables) -> [Signature] {
        signatures.enumerated().sorted { left, right in
            let first = key(left.element, tables)
            let second = key(right.element, tables)
            return (first.0, first.1, first.2, first.3, left.offset) < (
                second.0, second.1, second.2, second.3, right.offset
            )
        }.map(\.element)
    }

    private static func key(_ signature: Signature, _ tables: PolicyTables) -> (Int, Int, Int, UInt32) {
        let action =
            switch signature.action {
            case .pass: 0
            case .drop: 1
            case .reject, .rejectSource, .rejectDestination, .rejectBoth: 2
            case .alert: 3
            case .config: 4
            }
        let reads = signature.packetTests.contains { index in
            if case .flowbits = tables.packetTests[Int(index)] { true } else { false }
        }
        let sets = !signature.effects.isEmpty
        let bits = sets ? (reads ? 1 : 0) : (reads ? 2 : 3)
        let detail = tables.details[Int(signature.detail)]
        return (action, bits, detail.severity, detail.signatureID)
    }
}
