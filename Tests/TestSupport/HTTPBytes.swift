/// HTTP/1 messages (RFC 9112) and chunked bodies.
public enum HTTPBytes {
    /// A request with a Host field and any more that are given.
    public static func request(
        _ method: String = "GET", _ target: String = "/", host: String? = "example.com", fields: [String] = [],
        body: String = "", version: String = "HTTP/1.1"
    ) -> [UInt8] {
        var lines = ["\(method) \(target) \(version)"]
        if let host { lines.append("Host: \(host)") }
        lines += fields
        if !body.isEmpty { lines.append("Content-Length: \(body.utf8.count)") }
        return utf8(lines.joined(separator: "\r\n") + "\r\n\r\n" + body)
    }

    /// A response; with a body it has a Content-Length.
    public static func response(
        _ status: Int = 200, _ reason: String = "OK", fields: [String] = [], body: String = "",
        version: String = "HTTP/1.1"
    ) -> [UInt8] {
        var lines = ["\(version) \(status) \(reason)"] + fields
        if !body.isEmpty { lines.append("Content-Length: \(body.utf8.count)") }
        return utf8(lines.joined(separator: "\r\n") + "\r\n\r\n" + body)
    }

    /// `chunks` as a chunked body (RFC 9112 section 7.1), the last chunk and the trailer section included.
    public static func chunked(_ chunks: [String], extension suffix: String = "", trailers: [String] = []) -> String {
        let data = chunks.map { String($0.utf8.count, radix: 16) + suffix + "\r\n" + $0 + "\r\n" }.joined()
        return data + "0\r\n" + trailers.map { $0 + "\r\n" }.joined() + "\r\n"
    }
}
