import NetTypes
import Wire

/// Reads the identification strings and the first packet of each side (RFC 4253), and then lets the connection be.
public final class SSHParser: ApplicationParser {
    public let appProtocol = AppProtocol.ssh
    public let transactions: [Transaction]
    private let handshake = SSHHandshake()
    private let transaction: Transaction
    private let settings: AppLayerSettings
    private var partial: (toServer: [UInt8], toClient: [UInt8]) = ([], [])

    /// RFC 4253 section 4.2 allows 255 characters in an identification string, line end included.
    static let maximumBanner = 255
    /// A line without an end.
    static let maximumLine = 8192
    /// RFC 4253 section 6.1: implementations must take packets of 35,000 bytes.
    static let maximumPacket = 35_000

    init(settings: AppLayerSettings) {
        self.settings = settings
        transaction = Transaction(
            identifier: 0, appProtocol: .ssh, facts: .ssh(handshake),
            complete: (SSHHandshake.Step.keyExchange, SSHHandshake.Step.keyExchange), keepsNews: true)
        transactions = [transaction]
    }

    public func feed(_ direction: FlowDirection, _ bytes: RawSpan) -> ParserStatus {
        guard transaction.progress(direction) < SSHHandshake.Step.keyExchange else { return .proceeding }
        transaction.update(direction)
        var kept = direction == .toServer ? partial.toServer : partial.toClient
        unsafe bytes.withUnsafeBytes { unsafe kept.append(contentsOf: $0) }
        do throws(MalformedReason) {
            if handshake.banner(direction) == nil { try readBanner(&kept, direction) }
            if handshake.banner(direction) != nil { try readPacket(&kept, direction) }
        } catch {
            return .malformed(error)
        }
        if direction == .toServer { partial.toServer = kept } else { partial.toClient = kept }
        return .proceeding
    }

    public func end(_ direction: FlowDirection) { transaction.reach(SSHHandshake.Step.keyExchange, direction) }

    public func release(before identifier: UInt64) {}

    // MARK: identification

    private func readBanner(_ kept: inout [UInt8], _ direction: FlowDirection) throws(MalformedReason) {
        var start = 0
        var found: SSHHandshake.Banner?
        while found == nil, let end = kept[start...].firstIndex(of: 10) {
            let line = kept[start..<end]
            start = end + 1
            found = banner(line)
            // Differs: Suricata takes no line before the string.
            if found == nil, settings.compatibleWithSuricata { throw .sshMalformed }
        }
        kept.removeFirst(start)
        guard let found else {
            guard kept.count <= SSHParser.maximumLine else { throw .sshMalformed }
            return
        }
        if direction == .toServer { handshake.client = found } else { handshake.server = found }
        transaction.reach(SSHHandshake.Step.banner, direction)
    }

    private static let prefix = Array("SSH-".utf8)

    private func banner(_ line: ArraySlice<UInt8>) -> SSHHandshake.Banner? {
        guard line.starts(with: SSHParser.prefix) else { return nil }
        var text = line
        if text.count > SSHParser.maximumBanner {
            transaction.raise(.sshLongBanner)
            text = text.prefix(SSHParser.maximumBanner)
        }
        if text.last == 13 { text = text.dropLast() }
        let rest = text.dropFirst(SSHParser.prefix.count)
        guard let dash = rest.firstIndex(of: UInt8(ascii: "-")) else { return nil }
        let software = rest[(dash + 1)...].prefix { $0 != 32 }
        return SSHHandshake.Banner(protocolVersion: Array(rest[..<dash]), software: Array(software))
    }

    // MARK: key exchange

    /// The first packet: `0 length   4 padding   5 payload, padding`. One that is no key exchange is left alone.
    private func readPacket(_ kept: inout [UInt8], _ direction: FlowDirection) throws(MalformedReason) {
        guard kept.count >= 6 else { return }
        let length = Int(unsafe kept.span.bytes.bigEndian32(at: 0))
        guard length >= 2 else { throw .sshInvalidRecord }
        if length > SSHParser.maximumPacket {
            transaction.raise(.sshLongKexRecord)
        } else {
            guard kept.count >= 4 + length else { return }
            let payload = unsafe kept.span.bytes.extracting(5..<(4 + length))
            let exchange = try? SSHKeyExchange(payload, isClient: direction == .toServer)
            if direction == .toServer {
                handshake.clientExchange = exchange
            } else {
                handshake.serverExchange = exchange
            }
        }
        kept = []
        transaction.reach(SSHHandshake.Step.keyExchange, direction)
    }
}
