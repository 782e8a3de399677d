/// What patterns have captured, by name: variables of a flow, or of the packet at hand.
public struct Variables {
    /// Variables of one flow, and bytes of each: enough for what rules look for; more is not kept.
    static let maximumCount = 32
    static let maximumBytes = 1024

    private(set) var entries: [(name: Int32, value: [UInt8])] = []

    public init() {}

    mutating func set(_ name: Int32, _ value: [UInt8]) {
        let kept = value.count > Variables.maximumBytes ? Array(value.prefix(Variables.maximumBytes)) : value
        if let index = entries.firstIndex(where: { $0.name == name }) {
            entries[index].value = kept
        } else if entries.count < Variables.maximumCount {
            entries.append((name, kept))
        }
    }

    subscript(name: Int32) -> [UInt8]? { entries.first { $0.name == name }?.value }

    mutating func removeAll() { if !entries.isEmpty { entries.removeAll(keepingCapacity: true) } }

    /// Names and values for the log.
    public func texts(_ names: BitNames) -> [(name: String, value: [UInt8])] {
        entries.compactMap { entry in
            names.names.indices.contains(Int(entry.name)) ? (names.names[Int(entry.name)], entry.value) : nil
        }
    }
}

/// `flowvar` and `pktvar`: a variable holds these bytes.
struct VariableTest: Sendable {
    var variable: Int32
    var bytes: [UInt8]
    var isOfPacket: Bool
}

extension [UInt8] {
    /// These bytes, somewhere.
    func holds(_ other: [UInt8]) -> Bool {
        guard other.count <= count, !other.isEmpty else { return false }
        return (0...(count - other.count)).contains { start in
            self[start] == other[0] && self[start..<(start + other.count)].elementsEqual(other)
        }
    }
}
