import NetTypes

/// What an SSH connection shows before it is encrypted: identification strings (RFC 4253 section 4.2) and the offers of
/// the key exchange.
public final class SSHHandshake {
    /// `SSH-protoversion-softwareversion comments`
    public struct Banner: Sendable {
        public let protocolVersion: [UInt8]
        public let software: [UInt8]
    }

    /// Steps of the transaction, by direction.
    public enum Step {
        public static let inProgress: UInt8 = 0
        public static let banner: UInt8 = 1
        public static let keyExchange: UInt8 = 2
    }

    public internal(set) var client: Banner?
    public internal(set) var server: Banner?
    public internal(set) var clientExchange: SSHKeyExchange?
    public internal(set) var serverExchange: SSHKeyExchange?

    init() {}

    public func banner(_ direction: FlowDirection) -> Banner? { direction == .toServer ? client : server }

    public func keyExchange(_ direction: FlowDirection) -> SSHKeyExchange? {
        direction == .toServer ? clientExchange : serverExchange
    }
}
