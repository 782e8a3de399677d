/// SSH packets before encryption (RFC 4253 section 6).
public enum SSHBytes {
    public static func packet(_ payload: [UInt8], padding: Int = 4) -> [UInt8] {
        var writer = ByteWriter()
        writer.block(4) { packet in
            packet.u8(UInt8(padding))
            packet.append(payload)
            packet.append([UInt8](repeating: 0, count: padding))
        }
        return writer.bytes
    }

    /// SSH_MSG_KEXINIT (RFC 4253 section 7.1).
    public static func keyExchange(
        _ lists: [String] = [
            "kex", "hostkey", "cipher-ts", "cipher-tc", "mac-ts", "mac-tc", "comp-ts", "comp-tc", "", "",
        ]
    ) -> [UInt8] {
        var writer = ByteWriter()
        writer.u8(20)
        writer.append([UInt8](repeating: 0xc0, count: 16))
        for list in lists { writer.block(4) { $0.append(utf8(list)) } }
        writer.append([0, 0, 0, 0, 0])
        return packet(writer.bytes)
    }
}
