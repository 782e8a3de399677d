import AppLayer
import EventLog
import FirewallEngine
import FlowTracking
import NFQueue
import RuleLanguage

/// What the user configures beside the policy: by `--config FILE`, by `--set KEY=VALUE`, by Suricata's letters.
struct Configuration {
    var settings = EngineSettings()
    var queue = QueueConfiguration()
    /// `vars.NAME`: text of an address or port list.
    var variables: [String: String] = [:]
    /// `references.NAME`: addresses behind `@NAME`.
    var references: [String: [String]] = [:]
    var countryDatabase: String?
    /// Lists and tables that rules refer to.
    var lists = ListPaths()
    /// Most alerts of one packet.
    var packetAlertMaximum: Int?
    /// Of rules in action order.
    var actionOrder: [RuleAction]?
    var ignoresUnknownRequirements = false
    var missingFeatures: Set<String> = []
    /// Set by the user, not by the policy.
    var midstream: MidstreamPolicy?
    var midstreamPolicy: ExceptionPolicy?
    var tcpIdle: Int?

    /// The private ranges of RFC 1918 and RFC 4193: what `check` and `replay` take for HOME_NET when nothing is said.
    static let privateRanges = "[10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7]"

    var forwardedForMode: ForwardedFor.Mode?
    var forwardedForField: [UInt8]?
    var forwardedForIsReverse = true

    var forwardedFor: ForwardedFor? {
        forwardedForMode.map { mode in
            var result = ForwardedFor(mode: mode)
            if let field = forwardedForField { result.field = field }
            result.isReverse = forwardedForIsReverse
            return result
        }
    }

    init() { settings.hold.isEnabled = true }
}

/// One option of the configuration.
struct ConfigurationKey: Sendable {
    let name: String
    let form: String
    let summary: String
    let apply: @Sendable (inout Configuration, String) throws(ConfigurationProblem) -> Void
}

struct ConfigurationProblem: Error {
    let message: String

    init(_ message: String) { self.message = message }
}

