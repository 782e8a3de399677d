import NetTypes
import Wire

/// The header of one or many rules: who may talk to whom, over what. Thousands of name rules share one.
struct RuleHeader: Hashable, Sendable {
    var ruleProtocol: RuleProtocol
    var source: AddressSet
    var destination: AddressSet
    var sourcePorts: PortSet
    var destinationPorts: PortSet

    let anySource: Bool
    let anyDestination: Bool
    let anySourcePort: Bool
    let anyDestinationPort: Bool

    init(
        ruleProtocol: RuleProtocol, source: AddressSet, sourcePorts: PortSet, destination: AddressSet,
        destinationPorts: PortSet
    ) {
        self.ruleProtocol = ruleProtocol
        self.source = source
        self.sourcePorts = sourcePorts
        self.destination = destination
        self.destinationPorts = destinationPorts
        anySource = source.isAll
        anyDestination = destination.isAll
        anySourcePort = sourcePorts.isAll
        anyDestinationPort = destinationPorts.isAll
    }

    /// - Parameter hasPorts: false for fragments, which match no rule with ports.
    func matches(_ tuple: FlowTuple, hasPorts: Bool) -> Bool {
        if let version = ruleProtocol.ipVersion, version != tuple.source.version { return false }
        if !ruleProtocol.ipProtocols.isEmpty, !ruleProtocol.ipProtocols.contains(tuple.ipProtocol) { return false }
        if !anyDestinationPort || !anySourcePort {
            guard hasPorts, tuple.ipProtocol.hasPorts else { return false }
            if !anyDestinationPort, !destinationPorts.contains(tuple.destinationPort) { return false }
            if !anySourcePort, !sourcePorts.contains(tuple.sourcePort) { return false }
        }
        if !anyDestination, !destination.contains(tuple.destination) { return false }
        return anySource || source.contains(tuple.source)
    }
}
