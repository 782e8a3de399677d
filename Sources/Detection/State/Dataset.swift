import Synchronization

/// A data set at work: names, addresses or digests that rules look up, and may add and remove. Shared by all queues.
public final class Dataset: Sendable {
    private struct Content {
        var members: [[UInt8]: UInt16]
        var bytes: UInt64
        var refused: UInt64 = 0
    }

    let name: String
    let kind: DatasetKind
    /// Where it is saved; nil for one that is not.
    public let savePath: String?
    private let memoryCap: UInt64
    /// Of a set that no rule changes: read without a lock.
    private let fixed: [[UInt8]: UInt16]?
    private let content: Mutex<Content>

    /// Longest member a rule may add: longer ones are no names.
    static let maximumMemberLength = 4096

    /// Bytes that a member is counted for: its own, and the table's and the array's around it.
    static func cost(_ length: Int) -> UInt64 { UInt64(length) + 64 }

    init(_ definition: DatasetDefinition) {
        name = definition.name
        kind = definition.kind
        savePath = definition.save
        memoryCap = definition.memoryCap
        fixed = definition.isChanged ? nil : definition.members
        let bytes = definition.members.keys.reduce(UInt64(0)) { $0 &+ Dataset.cost($1.count) }
        content = Mutex(Content(members: definition.isChanged ? definition.members : [:], bytes: bytes))
    }

    var isFixed: Bool { fixed != nil }

    /// Whether a rule with this condition goes on. Bytes that can be no member are not in the set, and are not added.
    func meets(_ command: DatasetCommand, _ bytes: [UInt8]) -> Bool {
        guard !bytes.isEmpty else { return false }
        let member = kind.member(bytes)
        switch command {
        case .isSet: return member.map { find($0) != nil } ?? false
        case .isNotSet: return member.map { find($0) == nil } ?? true
        case .reputation(let test): return member.flatMap(find).map { test.matches(Int64($0)) } ?? false
        case .set: return member.map(add) ?? false
        case .unset: return member.map(remove) ?? false
        }
    }

    private func find(_ member: [UInt8]) -> UInt16? {
        if let fixed { return fixed[member] }
        return content.withLock { $0.members[member] }
    }

    /// True when the member is new. A full set takes no more.
    private func add(_ member: [UInt8]) -> Bool {
        guard fixed == nil, member.count <= Dataset.maximumMemberLength else { return false }
        let cost = Dataset.cost(member.count)
        return content.withLock { content in
            guard content.members[member] == nil else { return false }
            guard content.bytes &+ cost <= memoryCap else {
                content.refused &+= 1
                return false
            }
            content.members[member] = 0
            content.bytes &+= cost
            return true
        }
    }

    /// True when the member was there.
    private func remove(_ member: [UInt8]) -> Bool {
        guard fixed == nil else { return false }
        return content.withLock { content in
            guard content.members.removeValue(forKey: member) != nil else { return false }
            content.bytes &-= min(content.bytes, Dataset.cost(member.count))
            return true
        }
    }

    public var count: Int { fixed?.count ?? content.withLock { $0.members.count } }

    /// Members that were not taken, for want of room.
    public var refused: UInt64 { content.withLock { $0.refused } }

    /// The set as a file: a member a line, in the order of the text, so that it can be compared.
    public var fileText: [UInt8] {
        let members = fixed ?? content.withLock { $0.members }
        let lines = members.map { member, reputation in
            kind.text(of: member) + (reputation > 0 ? Array(",\(reputation)".utf8) : []) + [UInt8(ascii: "\n")]
        }
        return Array(lines.sorted { $0.lexicographicallyPrecedes($1) }.joined())
    }
}
