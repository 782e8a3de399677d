import NetTypes

extension HTTPMessage {
    /// A head as HTTP/1 would write it, so that rules about either find the same in the same places. Pseudo-header fields
    /// stand where they were sent.
    init(http2 fields: [(name: [UInt8], value: [UInt8])], isRequest: Bool) {
        self.init()
        func value(_ name: StaticString) -> [UInt8] {
            fields.last { HTTPMessage.equals($0.name[...], name) }?.value ?? []
        }
        func append(_ bytes: [UInt8]) -> Range<Int> {
            head += bytes
            return (head.count - bytes.count)..<head.count
        }
        let version = Array("HTTP/2".utf8)
        if isRequest {
            first = append(value(":method"))
            head.append(32)
            second = append(value(":path"))
            head.append(32)
            third = append(version)
        } else {
            first = append(version)
            head.append(32)
            second = append(value(":status"))
        }
        head += [13, 10]
        // As in Suricata, with the end that HTTP/1 leaves out.
        startLine = 0..<head.count
        startLineEnd = head.count
        let start = head.count
        for field in fields {
            let lineStart = head.count
            let name = append(field.name)
            head += [58, 32]
            let value = append(field.value)
            head += [13, 10]
            self.fields.append(HTTPField(line: lineStart..<head.count, name: name, value: value))
        }
        fieldsEnd = head.count
        fieldLines = start..<head.count
        hasStartLine = true
        isHeadComplete = true
    }
}

extension HTTPExchange {
    /// Called once for a request, when its header block is complete.
    /// - Returns: what is odd about it.
    func settleHTTP2Request(
        _ fields: [(name: [UInt8], value: [UInt8])], compatible: Bool
    ) -> [AppLayerEvent] {
        request = HTTPMessage(http2: fields, isRequest: true)
        // Differs: Suricata takes the path as it is.
        if compatible { normalizedTarget = target.map(Array.init) } else { settleTarget() }
        combineFields(.toServer)
        func values(_ name: StaticString) -> [[UInt8]] {
            fields.filter { HTTPMessage.equals($0.name[...], name) }.map(\.value)
        }
        let authorities = values(":authority")
        let hosts = values("host")
        let named = (authorities + hosts).first
        rawHost = named
        let settled = named.flatMap { HTTPHost($0[...], compatible: false) }
        host = settled?.name
        port = settled?.port
        var events: [AppLayerEvent] = []
        let names = Set((authorities + hosts).map { $0.map(\.lowercased) })
        if names.count > 1 {
            isHostAmbiguous = true
            events.append(.http2AuthorityHostMismatch)
        }
        if authorities.contains(where: { $0.contains(UInt8(ascii: "@")) }) { events.append(.http2UserinfoInURI) }
        return events
    }

    func settleHTTP2Response(_ fields: [(name: [UInt8], value: [UInt8])]) {
        response = HTTPMessage(http2: fields, isRequest: false)
        combineFields(.toClient)
        status = statusCode.flatMap { Int(String(decoding: $0, as: UTF8.self)) } ?? 0
    }

    /// The fields an HTTP/1 request would have had in HTTP/2: of the one that asked for the change (RFC 7540 section 3.2).
    var asHTTP2: [(name: [UInt8], value: [UInt8])] {
        var fields: [(name: [UInt8], value: [UInt8])] = [
            (Array(":method".utf8), method.map(Array.init) ?? []), (Array(":path".utf8), target.map(Array.init) ?? []),
        ]
        if let host = request.value(of: "host") { fields.append((Array(":authority".utf8), Array(host))) }
        for field in request.fields
        where !["host", "http2-settings"].contains(where: { HTTPMessage.equals(request.head[field.name], $0) }) {
            fields.append((Array(request.head[field.name]), request.unfolded(field)))
        }
        return fields
    }
}

extension HTTPExchange {
    /// The request offers to go on in HTTP/2.
    var asksForHTTP2: Bool {
        guard let value = request.combined["upgrade"] else { return false }
        return value.split { $0 == UInt8(ascii: ",") || $0 == 32 }.contains { HTTPMessage.equals($0, "h2c") }
    }
}

extension HTTPExchange {
    /// The payload of a SETTINGS frame in the field HTTP2-Settings, base64url without padding; nil without one.
    var http2Settings: [UInt8]? {
        guard let text = request.combined["http2-settings"], text.count <= 128 else { return nil }
        var result: [UInt8] = []
        var bits = 0
        var count = 0
        for byte in text where byte != UInt8(ascii: "=") {
            guard let place = HTTPExchange.base64url.firstIndex(of: byte) else { return nil }
            bits = (bits << 6 | place) & 0xffff
            count += 6
            if count >= 8 {
                count -= 8
                result.append(UInt8(truncatingIfNeeded: bits >> count))
            }
        }
        return result
    }

    private static let base64url = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
}
