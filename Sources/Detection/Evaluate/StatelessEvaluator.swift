import NetTypes
import PolicyModel
import Wire

/// The stateless rule groups of a policy: every packet alone, the first rule that fits acts.
public struct StatelessEvaluator: Sendable {
    /// What is to happen to a packet, and which custom actions count it.
    public struct Outcome: Sendable {
        public var action: StatelessAction
        /// Index of the rule; nil for a default action.
        public var rule: Int?
        /// Indices into `metrics`.
        public var metrics: Range<Int>
        /// The packet is a fragment that no rule may pass: AWS drops fragments other than UDP's.
        public var isFragmentDrop = false
    }

    struct Rule: Sendable {
        var sources: AddressSet
        var destinations: AddressSet
        var sourcePorts: PortSet
        var destinationPorts: PortSet
        /// One bit for each protocol number; empty for all.
        var protocols: [IPProtocol]
        var flags: [TCPFlagMatch]
        var action: StatelessAction
        var metrics: Range<Int>
        var usesPorts: Bool
    }

    private var rules: [Rule] = []
    public private(set) var ruleNames: [String] = []
    private var defaultOutcome: Outcome
    private var fragmentOutcome: Outcome
    /// Metric dimensions that custom actions publish; rules and defaults name ranges of them.
    public private(set) var metrics: [String] = []
    /// Nothing but "forward": the packet path skips the evaluator.
    public let forwardsAll: Bool

    init(_ source: PolicySource.Stateless) {
        var metrics: [String] = []
        func place(_ names: [String], _ definitions: [String: String]) -> Range<Int> {
            let start = metrics.count
            metrics += names.compactMap { definitions[$0] }
            return start..<metrics.count
        }
        for (name, group) in source.groups {
            let own = Dictionary(group.customActions.map { ($0.name, $0.dimension) }) { first, _ in first }
            for rule in group.rules.sorted(by: { $0.priority < $1.priority }) {
                rules.append(Rule(rule, metrics: place(rule.actions.customActions, own)))
                ruleNames.append("\(name) priority \(rule.priority)")
            }
        }
        defaultOutcome = Outcome(
            action: source.defaultActions.action, rule: nil,
            metrics: place(source.defaultActions.customActions, source.customActions))
        fragmentOutcome = Outcome(
            action: source.fragmentDefaultActions.action, rule: nil,
            metrics: place(source.fragmentDefaultActions.customActions, source.customActions))
        self.metrics = metrics
        forwardsAll =
            rules.isEmpty && metrics.isEmpty && defaultOutcome.action == .forwardToStateful
            && fragmentOutcome.action == .forwardToStateful
    }

    public func evaluate(_ packet: borrowing Packet) -> Outcome {
        guard let ip = packet.ip, let tuple = packet.tuple else {
            return Outcome(action: .drop, rule: nil, metrics: 0..<0)
        }
        let flags = packet.tcp?.flags.rawValue
        for (index, rule) in rules.enumerated() where rule.matches(tuple, isFragment: ip.isFragment, flags: flags) {
            return Outcome(action: rule.action, rule: index, metrics: rule.metrics)
        }
        guard ip.isFragment else { return defaultOutcome }
        guard ip.upperProtocol == .udp else {
            return Outcome(action: .drop, rule: nil, metrics: 0..<0, isFragmentDrop: true)
        }
        return fragmentOutcome
    }
}

extension StatelessEvaluator.Rule {
    init(_ rule: StatelessRule, metrics: Range<Int>) {
        let match = rule.matchAttributes
        sources = match.sources.isEmpty ? .all : AddressSet(match.sources)
        destinations = match.destinations.isEmpty ? .all : AddressSet(match.destinations)
        sourcePorts = match.sourcePorts.isEmpty ? .all : PortSet(match.sourcePorts)
        destinationPorts = match.destinationPorts.isEmpty ? .all : PortSet(match.destinationPorts)
        protocols = match.protocols
        flags = match.tcpFlags
        action = rule.actions.action
        self.metrics = metrics
        usesPorts = !sourcePorts.isAll || !destinationPorts.isAll
    }

    func matches(_ tuple: FlowTuple, isFragment: Bool, flags packetFlags: UInt8?) -> Bool {
        if !protocols.isEmpty, !protocols.contains(tuple.ipProtocol) { return false }
        guard sources.contains(tuple.source), destinations.contains(tuple.destination) else { return false }
        if usesPorts {
            // A fragment has no ports to look at.
            guard !isFragment, tuple.ipProtocol.hasPorts, sourcePorts.contains(tuple.sourcePort),
                destinationPorts.contains(tuple.destinationPort)
            else { return false }
        }
        guard !flags.isEmpty else { return true }
        guard let packetFlags else { return false }
        return flags.contains { $0.matches(packetFlags) }
    }
}
