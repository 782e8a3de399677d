import AppLayer
import Detection
import FlowTracking
import NetTypes

extension EVEEncoder {
    /// A `tls`, `http`, `dns` or `ssh` record: what a parser has read.
    mutating func transaction(
        _ transaction: Transaction, part: Int = 0, flow: Flow, time: Timestamp, packetNumber: UInt64?,
        conversation: Conversation?, policy: CompiledPolicy
    ) {
        begin(EVEEncoder.type(of: transaction), time: time, flow: flow, packetNumber: packetNumber)
        vlan(flow.vlan)
        // A message that is the server's alone has its direction.
        tuple(transaction.concerns(.toServer) || transaction.appProtocol != .quic ? flow.tuple : flow.tuple.reversed)
        metadata(conversation, policy)
        if transaction.appProtocol == .http1 || transaction.appProtocol == .http2 {
            writer.member("tx_id", transaction.identifier)
        }
        packetSource(isPacket: packetNumber != nil)
        showsJA4 = settings.logsJA4
        facts(transaction, part: part)
        showsJA4 = true
        writer.endObject()
    }

    /// Records that a transaction takes.
    static func parts(of transaction: Transaction) -> Int {
        if case .dns(let message) = transaction.facts, !message.isResponse { return message.questions.count }
        return 1
    }

    private static func type(of transaction: Transaction) -> StaticString {
        switch transaction.facts {
        case .tls: "tls"
        case .http: "http"
        case .dns: "dns"
        case .ssh: "ssh"
        case .smtp: "smtp"
        case .ftpData: "ftp_data"
        case .quic: "quic"
        }
    }

    /// What an alert shows of the transaction it is about.
    mutating func factsOfAlert(_ transaction: Transaction) {
        if case .dns(let message) = transaction.facts {
            dnsOfAlert(transaction, message)
        } else {
            facts(transaction)
        }
    }

    mutating func facts(_ transaction: Transaction, part: Int = 0) {
        switch transaction.facts {
        case .tls(let handshake): tls(handshake)
        case .http(let exchange): http(exchange)
        case .dns(let message): dns(transaction, message, question: part)
        case .ssh(let handshake): ssh(handshake)
        case .smtp(let mail): smtp(mail)
        case .ftpData(let transfer): ftpData(transfer)
        case .quic(let packet): quic(packet)
        }
    }

    private mutating func tls(_ handshake: TLSHandshake) {
        writer.beginObject("tls")
        if let leaf = handshake.serverCertificates?.leaf {
            writer.member("subject", bytes: leaf.subject)
            writer.member("issuerdn", bytes: leaf.issuer)
            writer.member("serial", bytes: leaf.serial)
            if let fingerprint = handshake.serverCertificates?.fingerprint {
                writer.member("fingerprint", bytes: fingerprint)
            }
        } else if handshake.isResumed {
            writer.member("session_resumed", true)
        }
        if let name = handshake.clientHello?.serverName { writer.member("sni", bytes: name) }
        writer.member("version", handshake.versionName)
        if let leaf = handshake.serverCertificates?.leaf {
            writer.member("notbefore", CertificateTime.text(leaf.notBefore))
            writer.member("notafter", CertificateTime.text(leaf.notAfter))
        }
        if handshake.origin != .unknown { writer.member("from_proto", handshake.origin.name) }
        if let ja3 = handshake.ja3 { fingerprint("ja3", ja3) }
        if let ja3s = handshake.ja3s { fingerprint("ja3s", ja3s) }
        if let ja4 = handshake.ja4, showsJA4 { writer.member("ja4", bytes: ja4) }
        if let protocols = handshake.clientHello?.protocols, !protocols.isEmpty {
            writer.beginArray("client_alpns")
            for name in protocols { writer.element(bytes: name) }
            writer.endArray()
        }
        writer.endObject()
    }

    mutating func fingerprint(_ key: StaticString, _ fingerprint: TLSHandshake.Fingerprint) {
        writer.beginObject(key)
        writer.member("hash", bytes: fingerprint.hash)
        writer.member("string", bytes: fingerprint.text)
        writer.endObject()
    }

