import RuleLanguage

/// TCP flags a stateless rule looks for: of those in `masks`, the ones in `flags` are set and no others. The bits are
/// those of the TCP header (RFC 9293 section 3.1): FIN is 0x01, CWR is 0x80.
public struct TCPFlagMatch: Hashable, Sendable {
    public var flags: UInt8
    /// All eight when the document names none.
    public var masks: UInt8

    public init(flags: UInt8, masks: UInt8 = 0xFF) {
        self.flags = flags
        self.masks = masks
    }

    /// Whether a packet with these flags fits.
    public func matches(_ packetFlags: UInt8) -> Bool { packetFlags & masks == flags }

    private enum Flag: String, CaseIterable {
        case fin = "FIN"
        case syn = "SYN"
        case rst = "RST"
        case psh = "PSH"
        case ack = "ACK"
        case urg = "URG"
        case ece = "ECE"
        case cwr = "CWR"

        var bit: UInt8 {
            switch self {
            case .fin: 0x01
            case .syn: 0x02
            case .rst: 0x04
            case .psh: 0x08
            case .ack: 0x10
            case .urg: 0x20
            case .ece: 0x40
            case .cwr: 0x80
            }
        }
    }

    init?(_ node: DocumentNode, _ problems: inout [Diagnostic]) {
        guard let fields = DocumentFields(node, of: "TCPFlags", keys: ["Flags", "Masks"], &problems),
            let flagsNode = fields.required("Flags", &problems),
            let flags = flagsNode.words(of: Flag.self, &problems)
        else { return nil }
        let masks = fields["Masks"]?.words(of: Flag.self, &problems) ?? []
        let unmasked = flags.filter { !masks.contains($0) }
        if !masks.isEmpty, !unmasked.isEmpty {
            problems.error(
                at: flagsNode.location,
                "Flags is unmasked: \(unmasked.map(\.rawValue).joined(separator: ", ")) is not in Masks",
                hint: "a flag that is not looked at cannot be found set")
        }
        self.flags = flags.reduce(0) { $0 | $1.bit }
        self.masks = masks.isEmpty ? 0xFF : masks.reduce(0) { $0 | $1.bit }
    }
}
