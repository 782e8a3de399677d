import AppLayer
import NetTypes

extension EVEEncoder {
    /// The `http` object of an HTTP/2 stream, or of a frame of the connection itself.
    mutating func http2(_ exchange: HTTPExchange, _ stream: HTTP2Stream) {
        writer.beginObject("http")
        writer.member("version", "2")
        lines("request_headers", stream.client.lines)
        lines("response_headers", stream.server.lines)
        if let host = exchange.host, !settings.compatibleWithSuricata { writer.member("hostname", bytes: host) }
        if exchange.request.hasStartLine {
            if let method = exchange.method, !method.isEmpty { writer.member("http_method", bytes: method) }
            if let target = exchange.target, !target.isEmpty { writer.member("url", bytes: target) }
            if let agent = stream.client.value(of: "user-agent") { writer.member("http_user_agent", bytes: agent) }
        }
        if exchange.status > 0 { writer.member("status", exchange.status) }
        if let length = exchange.response.value(of: "content-length").flatMap({
            Int(String(decoding: $0, as: UTF8.self))
        }) {
            writer.member("length", length)
        }
        writer.beginObject("http2")
        writer.member("stream_id", stream.identifier)
        frames("request", stream.client)
        frames("response", stream.server)
        writer.endObject()
        writer.endObject()
    }

    private mutating func lines(_ key: StaticString, _ lines: [HTTP2Stream.Line]) {
        guard !lines.isEmpty else { return }
        writer.beginArray(key)
        for line in lines {
            writer.beginObject()
            switch line {
            case .field(let name, let value):
                writer.member("name", bytes: name)
                writer.member("value", bytes: value)
            case .tableSizeUpdate(let size): writer.member("table_size_update", size)
            }
            writer.endObject()
        }
        writer.endArray()
    }

    private mutating func frames(_ key: StaticString, _ side: HTTP2Stream.Side) {
        writer.beginObject(key)
        if !side.settings.isEmpty {
            writer.beginArray("settings")
            for setting in side.settings {
                writer.beginObject()
                writer.member("settings_id", "SETTINGS" + EVEEncoder.compact(setting.identifier))
                writer.member("settings_value", setting.value)
                writer.endObject()
            }
            writer.endArray()
        }
        if let code = side.errorCodes.first {
            let names = HTTP2Names.errors
            let name = names.indices.contains(Int(code)) ? names[Int(code)].filter { $0 != "_" } : String(code)
            writer.member("error_code", name)
        }
        if let priority = side.priorities.first { writer.member("priority", priority) }
        if side.errorCodes.count > 1 {
            writer.member("has_multiple", "error_code")
        } else if side.priorities.count > 1 {
            writer.member("has_multiple", "priority")
        }
        writer.endObject()
    }

    /// The setting's name without its prefix and hyphens.
    private static func compact(_ identifier: UInt16) -> String {
        let names = HTTP2Names.settings
        guard names.indices.contains(Int(identifier) - 1) else { return "UNKNOWN" }
        return names[Int(identifier) - 1].dropFirst("SETTINGS".count).filter { $0 != "_" }
    }
}

extension HTTP2Stream {
    /// Something that a record would show.
    public var isWorthLogging: Bool {
        [client, server].contains { side in
            !side.lines.isEmpty || !side.settings.isEmpty || !side.errorCodes.isEmpty || !side.priorities.isEmpty
        }
    }
}
