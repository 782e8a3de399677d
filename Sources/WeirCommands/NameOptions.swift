import AppLayer
import EventLog
import FirewallEngine
import FlowTracking

extension ConfigurationKey {
    /// Options of the protocols that names are read from, and of their records.
    static let ofNames: [ConfigurationKey] = [
        flag("stream.one-sided", "Connections of which one direction alone is seen are followed: for captures.") {
            $0.settings.flow.followsOneSide = $1
        },
        flag("log.dns.requests", "Records of DNS queries.") { $0.settings.log.dns.requests = $1 },
        flag("log.dns.responses", "Records of DNS responses.") { $0.settings.log.dns.responses = $1 },
        ConfigurationKey(
            name: "log.dns.types", form: "a,aaaa,mx,...",
            summary: "Types of questions that have records; all by default."
        ) { configuration, text throws(ConfigurationProblem) in
            configuration.settings.log.dns.types = []
            for word in text.filter({ !"[] ".contains($0) }).split(separator: ",") {
                guard let number = DNSNames.number(ofType: String(word)) ?? UInt16(word) else {
                    throw ConfigurationProblem(
                        "'\(word)' is no value of log.dns.types: expected names or numbers of record types, such as a,mx"
                    )
                }
                configuration.settings.log.dns.types.insert(number)
            }
        },
        choice(
            "log.dns.formats", ["detailed", "grouped", "all"],
            "Whether records of DNS responses list every answer, group data by type, or both."
        ) {
            $0.settings.log.dns.detailed = $1 != "grouped"
            $0.settings.log.dns.grouped = $1 != "detailed"
        },
        ConfigurationKey(
            name: "dns.ports", form: "53,...",
            summary: "Ports where DNS is recognised by its shape alone; elsewhere it must fit in every respect."
        ) { configuration, text throws(ConfigurationProblem) in
            let words = text.filter { !"[] ".contains($0) }.split(separator: ",")
            let ports = words.compactMap { UInt16($0) }
            guard !ports.isEmpty, ports.count == words.count, ports.count <= 64 else {
                throw ConfigurationProblem(
                    "'\(text)' is no value of dns.ports: expected up to 64 ports, such as 53,1053")
            }
            configuration.settings.appLayer.dnsPorts = ports
        },
    ]
}
