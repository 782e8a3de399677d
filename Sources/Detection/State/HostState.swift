import NetTypes
import Synchronization

/// What rules keep beyond a single flow: bits of hosts and of pairs of hosts, and the counters of thresholds.
///
/// One object for all queues, owned outside the policy, so that a reload keeps it; replay has a fresh one for each
/// capture. It lies in shards, each behind a lock of its own that is held for one look-up; a packet whose rules use none
/// of this takes no lock.
public final class HostState: Sendable {
    /// Sixteen locks for at most 64 queues: a collision costs a fraction of a microsecond.
    static let shardCount = 16
    /// Bits and counters in all, some 25 MB when both are full: a /14 of clients with one of each. Beyond it the oldest
    /// of a shard goes. A `pass` on a bit then closes and a `drop` on one opens, so rules that must hold should pass.
    public static let defaultCapacity = 262_144

    /// Hosts with tags are a part of the others: a tag is for looking closely.
    static let hostsPerTag = 16

    private struct Tables {
        var bits: CappedTable<BitKey, Int64>
        var counters: CappedTable<CounterKey, ThresholdCounter>
        var tags: CappedTable<IPAddress, TagList>
    }

    private final class Shard: Sendable {
        let tables: Mutex<Tables>

        init(capacity: Int) {
            tables = Mutex(
                Tables(
                    bits: CappedTable(capacity: capacity), counters: CappedTable(capacity: capacity),
                    tags: CappedTable(capacity: capacity / HostState.hostsPerTag)))
        }
    }

    private struct BitKey: Hashable {
        var subject: StateSubject
        var bit: Int32
    }

    struct CounterKey: Hashable {
        var subject: StateSubject
        var signatureID: UInt32
        var generatorID: UInt32
    }

    private let seed: UInt64
    private let shards: [Shard]
    private let sets = Mutex<[String: Dataset]>([:])

    /// - Parameter seed: of the hash that chooses the shard: random on a gateway, fixed in replay.
    public init(seed: UInt64 = 0, capacity: Int = HostState.defaultCapacity) {
        self.seed = seed
        shards = (0..<HostState.shardCount).map { _ in Shard(capacity: capacity / HostState.shardCount) }
    }

    private func shard(_ subject: StateSubject) -> Shard {
        shards[Int(subject.hash(seed: seed) % UInt64(shards.count))]
    }

    // MARK: data sets

    /// The set at work for a definition. One that rules change lives on when a reload defines it again; a list is taken
    /// as the newest definition has it.
    func dataset(_ definition: DatasetDefinition) -> Dataset {
        sets.withLock { sets in
            if let known = sets[definition.name], known.kind == definition.kind, !known.isFixed { return known }
            let made = Dataset(definition)
            sets[definition.name] = made
            return made
        }
    }

    /// Data sets that rules want saved, by name.
    public var datasetsToSave: [Dataset] {
        sets.withLock { sets in sets.values.filter { $0.savePath != nil }.sorted { $0.name < $1.name } }
    }

    // MARK: bits

    /// A bit holds up to and including the second in which it expires.
    func isSet(_ bit: Int32, of subject: StateSubject, at time: Timestamp) -> Bool {
        let key = BitKey(subject: subject, bit: bit)
        return shard(subject).tables.withLock { tables in
            guard let end = tables.bits[key] else { return false }
            if end >= time.seconds { return true }
            tables.bits[key] = nil
            return false
        }
    }

    func change(_ bit: Int32, of subject: StateSubject, _ change: BitChange, seconds: Int64, at time: Timestamp) {
        let key = BitKey(subject: subject, bit: bit)
        shard(subject).tables.withLock { tables in
            // Differs: in Suricata a bit that has expired and was not read since cannot be set again.
            let isThere = tables.bits[key].map { $0 >= time.seconds } ?? false
            switch change {
            // A bit that holds keeps its end: setting it again does not prolong it.
            case .set: if !isThere { tables.bits[key] = time.seconds &+ seconds }
            case .clear: tables.bits[key] = nil
            case .toggle: tables.bits[key] = isThere ? nil : time.seconds &+ seconds
            }
        }
    }

    // MARK: counters

    func count(_ test: ThresholdTest, _ key: CounterKey, at time: Timestamp) -> ThresholdOutcome {
        shard(key.subject).tables.withLock { tables in
            var counter = tables.counters[key]
            let outcome = test.count(&counter, at: time)
            tables.counters[key] = counter
            return outcome
        }
    }

    // MARK: tags

    func tag(_ host: IPAddress, _ tag: TagDefinition, signatureID: UInt32, generatorID: UInt32, at time: Timestamp) {
        shard(.host(host)).tables.withLock { tables in
            var list = tables.tags[host] ?? TagList()
            list.add(tag, signatureID: signatureID, generatorID: generatorID, at: time)
            tables.tags[host] = list
        }
    }

    /// Whether a packet from or to the host is to be logged.
    func followTags(_ host: IPAddress, length: Int, at time: Timestamp) -> Bool {
        shard(.host(host)).tables.withLock { tables in
            guard var list = tables.tags[host] else { return false }
            let isTagged = list.follow(length: length, at: time)
            tables.tags[host] = list.isEmpty ? nil : list
            return isTagged
        }
    }

    /// Bits, counters and tagged hosts held.
    public var entries: Int {
        shards.reduce(0) { $0 + $1.tables.withLock { $0.bits.count + $0.counters.count + $0.tags.count } }
    }

    /// Those that went before their time, for want of room.
    public var evictions: UInt64 {
        shards.reduce(0) {
            $0 &+ $1.tables.withLock { $0.bits.evictions &+ $0.counters.evictions &+ $0.tags.evictions }
        }
    }
}

/// Whom a bit or a counter is about.
enum StateSubject: Hashable, Sendable {
    case host(IPAddress)
    /// Both ends, the smaller address first: the direction does not matter.
    case pair(IPAddress, IPAddress)
    /// The rule as such.
    case rule(UInt32)

    static func pair(of first: IPAddress, _ second: IPAddress) -> StateSubject {
        first.value <= second.value ? .pair(first, second) : .pair(second, first)
    }

    func hash(seed: UInt64) -> UInt64 {
        switch self {
        case .host(let address): StateSubject.mix(address.low ^ seed, address.high ^ 0x9e37_79b9_7f4a_7c15)
        case .pair(let first, let second):
            StateSubject.mix(
                StateSubject.mix(first.low ^ seed, second.low ^ 0x9e37_79b9_7f4a_7c15) ^ first.high,
                second.high ^ 0xc2b2_ae3d_27d4_eb4f)
        case .rule(let number): StateSubject.mix(UInt64(number) ^ seed, 0x27d4_eb2f_1656_67c5)
        }
    }

    private static func mix(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low
    }
}

enum BitChange: UInt8, Sendable {
    case set
    case clear
    case toggle
}

/// Which end of a packet state is kept for.
enum StateTrack: UInt8, Sendable {
    case source
    case destination
    case both
    case rule
}