extension ConfigurationKey {
    static let all: [ConfigurationKey] =
        [
            flag("compat.suricata", "Suricata's behaviour wherever Weir's differs.") {
                $0.settings.compatibleWithSuricata = $1
            },
            choice(
                "engine.mode", ["ips", "ids"],
                "Whether drop and reject take effect; with `ids` rules only log, and no packet is held up."
            ) { $0.settings.observesOnly = $1 == "ids" },
            choice(
                "stream.checksums", ["none", "all"],
                "Whether TCP segments with a wrong checksum are left out of the stream."
            ) {
                $0.settings.verifiesChecksums = $1 == "all"
            },
            choice(
                "stream.midstream", ["drop", "continue", "reject", "track"],
                "TCP packets without a known session: the policy's StreamExceptionPolicy, or `track` to pick them up."
            ) { $0.midstream = MidstreamPolicy(rawValue: $1) },
            choice(
                "stream.midstream-policy", ["auto", "drop-flow", "reject", "bypass", "pass-flow", "ignore"],
                "The same in Suricata's words; with `stream.midstream=track`, what becomes of flows picked up."
            ) { $0.midstreamPolicy = ExceptionPolicy(rawValue: $1) },
            choice(
                "exception-policy", ["auto"] + ExceptionPolicy.allCases.map(\.rawValue),
                "What happens when the engine cannot do its work, where nothing below says otherwise."
            ) { $0.settings.exceptions.master = ExceptionPolicy(rawValue: $1) },
            exception(
                "stream.reassembly.memcap-policy", .reassemblyMemory, "Too many bytes of a flow wait out of order."),
            exception("flow.memcap-policy", .flowMemory, "There is no room for another flow.", packetsOnly: true),
            exception("app-layer.error-policy", .applicationError, "A parser gives up on what a flow carries."),
            exception("decode.error-policy", .decodeError, "The headers cannot be read.", packetsOnly: true),
            flag(
                "inspect.every-request",
                "A pass by a request's host, method or name covers that request alone; on by default."
            ) { $0.settings.judgesEveryRequest = $1 },
            ConfigurationKey(
                name: "log.anomalies", form: "on|off|[decode,stream,applayer]", summary: "Kinds of anomaly records."
            ) { configuration, text throws(ConfigurationProblem) in
                var kinds: AnomalyKinds = []
                for word in text.filter({ !"[] ".contains($0) }).split(separator: ",") {
                    guard let kind = AnomalyKinds.names[String(word)] else {
                        throw ConfigurationProblem(
                            "'\(word)' is no value of log.anomalies: expected on, off, or of decode, stream, applayer")
                    }
                    kinds.formUnion(kind)
                }
                configuration.settings.log.anomalies = kinds
            },
            flag("log.metadata", "What rules have left in flows: flowbits, flowints, variables; on by default.") {
                $0.settings.log.logsMetadata = $1
            },
            flag("log.anomaly-packets", "Anomaly records have the packet.") {
                $0.settings.log.logsAnomalyPackets = $1
            },
            flag("log.netflow", "A netflow record for each direction of a flow.") { $0.settings.log.logsNetflow = $1 },
            flag("log.capture-file", "The capture's path in the records of a replay.") {
                $0.settings.log.namesCapture = $1
            },
            flag("log.ethernet", "Ethernet addresses in records of packets and flows.") {
                $0.settings.log.logsEthernet = $1
            },
            number("stream.pending-bytes", 4096...(1 << 28), "Bytes out of order kept for one direction of a flow.") {
                $0.settings.flow.pendingBytes = $1
            },
            number("flow.capacity", 16...(1 << 28), "Most flows at once.") { $0.settings.flow.capacity = $1 },
            number("flow.tcp-idle", 60...6000, "Seconds until an idle TCP flow is forgotten.") { $0.tcpIdle = $1 },
            number("flow.tcp-closed", 1...600, "Seconds until a closed TCP flow is forgotten.") {
                $0.settings.flow.tcpClosed = $1
            },
            number("flow.udp-idle", 1...86_400, "Seconds until an idle UDP flow is forgotten.") {
                $0.settings.flow.udpIdle = $1
            },
            number("tls.handshake-bytes", 512...(1 << 24), "Longest TLS handshake message that is read.") {
                $0.settings.appLayer.tlsHandshakeBytes = $1
            },
            number("http.head-bytes", 512...(1 << 24), "Longest head of an HTTP message that is read.") {
                $0.settings.appLayer.httpHeadBytes = $1
            },
            flag("app-layer.http2", "HTTP/2 in clear is read; otherwise it is a protocol without a name.") {
                $0.settings.appLayer.readsHTTP2 = $1
            },
            flag("log.ja4", "JA4 fingerprints in tls and quic records; alerts always have them.") {
                $0.settings.log.logsJA4 = $1
            },
            number("http.decompress-layers", 0...8, "Content codings of one HTTP body that are undone.") {
                $0.settings.appLayer.httpDecodingLayers = $1
            },
            ConfigurationKey(
                name: "rules.action-order", form: "pass,drop,reject,alert",
                summary: "Which actions come first where rules are not judged line by line; all four."
            ) { configuration, text throws(ConfigurationProblem) in
                let words = text.filter { !"[] ".contains($0) }.split(separator: ",").map { $0.lowercased() }
                let actions = words.compactMap(RuleAction.init(rawValue:))
                guard actions.count == 4, Set(actions) == [.pass, .drop, .reject, .alert] else {
                    throw ConfigurationProblem(
                        "'\(text)' is no value of rules.action-order: expected pass, drop, reject and alert in some order"
                    )
                }
                configuration.actionOrder = actions
            },
            flag(
                "rules.ignore-unknown-requirements",
                "A rule whose `requires` asks for an unknown kind of thing counts all the same."
            ) { $0.ignoresUnknownRequirements = $1 },
            flag("rules.feature-ja4", "Rules that require the feature ja4 count.") {
                $0.missingFeatures = $1 ? [] : ["ja4"]
            },
            ConfigurationKey(name: "geoip.database", form: "FILE", summary: "Country database (.mmdb) for geoip rules.")
            {
                $0.countryDatabase = $1
            },
        ] + ConfigurationKey.ofLists + [
            flag("log.files", "A fileinfo record for each file in HTTP, also when no rule looks into bodies.") {
                $0.settings.log.logsFiles = $1
            },
            flag("log.http-extended", "Method, version, status and more in http records.") {
                $0.settings.log.extendsHTTP = $1
            },
            choice("log.http-headers", ["none", "request", "response", "both"], "Header fields in http records.") {
                $0.settings.log.logsHeaders = ($1 == "request" || $1 == "both", $1 == "response" || $1 == "both")
            },
            ConfigurationKey(
                name: "log.http-custom", form: "[NAME,...]",
                summary: "Header fields with a place of their own in http records."
            ) { configuration, text throws(ConfigurationProblem) in
                configuration.settings.log.customHTTPFields = text.lowercased().replacing("_", with: "-")
                    .split { "[], ".contains($0) }.map(String.init)
            },
            choice(
                "log.xff-deployment", ["reverse", "forward"],
                "Whether the last or the first address a proxy names counts."
            ) {
                $0.forwardedForIsReverse = $1 == "reverse"
            },
            ConfigurationKey(
                name: "log.xff-header", form: "NAME", summary: "Header field with the address a proxy names."
            ) {
                $0.forwardedForField = Array($1.lowercased().utf8)
            },
            choice(
                "log.xff", ["off"] + ForwardedFor.Mode.allCases.map(\.rawValue),
                "The address a proxy names in alerts about HTTP: as a field of its own, or in place of the proxy's."
            ) { configuration, text in
                configuration.forwardedForMode = ForwardedFor.Mode(rawValue: text)
            },
            flag(
                "log.guess-transaction",
                "Alerts about payload name the transaction it belongs to, where there is but one."
            ) { $0.settings.log.guessesTransaction = $1 },
            flag("log.every-drop", "A drop record for every packet instead of the first of a flow and direction.") {
                $0.settings.log.logsEveryDrop = $1
            },
            number("log.stats-interval", 0...86_400, "Seconds between stats records; 0 writes one at the end.") {
                $0.settings.statsInterval = $1
            },
        ] + ConfigurationKey.ofNames + ConfigurationKey.ofHolding
        + ConfigurationKey.ofDecoding

