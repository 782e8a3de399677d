import EventLog
import FirewallEngine
import FlowTracking
import Wire

/// Options of decoding, of fragments and of streams.
extension ConfigurationKey {
    static let ofDecoding: [ConfigurationKey] = [
        choice(
            "defrag.memcap-policy", ["auto"] + ExceptionPolicy.allCases.filter { !$0.isOfFlows }.map(\.rawValue),
            "There is no room for another datagram's fragments."
        ) { $0.settings.exceptions[.fragmentMemory] = ExceptionPolicy(rawValue: $1) },
        number("defrag.memcap", 65_536...(1 << 34), "Bytes kept of datagrams that have not come whole.") {
            $0.settings.fragments.memoryCap = $1
        },
        tunnelPorts("decoder.vxlan.ports", \.vxlan, "UDP ports that carry VXLAN."),
        tunnelPorts("decoder.geneve.ports", \.geneve, "UDP ports that carry Geneve."),
        tunnelPorts("decoder.teredo.ports", \.teredo, "UDP ports that carry Teredo."),
        choice(
            "stream.inline", ["auto", "on", "off"],
            "Bytes count when they come, or (`off`) once acknowledged, as for a listener beside the path; for replay."
        ) { $0.settings.flow.isInline = $1 != "off" },
        number("stream.depth", 0...(1 << 40), "Bytes of one direction that are put into order; 0 for all.") {
            $0.settings.flow.streamDepth = UInt64($1)
        },
        flag("log.alert.payload", "The bytes a rule has matched in, base64, in alerts.") {
            $0.settings.log.alertPayload = $1
        },
        flag("log.alert.payload-printable", "The same as text.") { $0.settings.log.alertPayloadPrintable = $1 },
        flag("log.alert.packet", "The whole packet, base64, in alerts.") { $0.settings.log.alertPacket = $1 },
    ]

    private static func tunnelPorts(
        _ name: String, _ list: any WritableKeyPath<TunnelSettings, PortList> & Sendable, _ summary: String
    ) -> ConfigurationKey {
        ConfigurationKey(name: name, form: "any|none|[PORT,...]", summary: summary + " At most four.") {
            configuration, text throws(ConfigurationProblem) in
            let words = text.filter { !"[] ".contains($0) }.split(separator: ",")
            let ports = words.compactMap { UInt16($0) }
            switch text {
            case "any": configuration.settings.tunnels[keyPath: list] = .any
            case "none": configuration.settings.tunnels[keyPath: list] = .none
            default:
                guard ports.count == words.count, let parsed = PortList(ports) else {
                    throw ConfigurationProblem(
                        "'\(text)' is no value of \(name): expected any, none or up to four ports, as [4789,8472]")
                }
                configuration.settings.tunnels[keyPath: list] = parsed
            }
        }
    }
}
