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
    static func examine(
        stream data: RawSpan, _ direction: FlowDirection, serverPort: UInt16, settings: AppLayerSettings
    ) -> Answer {
        let patterns = direction == .toServer ? toServer : toClient
        for pattern in patterns where pattern.matches(data) { return .recognized(pattern.appProtocol) }
        let probes = [
            StreamProbe.examine(data, direction, serverPort: serverPort, settings), StreamProbe.dcerpc(data),
        ]
        for case .recognized(let found) in probes { return .recognized(found) }
        if probes.contains(.undecided) { return .undecided }
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
        let isDNSPort = settings.dnsPorts.contains(ports.source) || settings.dnsPorts.contains(ports.destination)
        let isOther = DNSParser.otherPorts.contains(ports.source) || DNSParser.otherPorts.contains(ports.destination)
        if isDNSPort || !settings.compatibleWithSuricata && !isOther,
            let found = DNSParser.probe(datagram: data, strictly: !isDNSPort, settings: settings)
        {
            return .recognized(found)
        }
        return DatagramProbe.examine(
            data, direction, ports: ports, compatible: settings.compatibleWithSuricata
        ).map { .recognized($0) } ?? .noMatch
    }
}
