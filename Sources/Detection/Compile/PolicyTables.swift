import NetTypes

/// The tables that signatures point into, while a policy is compiled.
struct PolicyTables {
    var headers: [RuleHeader] = []
    private var headerIndex: [RuleHeader: Int32] = [:]
    var packetTests: [PacketTest] = []
    var bufferConditions: [BufferCondition] = []
    var byteOperations: [ByteOperation] = []
    var expressions: [RegularExpression] = []
    var transactionTests: [TransactionTest] = []
    var engines: [InspectEngine] = []
    var effects: [SignatureEffect] = []
    var patternBytes: [UInt8] = []
    var bitLists: [Int32] = []
    var names: StateNames
    var stateTests: [HostBitTest] = []
    var thresholds: [ThresholdTest] = []
    var suppressions: [Suppression] = []
    var bufferUses: [BufferUse] = []
    private var bufferUseIndex: [BufferUse: Int32] = [:]
    var countries: [CountryTest] = []
    var reputationTests: [ReputationTest] = []
    var tags: [TagDefinition] = []
    var captures: [PatternCapture] = []
    var variableTests: [VariableTest] = []
    var datasets = DatasetDefinitions()
    var datasetConditions: [DatasetCondition] = []
    var details: [SignatureDetail] = []
    /// What the header fields of one group's rules stand for, by their text.
    var resolved = ResolvedFields()

    init(names: StateNames) { self.names = names }

    mutating func header(_ header: RuleHeader) -> Int32 {
        if let index = headerIndex[header] { return index }
        let index = Int32(headers.count)
        headers.append(header)
        headerIndex[header] = index
        return index
    }

    mutating func use(_ use: BufferUse) -> Int32 {
        if let index = bufferUseIndex[use] { return index }
        let index = Int32(bufferUses.count)
        bufferUses.append(use)
        bufferUseIndex[use] = index
        return index
    }

    mutating func pattern(_ bytes: [UInt8]) -> Range<Int32> {
        let start = Int32(patternBytes.count)
        patternBytes += bytes
        return start..<Int32(patternBytes.count)
    }

    mutating func place(_ drafts: [PatternCapture.Draft]) -> Range<Int32> {
        let start = Int32(captures.count)
        for draft in drafts {
            captures.append(
                PatternCapture(
                    group: Int32(draft.group), target: draft.target,
                    variable: names.variables.number(of: draft.name)))
        }
        return start..<Int32(captures.count)
    }

    mutating func bitList(_ bits: [String]) -> Range<Int32> {
        let start = Int32(bitLists.count)
        for name in bits { bitLists.append(names.flowbits.number(of: name)) }
        return start..<Int32(bitLists.count)
    }
}

/// Address and port fields that have been looked up: the rules of a group share few.
struct ResolvedFields {
    var addresses: [String: ResolvedSet<AddressSet>] = [:]
    var ports: [String: ResolvedSet<PortSet>] = [:]
}

extension Array {
    /// Appends and answers where.
    mutating func place(_ elements: [Element]) -> Range<Int32> {
        let start = Int32(count)
        self += elements
        return start..<Int32(count)
    }
}

/// A buffer with the transforms rules apply to it.
struct BufferUse: Hashable, Sendable {
    var buffer: BufferID
    var transforms: [Transform] = []
}

/// Numbers for the names of one kind of state. Numbers outlive a policy, so that a reload keeps the bits of live flows.
public struct BitNames: Sendable {
    private var numbers: [String: Int32] = [:]
    public private(set) var names: [String] = []

    public init() {}

    mutating func number(of name: String) -> Int32 {
        if let number = numbers[name] { return number }
        let number = Int32(names.count)
        numbers[name] = number
        names.append(name)
        return number
    }
}

/// Numbers for everything rules name: state outlives the policy that made it.
public struct StateNames: Sendable {
    public internal(set) var flowbits = BitNames()
    public internal(set) var flowIntegers = BitNames()
    /// Bits of hosts: `hostbits`, and `xbits` that track one end, name the same ones.
    public internal(set) var hostBits = BitNames()
    public internal(set) var pairBits = BitNames()
    /// What patterns capture, for a flow or a packet.
    public internal(set) var variables = BitNames()

    public init() {}
}

/// The `geoip` keyword: which end's country, and which countries.
struct CountryTest: Sendable {
    enum Side: UInt8, Sendable {
        case source
        case destination
        case any
        case both
    }

    var side: Side
    /// ISO 3166 codes in upper case.
    var countries: Set<String>
    var isNegated: Bool
}
