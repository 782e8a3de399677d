import NetTypes

/// What a TLS handshake has shown so far. One transaction of a flow.
public final class TLSHandshake {
    /// Steps of the transaction, the same for both directions.
    public enum Step {
        public static let inProgress: UInt8 = 0
        public static let certificateReady: UInt8 = 1
        public static let handshakeDone: UInt8 = 2
        public static let finished: UInt8 = 3
    }

    /// The newest handshake message of the piece read last, for rules that ask about one state (`ssl_state`).
    public internal(set) var lastMessage: HandshakeState = []
    public internal(set) var clientHello: ClientHello? {
        didSet {
            cachedJA4 = nil
            if firstHello == nil { firstHello = clientHello }
        }
    }
    private var firstHello: ClientHello?
    private var cachedJA4: [UInt8]?
    private var cachedJA3: Fingerprint?
    private var cachedJA3S: Fingerprint?
    public internal(set) var serverHello: ServerHello? {
        didSet { cachedJA3S = nil }
    }
    public internal(set) var clientCertificates: CertificateChain?
    public internal(set) var serverCertificates: CertificateChain?
    /// A hello could not be read: rules by name will not match any more.
    public internal(set) var hasMalformedHello = false
    public internal(set) var sawClientChangeCipherSpec = false
    public internal(set) var sawServerChangeCipherSpec = false
    /// Application data has flowed: the handshake is over.
    public internal(set) var isEncrypted = false
    /// One side has sent application data behind the server's hello: what follows is noise to whoever has no keys.
    var isDataOnly = false

    init() {}

    /// States that rules can name.
    public struct HandshakeState: OptionSet, Sendable {
        public let rawValue: UInt8
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        public static let clientHello = HandshakeState(rawValue: 1)
        public static let serverHello = HandshakeState(rawValue: 2)
        public static let clientKeyExchange = HandshakeState(rawValue: 4)
        public static let serverKeyExchange = HandshakeState(rawValue: 8)
        public static let unknown = HandshakeState(rawValue: 16)
    }

    /// The version both sides agreed on; the client's offer does not count (0 before the ServerHello).
    public var version: UInt16 { serverHello?.version ?? 0 }

    /// The version as one side has it: the client's wish, or the server's choice.
    public func version(_ direction: FlowDirection) -> UInt16 {
        direction == .toServer ? clientHello?.version ?? 0 : version
    }

    /// The version's name in EVE records.
    public var versionName: String { TLSVersion.name(version) }

    public func certificates(_ direction: FlowDirection) -> CertificateChain? {
        direction == .toServer ? clientCertificates : serverCertificates
    }

    /// The server took up an earlier session of the client's (RFC 5246 section 7.3).
    public var isResumed: Bool {
        guard let serverHello, let clientHello, serverCertificates == nil, !TLSVersion.is13(serverHello.version) else {
            return false
        }
        return !serverHello.sessionID.isEmpty && serverHello.sessionID == clientHello.sessionID
    }

    // MARK: fingerprints

    /// A fingerprint's text and its hash.
    public struct Fingerprint: Sendable {
        public let text: [UInt8]
        public let hash: [UInt8]

        init(_ text: [UInt8]) {
            self.text = text
            hash = JA3.hash(text)
        }
    }

    /// The JA4 fingerprint of the ClientHello; nil before it is complete.
    public var ja4: [UInt8]? {
        guard let clientHello else { return nil }
        if let cachedJA4 { return cachedJA4 }
        let fingerprint = Array(JA4.fingerprint(of: clientHello).utf8)
        cachedJA4 = fingerprint
        return fingerprint
    }

    /// The JA3 fingerprint of the first ClientHello; one that follows a HelloRetryRequest does not change it.
    public var ja3: Fingerprint? {
        guard let firstHello else { return nil }
        if let cachedJA3 { return cachedJA3 }
        let fingerprint = Fingerprint(JA3.text(of: firstHello))
        cachedJA3 = fingerprint
        return fingerprint
    }

    /// The JA3S fingerprint of the ServerHello.
    public var ja3s: Fingerprint? {
        guard let serverHello else { return nil }
        if let cachedJA3S { return cachedJA3S }
        let fingerprint = Fingerprint(JA3.text(of: serverHello))
        cachedJA3S = fingerprint
        return fingerprint
    }
}
