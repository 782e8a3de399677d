import Wire

/// A domain name: labels joined by dots, without a trailing dot, the bytes as sent.
struct DNSName {
    var bytes: [UInt8] = []

    /// A name has at most 255 octets (RFC 1035 section 2.3.4). Longer ones occur, and rules see them, up to the length
    /// where Suricata cuts them. Pointers let a name loop, so jumps are counted too.
    static let maximumLength = 1025
    static let maximumJumps = 16

    /// Reads a name, following compression pointers (RFC 1035 section 4.1.4), and leaves the cursor behind it.
    @_lifetime(cursor: copy cursor)
    static func read(_ cursor: inout ByteCursor) throws(EndOfBytes) -> DNSName {
        var name = DNSName()
        var jumps = 0
        var elsewhere = ByteCursor(cursor.all)
        var length = try cursor.u8()
        while length != 0 {
            if length & 0xc0 == 0xc0 {
                let low = jumps > 0 ? try elsewhere.u8() : try cursor.u8()
                jumps += 1
                guard jumps <= maximumJumps else { throw EndOfBytes() }
                elsewhere = ByteCursor(cursor.all)
                try elsewhere.skip(Int(length & 0x3f) << 8 | Int(low))
            } else {
                guard length & 0xc0 == 0 else { throw EndOfBytes() }
                let label = jumps > 0 ? try elsewhere.take(Int(length)) : try cursor.take(Int(length))
                if !name.bytes.isEmpty { name.bytes.append(UInt8(ascii: ".")) }
                name.bytes += label.rest.copied()
                guard name.bytes.count <= maximumLength else { throw EndOfBytes() }
            }
            length = jumps > 0 ? try elsewhere.u8() : try cursor.u8()
        }
        return name
    }
}
