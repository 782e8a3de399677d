import CShim
import Glibc

/// The memory a batch of datagrams is received into, one slot each. It is allocated once and used again by every
/// round: what is read from it must be copied to outlive the round.
@safe
struct ReceiveBatch: ~Copyable {
    /// Room for the attributes beside the packet: header, mark, time, interfaces, hardware address, lengths.
    static let attributeRoom = 1024

    private let memory: UnsafeMutableRawBufferPointer
    private let lengths: UnsafeMutableBufferPointer<UInt32>
    private let slotSize: Int

    enum Outcome {
        /// So many datagrams are at hand, at least one.
        case received(Int)
        /// Time is up, or a signal came.
        case nothing
        /// The kernel had no room for a packet in the socket's buffer, and dropped it.
        case overrun
        case failed(errno: Int32)
    }

    init(datagrams: Int, copyRange: Int) {
        slotSize = (copyRange + ReceiveBatch.attributeRoom + 63) & ~63
        unsafe memory = .allocate(byteCount: slotSize * datagrams, alignment: 4096)
        unsafe lengths = .allocate(capacity: datagrams)
        unsafe lengths.initialize(repeating: 0)
    }

    deinit {
        unsafe memory.deallocate()
        unsafe lengths.deallocate()
    }

    /// Takes what is there; when nothing is and it may wait, waits for it as long as the socket's timeout allows.
    mutating func receive(from descriptor: Int32, waiting: Bool) -> Outcome {
        let count = unsafe UInt32(truncatingIfNeeded: lengths.count)
        let result =
            waiting
            ? unsafe weir_receive_waiting(descriptor, memory.baseAddress, slotSize, count, lengths.baseAddress)
            : unsafe weir_receive_batch(descriptor, memory.baseAddress, slotSize, count, lengths.baseAddress, 0)
        switch result {
        case 1...: return .received(Int(result))
        case 0, -EINTR: return .nothing
        case -ENOBUFS: return .overrun
        default: return .failed(errno: 0 &- result)
        }
    }

    /// The bytes of datagram `index`, as far as they fit into its slot. An index beyond the batch has none.
    @_lifetime(borrow self)
    func datagram(_ index: Int) -> RawSpan {
        guard index >= 0, unsafe index < lengths.count else { return RawSpan() }
        let length = unsafe min(Int(lengths[index]), slotSize)
        let slot = unsafe UnsafeRawBufferPointer(rebasing: memory[(index &* slotSize)..<(index &* slotSize &+ length)])
        return unsafe _overrideLifetime(slot.bytes, borrowing: self)
    }
}
