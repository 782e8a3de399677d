import Foundation

public struct CommandFailure: Error, CustomStringConvertible {
    public var description: String

    public init(description: String) { self.description = description }
}

/// A program that runs beside the test, its input and output in files without a name. It starts with no signal blocked;
/// Foundation's `Process` hands on the mask of the test's thread, and such a child cannot be ended.
public final class ChildProcess: Sendable {
    private let process: pid_t
    private let streams: [Int32]

    public init(_ words: [String], input: String = "") throws {
        streams = try (0..<3).map { _ in try ChildProcess.namelessFile() }
        let bytes = Array(input.utf8)
        pwrite(streams[0], bytes, bytes.count, 0)

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (number, stream) in streams.enumerated() {
            posix_spawn_file_actions_adddup2(&actions, stream, Int32(number))
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))

        var arguments = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var process: pid_t = 0
        let failure = posix_spawnp(&process, words[0], &actions, &attributes, &arguments, environ)
        self.process = process
        guard failure == 0 else { throw CommandFailure(description: "\(words): \(String(cString: strerror(failure)))") }
    }

    deinit { for stream in streams { close(stream) } }

    private static func namelessFile() throws -> Int32 {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("weir-\(UUID().uuidString)").path
        let file = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw CommandFailure(description: "\(path) cannot be written") }
        unlink(path)
        return file
    }

    /// What the program has written so far: to standard output (1) or standard error (2).
    public func text(_ stream: Int = 1) -> String {
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = pread(streams[stream], &bytes, bytes.count, 0)
        return String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
    }

    public func terminate() { kill(process, SIGTERM) }

    /// Whether it still runs; its end is then known to `wait` as well.
    public var isRunning: Bool {
        var information = siginfo_t()
        return waitid(P_PID, id_t(process), &information, WEXITED | WNOHANG | WNOWAIT) == 0
            && information.si_signo == 0
    }

    /// Waits for its end: its exit code, or the signal's number plus 128. To be called once.
    public func wait() -> Int32 {
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        let signal = status & 0x7f
        return signal == 0 ? (status >> 8) & 0xff : 128 + signal
    }
}

/// What a command said and how it ended.
public struct CommandResult: Sendable {
    public var status: Int32
    public var output: String
    public var errors: String

    public var isSuccess: Bool { status == 0 }
}

/// Runs a program to its end, which comes after twenty seconds at the latest.
@discardableResult
public func run(_ words: [String], input: String = "") throws -> CommandResult {
    let child = try ChildProcess(["timeout", "-k", "1", "20"] + words, input: input)
    let status = child.wait()
    return CommandResult(status: status, output: child.text(1), errors: child.text(2))
}

/// Runs a program that has to succeed; gives its output.
@discardableResult
public func require(_ words: [String], input: String = "") throws -> String {
    let result = try run(words, input: input)
    guard result.isSuccess else {
        throw CommandFailure(description: "\(words.joined(separator: " ")): \(result.status) \(result.errors)")
    }
    return result.output
}

/// The repository's folder.
public let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path
