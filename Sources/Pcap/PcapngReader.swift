import CPcap
import Glibc
import NetTypes
import PacketIO
import Wire

/// Reads a pcapng file (draft-ietf-opsawg-pcapng), front to back, with any number of sections and interfaces of different
/// link types and snapshot lengths, which libpcap refuses.
@safe
final class PcapngReader {
    /// The first four bytes of a section, the same in either byte order.
    static let sectionType: UInt32 = 0x0a0d_0d0a

    private struct Interface {
        var linkType: LinkType
        /// 0 for any length.
        var snapshotLength: Int
        /// A unit of its timestamps: 10, or 2, to the power of minus this.
        var exponent: Int
        var isBinary: Bool
        /// Seconds to be added.
        var offset: Int64
    }

    /// What libpcap takes as well: a longer packet is damage.
    private static let maximumPacket = 262_144
    private static let maximumBlock = 16 << 20
    private static let maximumInterfaces = 1 << 16

    private let path: String
    private let file: UnsafeMutablePointer<FILE>
    private var isBigEndian = false
    private var interfaces: [Interface] = []
    private var block: [UInt8] = []
    /// The packet that was read ahead for its link type.
    private var first: Found?
    private(set) var linkType = LinkType.ethernet

    private struct Found {
        var time: Timestamp
        var linkType: LinkType
        var wireLength: Int
        var bytes: Range<Int>
    }

    /// - Parameter file: at the start of its first block; closed with this object.
    init(path: String, file: UnsafeMutablePointer<FILE>) throws(CaptureError) {
        self.path = path
        unsafe self.file = file
        first = try nextPacket()
        linkType = first?.linkType ?? interfaces.first?.linkType ?? .ethernet
    }

    deinit { unsafe fclose(file) }

    var offset: Int? {
        let position = unsafe ftell(file)
        return position >= 0 ? position : nil
    }

    /// The next packet; nil at the end.
    func next<R>(_ number: UInt64, _ body: (RawPacket, RawSpan) -> R) throws(CaptureError) -> R? {
        var next = first
        first = nil
        if next == nil { next = try nextPacket() }
        guard let found = next else { return nil }
        let raw = RawPacket(
            number: number, time: found.time, linkType: found.linkType, wireLength: found.wireLength)
        let bytes = block
        return body(raw, unsafe bytes.span.bytes.extracting(found.bytes))
    }

    private func nextPacket() throws(CaptureError) -> Found? {
        while let type = try nextBlock() {
            switch type {
            case PcapngReader.sectionType: break
            case 1: try describeInterface()
            case 2: return try packet(interface: Int(u16(8)), header: 28)
            case 3: return try simplePacket()
            case 6: return try packet(interface: Int(u32(8)), header: 28)
            default: break
            }
        }
        return nil
    }

    // MARK: blocks

    /// Reads a block, whole; nil at the end of the file.
    private func nextBlock() throws(CaptureError) -> UInt32? {
        block.removeAll(keepingCapacity: true)
        guard try fill(8, mayEnd: true) else { return nil }
        let type = u32(0)
        if type == PcapngReader.sectionType {
            _ = try fill(4)
            try beginSection()
        }
        let length = Int(u32(4))
        guard length >= 12, length % 4 == 0, length <= PcapngReader.maximumBlock, length >= block.count + 4 else {
            throw failure("a block of \(length) bytes")
        }
        _ = try fill(length - block.count)
        guard u32(length - 4) == UInt32(length) else {
            throw failure("block lengths in front and at the end do not match")
        }
        if type == PcapngReader.sectionType {
            guard length >= 28 else { throw failure("a section header of \(length) bytes") }
            guard u16(12) == 1 else { throw failure("unknown pcapng version \(u16(12)).\(u16(14))") }
            try checkOptions(from: 24)
        }
        return type
    }

    /// The byte order of what follows; its interfaces are counted anew.
    private func beginSection() throws(CaptureError) {
        isBigEndian = true
        switch u32(8) {
        case 0x1a2b_3c4d: break
        case 0x4d3c_2b1a: isBigEndian = false
        default: throw failure("a section without byte-order magic")
        }
        interfaces.removeAll()
    }

    /// Interface description: link type, reserved, snapshot length, options.
    private func describeInterface() throws(CaptureError) {
        guard block.count >= 20 else { throw failure("an interface description of \(block.count) bytes") }
        guard interfaces.count < PcapngReader.maximumInterfaces else { throw failure("too many interfaces") }
        let stated = LinkType(rawValue: Int32(u16(8)))
        var interface = Interface(
            // As libpcap numbers it, so that a packet's record does not depend on the form of its file.
            linkType: stated == .raw ? .rawLinux : stated, snapshotLength: Int(u32(12)), exponent: 6, isBinary: false,
            offset: 0)
        try eachOption(from: 16) { (code, value) throws(CaptureError) in
            switch (code, value.count) {
            case (9, 1):
                interface.isBinary = block[value.lowerBound] & 0x80 != 0
                interface.exponent = Int(block[value.lowerBound] & 0x7f)
                guard interface.exponent <= (interface.isBinary ? 63 : 19) else {
                    throw failure("timestamps finer than can be counted")
                }
            case (14, 8):
                let halves = (UInt64(u32(value.lowerBound)), UInt64(u32(value.lowerBound + 4)))
                interface.offset = Int64(
                    bitPattern: isBigEndian ? halves.0 << 32 | halves.1 : halves.1 << 32 | halves.0)
            default: break
            }
        }
        interfaces.append(interface)
    }

