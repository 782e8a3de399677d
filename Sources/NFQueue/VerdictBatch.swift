import CNetfilterQueue
import Wire

/// The verdicts of one round, written as messages of their own, one behind the other, and sent with one call. A packet
/// comes in as DROP, so that one nobody judged does not pass; only the packet taken in last can be changed or taken back.
struct VerdictBatch: ~Copyable {
    /// ACCEPT with a mark, the longer of the two messages; DROP, which has no mark, fills the first eight words.
    private typealias Message = InlineArray<10, UInt32>

    static let dropLength = 32
    static let acceptLength = 40
    /// The words behind the headers of message and attribute: verdict and id, then the mark behind a head of its own.
    private static let idWord = 7
    private static let markWord = 9

    let capacity: Int
    private(set) var count = 0
    private let drop: Message
    private let accept: Message
    /// The same for packets that have waited: the kernel says of each whether it was still there.
    private let lateDrop: Message
    private let lateAccept: Message
    private var buffer: [UInt8]
    private var used = 0
    private var last = 0
    private var lastID: UInt32 = 0

    init(queue: UInt16, capacity: Int) {
        self.capacity = capacity
        drop = VerdictBatch.words(.verdict(NF_DROP, packet: 0, queue: queue))
        accept = VerdictBatch.words(.verdict(NF_ACCEPT, packet: 0, queue: queue, mark: 0))
        lateDrop = VerdictBatch.words(.verdict(NF_DROP, packet: 0, queue: queue, acknowledged: true))
        lateAccept = VerdictBatch.words(.verdict(NF_ACCEPT, packet: 0, queue: queue, mark: 0, acknowledged: true))
        buffer = [UInt8](repeating: 0, count: capacity * VerdictBatch.acceptLength)
    }

    private static func words(_ message: NetlinkMessage) -> Message {
        let bytes = unsafe message.bytes.span.bytes
        var words = Message(repeating: 0)
        for index in 0..<min(words.count, bytes.byteCount / 4) { words[index] = bytes.hostOrder32(at: 4 * index) }
        return words
    }

    var isEmpty: Bool { count == 0 }

    var isFull: Bool { count >= capacity }

    /// Takes in a packet, to be dropped. A full batch takes none.
    mutating func append(_ id: UInt32) {
        guard !isFull else { return }
        last = used
        lastID = id
        used = last &+ VerdictBatch.dropLength
        count &+= 1
        store(drop, mark: 0)
    }

    /// Lets the packet taken in last go on, with this mark.
    mutating func passLast(mark: UInt32) {
        guard !isEmpty else { return }
        used = last &+ VerdictBatch.acceptLength
        store(accept, mark: mark)
    }

    /// Takes the packet taken in last back: it goes without a verdict for now.
    mutating func withdrawLast() {
        guard !isEmpty else { return }
        used = last
        count &-= 1
    }

    /// Takes in a packet that has waited: with a mark it goes on, without one it is dropped.
    mutating func appendLate(_ id: UInt32, mark: UInt32?) {
        guard !isFull else { return }
        last = used
        lastID = id
        used = last &+ (mark == nil ? VerdictBatch.dropLength : VerdictBatch.acceptLength)
        count &+= 1
        store(mark == nil ? lateDrop : lateAccept, mark: mark ?? 0)
    }

    mutating func removeAll() {
        count = 0
        used = 0
    }

    /// All messages, as they are sent.
    var bytes: RawSpan {
        @_lifetime(borrow self)
        get { unsafe buffer.span.bytes.extracting(first: used) }
    }

    /// Message number n begins below n times the longer length, so there is room for a whole one; a DROP is followed by
    /// two words that nobody reads, and that the next message overwrites.
    private mutating func store(_ template: Message, mark: UInt32) {
        var message = template
        message[VerdictBatch.idWord] = lastID.bigEndian
        message[VerdictBatch.markWord] = mark.bigEndian
        let offset = last
        var span = buffer.mutableSpan
        var bytes = unsafe span.mutableBytes
        bytes.storeBytes(of: message, toByteOffset: offset, as: Message.self)
    }
}
