import CNetfilterQueue
import NetTypes
import Wire

/// A packet that waits in the kernel for its verdict, as an `NFQNL_MSG_PACKET` message describes it. The payload stays
/// in the datagram.
struct QueuedPacket {
    /// The kernel's name for the packet; it is what a verdict answers.
    var id: UInt32
    /// Where the packet's bytes lie in the datagram, from the IP header on.
    var payloadLower = 0
    var payloadUpper = 0
    var mark: UInt32 = 0
    /// When the kernel saw the packet, if it took the time.
    var time: Timestamp?
    /// The packet's length before the copy range cut it; nil when it is whole.
    var lengthOnWire: Int?
    var hasChecksums = true
    /// The message is cut, contradicts itself or carries no packet: there is nothing to judge.
    var isMalformed = false

    var payload: Range<Int> { payloadLower..<payloadUpper }

    /// Reads the attributes of `message`; nil when they do not tell the packet's id, so that nothing can be answered.
    init?(_ message: NetlinkItem, in bytes: RawSpan) {
        var seenID: UInt32?
        id = 0
        var attributes = NetlinkWalker(attributesOf: message)
        while let attribute = attributes.nextAttribute(in: bytes) {
            let at = attribute.lower
            switch (UInt32(attribute.type), attribute.count) {
            case (NFQA_PACKET_HDR.rawValue, 7...):
                seenID = seenID ?? bytes.bigEndian32(at: at)
            case (NFQA_PAYLOAD.rawValue, _):
                payloadLower = at
                payloadUpper = attribute.upper
            case (NFQA_MARK.rawValue, 4...):
                mark = bytes.bigEndian32(at: at)
            case (NFQA_CAP_LEN.rawValue, 4...):
                lengthOnWire = Int(bytes.bigEndian32(at: at))
            case (NFQA_SKB_INFO.rawValue, 4...):
                hasChecksums = bytes.bigEndian32(at: at) & UInt32(NFQA_SKB_CSUMNOTREADY) == 0
            case (NFQA_TIMESTAMP.rawValue, 16...):
                time = Timestamp(
                    seconds: Int64(bitPattern: bytes.bigEndian64(at: at)),
                    microseconds: Int64(bitPattern: bytes.bigEndian64(at: at &+ 8)))
            case (NFQA_PACKET_HDR.rawValue, _), (NFQA_MARK.rawValue, _), (NFQA_CAP_LEN.rawValue, _),
                (NFQA_SKB_INFO.rawValue, _), (NFQA_TIMESTAMP.rawValue, _):
                isMalformed = true
            default:
                break
            }
        }
        guard let seenID else { return nil }
        id = seenID
        if attributes.isMalformed || !message.isWhole || payloadLower == payloadUpper { isMalformed = true }
    }
}
