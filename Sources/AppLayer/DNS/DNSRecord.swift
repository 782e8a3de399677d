import NetTypes
import Wire

/// A resource record of a response (RFC 1035 section 4.1.3), with the data that records show.
public struct DNSRecord: Sendable {
    public enum Content: Sendable {
        case address(IPAddress)
        /// Of CNAME, NS, PTR, MX.
        case name(DNSName)
        /// TXT: one string. NULL: the bytes.
        case text([UInt8])
        case authority(Authority)
        case service(priority: UInt16, weight: UInt16, port: UInt16, name: [UInt8])
        case fingerprint(algorithm: UInt8, type: UInt8, bytes: [UInt8])
        /// Of a type whose data is not read.
        case other
    }

    /// SOA (RFC 1035 section 3.3.13).
    public struct Authority: Sendable {
        public let server: [UInt8]
        public let mailbox: [UInt8]
        public let serial: UInt32
        public let refresh: UInt32
        public let retry: UInt32
        public let expire: UInt32
        public let minimum: UInt32
    }

    public let name: DNSName
    public let type: UInt16
    public let dnsClass: UInt16
    public let timeToLive: UInt32
    public let content: Content

    /// Strings read of one TXT record.
    static let maximumStrings = 32

    /// Reads one record; a TXT record with several strings becomes several.
    /// - Parameter cursor: over the whole message, so that names can be followed.
    @_lifetime(cursor: copy cursor)
    static func read(
        _ cursor: inout ByteCursor, _ memory: inout DNSName.Memory, into records: inout [DNSRecord]
    ) throws(EndOfBytes) {
        let name = try DNSName.read(&cursor, &memory)
        let type = try cursor.u16()
        let dnsClass = try cursor.u16()
        let timeToLive = try cursor.u32()
        let length = Int(try cursor.u16())
        let start = cursor.offset
        try cursor.skip(length)
        var data = ByteCursor(cursor.all.extracting(0..<cursor.offset))
        try data.skip(start)
        for content in try contents(type, &data, &memory) {
            records.append(
                DNSRecord(name: name, type: type, dnsClass: dnsClass, timeToLive: timeToLive, content: content))
        }
    }

    private static func contents(
        _ type: UInt16, _ data: inout ByteCursor, _ memory: inout DNSName.Memory
    ) throws(EndOfBytes) -> [Content] {
        switch type {
        case 1: return data.remaining == 4 ? [.address(IPAddress(v4: try data.u32()))] : [.other]
        case 28:
            guard data.remaining == 16 else { return [.other] }
            let high = data.rest.bigEndian64(at: 0)
            return [.address(IPAddress(v6High: high, v6Low: data.rest.bigEndian64(at: 8)))]
        case 2, 5, 12: return [.name(try DNSName.read(&data, &memory))]
        case 15:
            try data.skip(2)
            return [.name(try DNSName.read(&data, &memory))]
        case 10: return [.text(data.rest.copied())]
        case 16: return try strings(&data)
        case 6:
            return [
                .authority(
                    Authority(
                        server: try DNSName.read(&data, &memory).bytes, mailbox: try DNSName.read(&data, &memory).bytes,
                        serial: try data.u32(), refresh: try data.u32(), retry: try data.u32(), expire: try data.u32(),
                        minimum: try data.u32()))
            ]
        case 33:
            return [
                .service(
                    priority: try data.u16(), weight: try data.u16(), port: try data.u16(),
                    name: try DNSName.read(&data, &memory).bytes)
            ]
        case 44: return [.fingerprint(algorithm: try data.u8(), type: try data.u8(), bytes: data.rest.copied())]
        default: return [.other]
        }
    }

    private static func strings(_ data: inout ByteCursor) throws(EndOfBytes) -> [Content] {
        var strings: [Content] = []
        while !data.isAtEnd, strings.count < maximumStrings {
            let string = try data.take(Int(try data.u8()))
            strings.append(.text(string.all.copied()))
        }
        return strings
    }
}
