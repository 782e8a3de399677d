/// Which DNS messages have records, and what answers look like.
public struct DNSLogSettings: Sendable {
    public var requests = true
    public var responses = true
    /// Types of questions; empty for all.
    public var types: Set<UInt16> = []
    /// Every record of an answer in an object of its own.
    public var detailed = true
    /// The data of simple types by type.
    public var grouped = true

    func logs(_ question: UInt16) -> Bool { types.isEmpty || types.contains(question) }
}
