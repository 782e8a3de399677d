import AppLayer
import NetTypes

/// Buffers of a TLS handshake.
enum TLSBuffers {
    private typealias Step = TLSHandshake.Step

    private static func hello(
        _ id: BufferID, _ name: String, aliases: [String], form: StickyBuffer.ContentForm? = nil,
        alternative: AppProtocol = .unknown, _ summary: String
    ) -> StickyBuffer {
        StickyBuffer(
            id: id, name: name, aliases: aliases, appProtocol: .tls, alternative: alternative, directions: [.toServer],
            progress: Step.inProgress,
            contentForm: form, summary: summary)
    }

    private static func answer(
        _ id: BufferID, _ name: String, aliases: [String] = [], form: StickyBuffer.ContentForm? = nil,
        alternative: AppProtocol = .unknown, _ summary: String
    ) -> StickyBuffer {
        StickyBuffer(
            id: id, name: name, aliases: aliases, appProtocol: .tls, alternative: alternative, directions: [.toClient],
            progress: Step.inProgress,
            contentForm: form, summary: summary)
    }

    private static func certificate(
        _ id: BufferID, _ name: String, aliases: [String] = [], isMultiple: Bool = false,
        form: StickyBuffer.ContentForm? = nil, _ summary: String
    ) -> StickyBuffer {
        StickyBuffer(
            id: id, name: name, aliases: aliases, appProtocol: .tls, directions: [.toServer, .toClient],
            progress: Step.certificateReady, isMultiple: isMultiple, contentForm: form, summary: summary)
    }

    private static func random(_ id: BufferID, _ name: String, _ summary: String) -> StickyBuffer {
        StickyBuffer(
            id: id, name: name, appProtocol: .tls, directions: [.toServer, .toClient], progress: Step.inProgress,
            summary: summary)
    }

    static let all = [
        hello(.tlsSNI, "tls.sni", aliases: ["tls_sni"], "The server name of the ClientHello, as sent."),
        StickyBuffer(
            id: .tlsALPN, name: "tls.alpn", appProtocol: .tls, directions: [.toServer], progress: Step.inProgress,
            isMultiple: true, summary: "Each protocol that the client offers (ALPN)."),
        hello(
            .ja3Hash, "ja3.hash", aliases: ["ja3_hash"], form: .lowercaseHash(32), alternative: .quic,
            "The JA3 fingerprint of the ClientHello."),
        hello(
            .ja3String, "ja3.string", aliases: ["ja3_string"], alternative: .quic,
            "The text that the JA3 fingerprint is made of."),
        answer(
            .ja3sHash, "ja3s.hash", form: .lowercaseHash(32), alternative: .quic,
            "The JA3S fingerprint of the ServerHello."),
        answer(
            .ja3sString, "ja3s.string", alternative: .quic, "The text that the JA3S fingerprint is made of."),
        hello(
            .ja4Hash, "ja4.hash", aliases: ["ja4_hash"], alternative: .quic, "The JA4 fingerprint of the ClientHello."),
        certificate(
            .tlsCertificateSubject, "tls.cert_subject", aliases: ["tls_cert_subject"],
            "The subject of the certificate: C=US, O=Example, CN=www.example.com."),
        certificate(
            .tlsCertificateIssuer, "tls.cert_issuer", aliases: ["tls_cert_issuer"], "The issuer of the certificate."),
        certificate(
            .tlsCertificateSerial, "tls.cert_serial", aliases: ["tls_cert_serial"], form: .uppercase,
            "The certificate's serial number: 5C:19:B7."),
        certificate(
            .tlsCertificateFingerprint, "tls.cert_fingerprint", aliases: ["tls_cert_fingerprint"],
            form: .lowercaseHash(59),
            "The SHA-1 of the certificate: 4a:a3:66:..."),
        certificate(
            .tlsCertificates, "tls.certs", isMultiple: true, "Each certificate of the chain, as sent."),
        random(.tlsRandom, "tls.random", "The random of the hello: 32 bytes."),
        random(.tlsRandomTime, "tls.random_time", "The first 4 bytes of the hello's random."),
        random(.tlsRandomBytes, "tls.random_bytes", "The last 28 bytes of the hello's random."),
    ]

    static func bytes(
        of buffer: BufferID, _ handshake: TLSHandshake, _ direction: FlowDirection, _ instance: Int
    ) -> BufferBytes? {
        switch buffer {
        case .tlsSNI: return handshake.clientHello?.serverName.map { BufferBytes($0) }
        case .tlsALPN:
            let offered = handshake.clientHello?.protocols ?? []
            return offered.indices.contains(instance) ? BufferBytes(offered[instance]) : nil
        case .ja3Hash: return handshake.ja3.map { BufferBytes($0.hash) }
        case .ja3String: return handshake.ja3.map { BufferBytes($0.text) }
        case .ja3sHash: return handshake.ja3s.map { BufferBytes($0.hash) }
        case .ja3sString: return handshake.ja3s.map { BufferBytes($0.text) }
        case .ja4Hash: return handshake.ja4.map { BufferBytes($0) }
        case .tlsRandom: return random(handshake, direction, 0..<32)
        case .tlsRandomTime: return random(handshake, direction, 0..<4)
        case .tlsRandomBytes: return random(handshake, direction, 4..<32)
        default: return handshake.certificates(direction).flatMap { certificate(buffer, $0, instance) }
        }
    }

    private static func certificate(_ buffer: BufferID, _ chain: CertificateChain, _ instance: Int) -> BufferBytes? {
        switch buffer {
        case .tlsCertificateSubject: chain.leaf.map { BufferBytes($0.subject) }
        case .tlsCertificateIssuer: chain.leaf.map { BufferBytes($0.issuer) }
        case .tlsCertificateSerial: chain.leaf.map { BufferBytes($0.serial) }
        case .tlsCertificateFingerprint: chain.fingerprint.map { BufferBytes($0) }
        case .tlsCertificates: chain.certificate(instance).map { BufferBytes($0) }
        default: nil
        }
    }

    /// Rules see the client's random once the server has answered, as in Suricata.
    private static func random(
        _ handshake: TLSHandshake, _ direction: FlowDirection, _ range: Range<Int>
    ) -> BufferBytes? {
        guard let server = handshake.serverHello?.random else { return nil }
        guard direction == .toServer else { return BufferBytes(server, range) }
        return handshake.clientHello.map { BufferBytes($0.random, range) }
    }
}
