/// What a queue source asks of the kernel and of itself. The defaults are those of a strict gateway.
public struct QueueConfiguration: Hashable, Sendable {
    /// Most bytes of a packet the kernel can hand over: a netlink attribute's length has sixteen bits and counts
    /// its own four bytes.
    public static let maximumCopyRange = 65_531
    /// Most datagrams in one receive call: CShim's limit. Above 64 nothing is gained.
    public static let maximumBatch = 256

    /// The queue's number, as the rule that fills it says it.
    public var queue: UInt16 = 0
    /// Bytes copied of each packet. A ClientHello can fill a whole segment of a bulk sender, so all by default.
    public var copyRange = maximumCopyRange
    /// Packets the kernel keeps waiting; it drops what comes after.
    public var maximumLength: UInt32 = 8192
    /// Takes large packets as they are. Without it the kernel cuts each into wire-sized ones first, which costs some
    /// ten times the CPU on bulk traffic; with it packet counts and sizes differ from those on the wire.
    public var takesLargePackets = true
    /// Lets packets pass that do not fit into the queue or the receive buffer: an open gate under load.
    public var failsOpen = false
    /// Bytes of packets the socket keeps for us, beyond the system's limit where we have the privilege.
    public var receiveBuffer = 32 << 20
    /// Hides receive overruns from the socket. They are counted otherwise; the packets are dropped either way.
    public var hidesOverruns = false
    /// Datagrams taken with one call.
    public var batch = 64
    /// How long a stopped source goes on answering what is queued.
    public var drainLimit = Duration.milliseconds(500)
    public var marks = MarkLayout()

    public init(queue: UInt16 = 0) { self.queue = queue }

    /// `copyRange` within what the kernel takes.
    var effectiveCopyRange: Int { min(max(copyRange, 1), QueueConfiguration.maximumCopyRange) }

    /// `batch` within what one call takes.
    var effectiveBatch: Int { min(max(batch, 1), QueueConfiguration.maximumBatch) }
}
