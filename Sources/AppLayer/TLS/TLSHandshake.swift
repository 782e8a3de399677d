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
            hellos += 1
            if firstHello == nil { firstHello = clientHello }
        }
    }
    private var firstHello: ClientHello?
    private var hellos = 0
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

    /// The protocol that has handed over to TLS; unknown when there was none.
    public internal(set) var origin = AppProtocol.unknown

    init() {}

    /// What is told of a ClientHello beside its fields, for `tls.hello`.
    public struct HelloFacts: OptionSet, Sendable {
        public let rawValue: UInt16
        public init(rawValue: UInt16) { self.rawValue = rawValue }

        /// No server_name extension, or one without a host_name.
        public static let noName = HelloFacts(rawValue: 1)
        public static let severalNames = HelloFacts(rawValue: 2)
        /// The name is an address, which RFC 6066 section 3 forbids.
        public static let addressName = HelloFacts(rawValue: 4)
        public static let encryptedHello = HelloFacts(rawValue: 8)
        /// An encrypted hello under a name that stands for many servers: where the connection goes is not told.
        public static let hiddenName = HelloFacts(rawValue: 16)
        /// An encrypted hello under another name: noise, as far as can be told.
        public static let noise = HelloFacts(rawValue: 32)
        /// The second hello, behind a HelloRetryRequest.
        public static let second = HelloFacts(rawValue: 64)
    }

    /// - Parameter publicNames: lower-case names under which encrypted hellos go to a provider's servers.
    public func helloFacts(publicNames: Set<[UInt8]>) -> HelloFacts? {
        guard let clientHello else { return nil }
        var facts: HelloFacts = []
        if let name = clientHello.serverName, !name.isEmpty {
            if TLSHandshake.isAddress(name) { facts.insert(.addressName) }
        } else {
            facts.insert(.noName)
        }
        if clientHello.hasSeveralNames { facts.insert(.severalNames) }
        if hellos > 1 { facts.insert(.second) }
        if clientHello.hasEncryptedHello {
            facts.insert(.encryptedHello)
            let name = clientHello.serverName.map { $0.map(\.lowercased) } ?? []
            facts.insert(publicNames.contains(name) || name.isEmpty ? .hiddenName : .noise)
        }
        return facts
    }

    /// Digits and dots, or a colon: no name of a host has a top-level domain of digits (RFC 3696 section 2).
    private static func isAddress(_ name: [UInt8]) -> Bool {
        if name.contains(UInt8(ascii: ":")) { return true }
        let last = name.split(separator: UInt8(ascii: ".")).last ?? []
        return !last.isEmpty && last.allSatisfy { (48...57).contains($0) }
    }

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
