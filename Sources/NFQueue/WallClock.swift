import Glibc
import NetTypes

extension Timestamp {
    /// The system's wall clock.
    static var now: Timestamp {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(seconds: Int64(time.tv_sec), microseconds: Int64(time.tv_nsec) / 1000)
    }

    /// True when a tick is due: `interval` microseconds after `last`, or when the clock was set back.
    func isDue(after last: Timestamp, interval: Int64) -> Bool {
        let elapsed = microseconds &- last.microseconds
        return elapsed < 0 || elapsed >= interval
    }
}
