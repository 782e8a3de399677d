import NetTypes
import Wire

/// Follows a SOCKS client to the connection behind its proxy (RFC 1928, RFC 1929; version 4 with names, "SOCKS 4A"): what
/// is said there is recognised anew.
public final class SOCKSParser: ApplicationParser {
    public let appProtocol = AppProtocol.socks
    public let transactions: [Transaction] = []
    private var client: [UInt8] = []
    private var server: [UInt8] = []
    private var version: UInt8 = 0
    private var step = Step.greeting

    private enum Step {
        case greeting
        case request
        /// The client has said all; the server's answers decide.
        case tunnel
    }

    /// The longest message is a request of 262 bytes, or two names of 255; the rest is what the client says early.
    static let maximumKept = 65_536

    /// A greeting: version 5 with known methods, or version 4 with a command and a user's name.
    static func isGreeting(_ data: RawSpan) -> Bool {
        guard data.byteCount >= 3 else { return false }
        switch data.byte(at: 0) {
        case 5:
            let count = Int(data.byte(at: 1))
            guard count > 0, data.byteCount >= 2 + count else { return false }
            return (2..<(2 + count)).allSatisfy { data.byte(at: $0) <= 9 || data.byte(at: $0) >= 0x80 }
        case 4:
            guard data.byteCount >= 9, [1, 2].contains(data.byte(at: 1)) else { return false }
            return (8..<min(data.byteCount, 264)).contains { data.byte(at: $0) == 0 }
        default: return false
        }
    }

    public func feed(_ direction: FlowDirection, _ bytes: RawSpan) -> ParserStatus {
        if direction == .toServer {
            guard client.count + bytes.byteCount <= SOCKSParser.maximumKept else { return .malformed(.socksMalformed) }
            client += bytes.copied()
            while takeClient() {}
            return .proceeding
        }
        let before = server.count
        // Answers are short; what is behind them belongs to the tunnel.
        server += bytes.clamped(0..<min(bytes.byteCount, 1024)).copied()
        guard let length = answerLength() else {
            return server.count > 1024 ? .malformed(.socksMalformed) : .proceeding
        }
        return step == .tunnel ? .handOver(consumed: max(0, length - before)) : .proceeding
    }

    public func end(_ direction: FlowDirection) {}

    public func release(before identifier: UInt64) {}

    public func takeEarlyBytes(_ direction: FlowDirection) -> [UInt8] {
        guard direction == .toServer else { return [] }
        defer { client = [] }
        return client
    }

    /// True when a message of the client's was taken off `client`.
    private func takeClient() -> Bool {
        guard let first = client.first, step != .tunnel, let length = messageLength(first), client.count >= length
        else {
            return false
        }
        if step == .greeting {
            version = first
            step = first == 4 ? .tunnel : .request
        } else if first == 5 {
            step = .tunnel
        }
        client.removeFirst(length)
        return true
    }

    /// The length of the message at the head of `client`; nil while it cannot be told.
    private func messageLength(_ first: UInt8) -> Int? {
        func byte(_ index: Int) -> Int? { client.indices.contains(index) ? Int(client[index]) : nil }
        switch (step, first) {
        case (.greeting, 4):
            guard client.count >= 9, let end = client[8...].firstIndex(of: 0) else { return nil }
            // An address of 0.0.0.x says that a name follows.
            guard client[4...6].allSatisfy({ $0 == 0 }), client[7] != 0 else { return end + 1 }
            return client[(end + 1)...].firstIndex(of: 0).map { $0 + 1 }
        case (.greeting, _): return byte(1).map { 2 + $0 }
        case (_, 1):
            guard let name = byte(1), let password = byte(2 + name) else { return nil }
            return 3 + name + password
        default:
            switch byte(3) {
            case 1: return 10
            case 4: return 22
            case 3: return byte(4).map { 7 + $0 }
            default: return nil
            }
        }
    }

    /// The length of all that the server answers before the tunnel is there; nil while it is not.
    private func answerLength() -> Int? {
        if version == 4 { return server.count >= 8 ? 8 : nil }
        guard server.count >= 2 else { return nil }
        let start = server[1] == 2 ? 4 : 2
        guard server.count >= start + 5 else { return nil }
        let length =
            switch server[start + 3] {
            case 1: 10
            case 4: 22
            default: 7 + Int(server[start + 4])
            }
        return server.count >= start + length ? start + length : nil
    }
}
