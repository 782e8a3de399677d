import NetTypes
import Wire

/// Recognises the protocol of a TCP connection from the first bytes of each direction, or that of a datagram.
struct ProtocolDetector: Sendable {
    enum Answer: Equatable {
        case recognized(AppProtocol)
        /// Not enough bytes yet.
        case undecided
        /// This direction shows no known protocol.
        case noMatch
    }

    private static let toServer = ProtocolPattern.all.filter { $0.direction == .toServer }
    private static let toClient = ProtocolPattern.all.filter { $0.direction == .toClient }
    static let depthToServer = toServer.map(\.depth).max() ?? 0
    static let depthToClient = toClient.map(\.depth).max() ?? 0

    /// - Parameter data: what this direction has sent so far, from its first byte on.
    static func examine(stream data: RawSpan, _ direction: FlowDirection, serverPort: UInt16) -> Answer {
        let patterns = direction == .toServer ? toServer : toClient
        for pattern in patterns where pattern.matches(data) { return .recognized(pattern.appProtocol) }
        if serverPort == 53 {
            switch DNSParser.probe(stream: data, direction) {
            case .recognized: return .recognized(.dns)
            case .undecided: return .undecided
            case .noMatch: break
            }
        }
        let depth = direction == .toServer ? depthToServer : depthToClient
        return data.byteCount >= depth ? .noMatch : .undecided
    }

    /// The bytes are the beginning of a TLS record or an HTTP request, too few to tell.
    static func couldBecomeNamed(_ bytes: [UInt8]) -> Bool {
        guard !bytes.isEmpty else { return false }
        return toServer.contains { pattern in
            (pattern.appProtocol == .tls || pattern.appProtocol == .http1) && pattern.offset == 0
                && bytes.count < pattern.bytes.count
                && zip(bytes, pattern.bytes).allSatisfy {
                    $0 == $1 || pattern.ignoresCase && $0.lowercased == $1.lowercased
                }
        }
    }

    /// - Parameter data: one datagram, the first of its direction.
    static func examine(
        datagram data: RawSpan, _ direction: FlowDirection, ports: (source: UInt16, destination: UInt16),
        settings: AppLayerSettings
    ) -> Answer {
        let isDNSPort = ports.source == 53 || ports.destination == 53
        let isOther = DNSParser.otherPorts.contains(ports.source) || DNSParser.otherPorts.contains(ports.destination)
        if isDNSPort || !settings.compatibleWithSuricata && !isOther,
            DNSParser.probe(datagram: data, strictly: !isDNSPort)
        {
            return .recognized(.dns)
        }
        if looksLikeQUICInitial(data) { return .recognized(.quic) }
        if ports.source == 123 || ports.destination == 123, looksLikeNTP(data) { return .recognized(.ntp) }
        if [67, 68].contains(ports.destination), looksLikeDHCP(data) { return .recognized(.dhcp) }
        return .noMatch
    }

    /// A long header with a known version and a payload as large as an Initial must be (RFC 9000 section 17.2).
    private static func looksLikeQUICInitial(_ data: RawSpan) -> Bool {
        guard data.byteCount >= 1200, data.byte(at: 0) & 0xc0 == 0xc0 else { return false }
        let version = data.bigEndian32(at: 1)
        return version == 1 || version == 0x6b33_43cf || version >> 8 == 0xff_0000
    }

    /// RFC 5905 section 7.3: 48 bytes at least, version 1 to 4, mode 1 to 7.
    private static func looksLikeNTP(_ data: RawSpan) -> Bool {
        guard data.byteCount >= 48 else { return false }
        let first = data.byte(at: 0)
        return (1...4).contains((first >> 3) & 7) && first & 7 != 0
    }

    /// RFC 2131 section 2: fixed fields of 236 bytes, then the magic cookie.
    private static func looksLikeDHCP(_ data: RawSpan) -> Bool {
        data.byteCount >= 240 && data.bigEndian32(at: 236) == 0x6382_5363
    }
}
