import AppLayer
import NetTypes

/// Buffers of a QUIC packet with a long header.
enum QUICBuffers {
    private static func client(
        _ id: BufferID, _ name: String, isMultiple: Bool = false, form: StickyBuffer.ContentForm? = nil,
        _ summary: String
    ) -> StickyBuffer {
        StickyBuffer(
            id: id, name: name, appProtocol: .quic, directions: [.toServer], progress: 1, isMultiple: isMultiple,
            contentForm: form, summary: summary)
    }

    static let all = [
        client(.quicSNI, "quic.sni", "The server name of the ClientHello, as sent."),
        StickyBuffer(
            id: .quicVersion, name: "quic.version", appProtocol: .quic, directions: [.toServer, .toClient], progress: 1,
            summary: "The four bytes of the version in a packet with a long header."),
        client(.quicUserAgent, "quic.ua", "The user agent of Google's QUIC."),
        client(
            .quicCYUHash, "quic.cyu.hash", isMultiple: true, form: .lowercaseHash(32),
            "The CYU fingerprint of a hello of Google's QUIC."),
        client(.quicCYUString, "quic.cyu.string", isMultiple: true, "The text that the CYU fingerprint is made of."),
    ]

    static func bytes(of buffer: BufferID, _ packet: QUICPacket, _ instance: Int) -> BufferBytes? {
        switch buffer {
        case .quicSNI: packet.serverName.map { BufferBytes($0) }
        case .quicVersion: BufferBytes(packet.version.bytes)
        case .quicUserAgent: packet.userAgent.map { BufferBytes($0) }
        case .quicCYUHash: fingerprint(packet, instance).map { BufferBytes($0.hash) }
        case .quicCYUString: fingerprint(packet, instance).map { BufferBytes($0.text) }
        case .ja3Hash: packet.ja3.map { BufferBytes($0.hash) }
        case .ja3String: packet.ja3.map { BufferBytes($0.text) }
        case .ja3sHash: packet.ja3s.map { BufferBytes($0.hash) }
        case .ja3sString: packet.ja3s.map { BufferBytes($0.text) }
        case .ja4Hash: packet.ja4.map { BufferBytes($0) }
        default: nil
        }
    }

    private static func fingerprint(_ packet: QUICPacket, _ instance: Int) -> TLSHandshake.Fingerprint? {
        instance < packet.cyu.count ? packet.cyu[instance] : nil
    }
}
