import NetTypes

extension HTTPExchange {
    /// What a browser would save a body as: the name that Content-Disposition gives (RFC 6266 section 4.3), else the
    /// path of the target.
    public func fileName(_ direction: FlowDirection) -> [UInt8] {
        if direction == .toClient, let disposition = response.combined["content-disposition"],
            let name = HTTPExchange.fileName(disposition)
        {
            return name
        }
        return normalizedTarget.map { Array($0.prefix { $0 != UInt8(ascii: "?") }) } ?? []
    }

    static func fileName(_ disposition: [UInt8]) -> [UInt8]? {
        let mark = Array("filename=".utf8)
        guard
            let start = disposition.indices.first(where: {
                disposition[$0...].prefix(mark.count).map(\.lowercased).elementsEqual(mark)
            })
        else { return nil }
        var rest = disposition[(start + mark.count)...]
        if rest.first == UInt8(ascii: "\"") {
            rest = rest.dropFirst().prefix { $0 != UInt8(ascii: "\"") }
        } else {
            rest = rest.prefix { $0 != UInt8(ascii: ";") && $0 != 32 }
        }
        return rest.isEmpty ? nil : Array(rest)
    }
}
