import AppLayer
import NetTypes

/// Buffers of a DNS message.
enum DNSBuffers {
    static let all = [
        StickyBuffer(
            id: .dnsQuery, name: "dns.query", aliases: ["dns_query"], appProtocol: .dns, directions: [.toServer],
            progress: 1,
            summary: "The name a query asks for: labels joined by dots, as sent.")
    ]

    static func bytes(of buffer: BufferID, _ message: DNSMessage) -> BufferBytes? {
        guard buffer == .dnsQuery, !message.isResponse else { return nil }
        return message.questions.first.map { BufferBytes($0.name) }
    }
}
