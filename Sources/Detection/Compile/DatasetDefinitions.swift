import RuleLanguage

/// The data sets of a policy while it is compiled. The first rule that names one defines it; those behind it may leave
/// out what it said, and must not say anything else.
struct DatasetDefinitions {
    private(set) var all: [DatasetDefinition] = []
    private var numbers: [String: Int] = [:]

    /// - Returns: the number of the set, with what is wrong with it or its file.
    mutating func number(
        of draft: DatasetDraft, ruleFile: String, _ files: DatasetFiles
    ) throws(RuleProblem) -> (number: Int, problem: Diagnostic?) {
        if let number = numbers[draft.name] {
            try compare(draft, all[number])
            if draft.command.changes { all[number].isChanged = true }
            return (number, nil)
        }
        guard let kind = draft.kind else {
            throw RuleProblem(
                "there is no data set '\(draft.name)' yet", hint: "the first rule that names it says its type")
        }
        var definition = DatasetDefinition(name: draft.name, kind: kind, load: draft.load, save: draft.save)
        definition.isChanged = draft.command.changes
        if let cap = draft.memoryCap, cap > 0 { definition.memoryCap = cap }
        var problem: Diagnostic?
        if let path = draft.load {
            do throws(DatasetFiles.Problem) {
                let text = try files.read(path, ruleFile, draft.isState)
                if text == nil, !draft.isState {
                    throw DatasetFiles.Problem("there is no such file")
                }
                problem = text.flatMap { definition.read($0, file: path) }
            } catch {
                throw RuleProblem("\(path): \(error.message)", hint: "files are looked for beside the rules first")
            }
        }
        numbers[draft.name] = all.count
        all.append(definition)
        return (all.count - 1, problem)
    }

    private func compare(_ draft: DatasetDraft, _ known: DatasetDefinition) throws(RuleProblem) {
        if let kind = draft.kind, kind != known.kind {
            throw RuleProblem(
                "data set '\(draft.name)' has the type \(known.kind.rawValue)", hint: "another rule has defined it")
        }
        guard draft.load != nil || draft.save != nil else { return }
        guard draft.load == known.load, draft.save == known.save else {
            throw RuleProblem(
                "data set '\(draft.name)' has other files", hint: "another rule has defined it; leave the files out")
        }
    }
}

extension SignatureBuilder {
    /// Gives every data set that the rule names its number.
    mutating func defineDatasets(_ tables: inout PolicyTables) {
        for index in buffers.indices {
            for place in buffers[index].conditions.indices {
                guard case .dataset(let draft, let option) = buffers[index].conditions[place] else { continue }
                do throws(RuleProblem) {
                    let (number, problem) = try tables.datasets.number(
                        of: draft, ruleFile: rule.location.file, context.datasets)
                    buffers[index].conditions[place] = .numberedDataset(draft.command, Int32(number))
                    if let problem { diagnostics.append(problem) }
                } catch {
                    diagnostics.append(
                        rule.diagnostic(at: option.value ?? option.nameToken, error.message, hint: error.hint))
                }
            }
        }
    }
}
