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
            if settings.alertPayload { writer.member("payload", bytes: Base64.encode(Array(bytes))) }
            if settings.alertPayloadPrintable { writer.member("payload_printable", bytes: bytes.map(\.printable)) }
        }
        writer.member("stream", isInStream ? 1 : 0)
    }

    /// `packet` and `packet_info`: the whole frame.
    mutating func frame(of event: EventPacket) {
        if !event.frame.isEmpty { packetBytes(event.frame, event.linkType) }
    }
}

extension UInt8 {
    /// Itself where it can be read, else a dot.
    fileprivate var printable: UInt8 { self >= 0x20 && self < 0x7f || self == 0x0a || self == 0x0d ? self : 0x2e }
}
