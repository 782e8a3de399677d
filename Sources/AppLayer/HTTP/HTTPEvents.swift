import NetTypes

/// What is odd about a message, by the names that rules know it by. Each is found when the head is complete.
enum HTTPEvents {
    static func ofRequest(_ exchange: HTTPExchange) -> [AppLayerEvent] {
        let request = exchange.request
        var events = delimiters(request) + host(exchange)
        if hasTwoLengths(request) { events.append(.httpDuplicateContentLengthFieldInRequest) }
        if hasInvalidLength(request) { events.append(.httpInvalidContentLengthFieldInRequest) }
        if let coding = request.combined["transfer-encoding"],
            !HTTPMessage.equals(coding[...], "chunked") || !isVersion11(request.head[request.third])
        {
            events.append(.httpInvalidTransferEncodingValueInRequest)
        }
        let faults = fieldFaults(request)
        if faults.missingColon { events.append(.httpRequestFieldMissingColon) }
        if faults.invalidName { events.append(.httpRequestHeaderInvalid) }
        if request.beginsFolded { events.append(.httpInvalidRequestFieldFolding) }
        if let authorization = request.combined["authorization"], !isKnownScheme(authorization) {
            events.append(.httpRequestAuthUnrecognized)
        }
        return events
    }

    static func ofResponse(_ exchange: HTTPExchange, maximumLayers: Int) -> [AppLayerEvent] {
        let response = exchange.response
        var events: [AppLayerEvent] = []
        let version = response.head[response.first]
        if ![10, 11, 9].contains(where: { isVersion($0, version) }) { events.append(.httpResponseInvalidProtocol) }
        if !(100...999).contains(exchange.status) { events.append(.httpResponseInvalidStatus) }
        if hasTwoLengths(response) { events.append(.httpDuplicateContentLengthFieldInResponse) }
        if hasInvalidLength(response) { events.append(.httpInvalidContentLengthFieldInResponse) }
        if let coding = response.combined["transfer-encoding"] {
            if !HTTPMessage.equals(coding[...], "chunked") {
                if HTTPFraming.mentionsChunks(coding) { events.append(.httpResponseAbnormalTransferEncoding) }
            } else if !isVersion11(version) {
                events.append(.httpResponseChunkedOldProto)
            }
        }
        let faults = fieldFaults(response)
        if faults.missingColon { events.append(.httpResponseFieldMissingColon) }
        if faults.invalidName { events.append(.httpResponseHeaderInvalid) }
        if response.beginsFolded { events.append(.httpInvalidResponseFieldFolding) }
        if let range = response.combined["content-range"], !isRange(range) { events.append(.httpRangeInvalid) }
        return events + contentCoding(response, maximumLayers)
    }

    // MARK: request line and host

    private static func delimiters(_ request: HTTPMessage) -> [AppLayerEvent] {
        func isTab(_ place: Int) -> Bool { request.startLine.contains(place) && request.head[place] == 9 }
        return (isTab(request.first.upperBound) ? [.httpMethodDelimNonCompliant] : [])
            + (isTab(request.second.upperBound) ? [.httpURIDelimNonCompliant] : [])
    }

    private static func host(_ exchange: HTTPExchange) -> [AppLayerEvent] {
        let request = exchange.request
        var events: [AppLayerEvent] = []
        if let field = request.combined["host"] {
            if !isHost(field[...]) { events.append(.httpRequestHeaderHostInvalid) }
        } else if isVersion11(request.head[request.third]) {
            events.append(.httpMissingHostHeader)
        }
        if let authority = HTTPHost.authority(of: exchange) {
            let at = authority.lastIndex(of: UInt8(ascii: "@"))
            if !isHost(at.map { authority[($0 + 1)...] } ?? authority) { events.append(.httpRequestURIHostInvalid) }
        }
        if exchange.isHostAmbiguous, HTTPHost.authority(of: exchange) != nil { events.append(.httpHostHeaderAmbiguous) }
        return events
    }

