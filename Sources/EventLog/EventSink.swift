/// Where finished records go. A sink never makes the caller wait for a slow disk unless it says so.
public protocol EventSink: AnyObject {
    /// Takes whole lines. - Returns: false when they had to be thrown away.
    func write(_ lines: [UInt8]) -> Bool

    /// Brings everything out; called at the end and from time to time.
    func flush()
}

/// Keeps records in memory: for tests and for callers that want the text.
public final class MemorySink: EventSink {
    public private(set) var bytes: [UInt8] = []

    public init() {}

    public func write(_ lines: [UInt8]) -> Bool {
        bytes += lines
        return true
    }

    public func flush() {}

    public var text: String { String(decoding: bytes, as: UTF8.self) }
}
