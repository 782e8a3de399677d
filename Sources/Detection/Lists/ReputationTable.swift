import NetTypes
import RuleLanguage

/// Reputations of addresses and networks in named categories, for the `iprep` keyword. Two kinds of file, in Suricata's
/// form: categories `number,name,description`, and reputations `address or network,category number,value` with values
/// from 0 to 127.
public struct ReputationTable: Sendable {
    /// Suricata's most.
    static let maximumCategories = 60
    /// Entries of all files, some 600 MB when it is full. A longer list is refused: rules would miss its rest.
    static let maximumEntries = 8 << 20

    private struct Key: Hashable {
        var address: IPAddress
        var category: UInt8
    }

    private struct NetworkKey: Hashable {
        var network: IPPrefix
        var category: UInt8
    }

    /// Numbers by name in lower case.
    private var categories: [String: UInt8] = [:]
    private var hosts: [Key: UInt8] = [:]
    /// Addresses listed in some category.
    private var listed: Set<IPAddress> = []
    private var networks: [NetworkKey: UInt8] = [:]
    /// Lengths of the networks of each family, longest first.
    private var lengths: [IPVersion: [Int]] = [:]

    public init() {}

    public var isEmpty: Bool { categories.isEmpty }

    func category(named name: String) -> UInt8? { categories[name.lowercased()] }

    var categoryNames: [String] { categories.keys.sorted() }

    // MARK: look-up

    /// The value of an address in a category: its own, else that of the smallest network around it.
    ///
    /// - Parameter hostsHideNetworks: as in Suricata, an address that is listed itself has the value 0 in the categories
    ///   it is not listed in, whatever its networks have. Differs: otherwise each category stands for itself.
    func value(of address: IPAddress, in category: UInt8, hostsHideNetworks: Bool) -> UInt8? {
        if let value = hosts[Key(address: address, category: category)] { return value }
        if hostsHideNetworks, listed.contains(address) { return 0 }
        for length in lengths[address.version] ?? [] {
            guard let network = IPPrefix(address, length: length) else { continue }
            if let value = networks[NetworkKey(network: network, category: category)] { return value }
        }
        return nil
    }

    // MARK: files

    public mutating func readCategories(_ text: String, file: String) -> [Diagnostic] {
        read(text, file: file) { line, fields throws(Diagnostic) in
            let form = "number,name,description"
            guard fields.count >= 2 else { throw line.problem("a category has a number and a name", hint: form) }
            guard let number = UInt8(fields[0]), number > 0, number < ReputationTable.maximumCategories else {
                throw line.problem(
                    "'\(fields[0])' is no number of a category",
                    hint: "expected 1 to \(ReputationTable.maximumCategories - 1)", at: fields[0])
            }
            guard !fields[1].isEmpty else { throw line.problem("the category has no name", hint: form) }
            categories[fields[1].lowercased()] = number
        }
    }

    public mutating func readReputations(_ text: String, file: String) -> [Diagnostic] {
        defer { sortLengths() }
        return read(text, file: file) { line, fields throws(Diagnostic) in
            guard fields.count == 3 else {
                throw line.problem(
                    "a reputation has an address, a category and a value", hint: "such as 192.0.2.0/24,1,100")
            }
            guard let network = IPPrefix(fields[0]) else {
                throw line.problem("'\(fields[0])' is no address and no network", at: fields[0])
            }
            guard let category = UInt8(fields[1]), category < ReputationTable.maximumCategories else {
                throw line.problem("'\(fields[1])' is no number of a category", at: fields[1])
            }
            guard let value = UInt8(fields[2]), value <= 127 else {
                throw line.problem("'\(fields[2])' is no value", hint: "expected 0 to 127", at: fields[2])
            }
            guard hosts.count + networks.count < ReputationTable.maximumEntries else {
                throw line.problem("more than \(ReputationTable.maximumEntries) reputations")
            }
            if fields[0].utf8.contains(UInt8(ascii: "/")) {
                networks[NetworkKey(network: network, category: category)] = value
            } else {
                hosts[Key(address: network.address, category: category)] = value
                listed.insert(network.address)
            }
        }
    }

    private mutating func sortLengths() {
        let found = Dictionary(grouping: networks.keys, by: \.network.address.version)
        lengths = found.mapValues { keys in Set(keys.map(\.network.length)).sorted(by: >) }
    }

    /// Problems shown of one file: a wrong file has one in each line.
    static let shownProblems = 20

    private func read(
        _ text: String, file: String, _ body: (ListText.Line, [Substring]) throws(Diagnostic) -> Void
    ) -> [Diagnostic] {
        var problems: [Diagnostic] = []
        for line in ListText(file: file, text: text).lines() where problems.count < ReputationTable.shownProblems {
            do throws(Diagnostic) {
                try body(line, line.text[...].fields)
            } catch {
                problems.append(error)
            }
        }
        return problems
    }
}

/// The `iprep` keyword: an end's reputation in a category.
struct ReputationTest: Sendable {
    enum Side: UInt8, Sendable {
        case source
        case destination
        case any
        case both
    }

    enum Condition: Sendable {
        case value(IntegerTest)
        case isSet
        case isNotSet
    }

    var side: Side
    var category: UInt8
    var condition: Condition

    func holds(_ table: ReputationTable, _ source: IPAddress, _ destination: IPAddress, compatible: Bool) -> Bool {
        func holds(_ address: IPAddress) -> Bool {
            let value = table.value(of: address, in: category, hostsHideNetworks: compatible)
            return switch condition {
            case .value(let test): value.map { test.matches(Int64($0)) } ?? false
            case .isSet: value != nil
            case .isNotSet: value == nil || compatible && value == 0
            }
        }
        return switch side {
        case .source: holds(source)
        case .destination: holds(destination)
        case .any: holds(source) || holds(destination)
        case .both: holds(source) && holds(destination)
        }
    }
}
