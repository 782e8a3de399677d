import Glibc

/// The kernel's own account of a queue: one line of `/proc/net/netfilter/nfnetlink_queue`.
public struct KernelQueueCounters: Hashable, Sendable {
    /// Seen from the thread that reads, for its network namespace may differ from its process's.
    public static let path = "/proc/thread-self/net/netfilter/nfnetlink_queue"

    public var queue: UInt16
    /// The netlink port of the consumer; usually its process id.
    public var port: UInt32
    /// Packets that wait for a verdict.
    public var waiting: UInt32
    /// 0 nothing, 1 description only, 2 packets.
    public var copyMode: UInt8
    public var copyRange: UInt32
    /// Packets dropped because the queue was full.
    public var queueDropped: UInt64
    /// Packets dropped because the consumer's receive buffer was full.
    public var userDropped: UInt64
    /// The id of the latest packet.
    public var lastID: UInt32

    /// - Parameter line: eight numbers and a constant.
    public init?(line: some StringProtocol) {
        let fields = line.split(separator: " ")
        guard fields.count >= 8, let queue = UInt16(fields[0]), let port = UInt32(fields[1]),
            let waiting = UInt32(fields[2]), let copyMode = UInt8(fields[3]), let copyRange = UInt32(fields[4]),
            let queueDropped = UInt64(fields[5]), let userDropped = UInt64(fields[6]), let lastID = UInt32(fields[7])
        else { return nil }
        self.queue = queue
        self.port = port
        self.waiting = waiting
        self.copyMode = copyMode
        self.copyRange = copyRange
        self.queueDropped = queueDropped
        self.userDropped = userDropped
        self.lastID = lastID
    }

    /// Reads the counters of `queue`; nil when nobody is bound to it or the file cannot be read.
    public static func read(queue: UInt16, from path: String = path) -> KernelQueueCounters? {
        guard let file = unsafe fopen(path, "r") else { return nil }
        defer { _ = unsafe fclose(file) }
        var bytes = [UInt8](repeating: 0, count: maximumLine)
        var found: KernelQueueCounters?
        while found == nil, unsafe fgets(&bytes, Int32(bytes.count), file) != nil {
            let line = String(decoding: bytes.prefix { $0 != 0 && $0 != UInt8(ascii: "\n") }, as: UTF8.self)
            if let counters = KernelQueueCounters(line: line), counters.queue == queue { found = counters }
        }
        return found
    }

    /// Nine numbers of at most ten digits, with their spaces.
    private static let maximumLine = 256
}
