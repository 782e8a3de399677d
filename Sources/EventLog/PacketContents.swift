import Detection
import FlowTracking
import Wire

/// Bytes of packets and streams in records, where the options ask for them.
extension EVEEncoder {
    /// Most bytes of payload in one record: Suricata's 4 kB.
    static let payloadLimit = 4096

    /// `payload`, `payload_printable` and `stream` of an alert: what the match was found in.
    mutating func payload(_ match: MatchedSignature, _ event: EventPacket, _ stream: StreamReassembler?) {
        guard settings.alertPayload || settings.alertPayloadPrintable else { return }
        let isInStream = event.packet.tcp != nil && (match.isInStream || match.transaction >= 0)
        var bytes: ArraySlice<UInt8> = []
        if isInStream, let kept = stream?.dump, !kept.isEmpty { bytes = kept[...] }
        if bytes.isEmpty, event.packet.payload.upperBound <= event.frame.count {
            bytes = event.frame[event.packet.payload]
        }
        bytes = bytes.prefix(EVEEncoder.payloadLimit)
        if !bytes.isEmpty {
            if settings.alertPayload { writer.member("payload", bytes: Base64.encode(bytes)) }
            if settings.alertPayloadPrintable { writer.member("payload_printable", bytes: bytes.map(\.printable)) }
        }
        writer.member("stream", isInStream ? 1 : 0)
    }

    /// `packet` and `packet_info`: the whole frame.
    mutating func frame(of event: EventPacket) {
        guard !event.frame.isEmpty else { return }
        writer.member("packet", bytes: Base64.encode(event.frame[...]))
        writer.beginObject("packet_info")
        writer.member("linktype", event.linkType.rawValue)
        writer.endObject()
    }
}

extension UInt8 {
    /// Itself where it can be read, else a dot.
    fileprivate var printable: UInt8 { self >= 0x20 && self < 0x7f || self == 0x0a || self == 0x0d ? self : 0x2e }
}

/// RFC 4648 section 4.
enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func encode(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity((bytes.count + 2) / 3 * 4)
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let count = min(3, bytes.endIndex - index)
            var word = UInt32(0)
            for offset in 0..<3 { word = word << 8 | (offset < count ? UInt32(bytes[index + offset]) : 0) }
            for digit in 0..<4 {
                result.append(
                    digit <= count ? alphabet[Int(word >> UInt32(18 - 6 * digit) & 63)] : UInt8(ascii: "="))
            }
            index += count
        }
        return result
    }
}
