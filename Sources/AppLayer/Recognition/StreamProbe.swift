import NetTypes
import Wire

/// Recognises TCP protocols that no fixed bytes give away: by the server's port and the shape of the first message.
enum StreamProbe {
    typealias Answer = ProtocolDetector.Answer

    static func examine(
        _ data: RawSpan, _ direction: FlowDirection, serverPort: UInt16, _ settings: AppLayerSettings
    ) -> Answer {
        if settings.dnsPorts.contains(serverPort) {
            return DNSParser.probe(stream: data, strictly: false, settings: settings)
        }
        switch serverPort {
        case 23: return telnet(data)
        case 80 where settings.compatibleWithSuricata:
            // Suricata waits for a preface of HTTP/2 (24 bytes), and for the header of a server's first frame.
            return data.byteCount > (direction == .toServer ? 24 : 8) ? .noMatch : .undecided
        case 88: return shaped(data, 10, .krb5) { isKerberos($0.clamped(4..<$0.byteCount)) }
        case 502: return shaped(data, 8, .modbus, isModbus)
        case 1883: return direction == .toServer ? shaped(data, 12, .mqtt, isMQTTConnect) : .noMatch
        case 2049: return shaped(data, 20, .nfs) { isNFS($0, direction) }
        case 3389: return shaped(data, 11, .rdp) { isRDP($0, direction) }
        case 20_000: return shaped(data, 10, .dnp3) { $0.bigEndian16(at: 0) == 0x0564 && $0.byte(at: 2) >= 5 }
        case 44_818: return shaped(data, 24, .enip, isENIP)
        default: break
        }
        if let found = upgradable(data, direction, settings) { return .recognized(found) }
        // Differs: a name server listens where it likes; Suricata looks at its port alone.
        guard !settings.compatibleWithSuricata else { return .noMatch }
        return DNSParser.probe(stream: data, strictly: true, settings: settings)
    }

    /// Protocols that TLS may follow in, wherever their servers listen.
    private static func upgradable(
        _ data: RawSpan, _ direction: FlowDirection, _ settings: AppLayerSettings
    ) -> AppProtocol? {
        // Differs: Suricata does not know them, or not as it is delivered.
        guard !settings.compatibleWithSuricata, direction == .toServer, data.byteCount >= 3 else { return nil }
        // A record's version says nothing (RFC 8446 section 5.1): servers read a ClientHello whatever its lower half is.
        if data.byteCount >= 6, data.bigEndian16(at: 0) == 0x1603, data.byte(at: 5) == 1 { return .tls }
        let start = data.clamped(0..<8).copied()
        if start == UpgradeParser.sslRequest || start == UpgradeParser.encryptionRequest { return .pgsql }
        if SOCKSParser.isGreeting(data) { return .socks }
        if isLDAP(data) { return .ldap }
        let text = data.clamped(0..<256).copied()
        if text.starts(with: Array("<?xml".utf8)) || text.starts(with: Array("<stream:stream".utf8)),
            String(decoding: text, as: UTF8.self).contains("<stream:stream")
        {
            return .xmpp
        }
        return nil
    }

    /// A sequence that begins with a message number and an operation of a client's (RFC 4511 section 4.1.1).
    private static func isLDAP(_ data: RawSpan) -> Bool {
        guard data.byteCount >= 8, data.byte(at: 0) == 0x30 else { return false }
        let length = data.byte(at: 1)
        let content = length < 0x80 ? 2 : 2 + Int(length & 0x7f)
        guard content <= 6, data.byteCount > content + 3, data.byte(at: content) == 2 else { return false }
        let number = Int(data.byte(at: content + 1))
        guard (1...4).contains(number), data.byteCount > content + 2 + number else { return false }
        return [0x60, 0x63, 0x77].contains(data.byte(at: content + 2 + number))
    }

    /// The bytes are looked at once there are enough of them.
    private static func shaped(
        _ data: RawSpan, _ needed: Int, _ appProtocol: AppProtocol, _ test: (RawSpan) -> Bool
    ) -> Answer {
        guard data.byteCount >= needed else { return .undecided }
        return test(data) ? .recognized(appProtocol) : .noMatch
    }

