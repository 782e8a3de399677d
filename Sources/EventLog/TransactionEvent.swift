import AppLayer
import Detection
import FlowTracking
import NetTypes

extension EVEEncoder {
    /// A `tls`, `http`, `dns` or `ssh` record: what a parser has read.
    mutating func transaction(
        _ transaction: Transaction, flow: Flow, time: Timestamp, packetNumber: UInt64?
    ) {
        begin(EVEEncoder.type(of: transaction), time: time, flow: flow, packetNumber: packetNumber)
        vlan(flow.vlan)
        tuple(flow.tuple)
        if transaction.appProtocol == .http1 { writer.member("tx_id", transaction.identifier) }
        packetSource(isPacket: packetNumber != nil)
        facts(transaction)
        writer.endObject()
    }

    private static func type(of transaction: Transaction) -> StaticString {
        switch transaction.facts {
        case .tls: "tls"
        case .http: "http"
        case .dns: "dns"
        case .ssh: "ssh"
        }
    }

    mutating func facts(_ transaction: Transaction) {
        switch transaction.facts {
        case .tls(let handshake): tls(handshake)
        case .http(let exchange): http(exchange)
        case .dns(let message): dns(message)
        case .ssh(let handshake): ssh(handshake)
        }
    }

    private mutating func tls(_ handshake: TLSHandshake) {
        writer.beginObject("tls")
        if let name = handshake.clientHello?.serverName { writer.member("sni", bytes: name) }
        writer.member("version", handshake.versionName)
        if let ja4 = handshake.ja4 { writer.member("ja4", bytes: ja4) }
        if let protocols = handshake.clientHello?.protocols, !protocols.isEmpty {
            writer.beginArray("client_alpns")
            for name in protocols { writer.element(bytes: name) }
            writer.endArray()
        }
        writer.endObject()
    }

    private mutating func http(_ exchange: HTTPExchange) {
        writer.beginObject("http")
        if let host = exchange.host { writer.member("hostname", bytes: host) }
        if let port = exchange.port { writer.member("http_port", port) }
        if let target = exchange.target, !target.isEmpty { writer.member("url", bytes: target) }
        if let agent = exchange.request.value(of: "user-agent") { writer.member("http_user_agent", bytes: agent) }
        if let type = exchange.response.value(of: "content-type") {
            writer.member("http_content_type", bytes: type.prefix { $0 != UInt8(ascii: ";") })
        }
        if let referer = exchange.request.value(of: "referer") { writer.member("http_refer", bytes: referer) }
        if let method = exchange.method { writer.member("http_method", bytes: method) }
        if let version = exchange.requestVersion, !version.isEmpty { writer.member("protocol", bytes: version) }
        if exchange.status > 0 { writer.member("status", exchange.status) }
        if let location = exchange.response.value(of: "location") { writer.member("redirect", bytes: location) }
        writer.member("length", exchange.response.sentLength)
        writer.endObject()
    }

    private mutating func dns(_ message: DNSMessage) {
        writer.beginObject("dns")
        writer.member("version", 2)
        writer.member("type", literal: message.isResponse ? "answer" : "query")
        writer.member("id", message.identifier)
        if message.isResponse {
            writer.member("flags", String(message.flags, radix: 16))
            writer.member("qr", true)
            writer.member("rcode", DNSNames.responseCode(message.responseCode))
        }
        if let question = message.questions.first {
            writer.member("rrname", bytes: question.name)
            writer.member("rrtype", DNSNames.type(question.type))
        }
        if !message.isResponse { writer.member("tx_id", 0) }
        writer.member("opcode", message.opcode)
        writer.endObject()
    }

    private mutating func ssh(_ handshake: SSHHandshake) {
        writer.beginObject("ssh")
        if let client = handshake.client { banner("client", client) }
        if let server = handshake.server { banner("server", server) }
        writer.endObject()
    }

    private mutating func banner(_ side: StaticString, _ banner: SSHHandshake.Banner) {
        writer.beginObject(side)
        writer.member("proto_version", bytes: banner.protocolVersion)
        writer.member("software_version", bytes: banner.software)
        writer.endObject()
    }
}

/// Names of DNS numbers (IANA "Domain Name System Parameters").
enum DNSNames {
    static func type(_ number: UInt16) -> String {
        types[number] ?? "TYPE\(number)"
    }

    static func responseCode(_ number: UInt8) -> String {
        let names = [
            "NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSET",
            "NOTAUTH", "NOTZONE",
        ]
        return Int(number) < names.count ? names[Int(number)] : "UNKNOWN-\(number)"
    }

    private static let types: [UInt16: String] = [
        1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 10: "NULL", 12: "PTR", 13: "HINFO", 15: "MX", 16: "TXT", 28: "AAAA",
        33: "SRV", 35: "NAPTR", 39: "DNAME", 41: "OPT", 43: "DS", 44: "SSHFP", 46: "RRSIG", 47: "NSEC", 48: "DNSKEY",
        50: "NSEC3", 52: "TLSA", 64: "SVCB", 65: "HTTPS", 99: "SPF", 250: "TSIG", 251: "IXFR", 252: "AXFR", 255: "ANY",
        256: "URI", 257: "CAA",
    ]
}
