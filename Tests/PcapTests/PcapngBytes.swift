import NetTypes
import TestSupport

/// A pcapng file with one Ethernet interface (draft-ietf-opsawg-pcapng).
struct PcapngBytes {
    let isBigEndian: Bool

    func file(_ frames: [TimedFrame]) -> [UInt8] {
        let section = block(0x0a0d_0d0a, u32(0x1a2b_3c4d) + u16(1) + u16(0) + u32(.max) + u32(.max))
        let interface = block(1, u16(1) + u16(0) + u32(0))
        return section + interface + frames.flatMap(packet)
    }

    private func packet(_ frame: TimedFrame) -> [UInt8] {
        let time = UInt64(bitPattern: frame.time.microseconds)
        let lengths = u32(UInt32(frame.bytes.count)) + u32(UInt32(frame.bytes.count))
        let padding = [UInt8](repeating: 0, count: (4 - frame.bytes.count % 4) % 4)
        let header = u32(0) + u32(UInt32(time >> 32)) + u32(UInt32(truncatingIfNeeded: time)) + lengths
        return block(6, header + frame.bytes + padding)
    }

    func block(_ type: UInt32, _ body: [UInt8]) -> [UInt8] {
        let length = u32(UInt32(body.count + 12))
        return u32(type) + length + body + length
    }

    func u16(_ value: UInt16) -> [UInt8] { ordered([UInt8(value & 255), UInt8(value >> 8)]) }

    func u32(_ value: UInt32) -> [UInt8] {
        ordered((0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * UInt32($0))) })
    }

    private func ordered(_ littleEndian: [UInt8]) -> [UInt8] { isBigEndian ? littleEndian.reversed() : littleEndian }
}
