import RuleLanguage

/// A data set as rules define it: what it holds at the start, where it is saved, how much it may hold.
struct DatasetDefinition: Sendable {
    let name: String
    let kind: DatasetKind
    /// Paths as rules name them.
    var load: String?
    var save: String?
    /// Members at the start, with their reputations; 0 where the file has none.
    var members: [[UInt8]: UInt16] = [:]
    /// Bytes that members may take, see `Dataset.cost`.
    var memoryCap = DatasetDefinition.defaultMemoryCap
    /// Rules add to it or take from it: it must be looked up behind a lock.
    var isChanged = false

    /// Suricata's default: about a million names.
    static let defaultMemoryCap: UInt64 = 100 << 20
    /// A rule may ask for more, up to this.
    static let highestMemoryCap: UInt64 = 4 << 30

    /// Reads one member a line, as `text` or `text,reputation`.
    mutating func read(_ text: String, file: String) -> Diagnostic? {
        var bytes: UInt64 = 0
        for line in ListText(file: file, text: text).lines() {
            let parts = line.text[...].fields
            guard parts.count <= 2, let member = kind.member(reading: parts[0]) else {
                return line.problem(
                    "'\(parts[0])' is no \(kind.rawValue) of a data set", hint: DatasetDefinition.hints[kind],
                    at: parts[0])
            }
            var reputation: UInt16 = 0
            if parts.count == 2 {
                let text = parts[1]
                guard text.utf8.allSatisfy({ (48...57).contains($0) }), let value = UInt16(text) else {
                    return line.problem(
                        "'\(parts[1])' is no reputation", hint: "expected a number from 0 to \(UInt16.max)",
                        at: parts[1])
                }
                reputation = value
            }
            bytes &+= Dataset.cost(member.count)
            guard bytes <= memoryCap else {
                return line.problem(
                    "the data set has no room for this and what follows", hint: "a larger memcap, such as memcap 1gb")
            }
            members[member] = reputation
        }
        return nil
    }

    private static let hints: [DatasetKind: String] = [
        .string: "strings stand in base64", .md5: "32 hexadecimal digits", .sha256: "64 hexadecimal digits",
        .ipv4: "such as 192.0.2.1", .ip: "such as 2001:db8::1 or 192.0.2.1",
    ]
}

/// How files that rules name are found and read: the files lie with the user, not here.
public struct DatasetFiles: Sendable {
    public struct Problem: Error {
        public let message: String

        public init(_ message: String) { self.message = message }
    }

    /// Rules may name files to save to.
    public var allowsWriting = true
    /// Reads a file that a rule in `ruleFile` names; nil when it is not there. `state` files lie where sets are saved.
    public var read: @Sendable (_ path: String, _ ruleFile: String, _ isState: Bool) throws(Problem) -> String?

    public init(
        allowsWriting: Bool = true,
        read: @escaping @Sendable (_ path: String, _ ruleFile: String, _ isState: Bool) throws(Problem) -> String?
    ) {
        self.allowsWriting = allowsWriting
        self.read = read
    }

    /// No file is there.
    public static let none = DatasetFiles(allowsWriting: false) { _, _, _ throws(Problem) in nil }
}

/// What a rule asks of a data set.
enum DatasetCommand: Sendable {
    case isSet
    case isNotSet
    case set
    case unset
    /// The member's reputation.
    case reputation(IntegerTest)

    var changes: Bool {
        switch self {
        case .set, .unset: true
        case .isSet, .isNotSet, .reputation: false
        }
    }
}

struct DatasetCondition: Sendable {
    var command: DatasetCommand
    /// Into the policy's data sets.
    var dataset: Int32
}
