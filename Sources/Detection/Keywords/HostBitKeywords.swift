import RuleLanguage

/// `xbits` and `hostbits`: marks of a host, or of two hosts, that outlive the flow. An `xbits` that tracks one end and a
/// `hostbits` of the same name are one bit, as in Suricata.
enum HostBitKeywords {
    static let all = [
        Keyword(
            name: "xbits", value: .required,
            summary:
                "Marks of hosts: set|unset|toggle|isset|isnotset,NAME,track ip_src|ip_dst|ip_pair[,expire SECONDS]."
        ) { builder, argument throws(RuleProblem) in
            let parts = argument.parts
            guard (3...4).contains(parts.count), !parts[1].isEmpty else {
                throw RuleProblem(
                    "xbits needs a command, a name and what to track", hint: "xbits:set,name,track ip_src")
            }
            let tracks: [[Substring]: StateTrack] = [
                ["track", "ip_src"]: .source, ["track", "ip_dst"]: .destination, ["track", "ip_pair"]: .both,
            ]
            guard let track = tracks[parts[2].split(separator: " ")] else {
                throw RuleProblem(
                    "'\(parts[2])' does not say what to track",
                    hint: "expected track ip_src, track ip_dst or track ip_pair")
            }
            // Suricata's default.
            var seconds: UInt32 = 30
            if parts.count == 4 {
                let words = parts[3].split(separator: " ")
                guard words.count == 2, words[0] == "expire", let number = UInt32(words[1]), number > 0 else {
                    throw RuleProblem(
                        "'\(parts[3])' is no time to expire", hint: "expected expire and seconds, 1 or more")
                }
                seconds = number
            }
            try add(parts[0], parts[1], track, seconds, to: &builder)
        },
        Keyword(
            name: "hostbits", value: .required,
            summary: "Marks of a host: set|unset|toggle|isset|isnotset,NAME[,src|dst]; noalert."
        ) { builder, argument throws(RuleProblem) in
            let parts = argument.parts
            if parts == ["noalert"] {
                builder.isSilenced = true
                return
            }
            guard (2...3).contains(parts.count), !parts[1].isEmpty, !parts[1].contains(" ") else {
                throw RuleProblem("hostbits needs a command and a name without blanks", hint: "hostbits:set,name,src")
            }
            let tracks: [String: StateTrack] = ["src": .source, "dst": .destination]
            guard let track = parts.count == 3 ? tracks[parts[2]] : .source else {
                throw RuleProblem("'\(parts[2])' is no end of a packet for hostbits", hint: "expected src or dst")
            }
            try add(parts[0], parts[1], track, 300, to: &builder)
        },
    ]

    private static func add(
        _ command: String, _ name: String, _ track: StateTrack, _ seconds: UInt32, to builder: inout SignatureBuilder
    ) throws(RuleProblem) {
        @Sendable func number(_ names: inout StateNames) -> Int32 {
            track == .both ? names.pairBits.number(of: name) : names.hostBits.number(of: name)
        }
        func change(_ change: BitChange) {
            builder.effects.append {
                .changeHostBit(HostBitChange(bit: number(&$0), track: track, change: change, seconds: seconds))
            }
        }
        switch command {
        case "set": change(.set)
        case "unset": change(.clear)
        case "toggle": change(.toggle)
        case "isset", "isnotset":
            builder.stateTests.append { HostBitTest(bit: number(&$0), track: track, isSet: command == "isset") }
        default:
            throw RuleProblem("'\(command)' is no command", hint: "expected set, unset, toggle, isset or isnotset")
        }
    }
}
