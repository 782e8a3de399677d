import Foundation
import LiveSupport
import Testing

@testable import NFQueue

struct KernelQueueCountersTests {
    let text = "    0   1234     7 2 65531     3    12    4711  1\n 4242  -4095     0 1     0     0     0        0  1\n"

    @Test func lineOfTheKernel() throws {
        let counters = try #require(KernelQueueCounters(line: text.split(separator: "\n")[0]))
        #expect(counters.queue == 0)
        #expect(counters.port == 1234)
        #expect(counters.waiting == 7)
        #expect(counters.copyMode == 2)
        #expect(counters.copyRange == 65_531)
        #expect(counters.queueDropped == 3)
        #expect(counters.userDropped == 12)
        #expect(counters.lastID == 4711)
    }

    @Test(arguments: ["", "0 1 2 3 4 5 6", "a 1 2 3 4 5 6 7 1", "70000 1 2 2 4 5 6 7 1", "0 1 2 300 4 5 6 7 1"])
    func otherLines(line: String) {
        #expect(KernelQueueCounters(line: line) == nil)
    }

    @Test func queueIsFoundInTheFile() throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("weir-\(UUID().uuidString)")
        let lines = text.replacingOccurrences(of: "-4095", with: "4294963201")
        try lines.write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        #expect(KernelQueueCounters.read(queue: 4242, from: file.path)?.port == 4_294_963_201)
        #expect(KernelQueueCounters.read(queue: 0, from: file.path)?.lastID == 4711)
        #expect(KernelQueueCounters.read(queue: 1, from: file.path) == nil)
        #expect(KernelQueueCounters.read(queue: 0, from: "/nonexistent") == nil)
    }
}
