import NetTypes

/// Whether rules still look at a TLS flow's payload. Once application data has come it is noise and not looked at, from
/// the next packet on. As in Suricata, the side that has not sent any is looked at once more where some rule looks into
/// the stream: what was waiting for that is not given up.
struct EncryptedPayload {
    private enum State: UInt8 {
        case open
        case lastLook
        case hidden
    }

    private var toServer = State.open
    private var toClient = State.open

    /// Application data has been seen.
    var isNoted: Bool { toServer != .open }

    /// The packet in this direction had application data.
    mutating func note(_ direction: FlowDirection) {
        toServer = direction == .toServer ? .hidden : .lastLook
        toClient = direction == .toClient ? .hidden : .lastLook
    }

    mutating func sawPayload(_ direction: FlowDirection) {
        if direction == .toServer { toServer = .hidden } else { toClient = .hidden }
    }

    /// Rules do not look at the payload of a packet with this tuple.
    func hides(_ tuple: FlowTuple, _ direction: FlowDirection, _ policy: CompiledPolicy) -> Bool {
        switch direction == .toServer ? toServer : toClient {
        case .open: false
        case .lastLook: !policy.looksIntoStream(tuple, direction)
        case .hidden: true
        }
    }
}

extension CompiledPolicy {
    /// Ports and directions of rules with content of the stream. Suricata groups rules by the server's port.
    struct StreamPorts: Hashable {
        let toServer: Bool
        let toClient: Bool
        let source: PortSet
        let destination: PortSet
    }

    func looksIntoStream(_ tuple: FlowTuple, _ direction: FlowDirection) -> Bool {
        streamPorts.contains { ports in
            direction == .toServer
                ? ports.toServer && ports.destination.contains(tuple.destinationPort)
                : ports.toClient && ports.source.contains(tuple.sourcePort)
        }
    }
}
