/// What a queue source has counted since it was opened.
public struct QueueStatistics: Hashable, Sendable {
    /// Packets answered; one large packet counts once however many it becomes on the wire.
    public var packets: UInt64 = 0
    /// Their bytes, before the copy range cut them.
    public var bytes: UInt64 = 0
    /// Rounds in which packets came.
    public var batches: UInt64 = 0
    public var accepted: UInt64 = 0
    public var dropped: UInt64 = 0
    public var rejected: UInt64 = 0
    /// Packets whose verdict was put off; they are counted above when they have one.
    public var held: UInt64 = 0
    /// Messages that carried no packet to judge. They are dropped, and counted as dropped where their id was known.
    public var malformed: UInt64 = 0
    /// Times the kernel said that packets did not fit into the receive buffer; it has dropped them.
    public var overruns: UInt64 = 0
    /// Failed attempts to send verdicts. Each was tried again.
    public var verdictSendErrors: UInt64 = 0
    /// Verdicts for packets that were gone: the kernel drops what waits when any table or hook is removed.
    public var lateVerdicts: UInt64 = 0
    /// Those of them whose verdict was put off.
    public var lostWhileHeld: UInt64 = 0
    /// Verdicts the kernel refused for other reasons.
    public var refusedVerdicts: UInt64 = 0

    public init() {}
}
