import NetTypes

/// What a parser makes of the bytes it was given.
public enum ParserStatus: Equatable, Sendable {
    /// All taken; more may come.
    case proceeding
    /// The bytes do not follow the protocol. The parser takes no more.
    case malformed(MalformedReason)
    /// Behind `consumed` bytes of this piece the connection speaks something else (after CONNECT or an upgrade):
    /// recognition starts anew in both directions.
    case handOver(consumed: Int)
}

/// Why a parser gave up. Raw values are the event names of rules' `app-layer-event` and of `anomaly` records.
public enum MalformedReason: String, Error, Hashable, Sendable {
    case tlsInvalidRecordType = "tls.invalid_record_type"
    case tlsInvalidRecordVersion = "tls.invalid_record_version"
    case tlsInvalidRecordLength = "tls.invalid_record_length"
    case tlsInvalidHandshake = "tls.invalid_handshake_message"
    case tlsSeveralNames = "tls.multiple_sni_extensions"
    case tlsNameChanged = "tls.name_changed"
    case tlsHandshakeTooLong = "tls.handshake_too_long"
    case httpRequestLineInvalid = "http.request_line_invalid"
    case httpHeadTooLong = "http.request_headers_too_long"
    case httpHeaderInvalid = "http.request_header_invalid"
    case httpFramingInvalid = "http.request_framing_invalid"
    case httpHostAmbiguous = "http.host_header_ambiguous"
    case httpTooManyTransactions = "http.too_many_requests"
    case httpResponseInvalid = "http.response_invalid"
    case dnsMalformed = "dns.malformed_data"
    case sshMalformed = "ssh.invalid_banner"
    case sshInvalidRecord = "ssh.invalid_record"
    case smtpInvalidReply = "smtp.invalid_reply"
    case smtpTooManyCommands = "smtp.too_many_commands"
    case http2InvalidPreface = "http2.invalid_client_magic"
    case http2InvalidFrame = "http2.invalid_frame_data"
    case http2InvalidHeader = "http2.invalid_header"
    case http2AuthorityMismatch = "http2.authority_host_mismatch"
    case http2TooManyStreams = "http2.too_many_streams"
    case quicFailedDecrypt = "quic.failed_decrypt"
    case quicMalformed = "quic.error_on_data"
    case quicCryptoTooLong = "quic.crypto_frag_too_long"
    case quicCryptoConflict = "quic.crypto_overlap_different_data"
    case quicTooManyPackets = "quic.too_many_packets"
    case socksMalformed = "socks.malformed_data"
    case sequenceGap = "applayer.gap"
}

/// Reads both directions of one flow, in stream order, a piece at a time; pieces may be cut anywhere. What it keeps is
/// capped. A parser never throws and never traps on what a peer sends.
public protocol ApplicationParser: AnyObject {
    var appProtocol: AppProtocol { get }

    /// Transactions that are not done with, oldest first.
    var transactions: [Transaction] { get }

    func feed(_ direction: FlowDirection, _ bytes: RawSpan) -> ParserStatus

    /// The side will send no more.
    func end(_ direction: FlowDirection)

    /// Lets go of transactions before `identifier`.
    func release(before identifier: UInt64)

    /// Lets go of these transactions, which are done with before older ones.
    func release(finished identifiers: Set<UInt64>)

    /// Bytes of the other direction that came before a hand-over and belong to what follows it.
    func takeEarlyBytes(_ direction: FlowDirection) -> [UInt8]

    /// What must follow a hand-over; nil for anything.
    var successor: AppProtocol? { get }
}

extension ApplicationParser {
    public var successor: AppProtocol? { nil }

    public func release(finished identifiers: Set<UInt64>) {}

    public func takeEarlyBytes(_ direction: FlowDirection) -> [UInt8] { [] }
}

/// Limits of the parsers. Everything a peer can make them keep is bounded here.
public struct AppLayerSettings: Sendable {
    /// Bytes kept for one direction while the protocol is not recognised. Every pattern shows within the first
    /// kilobyte; the rest serves banners that precede a client's first words.
    public var recognitionBytes = 8192
    /// One TLS handshake message. A ClientHello has at most 131,396 bytes (RFC 8446 section 4.1.2: lists of 2^16 bytes);
    /// clients send a few kilobytes (post-quantum key shares), servers certificate chains of some tens.
    public var tlsHandshakeBytes = 135_168
    /// One HTTP message head: start line and fields. Servers refuse more than 8 to 64 KiB.
    public var httpHeadBytes = 65_536
    /// Header fields of one message.
    public var httpFields = 1024
    /// Requests without a response on one connection.
    public var httpPipeline = 256
    /// Streams of one HTTP/2 connection, and frames of the connection itself, that are not done with. Servers allow 100
    /// to 1,000 at a time.
    public var http2Streams = 2048
    /// HTTP/2 is read; otherwise it is a protocol without a name.
    public var readsHTTP2 = true
    /// Content of one mail. Rules look for documents and links near a mail's begin; a flow keeps one at a time.
    public var smtpMailBytes = 262_144
    /// Ports where DNS is recognised by its shape alone; elsewhere it must fit in every respect.
    public var dnsPorts: [UInt16] = [53]
    /// A flow whose first bytes are a server's turns round: where flows are analysed that began unseen. Not on a gateway,
    /// where a client could choose the direction in which rules judge it.
    public var reversesFlows = false
    /// Bodies are kept for rules to look into.
    public var keepsBodies = false
    /// Bodies are measured for records of files, whether or not rules look into them.
    public var measuresBodies = false
    /// One HTTP body as rules see it, decoded; Suricata's default.
    public var httpBodyBytes = 102_400
    /// Content codings of one body that are undone.
    public var httpDecodingLayers = 2
    /// All HTTP bodies kept for one connection: a pipeline of requests must not multiply the cap above.
    public var httpBodiesBytes = 1 << 20
    /// Suricata's readings wherever they differ from ours.
    public var compatibleWithSuricata = false

    public init() {}
}
