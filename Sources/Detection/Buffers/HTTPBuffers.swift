import AppLayer
import NetTypes

/// Buffers of an HTTP exchange.
enum HTTPBuffers {
    private typealias Step = HTTPMessage.Step

    private static func request(
        _ id: BufferID, _ name: String, aliases: [String] = [], modifiers: [String] = [], from progress: UInt8,
        isLowercase: Bool = false, isWord: Bool = false, isMultiple: Bool = false, _ summary: String
    ) -> StickyBuffer {
        StickyBuffer(
            id: id, name: name, aliases: aliases, modifiers: modifiers, appProtocol: .http1, directions: [.toServer],
            progress: progress, isLowercase: isLowercase, isWord: isWord, isMultiple: isMultiple, summary: summary)
    }

    private static func response(
        _ id: BufferID, _ name: String, aliases: [String] = [], modifiers: [String] = [], from progress: UInt8,
        isMultiple: Bool = false, _ summary: String
    ) -> StickyBuffer {
        StickyBuffer(
            id: id, name: name, aliases: aliases, modifiers: modifiers, appProtocol: .http1, directions: [.toClient],
            progress: progress, isMultiple: isMultiple, summary: summary)
    }

    private static func both(
        _ id: BufferID, _ name: String, aliases: [String] = [], modifiers: [String] = [], from progress: UInt8,
        isMultiple: Bool = false, needsDirection: Bool = false, _ summary: String
    ) -> StickyBuffer {
        StickyBuffer(
            id: id, name: name, aliases: aliases, modifiers: modifiers, appProtocol: .http1,
            directions: [.toServer, .toClient], progress: progress, isMultiple: isMultiple,
            needsDirection: needsDirection, summary: summary)
    }

    /// All but `http.start` are HTTP/2's as well.
    static let all = (lines + hosts + heads + fields + bodies).map { buffer in
        var buffer = buffer
        if buffer.id != .httpStart { buffer.alternative = .http2 }
        return buffer
    }

    private static let lines = [
        request(
            .httpMethod, "http.method", modifiers: ["http_method"], from: Step.line, isWord: true,
            "The request method, as sent."),
        request(
            .httpURI, "http.uri", modifiers: ["http_uri", "uricontent"], from: Step.line,
            "The request target: percent-decoded, dot segments folded, without scheme and authority."),
        request(
            .httpURIRaw, "http.uri.raw", modifiers: ["http_raw_uri"], from: Step.line, "The request target as sent."),
        request(
            .httpRequestLine, "http.request_line", aliases: ["http_request_line"], from: Step.line,
            "The request line without its end."),
        response(
            .httpResponseLine, "http.response_line", aliases: ["http_response_line"], from: Step.line,
            "The status line without its end."),
        both(
            .httpProtocol, "http.protocol", aliases: ["http_protocol"], from: Step.line,
            "The version of the request line, or of the status line."),
        response(
            .httpStatusCode, "http.stat_code", modifiers: ["http_stat_code"], from: Step.line,
            "The status code of the response."),
        response(
            .httpStatusMessage, "http.stat_msg", modifiers: ["http_stat_msg"], from: Step.line,
            "The reason phrase of the response."),
    ]

    private static let hosts = [
        request(
            .httpHost, "http.host", modifiers: ["http_host"], from: Step.headers, isLowercase: true,
            "The host a request is for: lower case, without port."),
        request(
            .httpHostRaw, "http.host.raw", modifiers: ["http_raw_host"], from: Step.headers,
            "The host a request is for, as sent."),
    ]

    private static let heads = [
        both(
            .httpHeader, "http.header", modifiers: ["http_header"], from: Step.headers,
            "All fields but cookies, 'Name: value' and CR LF for each; those of one name are one."),
        both(
            .httpHeaderRaw, "http.header.raw", modifiers: ["http_raw_header"], from: Step.headers, needsDirection: true,
            "All fields as sent."),
        both(
            .httpHeaderNames, "http.header_names", aliases: ["http_header_names"], from: Step.headers,
            "Names of the fields, each behind CR LF."),
        both(
            .httpStart, "http.start", aliases: ["http_start"], from: Step.headers,
            "Request or status line and all fields, each with CR LF."),
        request(
            .httpRequestHeader, "http.request_header", from: Step.headers,
            isMultiple: true, "Each field of the request: 'Name: value'."),
        response(
            .httpResponseHeader, "http.response_header", from: Step.headers,
            isMultiple: true, "Each field of the response: 'Name: value'."),
    ]

