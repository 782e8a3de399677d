/// Something a parser has noticed that an honest peer would not send, or that is worth a rule. It belongs to a transaction.
/// Raw values are the names of the keyword `app-layer-event`, Suricata's.
public enum AppLayerEvent: String, Hashable, Sendable, CaseIterable {
    // MARK: TLS
    case tlsCertificateInvalidAlgorithmIdentifier = "tls.certificate_invalid_algorithmidentifier"
    case tlsCertificateInvalidDate = "tls.certificate_invalid_date"
    case tlsCertificateInvalidDER = "tls.certificate_invalid_der"
    case tlsCertificateInvalidExtensions = "tls.certificate_invalid_extensions"
    case tlsCertificateInvalidIssuer = "tls.certificate_invalid_issuer"
    case tlsCertificateInvalidLength = "tls.certificate_invalid_length"
    case tlsCertificateInvalidSerial = "tls.certificate_invalid_serial"
    case tlsCertificateInvalidSubject = "tls.certificate_invalid_subject"
    case tlsCertificateInvalidValidity = "tls.certificate_invalid_validity"
    case tlsCertificateInvalidVersion = "tls.certificate_invalid_version"
    case tlsCertificateInvalidX509Name = "tls.certificate_invalid_x509name"
    case tlsDataleakHeartbeatMismatch = "tls.dataleak_heartbeat_mismatch"
    case tlsErrorMessageEncountered = "tls.error_message_encountered"
    case tlsHandshakeInvalidLength = "tls.handshake_invalid_length"
    case tlsHeartbeatMessage = "tls.heartbeat_message"
    case tlsInvalidCertificate = "tls.invalid_certificate"
    case tlsInvalidHandshakeMessage = "tls.invalid_handshake_message"
    case tlsInvalidHeartbeatMessage = "tls.invalid_heartbeat_message"
    case tlsInvalidRecordType = "tls.invalid_record_type"
    case tlsInvalidRecordVersion = "tls.invalid_record_version"
    case tlsInvalidSNILength = "tls.invalid_sni_length"
    case tlsInvalidSNIType = "tls.invalid_sni_type"
    case tlsInvalidSSLRecord = "tls.invalid_ssl_record"
    case tlsInvalidSSLv2Header = "tls.invalid_sslv2_header"
    case tlsInvalidTLSHeader = "tls.invalid_tls_header"
    case tlsMultipleSNIExtensions = "tls.multiple_sni_extensions"
    case tlsOverflowHeartbeatMessage = "tls.overflow_heartbeat_message"
    case tlsTooManyRecordsInPacket = "tls.too_many_records_in_packet"
    // MARK: HTTP
    case http100ContinueAlreadySeen = "http.100_continue_already_seen"
    case httpAbnormalCeHeader = "http.abnormal_ce_header"
    case httpCompressionBomb = "http.compression_bomb"
    case httpDoubleEncodedURI = "http.double_encoded_uri"
    case httpDuplicateContentLengthFieldInRequest = "http.duplicate_content_length_field_in_request"
    case httpDuplicateContentLengthFieldInResponse = "http.duplicate_content_length_field_in_response"
    case httpFailedProtocolChange = "http.failed_protocol_change"
    case httpFileNameTooLong = "http.file_name_too_long"
    case httpGzipDecompressionFailed = "http.gzip_decompression_failed"
    case httpHostHeaderAmbiguous = "http.host_header_ambiguous"
    case httpInvalidAuthorityPort = "http.invalid_authority_port"
    case httpInvalidContentLengthFieldInRequest = "http.invalid_content_length_field_in_request"
    case httpInvalidContentLengthFieldInResponse = "http.invalid_content_length_field_in_response"
    case httpInvalidRequestChunkLen = "http.invalid_request_chunk_len"
    case httpInvalidRequestFieldFolding = "http.invalid_request_field_folding"
    case httpInvalidResponseChunkLen = "http.invalid_response_chunk_len"
    case httpInvalidResponseFieldFolding = "http.invalid_response_field_folding"
    case httpInvalidServerPortInRequest = "http.invalid_server_port_in_request"
    case httpInvalidTransferEncodingValueInRequest = "http.invalid_transfer_encoding_value_in_request"
    case httpInvalidTransferEncodingValueInResponse = "http.invalid_transfer_encoding_value_in_response"
    case httpLZMAMemlimitReached = "http.lzma_memlimit_reached"
    case httpMethodDelimNonCompliant = "http.method_delim_non_compliant"
    case httpMissingHostHeader = "http.missing_host_header"
    case httpMultipartGenericError = "http.multipart_generic_error"
    case httpMultipartInvalidHeader = "http.multipart_invalid_header"
    case httpMultipartNoFiledata = "http.multipart_no_filedata"
    case httpRangeInvalid = "http.range_invalid"
    case httpRequestAuthUnrecognized = "http.request_auth_unrecognized"
    case httpRequestBodyUnexpected = "http.request_body_unexpected"
    case httpRequestChunkExtension = "http.request_chunk_extension"
    case httpRequestFieldMissingColon = "http.request_field_missing_colon"
    case httpRequestFieldTooLong = "http.request_field_too_long"
    case httpRequestHeaderHostInvalid = "http.request_header_host_invalid"
    case httpRequestHeaderInvalid = "http.request_header_invalid"
    case httpRequestHeaderRepetition = "http.request_header_repetition"
    case httpRequestLineIncomplete = "http.request_line_incomplete"
    case httpRequestLineInvalid = "http.request_line_invalid"
    case httpRequestLineMissingProtocol = "http.request_line_missing_protocol"
    case httpRequestLineLeadingWhitespace = "http.request_line_leading_whitespace"
    case httpRequestServerPortTCPPortMismatch = "http.request_server_port_tcp_port_mismatch"
    case httpRequestTooManyHeaders = "http.request_too_many_headers"
    case httpRequestURIHostInvalid = "http.request_uri_host_invalid"
    case httpResponseAbnormalTransferEncoding = "http.response_abnormal_transfer_encoding"
    case httpResponseChunkedOldProto = "http.response_chunked_old_proto"
    case httpResponseFieldMissingColon = "http.response_field_missing_colon"
    case httpResponseFieldTooLong = "http.response_field_too_long"
    case httpResponseHeaderInvalid = "http.response_header_invalid"
    case httpResponseHeaderRepetition = "http.response_header_repetition"
    case httpResponseInvalidProtocol = "http.response_invalid_protocol"
    case httpResponseInvalidStatus = "http.response_invalid_status"
    case httpResponseMultipartByteranges = "http.response_multipart_byteranges"
    case httpResponseTooManyHeaders = "http.response_too_many_headers"
    case httpTooManyEncodingLayers = "http.too_many_encoding_layers"
    case httpTooManyWarnings = "http.too_many_warnings"
    case httpUnableToMatchResponseToRequest = "http.unable_to_match_response_to_request"
    case httpUnknownError = "http.unknown_error"
    case httpURIDelimNonCompliant = "http.uri_delim_non_compliant"
    // MARK: DNS
    case dnsInfiniteLoop = "dns.infinite_loop"
    case dnsInvalidOpcode = "dns.invalid_opcode"
    case dnsMalformedData = "dns.malformed_data"
    case dnsNameTooLong = "dns.name_too_long"
    case dnsNotRequest = "dns.not_request"
    case dnsNotResponse = "dns.not_response"
    case dnsTooManyLabels = "dns.too_many_labels"
    case dnsZFlagSet = "dns.z_flag_set"
    // MARK: SSH
    case sshInvalidBanner = "ssh.invalid_banner"
    case sshInvalidRecord = "ssh.invalid_record"
    case sshLongBanner = "ssh.long_banner"
    case sshLongKexRecord = "ssh.long_kex_record"
    // MARK: SMTP
    case smtpBDATChunkLenExceeded = "smtp.bdat_chunk_len_exceeded"
    case smtpDataCommandRejected = "smtp.data_command_rejected"
    case smtpDuplicateFields = "smtp.duplicate_fields"
    case smtpFailedProtocolChange = "smtp.failed_protocol_change"
    case smtpInvalidPipelinedSequence = "smtp.invalid_pipelined_sequence"
    case smtpInvalidReply = "smtp.invalid_reply"
    case smtpMaxCommandLineLenExceeded = "smtp.max_command_line_len_exceeded"
    case smtpMaxReplyLineLenExceeded = "smtp.max_reply_line_len_exceeded"
    case smtpMIMEInvalidBase64 = "smtp.mime_invalid_base64"
    case smtpMIMEInvalidQuotedPrintable = "smtp.mime_invalid_qp"
    case smtpMIMELongBoundary = "smtp.mime_long_boundary"
    case smtpMIMELongEncLine = "smtp.mime_long_enc_line"
    case smtpMIMELongFilename = "smtp.mime_long_filename"
    case smtpMIMELongHeaderName = "smtp.mime_long_header_name"
    case smtpMIMELongHeaderValue = "smtp.mime_long_header_value"
    case smtpMIMELongLine = "smtp.mime_long_line"
    case smtpMIMEMalformedMsg = "smtp.mime_malformed_msg"
    case smtpMIMEParseFailed = "smtp.mime_parse_failed"
    case smtpNoServerWelcomeMessage = "smtp.no_server_welcome_message"
    case smtpTLSRejected = "smtp.tls_rejected"
    case smtpTruncatedLine = "smtp.truncated_line"
    case smtpUnableToMatchReplyWithRequest = "smtp.unable_to_match_reply_with_request"
    case smtpUnparsableContent = "smtp.unparsable_content"
    // MARK: HTTP/2
    case http2AuthorityHostMismatch = "http2.authority_host_mismatch"
    case http2HeaderIntegerOverflow = "http2.header_integer_overflow"
    case http2InvalidFrameLength = "http2.invalid_frame_length"
    case http2InvalidHeader = "http2.invalid_header"
    case http2StreamIDReuse = "http2.stream_id_reuse"
    case http2UserinfoInURI = "http2.userinfo_in_uri"
    // MARK: QUIC
    case quicCryptoFragmentTooLong = "quic.crypto_frag_too_long"
    case quicErrorOnData = "quic.error_on_data"
    case quicFailedDecrypt = "quic.failed_decrypt"
    // MARK: FTP
    case ftpRequestCommandTooLong = "ftp.request_command_too_long"
    case ftpResponseCommandTooLong = "ftp.response_command_too_long"