    /// A command: IAC and a code (RFC 854).
    private static func telnet(_ data: RawSpan) -> Answer {
        guard data.byteCount >= 2 else { return .undecided }
        return data.byte(at: 0) == 0xff && (0xf0...0xfe).contains(data.byte(at: 1)) ? .recognized(.telnet) : .noMatch
    }

    /// An ASN.1 value with one of the message types of RFC 4120 section 5.10 as application tag, around a sequence.
    static func isKerberos(_ data: RawSpan) -> Bool {
        guard data.byteCount >= 6 else { return false }
        let tag = data.byte(at: 0)
        guard tag & 0xe0 == 0x60, [10, 11, 12, 13, 14, 15, 30].contains(tag & 0x1f) else { return false }
        let length = data.byte(at: 1)
        let content = length < 0x80 ? 2 : 2 + Int(length & 0x7f)
        return content < data.byteCount && data.byte(at: content) == 0x30
    }

    /// Transaction, protocol 0, length of at least two, unit, function.
    private static func isModbus(_ data: RawSpan) -> Bool {
        data.bigEndian16(at: 2) == 0 && (2...254).contains(data.bigEndian16(at: 4))
    }

    /// CONNECT: type 1, remaining length of one to four bytes, then the protocol's name (MQTT 3.1.1 section 3.1).
    private static func isMQTTConnect(_ data: RawSpan) -> Bool {
        guard data.byte(at: 0) == 0x10 else { return false }
        var place = 1
        while place < 5, data.byte(at: place) & 0x80 != 0 { place += 1 }
        guard place < 5, data.byteCount >= place + 7 else { return false }
        let name = data.clamped((place + 3)..<(place + 9)).copied()
        switch data.bigEndian16(at: place + 1) {
        case 4: return name.starts(with: Array("MQTT".utf8))
        case 6: return name == Array("MQIsdp".utf8)
        default: return false
        }
    }

    /// A record with a call of program 100003, or a reply (RFC 5531 section 9, 11).
    private static func isNFS(_ data: RawSpan, _ direction: FlowDirection) -> Bool {
        guard data.byte(at: 0) & 0x80 != 0 else { return false }
        guard direction == .toServer else { return data.bigEndian32(at: 8) == 1 && data.bigEndian32(at: 12) <= 1 }
        return data.bigEndian32(at: 8) == 0 && data.bigEndian32(at: 12) == 2 && data.bigEndian32(at: 16) == 100_003
    }

    /// TPKT (RFC 1006) around a connection request or confirmation of X.224.
    private static func isRDP(_ data: RawSpan, _ direction: FlowDirection) -> Bool {
        data.bigEndian16(at: 0) == 0x0300 && data.bigEndian16(at: 2) >= 11
            && data.byte(at: 5) == (direction == .toServer ? 0xe0 : 0xd0)
    }

    /// Encapsulation header of EtherNet/IP: a known command, its length, status 0.
    static func isENIP(_ data: RawSpan) -> Bool {
        guard data.byteCount >= 24 else { return false }
        let command = data.bigEndian16(at: 0).byteSwapped
        let commands: [UInt16] = [0, 4, 0x63, 0x64, 0x65, 0x66, 0x6f, 0x70, 0x72, 0x73]
        return commands.contains(command) && Int(data.bigEndian16(at: 2).byteSwapped) <= data.byteCount - 24
            && data.bigEndian32(at: 8) == 0
    }

    /// A DCE RPC message (C706 section 12.6.3): version 5.0, a packet type, a fragment length that holds its header.
    static func dcerpc(_ data: RawSpan) -> Answer {
        let start: [UInt8] = [5, 0]
        for index in 0..<min(2, data.byteCount) where data.byte(at: index) != start[index] { return .noMatch }
        guard data.byteCount >= 10 else { return .undecided }
        let isLittleEndian = data.byte(at: 4) & 0x10 != 0
        let length = data.bigEndian16(at: 8)
        guard data.byte(at: 2) <= 19, (isLittleEndian ? length.byteSwapped : length) >= 16 else { return .noMatch }
        return .recognized(.dcerpc)
    }
}