    private static func exception(
        _ name: String, _ cause: ExceptionCause, _ summary: String, packetsOnly: Bool = false
    ) -> ConfigurationKey {
        let values = ExceptionPolicy.allCases.filter { !packetsOnly || !$0.isOfFlows }
        return choice(name, ["auto"] + values.map(\.rawValue), summary) {
            $0.settings.exceptions[cause] = ExceptionPolicy(rawValue: $1)
        }
    }

    static let byName = Dictionary(all.map { ($0.name, $0) }) { first, _ in first }

    static func flag(
        _ name: String, _ summary: String, _ set: @escaping @Sendable (inout Configuration, Bool) -> Void
    ) -> ConfigurationKey {
        ConfigurationKey(name: name, form: "on|off", summary: summary) {
            configuration, text throws(ConfigurationProblem) in
            switch text.lowercased() {
            case "on", "yes", "true": set(&configuration, true)
            case "off", "no", "false": set(&configuration, false)
            default: throw ConfigurationProblem("'\(text)' is no value of \(name): expected on or off")
            }
        }
    }

    static func choice(
        _ name: String, _ values: [String], _ summary: String,
        _ set: @escaping @Sendable (inout Configuration, String) -> Void
    ) -> ConfigurationKey {
        let form = values.joined(separator: "|")
        return ConfigurationKey(name: name, form: form, summary: summary) {
            configuration, text throws(ConfigurationProblem) in
            guard values.contains(text) else {
                throw ConfigurationProblem(
                    "'\(text)' is no value of \(name): expected \(values.joined(separator: ", "))")
            }
            set(&configuration, text)
        }
    }

    static func number(
        _ name: String, _ range: ClosedRange<Int>, _ summary: String,
        _ set: @escaping @Sendable (inout Configuration, Int) -> Void
    ) -> ConfigurationKey {
        ConfigurationKey(name: name, form: "N", summary: summary) { configuration, text throws(ConfigurationProblem) in
            guard let value = Int(text), range.contains(value) else {
                throw ConfigurationProblem(
                    "'\(text)' is no value of \(name): expected a number from \(range.lowerBound) to \(range.upperBound)"
                )
            }
            set(&configuration, value)
        }
    }
}
