import AppLayer
import NetTypes

/// Buffers of a DNS message.
enum DNSBuffers {
    static let all = [
        StickyBuffer(
            id: .dnsQuery, name: "dns.query", aliases: ["dns_query"], appProtocol: .dns, directions: [.toServer],
            progress: 1, isMultiple: true, summary: "Each name a query asks for: labels joined by dots, as sent.")
    ]

    static func bytes(of buffer: BufferID, _ message: DNSMessage, _ instance: Int) -> BufferBytes? {
        guard buffer == .dnsQuery, !message.isResponse, message.questions.indices.contains(instance) else { return nil }
        let name = message.questions[instance].name.bytes
        return name.isEmpty ? nil : BufferBytes(name)
    }
}
