import RuleLanguage

extension ThresholdFile {
    /// Puts what the file says into the signatures, line by line.
    ///
    /// As in Suricata: a line for one rule replaces its threshold, a `rate_filter` or a line for many rules leaves rules
    /// alone that have one.
    func apply(to signatures: inout [Signature], _ tables: inout PolicyTables) -> [Diagnostic] {
        guard !entries.isEmpty else { return [] }
        var states = signatures.map { State(own: $0, tables) }
        var problems: [Diagnostic] = []
        var places: [UInt64: [Int]] = [:]
        for (index, signature) in signatures.enumerated() {
            places[ThresholdFile.key(tables.details[Int(signature.detail)]), default: []].append(index)
        }
        for (line, entry) in entries.enumerated() {
            let isSingle = entry.signatureID > 0
            if isSingle {
                let indices = places[UInt64(entry.generatorID) << 32 | UInt64(entry.signatureID)] ?? []
                if indices.isEmpty {
                    problems.append(
                        entry.line.problem(
                            "there is no rule with gid \(entry.generatorID) and sid \(entry.signatureID)", .warning))
                }
                for index in indices where !states[index].take(entry.effect, line, isSingle: true) {
                    problems.append(
                        entry.line.problem(
                            "rule \(entry.signatureID) has a threshold already: this line does nothing", .warning))
                }
            } else {
                for index in states.indices
                where entry.generatorID == 0
                    || tables.details[Int(signatures[index].detail)].generatorID == entry.generatorID
                {
                    _ = states[index].take(entry.effect, line, isSingle: false)
                }
            }
        }
        // Lines for all rules would repeat their addresses for each: equal lists lie in the table once.
        var shared: [[Int]: Range<Int32>] = [:]
        for (index, state) in states.enumerated() where state.isChanged {
            if state.isSilent { signatures[index].logs = false }
            signatures[index].thresholds = tables.thresholds.place(state.thresholds)
            if let range = shared[state.lines] {
                signatures[index].suppressions = range
            } else {
                signatures[index].suppressions = tables.suppressions.place(state.suppressions)
                shared[state.lines] = signatures[index].suppressions
            }
        }
        return problems
    }

    private static func key(_ detail: SignatureDetail) -> UInt64 {
        UInt64(detail.generatorID) << 32 | UInt64(detail.signatureID)
    }

    private struct State {
        var thresholds: [ThresholdTest]
        var suppressions: [Suppression] = []
        /// Where the suppressions come from.
        var lines: [Int] = []
        var isSilent = false
        var isChanged = false

        init(own signature: Signature, _ tables: PolicyTables) {
            thresholds = Array(tables.thresholds[signature.thresholds.asInt])
        }

        /// False when the rule's own threshold goes first.
        mutating func take(_ effect: Effect, _ line: Int, isSingle: Bool) -> Bool {
            switch effect {
            case .silence: isSilent = true
            case .suppress(let suppression):
                suppressions.append(suppression)
                lines.append(line)
            case .limit(let test):
                if !thresholds.isEmpty {
                    guard isSingle, test.kind != .rate else { return false }
                    thresholds.removeLast()
                }
                thresholds.append(test)
            }
            isChanged = true
            return true
        }
    }
}
