import NetTypes
import Wire

/// The identification strings of an SSH connection (RFC 4253 section 4.2): `SSH-protoversion-softwareversion comments`.
public final class SSHHandshake {
    public struct Banner: Sendable {
        public let protocolVersion: [UInt8]
        public let software: [UInt8]
    }

    /// Steps of the transaction, by direction.
    public enum Step {
        public static let inProgress: UInt8 = 0
        public static let banner: UInt8 = 1
        public static let keyExchange: UInt8 = 2
    }

    public internal(set) var client: Banner?
    public internal(set) var server: Banner?

    init() {}
}

/// Reads the identification strings and then lets the connection be.
public final class SSHParser: ApplicationParser {
    public let appProtocol = AppProtocol.ssh
    public let transactions: [Transaction]
    private let handshake = SSHHandshake()
    private let transaction: Transaction
    private var partial: (toServer: [UInt8], toClient: [UInt8]) = ([], [])

    /// RFC 4253 allows 255 characters; lines before the server's string are allowed too.
    static let maximumBanner = 8192

    init() {
        transaction = Transaction(
            identifier: 0, appProtocol: .ssh, facts: .ssh(handshake),
            complete: (SSHHandshake.Step.keyExchange, SSHHandshake.Step.keyExchange))
        transactions = [transaction]
    }

    public func feed(_ direction: FlowDirection, _ bytes: RawSpan) -> ParserStatus {
        guard transaction.progress(direction) < SSHHandshake.Step.banner else {
            transaction.reach(SSHHandshake.Step.keyExchange, direction)
            return .proceeding
        }
        var line = direction == .toServer ? partial.toServer : partial.toClient
        unsafe bytes.withUnsafeBytes { unsafe line.append(contentsOf: $0) }
        var start = 0
        while let end = line[start...].firstIndex(of: 10) {
            if let banner = SSHParser.banner(line[start..<end]) {
                if direction == .toServer { handshake.client = banner } else { handshake.server = banner }
                let hasMore = end + 1 < line.count
                transaction.reach(hasMore ? SSHHandshake.Step.keyExchange : SSHHandshake.Step.banner, direction)
                start = line.count
                break
            }
            start = end + 1
        }
        line.removeFirst(start)
        if direction == .toServer { partial.toServer = line } else { partial.toClient = line }
        return line.count <= SSHParser.maximumBanner ? .proceeding : .malformed(.sshMalformed)
    }

    public func end(_ direction: FlowDirection) { transaction.reach(SSHHandshake.Step.keyExchange, direction) }

    public func release(before identifier: UInt64) {}

    private static func banner(_ line: ArraySlice<UInt8>) -> SSHHandshake.Banner? {
        guard line.starts(with: Array("SSH-".utf8)) else { return nil }
        var rest = line.dropFirst(4)
        if rest.last == 13 { rest = rest.dropLast() }
        guard let dash = rest.firstIndex(of: UInt8(ascii: "-")) else { return nil }
        let software = rest[(dash + 1)...].prefix { $0 != 32 }
        return SSHHandshake.Banner(protocolVersion: Array(rest[..<dash]), software: Array(software))
    }
}
