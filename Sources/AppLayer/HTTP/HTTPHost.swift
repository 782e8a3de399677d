import NetTypes

/// The name a request is for (RFC 9112 section 3.3): the authority of an absolute target, else the Host field.
struct HTTPHost {
    var name: [UInt8]
    var port: UInt16?

    /// Lower case, without port, white space and userinfo. IPv6 literals keep their brackets.
    /// - Parameter compatible: Suricata 7 leaves the case alone when a port is present.
    init?(_ authority: ArraySlice<UInt8>, compatible: Bool) {
        var rest = authority
        if !compatible, let at = rest.lastIndex(of: UInt8(ascii: "@")) { rest = rest[(at + 1)...] }
        var hasPort = false
        if rest.first == UInt8(ascii: "[") {
            guard let close = rest.firstIndex(of: UInt8(ascii: "]")) else { return nil }
            let tail = rest[(close + 1)...]
            if tail.first == UInt8(ascii: ":") {
                port = HTTPHost.number(tail.dropFirst())
                hasPort = true
            }
            rest = rest[...close]
        } else if let colon = rest.firstIndex(of: UInt8(ascii: ":")) {
            port = HTTPHost.number(rest[(colon + 1)...])
            hasPort = true
            rest = rest[..<colon]
        }
        while rest.last == 32 || rest.last == 9 { rest = rest.dropLast() }
        guard !rest.isEmpty else { return nil }
        name = compatible && hasPort ? Array(rest) : rest.map(\.lowercased)
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> UInt16? {
        var value = 0
        for digit in digits {
            guard (48...57).contains(digit) else { return nil }
            value = min(value * 10 + Int(digit - 48), 1 << 20)
        }
        return value == 0 ? nil : UInt16(exactly: value)
    }

    /// The authority of `http://host:port/path`, or the whole target of a CONNECT.
    static func authority(of exchange: HTTPExchange) -> ArraySlice<UInt8>? {
        guard let target = exchange.target else { return nil }
        if exchange.methodIs("connect") { return target }
        guard let colon = target.firstIndex(of: UInt8(ascii: ":")), colon > target.startIndex,
            target[target.startIndex..<colon].allSatisfy({ isSchemeByte($0) }),
            target[colon...].starts(with: Array("://".utf8))
        else { return nil }
        let start = target.index(colon, offsetBy: 3)
        let end = target[start...].firstIndex {
            $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#")
        }
        return target[start..<(end ?? target.endIndex)]
    }

    private static func isSchemeByte(_ byte: UInt8) -> Bool {
        (97...122).contains(byte.lowercased) || (48...57).contains(byte) || [43, 45, 46].contains(byte)
    }
}

extension HTTPExchange {
    /// Called once, when the request's head is complete.
    func settleHost(compatible: Bool) {
        let fields = request.values(of: "host")
        let field = request.combined["host"].flatMap { HTTPHost($0[...], compatible: compatible) }
        if let target = hostOfTarget(compatible: compatible) {
            host = target.name
            port = target.port
            isHostAmbiguous = field.map { $0.name.map(\.lowercased) != target.name.map(\.lowercased) } ?? false
        } else {
            host = field?.name
            port = field?.port
        }
        if fields.count > 1 { isHostAmbiguous = true }
    }

    private func hostOfTarget(compatible: Bool) -> HTTPHost? {
        HTTPHost.authority(of: self).flatMap { authority in
            let at = authority.lastIndex(of: UInt8(ascii: "@"))
            return HTTPHost(at.map { authority[($0 + 1)...] } ?? authority, compatible: compatible)
        }
    }

    /// As sent, as far as it is known: the Host field. The name in an absolute target stands above it, and is no longer
    /// as sent: the target has been taken apart.
    func noteRawHost() {
        rawHost = hostOfTarget(compatible: false)?.name ?? request.combined["host"]
    }
}
