import AppLayer
import NetTypes
import RuleLanguage

/// The signatures that can apply to a flow in one direction, by phase. Interned: flows whose headers fit the same
/// signatures share one.
final class RuleSet: Sendable {
    let addressOnly: [Int32]
    /// Judged packet by packet: packet, stream, protocol and header-only signatures, default actions too. Of those with
    /// `content` the ones that no literal finds.
    let packet: [Int32]
    /// Judged packet by packet when a literal of theirs is found in the payload; as a bit set over all signatures.
    private let isFiltered: [UInt64]
    let hasFiltered: Bool
    /// Judged for each transaction; as a bit set over all signatures.
    private let isTransaction: [UInt64]
    /// Transaction signatures without a prefilter literal.
    let unfiltered: [Int32]
    /// Protocols, one bit each, for which a signature that decides something looks at what a transaction says.
    private let namedProtocols: UInt64
    /// A signature that decides something asks for the protocol itself, or waits for a name by itself.
    private let asksForProtocol: Bool
    private let waitsByItself: Bool

    init(_ members: [Int32], policy: CompiledPolicy) {
        var addressOnly: [Int32] = []
        var packet: [Int32] = []
        var unfiltered: [Int32] = []
        let words = (policy.signatures.count + 63) / 64
        var transactions = [UInt64](repeating: 0, count: words)
        var filtered = [UInt64](repeating: 0, count: words)
        var filteredCount = 0
        var named: UInt64 = 0
        var asksForProtocol = false
        var waitsByItself = false
        for member in members {
            let signature = policy.signatures[Int(member)]
            let word = Int(member) >> 6
            let bit = UInt64(1) << UInt64(member & 63)
            if policy.decides(signature) {
                if signature.kind == .transaction {
                    named |= 1 << UInt64(signature.appProtocol.rawValue & 63)
                    if signature.alternative != .unknown { named |= 1 << UInt64(signature.alternative.rawValue & 63) }
                } else if policy.waitsForApplication(signature) {
                    waitsByItself = true
                } else if signature.kind == .protocolDetection || signature.appProtocol != .unknown {
                    asksForProtocol = true
                }
            }
            switch signature.kind {
            case .addressOnly: addressOnly.append(member)
            case .transaction:
                transactions[word] |= bit
                let isFiltered = policy.engines[signature.engines.asInt].contains { $0.isPrefilter && !$0.isOfPayload }
                if !isFiltered { unfiltered.append(member) }
            default:
                if policy.isFoundByLiteral[Int(member)] {
                    filtered[word] |= bit
                    filteredCount += 1
                } else {
                    packet.append(member)
                }
            }
        }
        self.addressOnly = addressOnly
        self.packet = packet
        self.unfiltered = unfiltered
        isTransaction = transactions
        isFiltered = filtered
        hasFiltered = filteredCount > 0
        namedProtocols = named
        self.asksForProtocol = asksForProtocol
        self.waitsByItself = waitsByItself
    }

    /// Some signature could still decide a flow that waits for this.
    func isDecided(by awaited: Awaited, _ appProtocol: AppProtocol) -> Bool {
        switch awaited {
        case .nothing: false
        case .recognition: namedProtocols != 0 || asksForProtocol || waitsByItself
        case .name: waitsByItself || namedProtocols & (1 << UInt64(appProtocol.rawValue & 63)) != 0
        }
    }

    func containsTransaction(_ signature: Int32) -> Bool {
        isTransaction[Int(signature) >> 6] & (1 << UInt64(signature & 63)) != 0
    }

    func containsFiltered(_ signature: Int32) -> Bool {
        isFiltered[Int(signature) >> 6] & (1 << UInt64(signature & 63)) != 0
    }
}

extension CompiledPolicy {
    /// It acts, or leaves something for signatures that do.
    fileprivate func decides(_ signature: Signature) -> Bool {
        signature.action != .alert && signature.action != .config || !signature.effects.isEmpty
    }

    fileprivate func waitsForApplication(_ signature: Signature) -> Bool {
        packetTests[signature.packetTests.asInt].contains { if case .awaitsApplication = $0 { true } else { false } }
    }
}

/// Rule sets by the headers that fit. Capped: a scan over many addresses cannot make it grow without bound, for a policy
/// has few different results.
struct RuleSetCache {
    /// Far above what real policies make (tens to hundreds); beyond it sets are made anew for each use.
    static let maximumSets = 16_384

    private(set) var sets: [RuleSet] = []
    private var index: [Key: Int32] = [:]
    private var headers: [Int32] = []
    /// Sets of the classes seen, by direction: most flows are of few. Forgotten at the cap, which a scan reaches.
    private var classes: [Class: Int32] = [:]
    private static let maximumClasses = 65_536

    private struct Key: Hashable {
        var headers: [Int32]
        var isToServer: Bool
    }

    private struct Class: Hashable {
        var number: HeaderClasses.Number
        var isToServer: Bool
    }

    /// The number of the set for a tuple, or the set alone when the cache is full.
    mutating func set(
        for tuple: FlowTuple, direction: FlowDirection, hasPorts: Bool, policy: CompiledPolicy
    ) -> (number: Int32, set: RuleSet) {
        let ofClass = Class(
            number: policy.headers.classOf(tuple, hasPorts: hasPorts), isToServer: direction == .toServer)
        if let number = classes[ofClass] { return (number, sets[Int(number)]) }
        let found = find(tuple, direction, hasPorts, policy)
        if found.number >= 0 {
            if classes.count >= RuleSetCache.maximumClasses { classes.removeAll(keepingCapacity: true) }
            classes[ofClass] = found.number
        }
        return found
    }

    private mutating func find(
        _ tuple: FlowTuple, _ direction: FlowDirection, _ hasPorts: Bool, _ policy: CompiledPolicy
    ) -> (number: Int32, set: RuleSet) {
        headers.removeAll(keepingCapacity: true)
        policy.headers.collect(tuple, hasPorts: hasPorts, into: &headers)
        let key = Key(headers: headers, isToServer: direction == .toServer)
        if let number = index[key] { return (number, sets[Int(number)]) }
        let members = headers.flatMap { policy.members[Int($0)] }.filter {
            policy.signatures[Int($0)].applies(to: direction)
        }
        let set = RuleSet(members.sorted(), policy: policy)
        guard sets.count < RuleSetCache.maximumSets else { return (-1, set) }
        let number = Int32(sets.count)
        sets.append(set)
        index[key] = number
        return (number, set)
    }
}
