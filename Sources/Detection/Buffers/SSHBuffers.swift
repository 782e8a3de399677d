import AppLayer
import NetTypes

/// Buffers of an SSH connection.
enum SSHBuffers {
    private static func banner(_ id: BufferID, _ name: String, aliases: [String], _ summary: String) -> StickyBuffer {
        StickyBuffer(
            id: id, name: name, aliases: aliases, appProtocol: .ssh, directions: [.toServer, .toClient],
            progress: SSHHandshake.Step.banner, summary: summary)
    }

    private static func exchange(
        _ id: BufferID, _ name: String, _ direction: FlowDirection, isHash: Bool = false, _ summary: String
    ) -> StickyBuffer {
        StickyBuffer(
            id: id, name: name, appProtocol: .ssh, directions: [direction], progress: SSHHandshake.Step.keyExchange,
            contentForm: isHash ? .lowercaseHash(32) : nil, summary: summary)
    }

    static let all = [
        banner(
            .sshSoftware, "ssh.software", aliases: ["ssh_software"], "The software version of an identification string."
        ),
        banner(
            .sshProtocol, "ssh.proto", aliases: ["ssh_proto"], "The protocol version of an identification string."),
        exchange(.sshHASSH, "ssh.hassh", .toServer, isHash: true, "The HASSH fingerprint of the client's offers."),
        exchange(.sshHASSHString, "ssh.hassh.string", .toServer, "The text that HASSH is made of."),
        exchange(
            .sshHASSHServer, "ssh.hassh.server", .toClient, isHash: true,
            "The HASSH fingerprint of the server's offers."),
        exchange(
            .sshHASSHServerString, "ssh.hassh.server.string", .toClient, "The text that the server's HASSH is made of."),
    ]

    static func bytes(of buffer: BufferID, _ handshake: SSHHandshake, _ direction: FlowDirection) -> BufferBytes? {
        let banner = handshake.banner(direction)
        return switch buffer {
        case .sshSoftware: banner.flatMap { $0.software.isEmpty ? nil : BufferBytes($0.software) }
        case .sshProtocol: banner.flatMap { $0.protocolVersion.isEmpty ? nil : BufferBytes($0.protocolVersion) }
        case .sshHASSH, .sshHASSHServer: handshake.keyExchange(direction).map { BufferBytes($0.hash) }
        case .sshHASSHString, .sshHASSHServerString: handshake.keyExchange(direction).map { BufferBytes($0.text) }
        default: nil
        }
    }
}
