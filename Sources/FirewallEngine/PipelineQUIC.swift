import AppLayer
import FlowTracking
import NetTypes
import Wire

/// QUIC connections, one behind the other on the same addresses and ports.
extension Pipeline {
    /// Differs: a client that begins another connection on the ports of one that is decided makes another flow, as with
    /// TCP, or else a pass by the first one's name would cover it. Suricata does not look at it.
    mutating func beginsAnotherConnection(_ index: FlowIndex, _ direction: FlowDirection, _ bytes: RawSpan) -> Bool {
        guard direction == .toServer, flows[index].connectionMark != 0, flows[index].disposition != .undecided,
            !settings.compatibleWithSuricata,
            let connection = QUICConnection.begun(by: bytes.clamped(packet.payload))
        else { return false }
        return mark(of: connection) != flows[index].connectionMark
    }

    /// Remembers which connection the flow is.
    mutating func noteConnection(_ index: FlowIndex, _ session: AppLayerSession) {
        guard session.appProtocol == .quic, let connection = session.quicConnection else { return }
        flows[index].connectionMark = mark(of: connection)
    }

    /// A number for a connection ID that nobody outside can foretell; never 0.
    private func mark(of connection: [UInt8]) -> UInt32 {
        var hash = settings.seed ^ UInt64(connection.count)
        for byte in connection { hash = (hash ^ UInt64(byte)) &* 0x9e37_79b9_7f4a_7c15 ^ hash >> 29 }
        return UInt32(truncatingIfNeeded: hash >> 32) | 1
    }
}
