import AppLayer
import NetTypes

/// Buffers made of the fields of a message. A single field is there as soon as it is read, all fields together when the
/// head is complete.
enum HTTPHeadBuffers {
    static func bytes(
        of buffer: BufferID, _ message: HTTPMessage, _ direction: FlowDirection, _ instance: Int
    ) -> BufferBytes? {
        switch buffer {
        case .httpRequestHeader, .httpResponseHeader: return field(instance, of: message)
        case .httpHeader: return message.isHeadComplete ? lines(message, without: cookie(direction)) : nil
        case .httpHeaderRaw:
            guard message.isHeadComplete else { return nil }
            return BufferBytes(message.head, message.fieldLines)
        case .httpHeaderNames: return message.isHeadComplete ? names(message) : nil
        case .httpStart: return message.isHeadComplete ? start(message) : nil
        case .httpCookie: return message.combined[cookie(direction)].map { BufferBytes($0) }
        default: return fieldName(buffer).flatMap { message.combined[$0] }.map { BufferBytes($0) }
        }
    }

    private static func fieldName(_ buffer: BufferID) -> StaticString? {
        switch buffer {
        case .httpUserAgent: "user-agent"
        case .httpReferer: "referer"
        case .httpAccept: "accept"
        case .httpAcceptEncoding: "accept-encoding"
        case .httpAcceptLanguage: "accept-language"
        case .httpConnection: "connection"
        case .httpContentType: "content-type"
        case .httpContentLength: "content-length"
        case .httpServer: "server"
        case .httpLocation: "location"
        default: nil
        }
    }

    private static func cookie(_ direction: FlowDirection) -> StaticString {
        direction == .toServer ? "cookie" : "set-cookie"
    }

    private static func field(_ index: Int, of message: HTTPMessage) -> BufferBytes? {
        let entries = message.combined.entries
        guard index < entries.count else { return nil }
        return BufferBytes(entries[index].name + [58, 32] + entries[index].value)
    }

    private static func lines(_ message: HTTPMessage, without excluded: StaticString) -> BufferBytes? {
        var result: [UInt8] = []
        for entry in message.combined.entries where !entry.isNamed(excluded) {
            result += entry.name + [58, 32] + entry.value + [13, 10]
        }
        return result.isEmpty ? nil : BufferBytes(result)
    }

    private static func names(_ message: HTTPMessage) -> BufferBytes? {
        let entries = message.combined.entries
        guard !entries.isEmpty else { return nil }
        var names: [UInt8] = [13, 10]
        for entry in entries { names += entry.name + [13, 10] }
        names += [13, 10]
        return BufferBytes(names)
    }

    private static func start(_ message: HTTPMessage) -> BufferBytes? {
        var result = Array(message.head[message.startLine]) + [13, 10]
        for entry in message.combined.entries { result += entry.name + [58, 32] + entry.value + [13, 10] }
        return BufferBytes(result + [13, 10])
    }
}
