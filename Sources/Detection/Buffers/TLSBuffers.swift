import AppLayer
import NetTypes

/// Buffers of a TLS handshake.
enum TLSBuffers {
    static let all = [
        StickyBuffer(
            id: .tlsSNI, name: "tls.sni", aliases: ["tls_sni"], appProtocol: .tls, directions: [.toServer], progress: 0,
            summary: "The server name of the ClientHello, as sent."),
        StickyBuffer(
            id: .ja4Hash, name: "ja4.hash", aliases: ["ja4_hash"], appProtocol: .tls, directions: [.toServer],
            progress: 0,
            summary: "The JA4 fingerprint of the ClientHello."),
    ]

    static func bytes(of buffer: BufferID, _ handshake: TLSHandshake) -> BufferBytes? {
        switch buffer {
        case .tlsSNI: handshake.clientHello?.serverName.map { BufferBytes($0) }
        case .ja4Hash: handshake.ja4.map { BufferBytes($0) }
        default: nil
        }
    }
}
