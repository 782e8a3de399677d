import Glibc

/// SIGTERM and SIGINT, waited for instead of handled: no code runs in a signal handler. Must be made before any other
/// thread is started, for threads inherit the blocked signals.
struct StopSignals: Sendable {
    private static let numbers = [SIGTERM, SIGINT]

    init() {
        var set = StopSignals.set
        unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
        // A peer that closes a pipe we write to is an error of that write, not the end of the program.
        signal(SIGPIPE, SIG_IGN)
    }

    private static var set: sigset_t {
        var set = sigset_t()
        unsafe sigemptyset(&set)
        for number in numbers { unsafe sigaddset(&set, number) }
        return set
    }

    /// Waits for one of the signals.
    func wait() {
        var set = StopSignals.set
        var received: Int32 = 0
        while unsafe sigwait(&set, &received) != 0 {}
    }

    /// Ends the wait from another thread.
    func raise() { kill(getpid(), SIGTERM) }
}
