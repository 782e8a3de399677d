import NetTypes

/// The `tag` keyword: what follows a match is written to the log as well, packet by packet.
struct TagDefinition: Sendable {
    enum Metric: UInt8, Sendable {
        case packets
        case bytes
        case seconds
    }

    /// Nil tags the flow, otherwise the host at this end of the packet that matched.
    var host: StateTrack?
    var count: UInt32
    var metric: Metric

    /// Most packets one tag can ask for, and what it asks for when nothing is said: Suricata's.
    static let maximumPackets: UInt32 = 256
}

/// The tags of one flow or host.
struct TagList: Sendable {
    private struct Entry: Sendable {
        var signatureID: UInt32
        var generatorID: UInt32
        var metric: TagDefinition.Metric
        var count: UInt32
        var firstSecond: Int64
        var packets: UInt64 = 0
        var bytes: UInt64 = 0
        /// Matches since the first.
        var renewals: UInt32 = 0
        /// The packet that set the tag has its alert and is not logged again.
        var isBegun = false
    }

    /// Rules that tag the same flow or host at once, and matches of one rule that begin its tag anew: Suricata's. More
    /// are not taken, or else traffic would decide how much is logged.
    static let maximumTags = 50
    static let maximumRenewals: UInt32 = 9

    private var entries: [Entry] = []

    var isEmpty: Bool { entries.isEmpty }

    mutating func add(_ tag: TagDefinition, signatureID: UInt32, generatorID: UInt32, at time: Timestamp) {
        if let index = entries.firstIndex(where: { $0.signatureID == signatureID && $0.generatorID == generatorID }) {
            entries[index].renewals &+= 1
            guard entries[index].renewals <= TagList.maximumRenewals else { return }
            entries[index].firstSecond = time.seconds
            entries[index].packets = 0
            entries[index].bytes = 0
            return
        }
        guard entries.count < TagList.maximumTags else { return }
        entries.append(
            Entry(
                signatureID: signatureID, generatorID: generatorID, metric: tag.metric, count: tag.count,
                firstSecond: time.seconds))
    }

    /// Takes one packet into account. True when it is to be logged.
    mutating func follow(length: Int, at time: Timestamp) -> Bool {
        var isTagged = false
        var index = 0
        while index < entries.count {
            entries[index].packets &+= 1
            entries[index].bytes &+= UInt64(max(0, length))
            guard entries[index].isBegun else {
                entries[index].isBegun = true
                index += 1
                continue
            }
            let entry = entries[index]
            let isOver =
                switch entry.metric {
                case .packets: entry.packets > UInt64(entry.count)
                case .bytes: entry.bytes > UInt64(entry.count)
                case .seconds: time.seconds &- entry.firstSecond > Int64(entry.count)
                }
            if isOver {
                entries.remove(at: index)
            } else {
                isTagged = true
                index += 1
            }
        }
        return isTagged
    }
}
