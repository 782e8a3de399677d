import NetTypes
import Wire

/// Recognises UDP protocols by the first datagram of a direction: by its port and shape, some by their bytes alone.
enum DatagramProbe {
    typealias Ports = (source: UInt16, destination: UInt16)

    static func examine(
        _ data: RawSpan, _ direction: FlowDirection, ports: Ports, compatible: Bool
    ) -> AppProtocol? {
        if isQUIC(data, ports: ports, compatible: compatible) { return .quic }
        if isBitTorrent(data, direction) { return .bittorrentDHT }
        if isDCERPC(data) { return .dcerpc }
        // The server's port: mostly the lower one. A client's port that happens to be one of these costs a look.
        for port in [ports.destination, ports.source] {
            if let found = examine(data, port: port) { return found }
        }
        return nil
    }

    private static func examine(_ data: RawSpan, port: UInt16) -> AppProtocol? {
        switch port {
        case 67, 68: isDHCP(data) ? .dhcp : nil
        case 69: isTFTP(data) ? .tftp : nil
        case 88: StreamProbe.isKerberos(data) ? .krb5 : nil
        case 123: isNTP(data) ? .ntp : nil
        case 161, 162: isSNMP(data) ? .snmp : nil
        case 500: isIKE(data) ? .ike : nil
        case 5060: isSIP(data) ? .sip : nil
        case 44_818: StreamProbe.isENIP(data) ? .enip : nil
        default: nil
        }
    }

    /// An Initial packet of a known version, however small: a server should refuse one below 1,200 bytes (RFC 9000 section
    /// 14.1), and may not. Other packets with a long header on the ports of the web alone.
    /// - Parameter compatible: Suricata looks at those ports alone, and takes every header there, short ones too.
    private static func isQUIC(_ data: RawSpan, ports: Ports, compatible: Bool) -> Bool {
        guard let header = try? QUICHeader(data) else { return false }
        let isOnWebPort = [80, 443].contains { $0 == ports.source || $0 == ports.destination }
        if compatible { return isOnWebPort }
        guard header.kind != .oneRTT else { return false }
        let isKnown = header.version.isClear || header.version.initialSalt != nil
        return isOnWebPort || isKnown && header.kind == .initial
    }

    /// A bencoded dictionary that begins with a query's arguments, or with an answer (BEP 5).
    private static func isBitTorrent(_ data: RawSpan, _ direction: FlowDirection) -> Bool {
        let start = direction == .toServer ? "d1:ad2:id20:" : "d1:rd2:id20:"
        return begins(data, start)
    }

    /// A connectionless DCE RPC message (C706 section 12.5.1): version 4, a packet type, and the whole header.
    private static func isDCERPC(_ data: RawSpan) -> Bool {
        guard data.byteCount >= 80, data.byte(at: 0) == 4, data.byte(at: 1) <= 10 else { return false }
        return data.byte(at: 2) & 0x81 == 0 && data.byte(at: 3) <= 3 && data.byte(at: 4) & 0xee == 0
    }

    /// RFC 2131 section 2: fixed fields of 236 bytes, then the magic cookie.
    private static func isDHCP(_ data: RawSpan) -> Bool {
        data.byteCount >= 240 && data.bigEndian32(at: 236) == 0x6382_5363
    }

    /// RFC 1350 section 5: an opcode from 1 to 5 and something behind it.
    private static func isTFTP(_ data: RawSpan) -> Bool {
        data.byteCount >= 4 && (1...5).contains(data.bigEndian16(at: 0))
    }

    /// RFC 5905 section 7.3: 48 bytes at least, version 3 or 4, a mode that has this form.
    private static func isNTP(_ data: RawSpan) -> Bool {
        guard data.byteCount >= 48 else { return false }
        let first = data.byte(at: 0)
        return (3...4).contains((first >> 3) & 7) && (1...5).contains(first & 7)
    }

    /// A sequence that begins with version 0 (SNMPv1), 1 (v2c) or 3 (RFC 1157 section 4, RFC 3412 section 6).
    private static func isSNMP(_ data: RawSpan) -> Bool {
        guard data.byteCount >= 8, data.byte(at: 0) == 0x30 else { return false }
        let length = data.byte(at: 1)
        let content = length < 0x80 ? 2 : 2 + Int(length & 0x7f)
        guard content <= 6, content + 3 <= data.byteCount else { return false }
        return data.bigEndian16(at: content) == 0x0201 && [0, 1, 3].contains(data.byte(at: content + 2))
    }

    /// Version 1.0 or 2.0 and a length that is the datagram's (RFC 7296 section 3.1).
    private static func isIKE(_ data: RawSpan) -> Bool {
        guard data.byteCount >= 28, data.bigEndian64(at: 0) != 0 else { return false }
        return [0x10, 0x20].contains(data.byte(at: 17)) && Int(data.bigEndian32(at: 24)) == data.byteCount
    }

    /// A request line with a known method and a SIP URI, or a status line (RFC 3261 section 7).
    private static func isSIP(_ data: RawSpan) -> Bool {
        if begins(data, "SIP/2.0 ") { return true }
        let methods = [
            "REGISTER", "INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "PRACK", "SUBSCRIBE", "NOTIFY", "PUBLISH", "INFO",
            "REFER", "MESSAGE", "UPDATE",
        ]
        return methods.contains { begins(data, $0 + " sip") || begins(data, $0 + " tel:") }
    }

    private static func begins(_ data: RawSpan, _ text: String) -> Bool {
        let expected = Array(text.utf8)
        guard data.byteCount >= expected.count else { return false }
        for index in expected.indices where data.byte(at: index) != expected[index] { return false }
        return true
    }
}
