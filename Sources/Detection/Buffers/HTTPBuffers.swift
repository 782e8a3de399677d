import AppLayer
import NetTypes

/// Buffers of an HTTP exchange.
enum HTTPBuffers {
    private static func request(
        _ id: BufferID, _ name: String, aliases: [String] = [], modifiers: [String] = [], from progress: UInt8,
        isLowercase: Bool = false, _ summary: String
    ) -> StickyBuffer {
        StickyBuffer(
            id: id, name: name, aliases: aliases, modifiers: modifiers, appProtocol: .http1, directions: [.toServer],
            progress: progress, isLowercase: isLowercase, summary: summary)
    }

    static let all = [
        request(
            .httpMethod, "http.method", modifiers: ["http_method"], from: HTTPMessage.Step.line,
            "The request method, as sent."),
        request(
            .httpURI, "http.uri", modifiers: ["http_uri", "uricontent"], from: HTTPMessage.Step.line,
            "The request target: percent-decoded, dot segments folded, without scheme and authority."),
        request(
            .httpURIRaw, "http.uri.raw", aliases: ["http_raw_uri"], modifiers: ["http_raw_uri"],
            from: HTTPMessage.Step.line, "The request target as sent."),
        request(
            .httpRequestLine, "http.request_line", aliases: ["http_request_line"], from: HTTPMessage.Step.line,
            "The request line without its end."),
        request(
            .httpProtocol, "http.protocol", aliases: ["http_protocol"], from: HTTPMessage.Step.line,
            "The version of the request line."),
        request(
            .httpHost, "http.host", modifiers: ["http_host"], from: HTTPMessage.Step.headers, isLowercase: true,
            "The host a request is for: lower case, without port."),
        request(
            .httpHostRaw, "http.host.raw", modifiers: ["http_raw_host"], from: HTTPMessage.Step.headers,
            "The host a request is for, as sent."),
        request(
            .httpUserAgent, "http.user_agent", modifiers: ["http_user_agent"], from: HTTPMessage.Step.headers,
            "The User-Agent field."),
        request(
            .httpHeaderNames, "http.header_names", aliases: ["http_header_names"], from: HTTPMessage.Step.headers,
            "Names of the request's fields, each behind CR LF."),
        StickyBuffer(
            id: .httpStatusCode, name: "http.stat_code", modifiers: ["http_stat_code"], appProtocol: .http1,
            directions: [.toClient], progress: HTTPMessage.Step.line, summary: "The status code of the response."),
        StickyBuffer(
            id: .httpStatusMessage, name: "http.stat_msg", modifiers: ["http_stat_msg"], appProtocol: .http1,
            directions: [.toClient], progress: HTTPMessage.Step.line, summary: "The reason phrase of the response."),
    ]

    static func bytes(of buffer: BufferID, _ exchange: HTTPExchange) -> BufferBytes? {
        let request = exchange.request
        switch buffer {
        case .httpMethod: return part(request, request.first)
        case .httpURIRaw: return part(request, request.second)
        case .httpURI: return exchange.target.map { BufferBytes(HTTPTarget.normalized($0)) }
        case .httpProtocol: return part(request, request.third)
        case .httpRequestLine: return part(request, request.startLine)
        case .httpHost: return exchange.host.map { BufferBytes($0) }
        case .httpHostRaw: return request.isHeadComplete ? exchange.rawHost.map { BufferBytes($0) } : nil
        case .httpUserAgent:
            return request.isHeadComplete ? request.value(of: "user-agent").map { BufferBytes($0) } : nil
        case .httpHeaderNames: return request.isHeadComplete ? headerNames(request) : nil
        case .httpStatusCode: return part(exchange.response, exchange.response.second)
        case .httpStatusMessage: return part(exchange.response, exchange.response.third)
        default: return nil
        }
    }

    private static func part(_ message: HTTPMessage, _ range: Range<Int>) -> BufferBytes? {
        message.hasStartLine && !range.isEmpty ? BufferBytes(message.head, range) : nil
    }

    private static func headerNames(_ message: HTTPMessage) -> BufferBytes? {
        guard !message.fields.isEmpty else { return nil }
        var names: [UInt8] = [13, 10]
        for field in message.fields {
            names += message.head[field.name]
            names += [13, 10]
        }
        names += [13, 10]
        return BufferBytes(names)
    }
}
