/// What a client has begun and not finished, so that rules by name cannot match yet.
public enum Awaited: Equatable, Sendable {
    /// Nothing: the name is there, or there will be none.
    case nothing
    /// Its first bytes are too few to tell a TLS hello or an HTTP request from anything else.
    case recognition
    /// A ClientHello, the head of a request.
    case name
}

extension AppLayerSession {
    /// What the client's bytes so far wait for; `awaitsName` knows the protocols.
    public var awaited: Awaited {
        guard awaitsName else { return .nothing }
        return appProtocol == .unknown ? .recognition : .name
    }
}
