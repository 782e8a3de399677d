import NetTypes

/// How the end of a message's body is found (RFC 9112 section 6.3).
enum HTTPFraming: Equatable {
    case none
    case length(Int)
    case chunked
    case untilClose
}

extension HTTPFraming {
    /// A request has a body only if it says so. Differs: Suricata follows the Transfer-Encoding when a request has both
    /// fields, and guesses at odd lengths; endpoints disagree on such requests, so the connection is not read on.
    static func ofRequest(_ request: HTTPMessage, compatible: Bool) throws(MalformedReason) -> HTTPFraming {
        let lengths = request.values(of: "content-length")
        let codings = request.values(of: "transfer-encoding")
        if !codings.isEmpty {
            if compatible {
                let coding = request.combined["transfer-encoding"] ?? []
                guard HTTPMessage.equals(coding[...], "chunked") else { throw .httpFramingInvalid }
                return .chunked
            }
            let isChunked = codings.contains { endsChunked($0, request) }
            guard isChunked && codings.count == 1 && lengths.isEmpty else { throw .httpFramingInvalid }
            return .chunked
        }
        guard let first = lengths.first else { return .none }
        if compatible { return .length(try forgivenNumber(request.head[first])) }
        let isFolded = request.fields.contains { $0.isFolded && $0.value == first }
        guard !isFolded else { throw .httpFramingInvalid }
        guard let length = number(request.head[first]) else { throw .httpFramingInvalid }
        guard lengths.allSatisfy({ number(request.head[$0]) == length }) else {
            throw .httpFramingInvalid
        }
        return .length(length)
    }

    /// A response without length ends with the connection, one with a coding that does not end chunked too, unless its
    /// status or the request's method allows no body. Behind an accepted CONNECT the tunnel begins at once.
    static func ofResponse(_ exchange: HTTPExchange, compatible: Bool) throws(MalformedReason) -> HTTPFraming {
        let status = exchange.status
        if (100..<200).contains(status) || status == 204 || status == 304 || exchange.methodIs("head") { return .none }
        if exchange.opensTunnel { return .none }
        let response = exchange.response
        if compatible { return try ofForgivenResponse(response) }
        let codings = response.values(of: "transfer-encoding")
        if codings.contains(where: { endsChunked($0, response) }) { return .chunked }
        guard codings.isEmpty else { return .untilClose }
        guard let first = response.values(of: "content-length").first, let length = number(response.head[first]) else {
            return .untilClose
        }
        return .length(length)
    }

    static func mentionsChunks(_ coding: [UInt8]) -> Bool {
        let chunked = Array("chunked".utf8)
        let coding = coding.filter { $0 != 0 }.map(\.lowercased)
        return coding.indices.contains { coding[$0...].starts(with: chunked) }
    }

    /// As Suricata reads it: any mention of chunks, else the first number in the length.
    private static func ofForgivenResponse(_ response: HTTPMessage) throws(MalformedReason) -> HTTPFraming {
        if let coding = response.combined["transfer-encoding"], mentionsChunks(coding) { return .chunked }
        guard let length = response.combined["content-length"] else { return .untilClose }
        return .length(try forgivenNumber(length[...]))
    }

    /// The first digits of a length, whatever stands around them.
    private static func forgivenNumber(_ bytes: ArraySlice<UInt8>) throws(MalformedReason) -> Int {
        let digits = bytes.drop { !(48...57).contains($0) }.prefix { (48...57).contains($0) }
        guard let value = number(digits) else { throw .httpFramingInvalid }
        return value
    }

    /// The last coding of the list is chunked.
    private static func endsChunked(_ range: Range<Int>, _ message: HTTPMessage) -> Bool {
        var last = message.head[range]
        if let comma = last.lastIndex(of: UInt8(ascii: ",")) { last = last[(comma + 1)...] }
        return HTTPMessage.equals(last.drop { $0 == 32 || (9...13).contains($0) }, "chunked")
    }

    /// Digits alone, small enough not to overflow.
    private static func number(_ bytes: ArraySlice<UInt8>) -> Int? {
        guard (1...15).contains(bytes.count) else { return nil }
        var value = 0
        for byte in bytes {
            guard (48...57).contains(byte) else { return nil }
            value = value * 10 + Int(byte - 48)
        }
        return value
    }
}