    private mutating func http(_ exchange: HTTPExchange) {
        if let stream = exchange.http2 { return http2(exchange, stream) }
        writer.beginObject("http")
        if let host = exchange.host { writer.member("hostname", bytes: host) }
        if let port = exchange.port {
            writer.member("http_port", port)
        } else if settings.compatibleWithSuricata, !exchange.request.isHeadComplete {
            writer.member("http_port", 0)
        }
        if let target = exchange.target {
            if !target.isEmpty { writer.member("url", bytes: target) }
        } else if settings.compatibleWithSuricata, exchange.response.hasStartLine {
            // A response that nobody asked for.
            writer.member("url", literal: "/libhtp::request_uri_not_seen")
        }
        if let agent = exchange.request.value(of: "user-agent") { writer.member("http_user_agent", bytes: agent) }
        if let type = exchange.response.value(of: "content-type") {
            writer.member("http_content_type", bytes: type.prefix { $0 != UInt8(ascii: ";") })
        }
        if let range = exchange.response.combined["content-range"] { contentRange(range) }
        headers("request_headers", exchange.request, settings.logsHeaders.request)
        headers("response_headers", exchange.response, settings.logsHeaders.response)
        if settings.extendsHTTP { extendedHTTP(exchange) }
        for name in settings.customHTTPFields { customField(name, exchange) }
        writer.endObject()
    }

    private mutating func headers(_ key: StaticString, _ message: HTTPMessage, _ isWanted: Bool) {
        guard isWanted, message.isHeadComplete else { return }
        writer.beginArray(key)
        for entry in message.combined.entries {
            writer.beginObject()
            writer.member("name", bytes: entry.name)
            writer.member("value", bytes: entry.value)
            writer.endObject()
        }
        writer.endArray()
    }

    /// `bytes 0-5/10` (RFC 9110 section 14.4).
    private mutating func contentRange(_ value: [UInt8]) {
        writer.beginObject("content_range")
        writer.member("raw", bytes: value)
        let numbers = value.split { !(48...57).contains($0) }.map { Int64(String(decoding: $0, as: UTF8.self)) }
        if numbers.count == 3 || numbers.count == 2 && value.last == UInt8(ascii: "*") {
            if let start = numbers[0], let end = numbers[1] {
                writer.member("start", start)
                writer.member("end", end)
            }
            if numbers.count == 3, let size = numbers[2] { writer.member("size", size) }
        }
        writer.endObject()
    }

    /// `x-requested-with` as `x_requested_with`: of the request, else of the response.
    private mutating func customField(_ name: String, _ exchange: HTTPExchange) {
        guard name != "content-range" else { return }
        let wanted = Array(name.utf8)
        func value(_ message: HTTPMessage) -> [UInt8]? {
            message.combined.entries.first { $0.name.map(\.lowercased) == wanted }?.value
        }
        guard let found = value(exchange.request) ?? value(exchange.response) else { return }
        writer.member(key: name.replacing("-", with: "_"), String(decoding: found, as: UTF8.self))
    }

    private mutating func extendedHTTP(_ exchange: HTTPExchange) {
        if let referer = exchange.request.value(of: "referer") { writer.member("http_refer", bytes: referer) }
        if let method = exchange.method { writer.member("http_method", bytes: method) }
        if let version = exchange.requestVersion, !version.isEmpty { writer.member("protocol", bytes: version) }
        if exchange.response.hasStartLine { writer.member("status", exchange.status) }
        if let location = exchange.response.value(of: "location") { writer.member("redirect", bytes: location) }
        writer.member("length", exchange.response.sentLength)
    }

    private mutating func smtp(_ mail: SMTPMail) {
        writer.beginObject("smtp")
        if let helo = mail.helo { writer.member("helo", bytes: helo) }
        if let sender = mail.sender { writer.member("mail_from", bytes: sender) }
        if !mail.recipients.isEmpty {
            writer.beginArray("rcpt_to")
            for recipient in mail.recipients { writer.element(bytes: recipient) }
            writer.endArray()
        }
        writer.endObject()
    }

    private mutating func ftpData(_ transfer: FTPTransfer) {
        writer.beginObject("ftp_data")
        if !transfer.file.isEmpty { writer.member("filename", bytes: transfer.file) }
        if let command = transfer.command { writer.member("command", command) }
        writer.endObject()
    }

    private mutating func ssh(_ handshake: SSHHandshake) {
        writer.beginObject("ssh")
        side("client", handshake.client, handshake.clientExchange)
        side("server", handshake.server, handshake.serverExchange)
        writer.endObject()
    }

    private mutating func side(
        _ side: StaticString, _ banner: SSHHandshake.Banner?, _ exchange: SSHKeyExchange?
    ) {
        guard let banner else { return }
        writer.beginObject(side)
        writer.member("proto_version", bytes: banner.protocolVersion)
        if !banner.software.isEmpty { writer.member("software_version", bytes: banner.software) }
        if let exchange {
            writer.beginObject("hassh")
            writer.member("hash", bytes: exchange.hash)
            writer.member("string", bytes: exchange.text)
            writer.endObject()
        }
        writer.endObject()
    }
}