    private static let fields = [
        request(
            .httpUserAgent, "http.user_agent", modifiers: ["http_user_agent"], from: Step.headers,
            "The User-Agent field."),
        both(
            .httpCookie, "http.cookie", modifiers: ["http_cookie"], from: Step.headers,
            "The Cookie field of the request, Set-Cookie of the response."),
        request(.httpReferer, "http.referer", aliases: ["http_referer"], from: Step.headers, "The Referer field."),
        request(.httpAccept, "http.accept", aliases: ["http_accept"], from: Step.headers, "The Accept field."),
        request(
            .httpAcceptEncoding, "http.accept_enc", aliases: ["http_accept_enc"], from: Step.headers,
            "The Accept-Encoding field."),
        request(
            .httpAcceptLanguage, "http.accept_lang", aliases: ["http_accept_lang"], from: Step.headers,
            "The Accept-Language field."),
        both(
            .httpConnection, "http.connection", aliases: ["http_connection"], from: Step.headers,
            "The Connection field."),
        both(
            .httpContentType, "http.content_type", aliases: ["http_content_type"], from: Step.headers,
            "The Content-Type field."),
        both(
            .httpContentLength, "http.content_len", aliases: ["http_content_len"], from: Step.headers,
            "The Content-Length field."),
        response(.httpServer, "http.server", from: Step.headers, "The Server field."),
        response(.httpLocation, "http.location", from: Step.headers, "The Location field."),
    ]

    private static let bodies = [
        request(
            .httpRequestBody, "http.request_body", modifiers: ["http_client_body"],
            from: Step.body, "The body of the request."),
        response(
            .httpResponseBody, "http.response_body", modifiers: ["http_server_body"],
            from: Step.body, "The body of the response, decoded."),
        both(
            .fileData, "file.data", aliases: ["file_data"], from: Step.body, isMultiple: true,
            "What is transferred: the decoded body of a response, what a request puts or posts."),
        both(.fileName, "file.name", from: Step.body, isMultiple: true, "Name of the file that is transferred."),
    ]

    static func bytes(
        of buffer: BufferID, _ exchange: HTTPExchange, _ direction: FlowDirection, _ instance: Int,
        _ body: inout BodyInspection
    ) -> BufferBytes? {
        if let stream = exchange.http2, let own = HTTP2Buffers.bytes(of: buffer, stream, direction, instance) {
            return own
        }
        let request = exchange.request
        switch buffer {
        case .httpMethod: return part(request, request.first)
        case .httpURIRaw: return part(request, request.second)
        case .httpURI: return exchange.normalizedTarget.map { BufferBytes($0) }
        case .httpRequestLine: return part(request, request.startLine)
        case .httpHost: return exchange.host.map { BufferBytes($0) }
        case .httpHostRaw: return exchange.rawHost.map { BufferBytes($0) }
        case .httpStatusCode: return part(exchange.response, exchange.response.second)
        case .httpStatusMessage: return part(exchange.response, exchange.response.third)
        case .httpResponseLine: return part(exchange.response, exchange.response.startLine)
        case .httpProtocol:
            return direction == .toServer
                ? part(request, request.third) : part(exchange.response, exchange.response.first)
        case .httpRequestBody: return body.part(of: exchange.requestBody, asFile: false)
        case .httpResponseBody: return body.part(of: exchange.responseBody, asFile: true)
        case .fileData:
            if direction == .toServer, exchange.isForm {
                guard body.looksAtForm(in: exchange.requestBody) else { return nil }
                return file(instance, exchange, direction).map { BufferBytes($0.body.bytes) }
            }
            guard instance == 0, direction == .toClient || exchange.requestIsFile else { return nil }
            return body.part(of: exchange.body(direction), asFile: true)
        case .fileName: return file(instance, exchange, direction).map { BufferBytes($0.name) }
        default:
            let message = direction == .toServer ? request : exchange.response
            return HTTPHeadBuffers.bytes(of: buffer, message, direction, instance)
        }
    }

    private static func file(_ index: Int, _ exchange: HTTPExchange, _ direction: FlowDirection) -> HTTPFile? {
        let files = exchange.files(direction, isOver: false)
        return index < files.count ? files[index] : nil
    }

    private static func part(_ message: HTTPMessage, _ range: Range<Int>) -> BufferBytes? {
        message.hasStartLine && !range.isEmpty ? BufferBytes(message.head, range) : nil
    }
}
