/// What a TLS handshake has shown so far. One transaction of a flow.
public final class TLSHandshake {
    /// Steps of the transaction, the same for both directions.
    public enum Step {
        public static let inProgress: UInt8 = 0
        public static let certificateReady: UInt8 = 1
        public static let handshakeDone: UInt8 = 2
        public static let finished: UInt8 = 3
    }

    /// The newest handshake message, for rules that ask about one state (`ssl_state`).
    public internal(set) var lastMessage: HandshakeState = []
    public internal(set) var clientHello: ClientHello? {
        didSet { cachedJA4 = nil }
    }
    var cachedJA4: [UInt8]?
    public internal(set) var serverHello: ServerHello?
    public internal(set) var sawClientChangeCipherSpec = false
    public internal(set) var sawServerChangeCipherSpec = false
    /// Application data has flowed: the handshake is over.
    public internal(set) var isEncrypted = false

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

    /// The version's name in EVE records.
    public var versionName: String {
        switch version {
        case 0: "UNDETERMINED"
        case 0x0002: "SSLv2"
        case 0x0300: "SSLv3"
        case 0x0301: "TLSv1"
        case 0x0302: "TLS 1.1"
        case 0x0303: "TLS 1.2"
        case 0x0304: "TLS 1.3"
        default: "UNDETERMINED"
        }
    }
}

extension TLSHandshake {
    /// The JA4 fingerprint of the ClientHello; nil before it is complete.
    public var ja4: [UInt8]? {
        guard let clientHello else { return nil }
        if let cachedJA4 { return cachedJA4 }
        let fingerprint = Array(JA4.fingerprint(of: clientHello).utf8)
        cachedJA4 = fingerprint
        return fingerprint
    }
}
