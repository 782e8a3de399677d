import Crypto
import Wire

/// The algorithms one side offers (SSH_MSG_KEXINIT, RFC 4253 section 7.1), of which HASSH is made (Salesforce, "HASSH"):
/// names as sent, and their MD5.
///
///     0 type 20   1 cookie   17 ten name-lists: key exchange, host keys, then ciphers, MACs, compression and languages,
///                               each first to the server, then to the client
public struct SSHKeyExchange: Sendable {
    public let text: [UInt8]
    public let hash: [UInt8]

    /// - Parameter payload: of the packet, from its type on.
    init(_ payload: RawSpan, isClient: Bool) throws(EndOfBytes) {
        var cursor = ByteCursor(payload)
        guard try cursor.u8() == 20 else { throw EndOfBytes() }
        try cursor.skip(16)
        var lists: [[UInt8]] = []
        for _ in 0..<8 {
            let length = Int(try cursor.u32())
            lists.append(try cursor.take(length).all.copied())
        }
        let own = isClient ? [lists[0], lists[2], lists[4], lists[6]] : [lists[0], lists[3], lists[5], lists[7]]
        text = Array(own.joined(separator: [UInt8(ascii: ";")]))
        let digits = Array("0123456789abcdef".utf8)
        hash = Insecure.MD5.hash(data: text).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    }
}
