import Glibc

/// Why a log file could not be opened.
public struct LogFileError: Error, CustomStringConvertible {
    public let path: String
    public let code: Int32

    public var description: String { "\(path): \(unsafe String(cString: strerror(code)))" }
}

/// Writes to a file and waits for it: for replay, where nothing is delayed by a slow disk but the replay itself.
public final class FileSink: EventSink {
    private let descriptor: Int32
    private let closes: Bool
    private var buffer: [UInt8] = []
    /// The first write that failed, if any: the caller reports it at the end.
    public private(set) var failure: Int32 = 0

    static let bufferSize = 1 << 16

    /// Replaces the file; `-` is standard output.
    public init(path: String) throws(LogFileError) {
        if path == "-" {
            descriptor = STDOUT_FILENO
            closes = false
            return
        }
        descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        closes = true
        guard descriptor >= 0 else { throw LogFileError(path: path, code: errno) }
    }

    deinit {
        flush()
        if closes { close(descriptor) }
    }

    public func write(_ lines: [UInt8]) -> Bool {
        buffer += lines
        if buffer.count >= FileSink.bufferSize { flush() }
        return failure == 0
    }

    public func flush() {
        guard !buffer.isEmpty else { return }
        let code = FileDescriptorWriter.writeAll(buffer, to: descriptor)
        if code != 0, failure == 0 { failure = code }
        buffer.removeAll(keepingCapacity: true)
    }
}

enum FileDescriptorWriter {
    /// Writes everything; 0 or errno.
    static func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Int32 {
        unsafe bytes.withUnsafeBytes { buffer in
            var offset = 0
            while offset < buffer.count {
                guard let base = buffer.baseAddress else { return 0 }
                let written = unsafe write(descriptor, base + offset, buffer.count - offset)
                if written < 0 {
                    if errno == EINTR { continue }
                    return errno
                }
                offset += written
            }
            return 0
        }
    }
}
