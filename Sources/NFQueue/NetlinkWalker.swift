import CNetfilterQueue
import Wire

/// One message or attribute: its type and where its value lies in the datagram.
struct NetlinkItem {
    var type: UInt16
    var lower: Int
    var upper: Int
    /// False when its length reaches beyond the bytes at hand; the value ends where they end then.
    var isWhole: Bool

    var count: Int { upper &- lower }

    /// What an `NLMSG_ERROR` message says: an error number, or 0 for an acknowledgement. Nil for other messages.
    func errorNumber(in bytes: RawSpan) -> Int32? {
        guard type == UInt16(NLMSG_ERROR), count >= 4 else { return nil }
        return 0 &- Int32(bitPattern: bytes.hostOrder32(at: lower))
    }

    /// The request that an `NLMSG_ERROR` message answers, whose header it quotes, had asked for an answer in any case.
    func answersAcknowledged(in bytes: RawSpan) -> Bool {
        guard type == UInt16(NLMSG_ERROR), count >= 20 else { return false }
        return bytes.hostOrder16(at: lower &+ 10) & UInt16(NLM_F_ACK) != 0
    }
}

/// Steps through a run of netlink messages, or of attributes. It holds offsets only: the bytes stay where they are.
/// A length that cannot be right ends the walk and sets `isMalformed`; a message that is cut off says so itself.
struct NetlinkWalker {
    private var position: Int
    private let end: Int
    private(set) var isMalformed = false

    /// The messages of a datagram.
    init(messagesOf datagram: RawSpan) {
        position = 0
        end = datagram.byteCount
    }

    /// The attributes in the value of a message of the queue subsystem.
    init(attributesOf message: NetlinkItem) {
        let afterFamily = message.lower &+ 4
        position = min(afterFamily, message.upper)
        end = message.upper
        isMalformed = afterFamily > message.upper
    }

    /// The next message; its value begins behind the sixteen bytes of `nlmsghdr`. A message that is cut off is still
    /// given, as far as it goes, and is the last.
    mutating func nextMessage(in bytes: RawSpan) -> NetlinkItem? {
        guard position < end else { return nil }
        guard end &- position >= 16 else { return stop() }
        let length = Int(bytes.hostOrder32(at: position))
        guard length >= 16 else { return stop() }
        return take(type: bytes.hostOrder16(at: position &+ 4), head: 16, length: length)
    }

    /// The next attribute; its value begins behind the four bytes of `nlattr`, and its type is without the two flag
    /// bits. One that is cut off is not given.
    mutating func nextAttribute(in bytes: RawSpan) -> NetlinkItem? {
        guard position < end else { return nil }
        guard end &- position >= 4 else { return stop() }
        let length = Int(bytes.hostOrder16(at: position))
        guard length >= 4, length <= end &- position else { return stop() }
        let type = bytes.hostOrder16(at: position &+ 2) & 0x3fff
        return take(type: type, head: 4, length: length)
    }

    /// `head <= length` and `head <= end - position` hold.
    private mutating func take(type: UInt16, head: Int, length: Int) -> NetlinkItem {
        let isWhole = length <= end &- position
        let upper = isWhole ? position &+ length : end
        defer { position = isWhole ? min(position &+ ((length &+ 3) & ~3), end) : end }
        return NetlinkItem(type: type, lower: position &+ head, upper: upper, isWhole: isWhole)
    }

    private mutating func stop() -> NetlinkItem? {
        isMalformed = true
        position = end
        return nil
    }
}

extension RawSpan {
    /// Two bytes in the host's order at a checked offset.
    func hostOrder16(at offset: Int) -> UInt16 {
        unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self)
    }

    /// Four bytes in the host's order at a checked offset.
    func hostOrder32(at offset: Int) -> UInt32 {
        unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self)
    }
}
