import CNetfilterQueue
import Glibc
import NetTypes
import PacketIO
import Wire

/// Turns received datagrams into verdicts: finds the packets in them, asks the handler about each, and notes and counts
/// its answers. A packet that cannot be shown to the handler is dropped.
struct PacketJudge: ~Copyable {
    private(set) var verdicts: VerdictBatch
    var statistics = QueueStatistics()
    private let marks: MarkLayout
    private let linkType = LinkType.raw

    init(_ configuration: QueueConfiguration) {
        verdicts = VerdictBatch(queue: configuration.queue, capacity: configuration.effectiveBatch)
        marks = configuration.marks
    }

    /// Takes up late verdicts of the handler while there is room for them. False when there is none left, true when the
    /// batch is full: it is to be sent, and this called again.
    mutating func takeReleases(_ handler: inout some PacketHandler & ~Copyable) -> Bool {
        while !verdicts.isFull {
            guard let release = handler.nextRelease() else { return false }
            let packet = release.packet
            switch release.verdict {
            case .drop, .hold:
                statistics.dropped &+= 1
                verdicts.appendLate(packet.ticket, mark: nil)
            case .accept:
                statistics.accepted &+= 1
                verdicts.appendLate(packet.ticket, mark: marks.accepting(packet.mark))
            case .reject:
                statistics.rejected &+= 1
                verdicts.appendLate(packet.ticket, mark: marks.rejecting(packet.mark))
            }
        }
        return true
    }

    /// Judges the packets of one datagram of `batch`.
    mutating func judge(
        _ batch: borrowing ReceiveBatch, at index: Int, now: Timestamp, handler: inout some PacketHandler & ~Copyable
    ) {
        judge(batch.datagram(index), now: now, handler: &handler)
    }

    /// The verdicts are sent.
    mutating func clear() { verdicts.removeAll() }

    /// Judges the packets of one datagram. The kernel puts one into each, so that a batch of datagrams never has more
    /// than the verdicts have room for; what would be beyond is counted and goes without verdict.
    mutating func judge(_ datagram: RawSpan, now: Timestamp, handler: inout some PacketHandler & ~Copyable) {
        var messages = NetlinkWalker(messagesOf: datagram)
        while let message = messages.nextMessage(in: datagram) {
            if message.type == NetlinkMessage.type(NFQNL_MSG_PACKET) {
                guard let packet = QueuedPacket(message, in: datagram), !verdicts.isFull else {
                    statistics.malformed &+= 1
                    continue
                }
                judge(packet, in: datagram, now: now, handler: &handler)
            } else if let errno = message.errorNumber(in: datagram) {
                note(errno, ofLateVerdict: message.answersAcknowledged(in: datagram), &handler)
            }
        }
        if messages.isMalformed { statistics.malformed &+= 1 }
    }

    private mutating func judge(
        _ packet: QueuedPacket, in datagram: RawSpan, now: Timestamp, handler: inout some PacketHandler & ~Copyable
    ) {
        verdicts.append(packet.id)
        let payload = datagram.clamped(packet.payload)
        let wireLength = max(packet.lengthOnWire ?? 0, payload.byteCount)
        statistics.packets &+= 1
        statistics.bytes &+= UInt64(wireLength)
        guard !packet.isMalformed else {
            statistics.malformed &+= 1
            statistics.dropped &+= 1
            return
        }
        let description = RawPacket(
            number: statistics.packets, time: packet.time ?? now, linkType: linkType, wireLength: wireLength,
            mark: packet.mark, hasChecksums: packet.hasChecksums, ticket: packet.id)
        switch handler.handle(description, bytes: payload) {
        case .drop:
            statistics.dropped &+= 1
        case .accept:
            statistics.accepted &+= 1
            verdicts.passLast(mark: marks.accepting(packet.mark))
        case .reject:
            statistics.rejected &+= 1
            verdicts.passLast(mark: marks.rejecting(packet.mark))
        case .hold:
            statistics.held &+= 1
            verdicts.withdrawLast()
        }
    }

    /// Counts what the kernel says about a verdict it could not carry out.
    private mutating func note(
        _ errno: Int32, ofLateVerdict isLate: Bool, _ handler: inout some PacketHandler & ~Copyable
    ) {
        switch errno {
        case 0: break
        case ENOENT:
            statistics.lateVerdicts &+= 1
            guard isLate else { return }
            statistics.lostWhileHeld &+= 1
            handler.noteLost()
        default: statistics.refusedVerdicts &+= 1
        }
    }
}