    /// Events that rules may name and nothing raises: of protocols that are recognised and not read, and of the past.
    public static let neverRaised: Set<String> = Set(
        """
        tls.certificate_missing_element tls.certificate_unknown_element tls.certificate_invalid_string
        dns.unsolicited_response dns.not_a_request dns.not_a_response dns.flooded dns.state_memcap_reached
        dhcp.malformed_options dhcp.truncated_options dnp3.bad_link_crc dnp3.bad_transport_crc dnp3.flooded
        dnp3.len_too_small dnp3.unknown_object http2.extra_header_data
        http2.failed_decompression http2.invalid_client_magic http2.invalid_frame_data
        http2.invalid_frame_header http2.invalid_http1_settings
        http2.invalid_range http2.long_frame_data http2.reassembly_limit_reached 
        http2.too_many_streams ike.invalid_proposal ike.malformed_data
        ike.multiple_server_proposal ike.no_encryption ike.unknown_proposal ike.weak_crypto_auth ike.weak_crypto_dh
        ike.weak_crypto_enc ike.weak_crypto_no_auth ike.weak_crypto_no_dh ike.weak_crypto_prf krb5.malformed_data
        krb5.weak_encryption modbus.flooded modbus.invalid_exception_code modbus.invalid_function_code
        modbus.invalid_length modbus.invalid_protocol_id modbus.invalid_value modbus.unsolicited_response
        modbus.value_mismatch mqtt.double_connect mqtt.invalid_qos_level mqtt.malformed_traffic mqtt.missing_connect
        mqtt.missing_msg_id mqtt.missing_publish mqtt.missing_subscribe mqtt.missing_unsubscribe
        mqtt.too_many_transactions mqtt.unassigned_msg_type mqtt.unintroduced_message nfs.malformed_data
        nfs.too_many_transactions ntp.malformed_data rfb.confused_state rfb.malformed_message rfb.unimplemented_security_type
        rfb.unknown_security_result smb.file_overlap smb.internal_error smb.malformed_data
        smb.malformed_ntlmssp_request smb.negotiate_malformed_dialects smb.negotiate_max_read_size_too_large
        smb.negotiate_max_write_size_too_large smb.read_queue_cnt_exceeded smb.read_queue_size_exceeded
        smb.read_request_too_large smb.read_response_too_large smb.request_to_client smb.response_to_server
        smb.too_many_transactions smb.write_queue_cnt_exceeded smb.write_queue_size_exceeded
        smb.write_request_too_large
        """.split(whereSeparator: \.isWhitespace).map(String.init))
}
