import CNetfilterQueue

/// A netlink message for the queue subsystem, written front to back in the layout of `linux/netlink.h`,
/// `linux/netfilter/nfnetlink.h` and `linux/netfilter/nfnetlink_queue.h`:
///
///     0   length of the message, host order      16  family 0, version 0
///     4   type: subsystem << 8 | message         18  queue number, network order
///     6   flags                                  20  attributes, each padded to four bytes:
///     8   sequence number                            0  length with this head    2  type
///     12  port id, 0 for the kernel                  4  value, numbers in network order
struct NetlinkMessage {
    /// Netlink header and nfgenmsg.
    static let headerLength = 20
    static let attributeHeaderLength = 4

    private(set) var bytes: [UInt8]

    /// - Parameters:
    ///   - kind: `NFQNL_MSG_CONFIG` or `NFQNL_MSG_VERDICT`. Never `NFQNL_MSG_VERDICT_BATCH`: that one also answers
    ///     for every packet with a lower id that still waits.
    ///   - acknowledged: the kernel is to answer in any case; without it, only on errors.
    init(_ kind: nfqnl_msg_types, queue: UInt16, acknowledged: Bool = false, sequence: UInt32 = 0) {
        bytes = []
        bytes.reserveCapacity(64)
        append(host: UInt32(0))
        append(host: NetlinkMessage.type(kind))
        append(host: UInt16(NLM_F_REQUEST | (acknowledged ? NLM_F_ACK : 0)))
        append(host: sequence)
        append(host: UInt32(0))
        append(host: UInt8(0))
        append(host: UInt8(NFNETLINK_V0))
        append(host: queue.bigEndian)
        storeLength()
    }

    /// The message type of the queue subsystem as it stands in the header.
    @inline(__always)
    static func type(_ kind: nfqnl_msg_types) -> UInt16 {
        UInt16(NFNL_SUBSYS_QUEUE) << 8 | UInt16(truncatingIfNeeded: kind.rawValue)
    }

    /// Adds an attribute and pads it.
    mutating func append<Kind: RawRepresentable<UInt32>>(_ kind: Kind, _ value: [UInt8]) {
        append(host: UInt16(truncatingIfNeeded: NetlinkMessage.attributeHeaderLength + value.count))
        append(host: UInt16(truncatingIfNeeded: kind.rawValue))
        bytes += value
        while bytes.count % 4 != 0 { bytes.append(0) }
        storeLength()
    }

    mutating func append<Kind: RawRepresentable<UInt32>>(_ kind: Kind, _ value: UInt32) {
        append(kind, NetlinkMessage.network(value))
    }

    /// The octets of a number in network order.
    static func network(_ value: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> UInt32(24 - 8 * $0)) }
    }

    private mutating func append(host value: some FixedWidthInteger) {
        unsafe withUnsafeBytes(of: value) { unsafe bytes.append(contentsOf: $0) }
    }

    private mutating func storeLength() {
        unsafe withUnsafeBytes(of: UInt32(truncatingIfNeeded: bytes.count)) { length in
            for index in 0..<4 { bytes[index] = unsafe length[index] }
        }
    }
}

extension NetlinkMessage {
    /// Asks nothing, but only CAP_NET_ADMIN may ask and only a kernel with queues answers: kept for old programs, this
    /// command has no effect.
    static func probe() -> NetlinkMessage { command(NFQNL_CFG_CMD_PF_BIND, queue: 0) }

    /// Makes the sending socket the queue's only consumer.
    static func bind(_ queue: UInt16) -> NetlinkMessage { command(NFQNL_CFG_CMD_BIND, queue: queue) }

    private static func command(_ command: nfqnl_msg_config_cmds, queue: UInt16) -> NetlinkMessage {
        var message = NetlinkMessage(NFQNL_MSG_CONFIG, queue: queue, acknowledged: true)
        message.append(NFQA_CFG_CMD, [UInt8(truncatingIfNeeded: command.rawValue), 0, 0, 0])
        return message
    }

    /// Copy mode and range, length and flags of a bound queue.
    static func parameters(_ configuration: QueueConfiguration) -> NetlinkMessage {
        var message = NetlinkMessage(NFQNL_MSG_CONFIG, queue: configuration.queue, acknowledged: true)
        let range = UInt32(truncatingIfNeeded: configuration.effectiveCopyRange)
        let mode = UInt8(truncatingIfNeeded: NFQNL_COPY_PACKET.rawValue)
        message.append(NFQA_CFG_PARAMS, network(range) + [mode])
        message.append(NFQA_CFG_QUEUE_MAXLEN, max(configuration.maximumLength, 1))
        var flags: Int32 = 0
        if configuration.takesLargePackets { flags |= NFQA_CFG_F_GSO }
        if configuration.failsOpen { flags |= NFQA_CFG_F_FAIL_OPEN }
        message.append(NFQA_CFG_MASK, UInt32(NFQA_CFG_F_GSO | NFQA_CFG_F_FAIL_OPEN))
        message.append(NFQA_CFG_FLAGS, UInt32(flags))
        return message
    }

    /// The answer for one packet. `NF_DROP` goes without a mark.
    static func verdict(
        _ verdict: Int32, packet id: UInt32, queue: UInt16, mark: UInt32? = nil, acknowledged: Bool = false
    ) -> NetlinkMessage {
        var message = NetlinkMessage(NFQNL_MSG_VERDICT, queue: queue, acknowledged: acknowledged)
        message.append(NFQA_VERDICT_HDR, network(UInt32(bitPattern: verdict)) + network(id))
        if let mark { message.append(NFQA_MARK, mark) }
        return message
    }
}
