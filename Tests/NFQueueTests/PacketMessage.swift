import CNetfilterQueue
import Glibc

/// A packet as the kernel would announce it, written with libmnl and the C structs and not with our own codec.
struct PacketMessage {
    var id: UInt32 = 1
    var queue: UInt16 = 0
    var payload: [UInt8]? = [0x45, 0, 0, 20]
    var mark: UInt32?
    var capturedFrom: UInt32?
    var information: UInt32?
    var time: (seconds: UInt64, microseconds: UInt64)?
    var hasHeader = true

    var bytes: [UInt8] {
        var storage = [UInt64](repeating: 0, count: 16_384)
        return storage.withUnsafeMutableBytes { storage in
            guard let header = mnl_nlmsg_put_header(storage.baseAddress) else { return [] }
            header.pointee.nlmsg_type = UInt16(NFNL_SUBSYS_QUEUE << 8) | UInt16(NFQNL_MSG_PACKET.rawValue)
            if let family = mnl_nlmsg_put_extra_header(header, MemoryLayout<nfgenmsg>.size) {
                family.storeBytes(
                    of: nfgenmsg(nfgen_family: UInt8(AF_INET), version: 0, res_id: queue.bigEndian), as: nfgenmsg.self)
            }
            if hasHeader {
                let ethertype = UInt16(0x0800)
                var packet = nfqnl_msg_packet_hdr(packet_id: id.bigEndian, hw_protocol: ethertype.bigEndian, hook: 2)
                put(header, NFQA_PACKET_HDR, &packet, MemoryLayout<nfqnl_msg_packet_hdr>.size)
            }
            if let mark { mnl_attr_put_u32(header, UInt16(NFQA_MARK.rawValue), mark.bigEndian) }
            mnl_attr_put_u32(header, UInt16(NFQA_IFINDEX_INDEV.rawValue), UInt32(3).bigEndian)
            if let time {
                var stamp = nfqnl_msg_packet_timestamp(sec: time.seconds.bigEndian, usec: time.microseconds.bigEndian)
                put(header, NFQA_TIMESTAMP, &stamp, MemoryLayout<nfqnl_msg_packet_timestamp>.size)
            }
            if let capturedFrom { mnl_attr_put_u32(header, UInt16(NFQA_CAP_LEN.rawValue), capturedFrom.bigEndian) }
            if let information { mnl_attr_put_u32(header, UInt16(NFQA_SKB_INFO.rawValue), information.bigEndian) }
            if let payload { mnl_attr_put(header, UInt16(NFQA_PAYLOAD.rawValue), payload.count, payload) }
            return Array(storage.prefix(Int(header.pointee.nlmsg_len)))
        }
    }

    private func put(
        _ header: UnsafeMutablePointer<nlmsghdr>, _ type: nfqnl_attr_type, _ value: UnsafeRawPointer, _ size: Int
    ) {
        mnl_attr_put(header, UInt16(type.rawValue), size, value)
    }
}

/// What the kernel answers when it cannot carry out a request; 0 acknowledges. `request` is the header it quotes.
func errorMessage(_ errno: Int32, quoting request: [UInt8] = []) -> [UInt8] {
    var storage = [UInt64](repeating: 0, count: 64)
    return storage.withUnsafeMutableBytes { storage in
        guard let header = mnl_nlmsg_put_header(storage.baseAddress) else { return [] }
        header.pointee.nlmsg_type = UInt16(NLMSG_ERROR)
        let error = mnl_nlmsg_put_extra_header(header, MemoryLayout<nlmsgerr>.size)
        error?.storeBytes(of: -errno, as: Int32.self)
        if let error, request.count <= 16 { (error + 4).copyMemory(from: request, byteCount: request.count) }
        return Array(storage.prefix(Int(header.pointee.nlmsg_len)))
    }
}
