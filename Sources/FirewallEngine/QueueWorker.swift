import Detection
import EventLog
import Glibc
import NFQueue
import NetTypes
import Synchronization
import Threads

/// One netfilter queue with the thread and the pipeline that serve it.
public final class QueueWorker: Sendable {
    private struct Outcome {
        var counters = Counters()
        var activeFlows = 0
        var error: QueueError?
        var isDone = false
    }

    public let queue: UInt16
    public let control = QueueControl()
    private let outcome = Mutex(Outcome())

    /// Binds the queue and starts its thread; returns when packets are being judged.
    /// - Parameters:
    ///   - state: shared by all workers of the gateway.
    ///   - onFailure: called from the thread when the queue cannot go on.
    public init(
        policy: CompiledPolicy, state: HostState, settings: EngineSettings, configuration: QueueConfiguration,
        sink: BackgroundFileSink?,
        onFailure: @escaping @Sendable () -> Void
    ) throws(QueueError) {
        queue = configuration.queue
        // Bound here, so that the caller hears of a missing privilege or a busy queue at once.
        let source = Handoff(try QueueSource(configuration, control: control))
        let worker = self
        try QueueWorker.start("weir-q\(queue)") {
            guard var source = source.take() else { return }
            var pipeline = Pipeline(policy: policy, state: state, settings: settings, sink: sink)
            do throws(QueueError) {
                try source.run(&pipeline)
            } catch {
                worker.outcome.withLock { $0.error = error }
            }
            pipeline.finish()
            worker.outcome.withLock { outcome in
                outcome.counters = pipeline.counters
                outcome.activeFlows = pipeline.activeFlows
                outcome.isDone = true
            }
            if worker.error != nil { onFailure() }
        }
    }

    private static func start(_ name: String, _ body: sending @escaping () -> Void) throws(QueueError) {
        do throws(ThreadError) {
            _ = try PinnedThread(name: name, body)
        } catch {
            throw .systemCall(error.action, errno: error.errno)
        }
    }

    /// Why the worker ended, if not because it was told to.
    public var error: QueueError? { outcome.withLock { $0.error } }

    public var isDone: Bool { outcome.withLock { $0.isDone } }

    /// Counters of the ended worker.
    public var finalCounters: Counters { outcome.withLock { $0.counters } }

    public func stop() { control.stop() }
}

/// Carries a value that cannot be copied into a thread's closure: put in once, taken out once.
private final class Handoff<Value: ~Copyable>: @unchecked Sendable {
    private var value: Value?

    init(_ value: consuming Value) { self.value = consume value }

    func take() -> Value? { value.take() }
}
