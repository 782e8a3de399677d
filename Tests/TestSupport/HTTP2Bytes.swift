/// HTTP/2 as a test wants it (RFC 9113), fields as literals without a table (RFC 7541 section 6.2.2).
public enum HTTP2Bytes {
    public static let preface = utf8("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")

    public enum Kind: UInt8 {
        case data, headers, priority, resetStream, settings, pushPromise, ping, goAway, windowUpdate, continuation
    }

    public static let endStream: UInt8 = 1
    public static let endHeaders: UInt8 = 4

    public static func frame(_ kind: Kind, flags: UInt8 = 0, stream: UInt32 = 0, _ payload: [UInt8] = []) -> [UInt8] {
        [16, 8, 0].map { UInt8(payload.count >> $0 & 255) } + [kind.rawValue, flags]
            + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: stream >> $0) } + payload
    }

    public static func settings(_ values: [(UInt16, UInt32)] = []) -> [UInt8] {
        frame(
            .settings,
            values.flatMap {
                [UInt8($0.0 >> 8), UInt8($0.0 & 255)]
                    + [24, 16, 8, 0].map { [value = $0.1] in UInt8(value >> $0 & 255) }
            })
    }

    public static func block(_ fields: [(String, String)]) -> [UInt8] {
        fields.flatMap { [0] + string($0.0) + string($0.1) }
    }

    private static func string(_ text: String) -> [UInt8] {
        let bytes = utf8(text)
        guard bytes.count >= 127 else { return [UInt8(bytes.count)] + bytes }
        var length: [UInt8] = [127]
        var rest = bytes.count - 127
        while rest >= 128 {
            length.append(UInt8(rest & 127) | 128)
            rest >>= 7
        }
        return length + [UInt8(rest)] + bytes
    }

    public static func headers(
        _ fields: [(String, String)], stream: UInt32, flags: UInt8 = HTTP2Bytes.endHeaders | HTTP2Bytes.endStream
    ) -> [UInt8] {
        frame(.headers, flags: flags, stream: stream, block(fields))
    }

    public static func request(
        _ authority: String?, _ path: String = "/", stream: UInt32 = 1, fields: [(String, String)] = []
    ) -> [UInt8] {
        let names =
            [(":method", "GET"), (":scheme", "http"), (":path", path)] + (authority.map { [(":authority", $0)] } ?? [])
        return headers(names + fields, stream: stream)
    }

    public static func response(_ body: String, stream: UInt32 = 1, fields: [(String, String)] = []) -> [UInt8] {
        headers([(":status", "200")] + fields, stream: stream, flags: endHeaders)
            + frame(.data, flags: endStream, stream: stream, utf8(body))
    }
}
