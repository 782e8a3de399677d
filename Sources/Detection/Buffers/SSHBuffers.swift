import AppLayer
import NetTypes

/// Buffers of an SSH connection.
enum SSHBuffers {
    static let all = [
        StickyBuffer(
            id: .sshSoftware, name: "ssh.software", aliases: ["ssh_software"], appProtocol: .ssh,
            directions: [.toServer, .toClient], progress: SSHHandshake.Step.banner,
            summary: "The software version of an identification string."),
        StickyBuffer(
            id: .sshProtocol, name: "ssh.proto", aliases: ["ssh_proto"], appProtocol: .ssh,
            directions: [.toServer, .toClient], progress: SSHHandshake.Step.banner,
            summary: "The protocol version of an identification string."),
    ]

    static func bytes(of buffer: BufferID, _ handshake: SSHHandshake, _ direction: FlowDirection) -> BufferBytes? {
        let banner = direction == .toServer ? handshake.client : handshake.server
        return switch buffer {
        case .sshSoftware: banner.map { BufferBytes($0.software) }
        case .sshProtocol: banner.map { BufferBytes($0.protocolVersion) }
        default: nil
        }
    }
}
