import FirewallEngine

extension ConfigurationKey {
    /// Options of holding packets until their flow's name is known.
    static let ofHolding: [ConfigurationKey] = [
        flag("hold.enabled", "Packets whose flow waits for a name have no verdict until it is there; not with compat.")
        {
            $0.settings.hold.isEnabled = $1
        },
        number("hold.flow-bytes", 0...(1 << 20), "Payload held of one flow; below a client's initial window.") {
            $0.settings.hold.flowBytes = $1
        },
        number("hold.milliseconds", 100...10_000, "How long a flow's packets are held.") {
            $0.settings.hold.milliseconds = $1
        },
        choice(
            "hold.timeout-policy", ["rules", "drop"],
            "Packets that have been held so long: judged as if they had not been, or dropped whatever the rules say."
        ) { $0.settings.hold.dropsLate = $1 == "drop" },
        number("hold.source-packets", 1...(1 << 20), "Packets held of one source.") {
            $0.settings.hold.sourcePackets = $1
        },
        number("hold.packets", 1...(1 << 20), "Packets held in all; `run` allows a quarter of the queue's length.") {
            $0.settings.hold.packets = $1
        },
        number("hold.bytes", 65_536...(1 << 30), "Bytes of packets held in all.") { $0.settings.hold.bytes = $1 },
    ]
}
