import AppLayer
import NetTypes
import RuleLanguage
import Wire

/// Where AWS Network Firewall and Suricata would decide otherwise than Weir, or than one would think, told from the rules
/// alone: so that a policy tested here does not surprise there.
public struct PortabilityNote: Sendable {
    public var location: SourceLocation
    public var signatureID: UInt32
    public var text: String
    /// Further rules that the same holds for.
    public var others: Int
}

extension CompiledPolicy {
    private enum Surprise: Int, CaseIterable {
        case addressDropBehindPacketPass
        case addressPassBelowDrop
        case laterRequests
        case hostWithPort
        case dnsOffItsPort
        case dataOfSYN

        var text: String {
            switch self {
            case .addressDropBehindPacketPass:
                "judged on a flow's first packet alone there, which a rule above passes: the flow is never dropped; "
                    + "here it is judged until the flow is decided. Write flow:to_server, for the same everywhere"
            case .addressPassBelowDrop:
                "passes the whole flow at its first packet, here as there: rules above it that need a name or an "
                    + "established connection never see that flow. Write flow:to_server to let them speak first"
            case .laterRequests:
                "passes every later request of the connection there, whatever it asks for; here each request is judged "
                    + "(inspect.every-request)"
            case .hostWithPort:
                "sees a Host with a port as sent there, capitals and port included, so that BAD.example:8080 escapes "
                    + "it; here the name alone in lower case. A second rule with http.host.raw and nocase covers it there"
            case .dnsOffItsPort: "sees DNS on port 53 alone there; here on any port"
            case .dataOfSYN:
                "passes what a SYN carries before any rule can read it, here as there. dsize:0 leaves the handshake alone"
            }
        }
    }

    /// One note for each kind, at the first rule it holds for; in the order of the rules.
    /// - Parameter judgesEveryRequest: `inspect.every-request`.
    public func portabilityNotes(judgesEveryRequest: Bool) -> [PortabilityNote] {
        guard !compatibleWithSuricata else { return [] }
        var notes: [Surprise: PortabilityNote] = [:]
        var seen: [Surprise: Set<UInt32>] = [:]
        var facts = RulesAbove()
        for signature in signatures[..<Int(firstDefault)] {
            let detail = details[Int(signature.detail)]
            for surprise in surprises(signature, facts, judgesEveryRequest) {
                guard seen[surprise, default: []].insert(detail.signatureID).inserted else { continue }
                if notes[surprise] == nil {
                    notes[surprise] = PortabilityNote(
                        location: detail.location, signatureID: detail.signatureID, text: surprise.text, others: 0)
                } else {
                    notes[surprise]?.others += 1
                }
            }
            facts.add(signature, self)
        }
        return Surprise.allCases.compactMap { notes[$0] }
    }

    /// What the rules before one do, as far as it matters to those behind.
    private struct RulesAbove {
        /// Headers that are compared: enough for any policy written by hand, and no product of thousands of rules.
        static let maximumHeaders = 64
        /// Headers of passes of a connection's first packets.
        private(set) var handshakePasses: Set<Int32> = []
        /// Headers of drops and rejects that need more than addresses.
        private(set) var laterBlocks: Set<Int32> = []

        mutating func add(_ signature: Signature, _ policy: CompiledPolicy) {
            if signature.action == .pass, signature.kind == .packet, policy.isOfFirstPackets(signature) {
                if handshakePasses.count < RulesAbove.maximumHeaders { handshakePasses.insert(signature.header) }
            }
            if signature.action.blocks, signature.kind != .addressOnly, signature.kind != .likeAddressOnly,
                !policy.isOfFirstPackets(signature), laterBlocks.count < RulesAbove.maximumHeaders
            {
                laterBlocks.insert(signature.header)
            }
        }
    }

    private func surprises(_ signature: Signature, _ above: RulesAbove, _ judgesEveryRequest: Bool) -> [Surprise] {
        var found: [Surprise] = []
        if signature.kind == .addressOnly {
            if signature.action.blocks, overlaps(signature, above.handshakePasses) {
                found.append(.addressDropBehindPacketPass)
            }
            if signature.action == .pass, overlaps(signature, above.laterBlocks) { found.append(.addressPassBelowDrop) }
        }
        if signature.action == .pass, judgesEveryRequest, isAboutRequest(signature) { found.append(.laterRequests) }
        if signature.action.blocks, uses(.httpHost, signature) { found.append(.hostWithPort) }
        if signature.appProtocol == .dns, !tables(of: signature).destinationPorts.isPort53 {
            found.append(.dnsOffItsPort)
        }
        if signature.action == .pass, signature.kind == .packet, isOfFirstPackets(signature), !limitsPayload(signature)
        {
            found.append(.dataOfSYN)
        }
        return found
    }

    /// `flow:not_established`: a SYN meets it.
    private func isOfFirstPackets(_ signature: Signature) -> Bool {
        let isOfTCP = tables(of: signature).ruleProtocol.ipProtocols.allSatisfy { $0 == .tcp }
        return isOfTCP
            && packetTests[signature.packetTests.asInt].contains {
                if case .flow(let test) = $0 { test.establishment == .notEstablished } else { false }
            }
    }

    private func limitsPayload(_ signature: Signature) -> Bool {
        packetTests[signature.packetTests.asInt].contains {
            if case .payloadSize = $0 { true } else { false }
        }
    }

    private func uses(_ buffer: BufferID, _ signature: Signature) -> Bool {
        engines[signature.engines.asInt].contains {
            if case .buffer(let use) = $0.subject { bufferUses[Int(use)].buffer == buffer } else { false }
        }
    }

    private func tables(of signature: Signature) -> RuleHeader { ruleHeaders[Int(signature.header)] }

    /// Some packet could meet both headers, as far as protocol and version tell.
    private func overlaps(_ signature: Signature, _ others: Set<Int32>) -> Bool {
        let own = tables(of: signature)
        return others.contains { ruleHeaders[Int($0)].canMeet(own) }
    }
}

extension RuleHeader {
    fileprivate func canMeet(_ other: RuleHeader) -> Bool {
        let (mine, theirs) = (ruleProtocol.ipProtocols, other.ruleProtocol.ipProtocols)
        guard mine.isEmpty || theirs.isEmpty || !Set(mine).isDisjoint(with: theirs) else { return false }
        guard let version = ruleProtocol.ipVersion, let another = other.ruleProtocol.ipVersion else {
            return meets(other)
        }
        return version == another && meets(other)
    }

    private func meets(_ other: RuleHeader) -> Bool {
        !source.intersection(other.source).isEmpty && !destination.intersection(other.destination).isEmpty
            && !sourcePorts.intersection(other.sourcePorts).isEmpty
            && !destinationPorts.intersection(other.destinationPorts).isEmpty
    }
}

extension PortSet {
    fileprivate var isPort53: Bool { self == PortSet([53...53]) }
}
