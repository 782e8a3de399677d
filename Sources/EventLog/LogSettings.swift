/// What is written, and how.
public struct LogSettings: Sendable {
    /// Number packets as `pcap_cnt`: in replay.
    public var numbersPackets = false
    /// Every dropped packet has a `drop` record; otherwise the first of a flow and direction.
    public var logsEveryDrop = false
    /// `anomaly` records of the decoder and the TCP tracker.
    public var logsAnomalies = true
    /// Suricata's records: nothing it would not write, names of dropped flows included.
    public var compatibleWithSuricata = false
    /// `pkt_src` of packets.
    public var packetSource = "wire/nfqueue"
    /// Interface name in records; empty for none.
    public var interface = ""

    public init() {}
}