    private func checkOptions(from start: Int) throws(CaptureError) {
        try eachOption(from: start) { (_, _) throws(CaptureError) in }
    }

    private func eachOption(
        from start: Int, _ body: (UInt16, Range<Int>) throws(CaptureError) -> Void
    ) throws(CaptureError) {
        let end = block.count - 4
        var position = start
        while position + 4 <= end {
            let (code, length) = (u16(position), Int(u16(position + 2)))
            if code == 0 { return }
            guard position + 4 + length <= end else { throw failure("an option that is longer than its block") }
            try body(code, position + 4..<position + 4 + length)
            position += 4 + (length + 3) / 4 * 4
        }
    }

    // MARK: packets

    /// An enhanced packet, or one of the old form: interface, timestamp, captured and original length.
    private func packet(interface number: Int, header: Int) throws(CaptureError) -> Found {
        guard block.count >= header + 4 else { throw failure("a packet block of \(block.count) bytes") }
        guard number < interfaces.count else {
            throw failure("a packet of interface \(number), which is not described")
        }
        let interface = interfaces[number]
        let captured = Int(u32(20))
        guard captured <= block.count - header - 4, captured <= PcapngReader.maximumPacket else {
            throw failure("a packet of \(captured) bytes in a block of \(block.count)")
        }
        return Found(
            time: time(UInt64(u32(12)) << 32 | UInt64(u32(16)), interface), linkType: interface.linkType,
            wireLength: Int(u32(24)), bytes: header..<header + captured)
    }

    /// A packet of the first interface, without a time.
    private func simplePacket() throws(CaptureError) -> Found {
        guard block.count >= 16, let interface = interfaces.first else {
            throw failure("a simple packet without an interface, or cut short")
        }
        let length = Int(u32(8))
        var captured = min(length, block.count - 16)
        if interface.snapshotLength > 0 { captured = min(captured, interface.snapshotLength) }
        guard captured <= PcapngReader.maximumPacket else { throw failure("a packet of \(captured) bytes") }
        return Found(
            time: Timestamp(microseconds: 0), linkType: interface.linkType, wireLength: length,
            bytes: 12..<12 + captured)
    }

    private func time(_ units: UInt64, _ interface: Interface) -> Timestamp {
        let million: UInt64 = 1_000_000
        var micros: UInt64
        if interface.isBinary {
            let exponent = UInt64(interface.exponent)
            let fraction = (units & ((1 << exponent) &- 1)).multipliedFullWidth(by: million)
            let rest = exponent == 0 ? 0 : fraction.high << (64 - exponent) | fraction.low >> exponent
            let whole = (units >> exponent).multipliedReportingOverflow(by: million)
            micros = whole.overflow ? .max : whole.partialValue
            micros = micros.addingReportingOverflow(rest).overflow ? .max : micros + rest
        } else if interface.exponent > 6 {
            micros = units / (0..<interface.exponent - 6).reduce(UInt64(1)) { power, _ in power * 10 }
        } else {
            let scaled = units.multipliedReportingOverflow(
                by: (interface.exponent..<6).reduce(UInt64(1)) { power, _ in power * 10 })
            micros = scaled.overflow ? .max : scaled.partialValue
        }
        let added = interface.offset.multipliedReportingOverflow(by: Int64(million))
        let sum = Int64(clamping: micros).addingReportingOverflow(added.overflow ? 0 : added.partialValue)
        return Timestamp(microseconds: sum.overflow ? Int64(clamping: micros) : sum.partialValue)
    }

    // MARK: bytes

    /// Appends so many bytes of the file to the block.
    /// - Returns: false at the file's end, when it may end there.
    private func fill(_ count: Int, mayEnd: Bool = false) throws(CaptureError) -> Bool {
        let start = block.count
        block.append(contentsOf: repeatElement(0, count: count))
        let read = unsafe block.withUnsafeMutableBytes { buffer in
            unsafe fread(buffer.baseAddress.map { unsafe $0 + start }, 1, count, file)
        }
        if read == count { return true }
        if read == 0, mayEnd, unsafe ferror(file) == 0 { return false }
        throw failure("cut short: \(count) bytes expected, \(read) there")
    }

    private func u16(_ position: Int) -> UInt16 {
        let value = UInt16(block[position]) << 8 | UInt16(block[position + 1])
        return isBigEndian ? value : value.byteSwapped
    }

    private func u32(_ position: Int) -> UInt32 {
        let value = (0..<4).reduce(UInt32(0)) { $0 << 8 | UInt32(block[position + $1]) }
        return isBigEndian ? value : value.byteSwapped
    }

    private func failure(_ message: String) -> CaptureError { CaptureError(path: path, message: message) }
}
