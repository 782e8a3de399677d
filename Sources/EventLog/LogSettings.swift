/// What is written, and how.
public struct LogSettings: Sendable {
    /// Number packets as `pcap_cnt`: in replay.
    public var numbersPackets = false
    /// Every dropped packet has a `drop` record; otherwise the first of a flow and direction.
    public var logsEveryDrop = false
    /// `anomaly` records of the decoder and the TCP tracker.
    public var logsAnomalies = true
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
