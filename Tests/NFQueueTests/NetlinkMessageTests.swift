import CNetfilterQueue
import Testing

@testable import NFQueue

/// The messages we write, octet by octet against what libnetfilter_queue and libmnl write for the same purpose, and
/// against octets written by hand.
struct NetlinkMessageTests {
    typealias Header = UnsafeMutablePointer<nlmsghdr>

    /// The library's message, with the attributes that `fill` adds.
    func reference(_ kind: nfqnl_msg_types, queue: UInt32, fill: (Header) -> Void) -> [UInt8] {
        var storage = [UInt64](repeating: 0, count: 64)
        return storage.withUnsafeMutableBytes { bytes in
            let type = Int32(bitPattern: kind.rawValue)
            guard let header = nfq_nlmsg_put(bytes.baseAddress, type, queue) else { return [] }
            fill(header)
            return Array(bytes.prefix(Int(header.pointee.nlmsg_len)))
        }
    }

    /// The same for a configuration, which asks for an answer.
    func configuration(queue: UInt32, fill: (Header) -> Void) -> [UInt8] {
        reference(NFQNL_MSG_CONFIG, queue: queue) { header in
            header.pointee.nlmsg_flags |= UInt16(NLM_F_ACK)
            fill(header)
        }
    }

    @Test func dropIsTheLibrarysVerdict() {
        let expected = reference(NFQNL_MSG_VERDICT, queue: 7) { nfq_nlmsg_verdict_put($0, 0x0102_0304, NF_DROP) }
        #expect(NetlinkMessage.verdict(NF_DROP, packet: 0x0102_0304, queue: 7).bytes == expected)
    }

    @Test func acceptWithMarkIsTheLibrarysVerdict() {
        let expected = reference(NFQNL_MSG_VERDICT, queue: 65_535) {
            nfq_nlmsg_verdict_put($0, -2, NF_ACCEPT)
            nfq_nlmsg_verdict_put_mark($0, 0xa1b2_c304)
        }
        let message = NetlinkMessage.verdict(NF_ACCEPT, packet: 0xffff_fffe, queue: 65_535, mark: 0xa1b2_c304)
        #expect(message.bytes == expected)
    }

    @Test func verdictOctets() {
        let message = NetlinkMessage.verdict(NF_ACCEPT, packet: 5, queue: 258, mark: 4).bytes
        #expect(
            message == [
                40, 0, 0, 0, 1, 3, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0,  // length, VERDICT of subsystem 3, request
                0, 0, 1, 2,  // family, version, queue 258
                12, 0, 2, 0, 0, 0, 0, 1, 0, 0, 0, 5,  // NFQA_VERDICT_HDR: accept packet 5
                8, 0, 3, 0, 0, 0, 0, 4,  // NFQA_MARK
            ] || 1.littleEndian != 1)
    }

    @Test func bindAndProbeAreTheLibrarysCommands() {
        let bind = configuration(queue: 9) { nfq_nlmsg_cfg_put_cmd($0, 0, UInt8(NFQNL_CFG_CMD_BIND.rawValue)) }
        #expect(NetlinkMessage.bind(9).bytes == bind)
        let probe = configuration(queue: 0) { nfq_nlmsg_cfg_put_cmd($0, 0, UInt8(NFQNL_CFG_CMD_PF_BIND.rawValue)) }
        #expect(NetlinkMessage.probe().bytes == probe)
    }

    @Test(arguments: [(true, false), (true, true), (false, false), (false, true)])
    func parametersAreTheLibrarys(large: Bool, open: Bool) {
        var wanted = QueueConfiguration(queue: 3)
        wanted.copyRange = 2048
        wanted.maximumLength = 1000
        wanted.takesLargePackets = large
        wanted.failsOpen = open
        let expected = configuration(queue: 3) { header in
            nfq_nlmsg_cfg_put_params(header, UInt8(NFQNL_COPY_PACKET.rawValue), 2048)
            nfq_nlmsg_cfg_put_qmaxlen(header, 1000)
            let flags = (large ? NFQA_CFG_F_GSO : 0) | (open ? NFQA_CFG_F_FAIL_OPEN : 0)
            let mask = NFQA_CFG_F_GSO | NFQA_CFG_F_FAIL_OPEN
            mnl_attr_put_u32(header, UInt16(NFQA_CFG_MASK.rawValue), UInt32(mask).bigEndian)
            mnl_attr_put_u32(header, UInt16(NFQA_CFG_FLAGS.rawValue), UInt32(flags).bigEndian)
        }
        #expect(NetlinkMessage.parameters(wanted).bytes == expected)
    }

    @Test func configurationStaysWithinTheKernelsLimits() {
        var wanted = QueueConfiguration()
        #expect(wanted.takesLargePackets && !wanted.failsOpen && wanted.maximumLength == 8192)
        #expect(wanted.effectiveCopyRange == 65_531)
        wanted.copyRange = .max
        wanted.batch = .max
        #expect(wanted.effectiveCopyRange == 65_531)
        #expect(wanted.effectiveBatch == 256)
        wanted.copyRange = .min
        wanted.batch = 0
        #expect(wanted.effectiveCopyRange == 1)
        #expect(wanted.effectiveBatch == 1)
    }
}
