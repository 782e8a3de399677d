/// How much may wait for a name, and how long. Over a cap a packet is dropped: the sender's retransmission comes when the
/// flow is decided.
public struct HoldSettings: Sendable {
    /// Off here; the commands switch it on, unless they are to be compatible with Suricata.
    public var isEnabled = false
    /// Payload of one flow: less than a client's initial window (RFC 6928: ten segments, 14,600 bytes), so that a client
    /// that sends all it may is not held in full.
    public var flowBytes = 12_000
    /// How long a flow's packets wait, from the first one on. A retransmission or two come in that time.
    public var milliseconds = 500
    /// What is late is dropped, whatever the rules say of it; else they judge it as if it had not been held. Only where they
    /// let undecided packets through does it matter: then a client that pauses inside its request is either stuck, for its
    /// TCP sends nothing new before the old has arrived, or shows what it has said so far to a server it may not talk to.
    public var dropsLate = false
    /// Packets of one source, so that one host does not use up the room of all.
    public var sourcePackets = 64
    /// Packets in all: a quarter of the kernel queue's length, for what waits there takes room from what comes.
    public var packets = 2048
    /// Bytes of their copies in all.
    public var bytes = 32 << 20

    public init() {}

    var interval: Int64 { Int64(milliseconds) * 1000 }
}
