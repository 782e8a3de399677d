import Foundation
import Synchronization
import Testing
import Threads

struct PinnedThreadTests {
    @Test func runsUnderItsNameOnItsCPU() throws {
        let seen = Mutex((name: "", cpus: ""))
        let thread = try PinnedThread(name: "weir-queue-number", cpu: 0) {
            // The name is given by the starter, right after the start.
            for _ in 0..<100 {
                let name = (try? String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8)) ?? ""
                let status = (try? String(contentsOfFile: "/proc/thread-self/status", encoding: .utf8)) ?? ""
                let cpus = status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list:") } ?? ""
                seen.withLock { $0 = (name, String(cpus)) }
                if name.hasPrefix("weir-") { break }
                usleep(1000)
            }
        }
        thread.join()
        seen.withLock {
            #expect($0.name == "weir-queue-numb\n")
            #expect($0.cpus == "Cpus_allowed_list:\t0")
        }
    }

    @Test func cpuThatIsNotThere() {
        #expect(throws: ThreadError(action: "starting a thread on CPU 1023", errno: EINVAL)) {
            try PinnedThread(name: "weir", cpu: 1023) {}.join()
        }
        #expect(throws: ThreadError.self) { try PinnedThread(name: "weir", cpu: .max) {}.join() }
    }
}
