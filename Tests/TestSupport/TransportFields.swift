import NetTypes
import Wire

/// One TCP option (RFC 9293 section 3.2).
public enum TCPOption: Sendable {
    case end
    case noOperation
    case maximumSegmentSize(UInt16)
    case windowScale(UInt8)
    case selectiveAcknowledgmentPermitted
    case selectiveAcknowledgment([(UInt32, UInt32)])
    case timestamp(UInt32, echo: UInt32)
    /// As it stands, right or wrong.
    case raw([UInt8])

    public var bytes: [UInt8] {
        var writer = ByteWriter()
        switch self {
        case .end: writer.u8(0)
        case .noOperation: writer.u8(1)
        case .maximumSegmentSize(let size):
            writer.append([2, 4])
            writer.u16(size)
        case .windowScale(let shift): writer.append([3, 3, shift])
        case .selectiveAcknowledgmentPermitted: writer.append([4, 2])
        case .selectiveAcknowledgment(let blocks):
            writer.append([5, UInt8(2 + 8 * blocks.count)])
            for (left, right) in blocks {
                writer.u32(left)
                writer.u32(right)
            }
        case .timestamp(let value, let echo):
            writer.append([8, 10])
            writer.u32(value)
            writer.u32(echo)
        case .raw(let bytes): writer.append(bytes)
        }
        return writer.bytes
    }
}

/// A TCP header as a test wants it; what is nil is computed.
public struct TCPFields: Sendable {
    public var sourcePort: UInt16
    public var destinationPort: UInt16
    public var sequence: UInt32
    public var acknowledgment: UInt32
    public var flags: TCPFlags
    public var window: UInt16 = 65535
    public var urgentPointer: UInt16 = 0
    public var options: [TCPOption] = []
    /// In words of four bytes.
    public var headerWords: UInt8?
    public var checksum: UInt16?

    public init(
        _ sourcePort: UInt16, _ destinationPort: UInt16, _ flags: TCPFlags = .ack, sequence: UInt32 = 1000,
        acknowledgment: UInt32 = 0, window: UInt16 = 65535, options: [TCPOption] = []
    ) {
        self.sourcePort = sourcePort
        self.destinationPort = destinationPort
        self.flags = flags
        self.sequence = sequence
        self.acknowledgment = acknowledgment
        self.window = window
        self.options = options
    }

    /// Header and payload; the checksum needs the addresses of `pseudoHeader`.
    func bytes(_ payload: [UInt8], pseudoHeader: (Int) -> [UInt8]) -> [UInt8] {
        var list = options.flatMap(\.bytes)
        list += [UInt8](repeating: 0, count: (4 - list.count % 4) % 4)
        var header = ByteWriter()
        header.u16(sourcePort)
        header.u16(destinationPort)
        header.u32(sequence)
        header.u32(acknowledgment)
        header.u8((headerWords ?? UInt8(5 + list.count / 4)) << 4)
        header.u8(flags.rawValue)
        header.u16(window)
        header.u16(0)
        header.u16(urgentPointer)
        header.append(list + payload)
        let sum = checksum ?? internetChecksum(pseudoHeader(header.bytes.count) + header.bytes)
        return LengthField(offset: 16, width: 2).setting(Int(sum), in: header.bytes)
    }
}

/// A UDP header as a test wants it; what is nil is computed.
public struct UDPFields: Sendable {
    public var sourcePort: UInt16
    public var destinationPort: UInt16
    public var length: UInt16?
    public var checksum: UInt16?

    public init(_ sourcePort: UInt16, _ destinationPort: UInt16, length: UInt16? = nil, checksum: UInt16? = nil) {
        self.sourcePort = sourcePort
        self.destinationPort = destinationPort
        self.length = length
        self.checksum = checksum
    }

    func bytes(_ payload: [UInt8], pseudoHeader: (Int) -> [UInt8]) -> [UInt8] {
        var datagram = ByteWriter()
        datagram.u16(sourcePort)
        datagram.u16(destinationPort)
        datagram.u16(length ?? UInt16(truncatingIfNeeded: 8 + payload.count))
        datagram.u16(0)
        datagram.append(payload)
        let computed = internetChecksum(pseudoHeader(datagram.bytes.count) + datagram.bytes)
        // RFC 768: a computed zero is sent as all ones.
        let sum = checksum ?? (computed == 0 ? 0xffff : computed)
        return LengthField(offset: 6, width: 2).setting(Int(sum), in: datagram.bytes)
    }
}
