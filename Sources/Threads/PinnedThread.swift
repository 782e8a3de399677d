import CShim
import Glibc

/// Why a thread could not be started.
public struct ThreadError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was tried.
    public let action: String
    public let errno: Int32

    public init(action: String, errno: Int32) {
        self.action = action
        self.errno = errno
    }

    public var description: String {
        "\(action): \(unsafe strerror(errno).map { unsafe String(cString: $0) } ?? "error \(errno)")"
    }
}

/// A thread of the system with a name and, if wanted, a CPU of its own, for loops that block.
public struct PinnedThread: ~Copyable, Sendable {
    private let thread: pthread_t

    /// What the new thread runs, and the way it gets there: through a pointer.
    private final class Body {
        let run: () -> Void
        init(_ run: @escaping () -> Void) { self.run = run }
    }

    /// - Parameters:
    ///   - name: at most 15 bytes are kept; `top` and `ps` show it.
    ///   - cpu: the only CPU the thread may run on; any when nil.
    public init(name: String, cpu: Int? = nil, _ body: sending @escaping () -> Void) throws(ThreadError) {
        let context = unsafe Unmanaged.passRetained(Body(body))
        var thread = pthread_t()
        let result = unsafe weir_start_thread(
            &thread, name, Int32(clamping: cpu ?? -1),
            { context in
                guard let context = unsafe context else { return nil }
                unsafe Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, context.toOpaque())
        guard result == 0 else {
            unsafe context.release()
            throw ThreadError(
                action: cpu.map { "starting a thread on CPU \($0)" } ?? "starting a thread", errno: 0 &- result)
        }
        self.thread = thread
    }

    /// A thread nobody waits for cleans up after itself.
    deinit { pthread_detach(thread) }

    /// Waits for its end.
    public consuming func join() {
        _ = pthread_join(thread, nil)
        discard self
    }
}
