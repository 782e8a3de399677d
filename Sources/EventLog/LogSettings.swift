/// What is written, and how.
public struct LogSettings: Sendable {
    /// Number packets as `pcap_cnt`: in replay.
    public var numbersPackets = false
    /// Every dropped packet has a `drop` record; otherwise the first of a flow and direction.
    public var logsEveryDrop = false
    /// `tls` and `quic` records have the JA4 fingerprint; alerts always do.
    public var logsJA4 = true
    /// Bodies are measured for `fileinfo` records even when no rule looks into them.
    public var logsFiles = false
    /// `http` objects have more than host, target, user agent and content type.
    public var extendsHTTP = true
    /// Header fields in `http` records, by direction.
    public var logsHeaders = (request: false, response: false)
    /// Header fields with a place of their own in `http` objects, names in lower case.
    public var customHTTPFields: [String] = []
    /// What becomes of the address a proxy names in alerts; nil leaves it out.
    public var forwardedFor: ForwardedFor?
    /// What rules have left in flows: bits, integers, variables.
    public var logsMetadata = true
    /// Kinds of `anomaly` records.
    public var anomalies = AnomalyKinds.all
    /// `anomaly` records have the packet.
    public var logsAnomalyPackets = false
    /// Bytes in alerts: of the payload or the stream around the match, the same as text, and of the whole packet.
    public var alertPayload = false
    public var alertPayloadPrintable = false
    public var alertPacket = false
    /// Alerts want a packet's bytes.
    public var needsFrames: Bool { alertPayload || alertPayloadPrintable || alertPacket }
    /// `netflow` records: each direction of a flow by itself.
    public var logsNetflow = false
    /// Ethernet addresses, in records of packets and of flows.
    public var logsEthernet = false
    /// Records of a replay name the capture.
    public var namesCapture = false
    public var dns = DNSLogSettings()
    /// Suricata's records: nothing it would not write, names of dropped flows included.
    public var compatibleWithSuricata = false
    /// Packets go on whatever rules say: `alert` records say so, `drop` records are not written.
    public var observesOnly = false
    /// Alerts about payload name the transaction it belongs to, where there is but one: `log.guess-transaction`.
    public var guessesTransaction = false
    /// `pkt_src` of packets.
    public var packetSource = "wire/nfqueue"
    /// Interface name in records; empty for none.
    public var interface = ""

    public init() {}
}

/// Who finds what is odd: the decoder, the TCP tracker, the parsers of applications.
public struct AnomalyKinds: OptionSet, Sendable {
    public let rawValue: UInt8

    public init(rawValue: UInt8) { self.rawValue = rawValue }

    public static let decode = AnomalyKinds(rawValue: 1)
    public static let stream = AnomalyKinds(rawValue: 2)
    public static let application = AnomalyKinds(rawValue: 4)
    public static let all: AnomalyKinds = [.decode, .stream, .application]

    /// As the configuration names them.
    public static let names: [String: AnomalyKinds] = [
        "decode": .decode, "stream": .stream, "applayer": .application, "on": .all, "off": [],
    ]
}
