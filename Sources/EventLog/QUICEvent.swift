import AppLayer

extension EVEEncoder {
    /// The `quic` object: a packet with a long header, and the hello it has completed.
    mutating func quic(_ packet: QUICPacket) {
        writer.beginObject("quic")
        writer.member("version", packet.version.name)
        if let name = packet.serverName { writer.member("sni", bytes: name) }
        if let agent = packet.userAgent { writer.member("ua", bytes: agent) }
        if !packet.cyu.isEmpty {
            writer.beginArray("cyu")
            for fingerprint in packet.cyu {
                writer.beginObject()
                writer.member("hash", bytes: fingerprint.hash)
                writer.member("string", bytes: fingerprint.text)
                writer.endObject()
            }
            writer.endArray()
        }
        if let ja3 = packet.ja3 { fingerprint("ja3", ja3) }
        if let ja3s = packet.ja3s { fingerprint("ja3s", ja3s) }
        if let ja4 = packet.ja4, showsJA4 { writer.member("ja4", bytes: ja4) }
        extensions(packet.extensions)
        writer.endObject()
    }

    private mutating func extensions(_ extensions: [QUICExtension]) {
        guard !extensions.isEmpty else { return }
        writer.beginArray("extensions")
        for item in extensions {
            writer.beginObject()
            if let name = TLSExtensionNames.name(of: item.type) { writer.member("name", name) }
            writer.member("type", item.type)
            if !item.values.isEmpty {
                writer.beginArray("values")
                for value in item.values { writer.element(bytes: value) }
                writer.endArray()
            }
            writer.endObject()
        }
        writer.endArray()
    }
}

/// Names of TLS extensions (IANA, TLS ExtensionType Values) as records have them.
enum TLSExtensionNames {
    static func name(of type: UInt16) -> String? {
        switch type {
        case 13172: "next_protocol_negotiation"
        case 65281: "renegotiation_info"
        default: names.indices.contains(Int(type)) && !names[Int(type)].isEmpty ? names[Int(type)] : nil
        }
    }

    /// From 0 to 59; "-" for numbers that are not assigned.
    private static let names: [String] = """
        server_name max_fragment_length client_certificate_url trusted_ca_keys truncated_hmac status_request
        user_mapping client_authz server_authz cert_type supported_groups ec_point_formats srp signature_algorithms
        use_srtp heartbeat alpn status_request_v2 signed_certificate_timestamp client_certificate_type
        server_certificate_type padding encrypt_then_mac extended_master_secret token_binding cached_info tls_lts
        compress_certificate record_size_limit pwd_protect pwd_clear password_salt ticket_pinning
        tls_cert_with_extern_psk delegated_credentials session_ticket tlmsp tlmsp_proxying tlmsp_delegate
        supported_ekt_ciphers - pre_shared_key early_data supported_versions cookie psk_key_exchange_modes -
        certificate_authorities oid_filters post_handshake_auth signature_algorithms_cert key_share
        transparency_info connection_id_deprecated connection_id external_id_hash external_session_id
        quic_transport_parameters ticket_request dnssec_chain
        """.split(whereSeparator: \.isWhitespace).map { $0 == "-" ? "" : String($0) }
}
