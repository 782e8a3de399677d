import NetTypes

/// What HTTP/2 has said of a stream beyond request and response: its frames, by side. Frames of the connection itself,
/// stream 0, are streams of one frame each.
public final class HTTP2Stream {
    /// One side's frames.
    public struct Side: Sendable {
        /// Numbers of one kind kept, the newest: rules have seen those before.
        static let maximumNumbers = 64

        /// Types seen, one bit each.
        public internal(set) var frameTypes: UInt32 = 0
        public internal(set) var errorCodes: [UInt32] = []
        public internal(set) var priorities: [UInt8] = []
        public internal(set) var windows: [UInt32] = []
        public internal(set) var settings: [(identifier: UInt16, value: UInt32)] = []
        /// Lines of header blocks as sent.
        public internal(set) var lines: [Line] = []

        /// A field as sent, by its name in lower case.
        public func value(of name: StaticString) -> [UInt8]? {
            for case .field(let known, let value) in lines where HTTPMessage.equals(known[...], name) { return value }
            return nil
        }

        mutating func note(_ frame: HTTP2Frame) { frameTypes |= 1 << UInt32(min(frame.type, 31)) }

        static func add<Number>(_ number: Number, to numbers: inout [Number]) {
            if numbers.count >= maximumNumbers { numbers.removeFirst() }
            numbers.append(number)
        }
    }

    public enum Line: Sendable {
        case field(name: [UInt8], value: [UInt8])
        case tableSizeUpdate(Int)
    }

    public let identifier: UInt32
    public internal(set) var client = Side()
    public internal(set) var server = Side()

    init(identifier: UInt32) { self.identifier = identifier }

    public func side(_ direction: FlowDirection) -> Side { direction == .toServer ? client : server }

    func change(_ direction: FlowDirection, _ body: (inout Side) -> Void) {
        if direction == .toServer { body(&client) } else { body(&server) }
    }
}
