import NetTypes
import Wire

/// Reads an FTP control connection (RFC 959, RFC 2428) for the data connections it announces.
public final class FTPParser: ApplicationParser {
    public let appProtocol = AppProtocol.ftp
    public let transactions: [Transaction] = []
    private var commands = LineReader(limit: FTPParser.maximumLine)
    private var replies = LineReader(limit: FTPParser.maximumLine)
    /// The newest announcement: the next transfer uses it.
    private var transfer: FTPTransfer?
    private var expected: [ExpectedConnection] = []

    /// The client has asked for TLS (RFC 4217).
    private var awaitsTLS = false

    /// Commands are short, names at most a path; Suricata's limit.
    static let maximumLine = 4096
    /// Announcements between two packets that are taken over.
    static let maximumExpected = 8

    public func feed(_ direction: FlowDirection, _ bytes: RawSpan) -> ParserStatus {
        var cursor = ByteCursor(bytes)
        if direction == .toServer {
            while !cursor.isAtEnd {
                // The server's consent is not waited for: a TLS record is one, whatever a server answers.
                if awaitsTLS, cursor.rest.byte(at: 0) == 0x16 { return .handOver(consumed: cursor.offset) }
                guard let piece = commands.next(&cursor) else { break }
                awaitsTLS = false
                if piece.isFirst { takeCommand(piece.bytes) }
            }
        } else {
            while let piece = replies.next(&cursor) {
                if piece.isFirst { takeReply(piece.bytes) }
            }
        }
        return .proceeding
    }

    public func end(_ direction: FlowDirection) {}

    public func release(before identifier: UInt64) {}

    public var successor: AppProtocol? { .tls }

    public func takeExpected() -> [ExpectedConnection] {
        defer { expected = [] }
        return expected
    }

    private func takeCommand(_ line: [UInt8]) {
        let verb = String(decoding: line.prefix { $0 != 32 }, as: UTF8.self).uppercased()
        let argument = line.drop { $0 != 32 }.drop { $0 == 32 }
        switch verb {
        case "AUTH":
            let method = String(decoding: argument.prefix(8), as: UTF8.self).uppercased()
            awaitsTLS = method.hasPrefix("TLS") || method.hasPrefix("SSL")
        case "PORT": announce(FTPParser.port(in: argument), .toClient)
        case "EPRT": announce(FTPParser.extendedPort(in: argument), .toClient)
        case "RETR", "STOR", "STOU", "APPE", "LIST", "NLST", "MLSD":
            transfer?.command = verb
            transfer?.file = Array(argument.prefix(FTPTransfer.maximumName))
        default: break
        }
    }

    private func takeReply(_ line: [UInt8]) {
        guard let open = line.firstIndex(of: UInt8(ascii: "(")) ?? line.firstIndex(of: 32) else { return }
        if line.starts(with: Array("227".utf8)) { announce(FTPParser.port(in: line[(open + 1)...]), .toServer) }
        if line.starts(with: Array("229".utf8)) { announce(FTPParser.extendedPort(in: line[(open + 1)...]), .toServer) }
    }

    private func announce(_ port: UInt16?, _ direction: FlowDirection) {
        guard let port, port > 0, expected.count < FTPParser.maximumExpected else { return }
        let new = FTPTransfer()
        transfer = new
        expected.append(ExpectedConnection(direction: direction, port: port, transfer: new))
    }

    /// `h1,h2,h3,h4,p1,p2`, wherever it begins.
    static func port(in text: ArraySlice<UInt8>) -> UInt16? {
        let numbers = text.drop { !(48...57).contains($0) }.prefix { (48...57).contains($0) || $0 == 44 }
        let parts = numbers.split(separator: 44).map { UInt8(String(decoding: $0, as: UTF8.self)) }
        guard parts.count == 6, let high = parts[4], let low = parts[5] else { return nil }
        return UInt16(high) << 8 | UInt16(low)
    }

    /// `|1|address|port|` or `|||port|`, with any separator (RFC 2428 section 2).
    static func extendedPort(in text: ArraySlice<UInt8>) -> UInt16? {
        guard let separator = text.first else { return nil }
        let parts = text.split(separator: separator, omittingEmptySubsequences: false)
        guard parts.count >= 5 else { return nil }
        return UInt16(String(decoding: parts[3], as: UTF8.self))
    }
}

/// A data connection: its bytes are a file, or a list of them.
public final class FTPDataParser: ApplicationParser {
    public let appProtocol = AppProtocol.ftpData
    public let transactions: [Transaction]
    private let transaction: Transaction

    /// - Parameter direction: the way the data goes.
    init(_ transfer: FTPTransfer, _ direction: FlowDirection) {
        transaction = Transaction(
            identifier: 0, appProtocol: .ftpData, facts: .ftpData(transfer), complete: (1, 1), keepsNews: true,
            only: direction)
        transactions = [transaction]
    }

    public func feed(_ direction: FlowDirection, _ bytes: RawSpan) -> ParserStatus {
        transaction.update(direction)
        return .proceeding
    }

    public func end(_ direction: FlowDirection) {
        transaction.reach(1, .toServer)
        transaction.reach(1, .toClient)
    }

    public func release(before identifier: UInt64) {}
}
