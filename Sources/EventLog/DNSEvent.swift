import AppLayer
import NetTypes

extension EVEEncoder {
    /// The `dns` object of a record, version 2. A query with several questions makes a record for each.
    mutating func dns(_ transaction: Transaction, _ message: DNSMessage, question number: Int) {
        writer.beginObject("dns")
        writer.member("version", 2)
        if message.isResponse {
            answer(message)
        } else {
            query(transaction, message, question: number)
        }
        writer.endObject()
    }

    /// The `dns` object of an alert: a query's questions in a list, a response in an object of its own.
    mutating func dnsOfAlert(_ transaction: Transaction, _ message: DNSMessage) {
        writer.beginObject("dns")
        writer.member("version", 2)
        if message.isResponse {
            writer.beginObject("answer")
            writer.member("version", 2)
            answer(message)
            writer.endObject()
        } else {
            writer.beginArray("query")
            for number in message.questions.indices.prefix(EVEEncoder.maximumQuestionsOfAlert) {
                writer.beginObject()
                query(transaction, message, question: number)
                writer.endObject()
            }
            writer.endArray()
        }
        writer.endObject()
    }

    /// Questions shown with an alert; a record of each is written beside it.
    private static let maximumQuestionsOfAlert = 64

    private mutating func query(_ transaction: Transaction, _ message: DNSMessage, question number: Int) {
        writer.member("type", literal: "query")
        writer.member("id", message.identifier)
        question(message, number)
        writer.member("tx_id", transaction.identifier)
        if message.flags & 0x40 != 0 { writer.member("z", true) }
        writer.member("opcode", message.opcode)
    }

    private mutating func answer(_ message: DNSMessage) {
        writer.member("type", literal: "answer")
        writer.member("id", message.identifier)
        responseFlags(message)
        if message.flags & 0x40 != 0 { writer.member("z", true) }
        writer.member("opcode", message.opcode)
        question(message, 0)
        writer.member("rcode", DNSNames.responseCode(message.responseCode))
        if settings.dns.detailed { records("answers", message.answers) }
        if settings.dns.grouped { grouped(message.answers) }
        records("authorities", message.authorities)
    }

    private mutating func question(_ message: DNSMessage, _ number: Int) {
        guard message.questions.indices.contains(number) else { return }
        name(message.questions[number].name)
        writer.member("rrtype", DNSNames.type(message.questions[number].type))
    }

    private mutating func name(_ name: DNSName) {
        writer.member("rrname", bytes: name.bytes)
        if name.flags.contains(.truncated) { writer.member("rrname_truncated", true) }
    }

    private mutating func responseFlags(_ message: DNSMessage) {
        writer.member("flags", String(message.flags, radix: 16))
        writer.member("qr", true)
        if message.flags & 0x400 != 0 { writer.member("aa", true) }
        if message.flags & 0x200 != 0 { writer.member("tc", true) }
        if message.flags & 0x100 != 0 { writer.member("rd", true) }
        if message.flags & 0x80 != 0 { writer.member("ra", true) }
    }

    private mutating func records(_ key: StaticString, _ records: [DNSRecord]) {
        guard !records.isEmpty else { return }
        writer.beginArray(key)
        for record in records {
            writer.beginObject()
            name(record.name)
            writer.member("rrtype", DNSNames.type(record.type))
            writer.member("ttl", record.timeToLive)
            content(record.content)
            writer.endObject()
        }
        writer.endArray()
    }

    private mutating func content(_ content: DNSRecord.Content) {
        switch content {
        case .address(let address): writer.member("rdata", address.longText)
        case .name(let name):
            writer.member("rdata", bytes: name.bytes)
            if name.flags.contains(.truncated) { writer.member("rdata_truncated", true) }
        case .text(let bytes): writer.member("rdata", bytes: bytes)
        case .authority(let authority): soa("soa", authority)
        case .service(let priority, let weight, let port, let name):
            writer.beginObject("srv")
            writer.member("priority", priority)
            writer.member("weight", weight)
            writer.member("port", port)
            writer.member("name", bytes: name)
            writer.endObject()
        case .fingerprint(let algorithm, let type, let bytes):
            writer.beginObject("sshfp")
            writer.member("fingerprint", DNSNames.hexadecimal(bytes))
            writer.member("algo", algorithm)
            writer.member("type", type)
            writer.endObject()
        case .other: break
        }
    }

    private mutating func soa(_ key: StaticString, _ authority: DNSRecord.Authority) {
        writer.beginObject(key)
        writer.member("mname", bytes: authority.server)
        writer.member("rname", bytes: authority.mailbox)
        writer.member("serial", authority.serial)
        writer.member("refresh", authority.refresh)
        writer.member("retry", authority.retry)
        writer.member("expire", authority.expire)
        writer.member("minimum", authority.minimum)
        writer.endObject()
    }

    /// The data of simple types, by type.
    private mutating func grouped(_ records: [DNSRecord]) {
        let types = [1, 28, 5, 15, 2, 10, 12, 16].filter { type in records.contains { $0.type == type } } as [UInt16]
        guard !types.isEmpty else { return }
        writer.beginObject("grouped")
        for type in types {
            writer.beginArray(key: DNSNames.type(type))
            for record in records where record.type == type {
                switch record.content {
                case .address(let address): writer.element(address.longText)
                case .name(let name): writer.element(bytes: name.bytes)
                case .text(let bytes): writer.element(bytes: bytes)
                default: break
                }
            }
            writer.endArray()
        }
        writer.endObject()
    }
}

extension IPAddress {
    /// Version 6 in full, `2001:0db8:0000:...`, as Suricata writes answers.
    fileprivate var longText: String {
        guard case .v6 = version else { return description }
        return [high, low].flatMap { half in
            stride(from: 48, through: 0, by: -16).map { shift in
                let digits = String(half >> UInt64(shift) & 0xffff, radix: 16)
                return String(repeating: "0", count: 4 - digits.count) + digits
            }
        }.joined(separator: ":")
    }
}

/// Names of DNS numbers (IANA "Domain Name System Parameters").
public enum DNSNames {
    /// The number of a type's name, in any case.
    public static func number(ofType name: String) -> UInt16? {
        let wanted = name.uppercased()
        return types.first { $0.value == wanted }?.key
    }

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

    static func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: ":")
    }

    private static let types: [UInt16: String] = [
        1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 10: "NULL", 12: "PTR", 13: "HINFO", 15: "MX", 16: "TXT", 28: "AAAA",
        33: "SRV", 35: "NAPTR", 39: "DNAME", 41: "OPT", 43: "DS", 44: "SSHFP", 46: "RRSIG", 47: "NSEC", 48: "DNSKEY",
        50: "NSEC3", 52: "TLSA", 64: "SVCB", 65: "HTTPS", 99: "SPF", 250: "TSIG", 251: "IXFR", 252: "AXFR", 255: "ANY",
        256: "URI", 257: "CAA",
    ]
}
