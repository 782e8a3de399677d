import Synchronization

/// What other threads hold of a running queue source: they stop it and read its counters.
public final class QueueControl: Sendable {
    private let stopping = Atomic(false)
    private let published = Mutex(QueueStatistics())

    public init() {}

    /// Ends the source: it answers what is queued, for a bounded time, and closes the queue.
    public func stop() { stopping.store(true, ordering: .releasing) }

    public var isStopping: Bool { stopping.load(ordering: .acquiring) }

    /// The counters as they were at the source's last tick, a tenth of a second ago at most under load.
    public var statistics: QueueStatistics { published.withLock { $0 } }

    /// Called by the source, which never waits for a reader: it comes again at its next tick.
    func publish(_ statistics: QueueStatistics) {
        _ = published.withLockIfAvailable { $0 = statistics }
    }

    /// Called by the source at its end.
    func publishFinally(_ statistics: QueueStatistics) {
        published.withLock { $0 = statistics }
    }
}