    /// A name or address, with a port or without.
    private static func isHost(_ bytes: ArraySlice<UInt8>) -> Bool {
        var name = bytes
        if bytes.first == UInt8(ascii: "[") {
            guard let end = bytes.firstIndex(of: UInt8(ascii: "]")) else { return false }
            let tail = bytes[(end + 1)...]
            return tail.isEmpty || tail.first == UInt8(ascii: ":") && isPort(tail.dropFirst())
        }
        if let colon = bytes.firstIndex(of: UInt8(ascii: ":")) {
            guard isPort(bytes[(colon + 1)...]) else { return false }
            name = bytes[..<colon]
        }
        return !name.isEmpty && name.allSatisfy { isWordByte($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") }
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        (97...122).contains(byte.lowercased) || (48...57).contains(byte) || byte == UInt8(ascii: "_")
    }

    private static func isPort(_ digits: ArraySlice<UInt8>) -> Bool {
        guard digits.allSatisfy({ (48...57).contains($0) }), (1...9).contains(digits.count) else { return false }
        return (1...65535).contains(digits.reduce(0) { $0 * 10 + Int($1 - 48) })
    }

    // MARK: fields

    private static func hasTwoLengths(_ message: HTTPMessage) -> Bool {
        let values = message.values(of: "content-length").map { message.head[$0] }
        guard let first = values.first else { return false }
        return values.dropFirst().contains { !$0.elementsEqual(first) }
    }

    private static func hasInvalidLength(_ message: HTTPMessage) -> Bool {
        guard let length = message.combined["content-length"] else { return false }
        return !length.contains { (48...57).contains($0) }
    }

    private static func fieldFaults(_ message: HTTPMessage) -> (missingColon: Bool, invalidName: Bool) {
        var faults = (missingColon: false, invalidName: false)
        for field in message.fields {
            // As a rule the colon stands right behind the name.
            let hasColon = field.name.upperBound < message.head.count && message.head[field.name.upperBound] == 58
            if !hasColon, !message.head[field.line].contains(58) {
                faults.missingColon = true
            } else if field.name.isEmpty || !hasColon || !message.head[field.name].allSatisfy(isToken) {
                faults.invalidName = true
            }
        }
        return faults
    }

    /// RFC 9110 section 5.6.2.
    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): true
        case UInt8(ascii: "!"), UInt8(ascii: "#")...UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"): true
        case UInt8(ascii: "^"), UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"): true
        default: false
        }
    }

    private static func isKnownScheme(_ value: [UInt8]) -> Bool {
        let scheme = value.prefix { $0 != 32 }
        return ["basic", "digest", "bearer"].contains { HTTPMessage.equals(scheme, $0) }
    }

    private static func isVersion11(_ bytes: ArraySlice<UInt8>) -> Bool { isVersion(11, bytes) }

    private static func isVersion(_ number: UInt8, _ bytes: ArraySlice<UInt8>) -> Bool {
        guard bytes.count == 8, HTTPMessage.equals(bytes.prefix(5), "http/") else { return false }
        let digits = bytes.startIndex + 5
        return bytes[digits] == 48 + number / 10 && bytes[digits + 1] == 46 && bytes[digits + 2] == 48 + number % 10
    }

    /// `bytes 0-5/10` (RFC 9110 section 14.4).
    private static func isRange(_ value: [UInt8]) -> Bool {
        guard value.map(\.lowercased).starts(with: Array("bytes".utf8)) else { return false }
        return value.dropFirst(5).contains { (48...57).contains($0) || $0 == UInt8(ascii: "*") }
    }

    private static func contentCoding(_ response: HTTPMessage, _ maximumLayers: Int) -> [AppLayerEvent] {
        guard let value = response.combined["content-encoding"] else { return [] }
        let names = value.filter { $0 != 0 }.split { $0 == UInt8(ascii: ",") || $0 == 32 }
        let known: [StaticString] = ["gzip", "x-gzip", "deflate", "x-deflate", "inflate", "lzma"]
        var events: [AppLayerEvent] = []
        if names.prefix(maximumLayers).contains(where: { name in !known.contains { HTTPMessage.equals(name, $0) } }) {
            events.append(.httpAbnormalCeHeader)
        }
        if names.count > maximumLayers { events.append(.httpTooManyEncodingLayers) }
        return events
    }
}
