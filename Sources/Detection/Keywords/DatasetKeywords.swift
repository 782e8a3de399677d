import RuleLanguage

/// `dataset` and `datarep`: whether a buffer is in a list, and what the list says about it.
enum DatasetKeywords {
    static let all = [
        Keyword(
            name: "dataset", value: .required,
            summary:
                "The buffer's place in a set: set|unset|isset|isnotset,NAME[,type string|md5|sha256|ipv4|ip][,load FILE][,save FILE][,state FILE][,memcap SIZE][,hashsize N]."
        ) { builder, argument throws(RuleProblem) in
            let parts = argument.parts
            guard parts.count >= 2 else { throw RuleProblem("dataset needs a command and a name", hint: example) }
            let commands: [String: DatasetCommand] = [
                "isset": .isSet, "isnotset": .isNotSet, "set": .set, "unset": .unset,
            ]
            guard let command = commands[parts[0]] else {
                throw RuleProblem(
                    "'\(parts[0])' is no command of dataset", hint: "expected set, unset, isset or isnotset")
            }
            try add(command, parts[1], parts.dropFirst(2), argument, to: &builder)
        },
        Keyword(
            name: "datarep", value: .required,
            summary: "The buffer's reputation in a list: NAME,<|>|==,N[,type ...][,load FILE][,memcap SIZE]."
        ) { builder, argument throws(RuleProblem) in
            let parts = argument.parts
            guard parts.count >= 3 else {
                throw RuleProblem(
                    "datarep needs a name, a comparison and a value",
                    hint: "datarep:names,>,100,type string,load names.rep")
            }
            let comparisons: [String: IntegerTest.Comparison] = ["<": .less, ">": .greater, "==": .equal]
            guard let comparison = comparisons[parts[1]] else {
                throw RuleProblem("'\(parts[1])' is no comparison of datarep", hint: "expected <, > or ==")
            }
            guard parts[2].utf8.allSatisfy({ (48...57).contains($0) }), let value = UInt16(parts[2]) else {
                throw RuleProblem("'\(parts[2])' is no reputation", hint: "expected a number from 0 to \(UInt16.max)")
            }
            let test = IntegerTest(comparison: comparison, first: Int64(value))
            try add(.reputation(test), parts[0], parts.dropFirst(3), argument, to: &builder)
        },
    ]

    private static let example = "dataset:isset,names,type string,load names.lst"

    private static func add(
        _ command: DatasetCommand, _ name: String, _ options: ArraySlice<String>, _ argument: KeywordArgument,
        to builder: inout SignatureBuilder
    ) throws(RuleProblem) {
        guard case .buffer = builder.target else {
            throw RuleProblem(
                "\(argument.option.name) is about a buffer", hint: "name one before it: dns.query; \(example);")
        }
        guard !name.isEmpty, !name.contains(where: \.isWhitespace) else {
            throw RuleProblem("'\(name)' is no name of a data set", hint: "a word without blanks")
        }
        builder.append(.dataset(try draft(command, name, options, builder.context), argument.option))
    }

    private static func draft(
        _ command: DatasetCommand, _ name: String, _ options: ArraySlice<String>, _ context: RuleContext
    ) throws(RuleProblem) -> DatasetDraft {
        var draft = DatasetDraft(command: command, name: name)
        var seen: Set<Substring> = []
        for option in options {
            let words = option.split(separator: " ", maxSplits: 1)
            guard words.count == 2 else {
                throw RuleProblem("'\(option)' has no value", hint: example)
            }
            let value = String(words[1].trimmed)
            guard seen.insert(words[0]).inserted else { throw RuleProblem("'\(words[0])' stands twice") }
            switch words[0] {
            case "type":
                guard let kind = DatasetKind(value) else {
                    let names = DatasetKind.allCases.map(\.rawValue).joined(separator: ", ")
                    throw RuleProblem("'\(value)' is no type of a data set", hint: "expected \(names)")
                }
                draft.kind = kind
            case "load": draft.load = value
            case "save": draft.save = try writable(value, context)
            case "state":
                draft.save = try writable(value, context)
                draft.load = value
                draft.isState = true
            case "memcap": draft.memoryCap = try size(value)
            // A hint about Suricata's own table.
            case "hashsize": _ = try size(value)
            default:
                throw RuleProblem(
                    "'\(words[0])' is no option of a data set",
                    hint: "expected type, load, save, state, memcap or hashsize")
            }
        }
        guard !draft.isState || seen.isDisjoint(with: ["load", "save"]) else {
            throw RuleProblem("state does not go with load or save", hint: "state loads and saves the same file")
        }
        return draft
    }

    /// A rule must not write where it likes.
    private static func writable(_ path: String, _ context: RuleContext) throws(RuleProblem) -> String {
        guard context.datasets.allowsWriting else {
            throw RuleProblem("rules may not save data sets here", hint: "datasets.allow-write=on lets them")
        }
        guard !path.hasPrefix("/"), !path.split(separator: "/").contains("..") else {
            throw RuleProblem(
                "'\(path)' leads out of the folder for data sets", hint: "a file name, or a path below that folder")
        }
        return path
    }

    /// A number, or one with kb, mb or gb behind it.
    private static func size(_ text: String) throws(RuleProblem) -> UInt64 {
        let units: [(String, UInt64)] = [("kb", 1 << 10), ("mb", 1 << 20), ("gb", 1 << 30)]
        let lower = text.lowercased()
        let unit = units.first { lower.hasSuffix($0.0) }
        let digits = lower.dropLast(unit == nil ? 0 : 2).trimmed
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (48...57).contains($0) }), let number = UInt64(digits) else {
            throw RuleProblem("'\(text)' is no size", hint: "a number, or one with kb, mb or gb: 10mb")
        }
        let (bytes, overflows) = number.multipliedReportingOverflow(by: unit?.1 ?? 1)
        guard !overflows, bytes <= DatasetDefinition.highestMemoryCap else {
            throw RuleProblem("'\(text)' is more than a data set may have", hint: "4gb at most")
        }
        return bytes
    }
}

/// What one rule says about a data set.
struct DatasetDraft: Sendable {
    var command: DatasetCommand
    var name: String
    var kind: DatasetKind?
    var load: String?
    var save: String?
    var isState = false
    var memoryCap: UInt64?
}
