import Glibc
import Synchronization
import Threads

/// Appends to a file on a thread of its own. `write` puts lines into a bounded queue and returns at once; when the queue
/// is full, because the disk is slow or full, lines are thrown away and counted, and verdicts go on.
public final class BackgroundFileSink: EventSink, Sendable {
    /// Bytes that may wait for the disk: about ten seconds of a busy log.
    public static let queueLimit = 32 << 20

    private struct State {
        var chunks: [[UInt8]] = []
        var waiting = 0
        var isClosing = false
        var isDone = false
        /// Bytes taken from the queue and not on disk yet.
        var inFlight = false
    }

    private let descriptor: Int32
    private let state = Mutex(State())
    private let lost = Atomic<UInt64>(0)
    private let failures = Atomic<UInt64>(0)

    public init(path: String) throws(LogFileError) {
        descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { throw LogFileError(path: path, code: errno) }
        let sink = self
        do throws(ThreadError) {
            _ = try PinnedThread(name: "weir-log") { sink.run() }
        } catch {
            Glibc.close(descriptor)
            throw LogFileError(path: path, code: error.errno)
        }
    }

    /// Lines' bytes thrown away because the queue was full.
    public var lostBytes: UInt64 { lost.load(ordering: .relaxed) }
    /// Writes that failed; their lines are lost too.
    public var failedWrites: UInt64 { failures.load(ordering: .relaxed) }

    public func write(_ lines: [UInt8]) -> Bool {
        let taken = state.withLock { state in
            guard !state.isClosing, state.waiting + lines.count <= BackgroundFileSink.queueLimit else { return false }
            state.chunks.append(lines)
            state.waiting += lines.count
            return true
        }
        if !taken { lost.add(UInt64(lines.count), ordering: .relaxed) }
        return taken
    }

    /// Waits until everything queued so far is written, at most two seconds.
    public func flush() {
        for _ in 0..<200 {
            let isEmpty = state.withLock { $0.chunks.isEmpty && !$0.inFlight }
            if isEmpty { return }
            usleep(10_000)
        }
    }

    /// Writes what is queued and ends the thread.
    public func close() {
        state.withLock { $0.isClosing = true }
        for _ in 0..<300 {
            if state.withLock({ $0.isDone }) { break }
            usleep(10_000)
        }
    }

    /// The thread's loop: takes all chunks at once, writes them, and sleeps when there are none.
    private func run() {
        while true {
            let (chunks, isClosing) = state.withLock { state in
                let chunks = state.chunks
                state.chunks = []
                state.waiting = 0
                state.inFlight = !chunks.isEmpty
                return (chunks, state.isClosing)
            }
            for chunk in chunks where FileDescriptorWriter.writeAll(chunk, to: descriptor) != 0 {
                failures.add(1, ordering: .relaxed)
                lost.add(UInt64(chunk.count), ordering: .relaxed)
            }
            state.withLock { $0.inFlight = false }
            if chunks.isEmpty {
                if isClosing { break }
                usleep(20_000)
            }
        }
        Glibc.close(descriptor)
        state.withLock { $0.isDone = true }
    }
}
