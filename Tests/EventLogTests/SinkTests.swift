import EventLog
import Foundation
import TestSupport
import Testing

/// Logs on disk: complete where the disk takes them, counted where it does not, and never a wait.
struct SinkTests {
    @Test func writesInOrder() throws {
        let folder = try TemporaryDirectory()
        let path = folder.file("eve.json")
        let sink = try BackgroundFileSink(path: path)
        for number in 0..<1000 { #expect(sink.write(utf8("{\"n\":\(number)}\n"))) }
        sink.flush()
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(text == (0..<1000).map { "{\"n\":\($0)}\n" }.joined())
        sink.close()
        #expect(!sink.write(utf8("late\n")))
        #expect(sink.lostBytes == 5)
    }

    @Test func appends() throws {
        let folder = try TemporaryDirectory()
        for line in ["one\n", "two\n"] {
            let sink = try BackgroundFileSink(path: folder.file("eve.json"))
            #expect(sink.write(utf8(line)))
            sink.close()
        }
        #expect(try String(contentsOfFile: folder.file("eve.json"), encoding: .utf8) == "one\ntwo\n")
    }

    /// A full disk: the caller goes on, every lost byte is counted.
    @Test func fullDisk() throws {
        let sink = try BackgroundFileSink(path: "/dev/full")
        #expect(sink.write(utf8("line\n")))
        sink.flush()
        #expect(sink.failedWrites == 1)
        #expect(sink.lostBytes == 5)
        sink.close()
    }

    /// A disk that takes nothing, here a pipe nobody reads: what is beyond the queue is refused and counted.
    @Test func slowDisk() throws {
        // As `weir run` has it.
        signal(SIGPIPE, SIG_IGN)
        let folder = try TemporaryDirectory()
        let path = folder.file("pipe")
        #expect(mkfifo(path, 0o600) == 0)
        let reader = open(path, O_RDONLY | O_NONBLOCK)
        defer { close(reader) }
        let sink = try BackgroundFileSink(path: path)
        let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
        var taken = 0
        for _ in 0..<100 where sink.write(piece) { taken += 1 }
        #expect(taken >= BackgroundFileSink.queueLimit >> 20)
        #expect(taken < 100)
        #expect(sink.lostBytes == UInt64(100 - taken) << 20)
    }

    @Test func folderThatIsNotThere() {
        #expect(throws: LogFileError.self) { try BackgroundFileSink(path: "/nonexistent/eve.json") }
    }
}
