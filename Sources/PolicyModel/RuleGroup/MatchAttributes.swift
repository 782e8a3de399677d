import NetTypes
import RuleLanguage

/// Which packets a stateless rule is about. An empty list means any; what is given has to fit all at once.
public struct MatchAttributes: Hashable, Sendable {
    public var sources: [IPPrefix] = []
    public var destinations: [IPPrefix] = []
    public var sourcePorts: [ClosedRange<UInt16>] = []
    public var destinationPorts: [ClosedRange<UInt16>] = []
    public var protocols: [IPProtocol] = []
    public var tcpFlags: [TCPFlagMatch] = []

    public init() {}

    init(_ node: DocumentNode, _ problems: inout [Diagnostic]) {
        let keys = ["Sources", "Destinations", "SourcePorts", "DestinationPorts", "Protocols", "TCPFlags"]
        guard let fields = DocumentFields(node, of: "MatchAttributes", keys: keys, &problems) else { return }
        for item in fields["Protocols"]?.list(&problems) ?? [] {
            guard let number = item.integer(in: 0...255, &problems), let byte = UInt8(exactly: number) else { continue }
            protocols.append(IPProtocol(rawValue: byte))
        }
        sources = MatchAttributes.prefixes(fields["Sources"], &problems)
        destinations = MatchAttributes.prefixes(fields["Destinations"], &problems)
        sourcePorts = MatchAttributes.portRanges(fields["SourcePorts"], &problems)
        destinationPorts = MatchAttributes.portRanges(fields["DestinationPorts"], &problems)
        for item in fields["TCPFlags"]?.list(&problems) ?? [] {
            if let match = TCPFlagMatch(item, &problems) { tcpFlags.append(match) }
        }
        check(fields, &problems)
    }

    /// What the attributes have to say to each other.
    private func check(_ fields: DocumentFields, _ problems: inout [Diagnostic]) {
        func isEmpty(_ key: String) -> Bool {
            guard let value = fields[key] else { return true }
            if case .list(let items) = value.content { return items.isEmpty }
            return false
        }
        if isEmpty("Sources"), isEmpty("Destinations") {
            problems.error(
                at: fields.node.location,
                "Sources, Destinations cannot be null or empty: a stateless rule has at least one",
                hint: "for any address write 0.0.0.0/0 and ::/0")
        }
        let hasPorts = protocols.isEmpty || protocols.contains(.tcp) || protocols.contains(.udp)
        for key in ["SourcePorts", "DestinationPorts"] where !isEmpty(key) && !hasPorts {
            problems.error(
                at: fields[key]?.location ?? fields.node.location,
                "\(key), Protocols cannot exist together: ports are for protocols 6 (TCP) and 17 (UDP)")
        }
        if !isEmpty("TCPFlags"), !protocols.isEmpty, !protocols.contains(.tcp) {
            problems.error(
                at: fields["TCPFlags"]?.location ?? fields.node.location,
                "TCPFlags, Protocols cannot exist together: flags are for protocol 6 (TCP)")
        }
    }

    private static func prefixes(_ node: DocumentNode?, _ problems: inout [Diagnostic]) -> [IPPrefix] {
        var prefixes: [IPPrefix] = []
        for item in node?.list(&problems) ?? [] {
            guard let fields = DocumentFields(item, of: "the address", keys: ["AddressDefinition"], &problems),
                let value = fields.required("AddressDefinition", &problems), let text = value.string(&problems)
            else { continue }
            guard let prefix = IPPrefix(text) else {
                problems.error(
                    at: value.location, "AddressDefinition is invalid: '\(shown(text))'",
                    hint: "expected an address or a prefix as 10.0.0.0/8 or 2001:db8::/32")
                continue
            }
            if let address = IPAddress(text.prefix { $0 != "/" }), address != prefix.first {
                problems.warning(at: value.location, "'\(text)' has bits behind its prefix; it is read as \(prefix)")
            }
            prefixes.append(prefix)
        }
        return prefixes
    }

    private static func portRanges(_ node: DocumentNode?, _ problems: inout [Diagnostic]) -> [ClosedRange<UInt16>] {
        var ranges: [ClosedRange<UInt16>] = []
        for item in node?.list(&problems) ?? [] {
            guard let fields = DocumentFields(item, of: "the port range", keys: ["FromPort", "ToPort"], &problems)
            else {
                continue
            }
            let from = fields.required("FromPort", &problems)?.integer(in: 0...65535, &problems)
            let to = fields.required("ToPort", &problems)?.integer(in: 0...65535, &problems)
            guard let from = from.flatMap(UInt16.init(exactly:)), let to = to.flatMap(UInt16.init(exactly:)) else {
                continue
            }
            guard from <= to else {
                problems.error(
                    at: item.location, "FromPort, ToPort is not within the bound: \(from) is above \(to)",
                    hint: "put the lower port in FromPort")
                continue
            }
            ranges.append(from...to)
        }
        return ranges
    }
}
