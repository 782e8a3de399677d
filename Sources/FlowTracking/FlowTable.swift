import NetTypes
import Wire

/// All flows of one pipeline: an open-addressing index over a slab of records. Memory is asked for in chunks as flows
/// come; nothing moves, nothing is resized, so that no packet pays for growth.
@safe
public struct FlowTable: ~Copyable {
    /// Flows in one chunk of the slab.
    static let chunkSize = 1024
    static let emptySlot: UInt64 = 0

    @usableFromInline let chunks: UnsafeMutableBufferPointer<UnsafeMutablePointer<Flow>?>
    /// Each slot: tag (upper half of the hash, never 0) and index + 1 of the flow; 0 is empty.
    private let slots: UnsafeMutableBufferPointer<UInt64>
    private let mask: Int
    private let seed: UInt64
    private var free: [FlowIndex] = []
    private var used: FlowIndex = 0
    private var nextIdentifier: Int64
    public let capacity: Int
    public private(set) var count = 0
    var wheel = TimerWheel()
    var halfOpenHead: FlowIndex = -1
    var halfOpenTail: FlowIndex = -1
    public private(set) var halfOpenCount = 0

    /// - Parameter seed: of the hash and of flow identifiers; random on a gateway, fixed in replay.
    public init(capacity: Int, seed: UInt64) {
        let bounded = max(16, min(capacity, 1 << 28))
        self.capacity = bounded
        self.seed = seed
        nextIdentifier = Int64(truncatingIfNeeded: seed >> 12)
        var size = 32
        while size < bounded * 2 { size *= 2 }
        mask = size - 1
        unsafe slots = .allocate(capacity: size)
        unsafe slots.initialize(repeating: FlowTable.emptySlot)
        unsafe chunks = .allocate(capacity: (bounded + FlowTable.chunkSize - 1) / FlowTable.chunkSize)
        unsafe chunks.initialize(repeating: nil)
    }

    deinit {
        for index in unsafe chunks.indices {
            unsafe chunks[index]?.deallocate()
        }
        unsafe chunks.deallocate()
        unsafe slots.deallocate()
    }

    public var isFull: Bool { count >= capacity }

    @inlinable
    public subscript(index: FlowIndex) -> Flow {
        _read { yield unsafe record(index).pointee }
        _modify { yield unsafe &record(index).pointee }
    }

    @inlinable
    func record(_ index: FlowIndex) -> UnsafeMutablePointer<Flow> {
        let number = Int(index)
        guard let chunk = unsafe chunks[number >> 10] else { preconditionFailure("flow index without a chunk") }
        return unsafe chunk + (number & 1023)
    }

    // MARK: lookup

    /// Finds the flow of a packet.
    public func find(_ key: FlowKey) -> FlowIndex? {
        let hash = key.hash(seed: seed)
        let tag = FlowTable.tag(hash)
        var position = Int(truncatingIfNeeded: hash) & mask
        while true {
            let slot = unsafe slots[position]
            if slot == FlowTable.emptySlot { return nil }
            if slot >> 32 == tag {
                let index = FlowIndex(truncatingIfNeeded: slot) &- 1
                if self[index].key == key { return index }
            }
            position = (position &+ 1) & mask
        }
    }

    private static func tag(_ hash: UInt64) -> UInt64 { hash >> 32 | 1 }

    // MARK: change

    /// Adds a flow. The table must not be full and must not hold the key.
    public mutating func insert(_ key: FlowKey, clientIsFirst: Bool, time: Timestamp) -> FlowIndex {
        let index = takeIndex()
        var flow = Flow(key: key, clientIsFirst: clientIsFirst, time: time)
        let hash = key.hash(seed: seed)
        flow.hash = UInt32(truncatingIfNeeded: hash)
        flow.identifier = takeIdentifier()
        unsafe record(index).initialize(to: flow)
        var position = Int(truncatingIfNeeded: hash) & mask
        while unsafe slots[position] != FlowTable.emptySlot { position = (position &+ 1) & mask }
        unsafe slots[position] = FlowTable.tag(hash) << 32 | UInt64(UInt32(bitPattern: index) &+ 1)
        count += 1
        return index
    }

    private mutating func takeIndex() -> FlowIndex {
        if let index = free.popLast() { return index }
        let index = used
        used &+= 1
        let chunk = Int(index) >> 10
        if unsafe chunks[chunk] == nil {
            unsafe chunks[chunk] = .allocate(capacity: FlowTable.chunkSize)
        }
        return index
    }

    /// Identifiers do not repeat for 2^47 flows and stay exact in JSON numbers (below 2^53).
    private mutating func takeIdentifier() -> Int64 {
        nextIdentifier = (nextIdentifier &+ 1) & 0x1f_ffff_ffff_ffff
        return nextIdentifier
    }

    /// Forgets a flow; its index may be used again at once.
    public mutating func remove(_ index: FlowIndex) {
        unlinkTimer(index)
        unlinkHalfOpen(index)
        let hash = self[index].hash
        var position = Int(hash) & mask
        while unsafe FlowIndex(truncatingIfNeeded: slots[position]) &- 1 != index { position = (position &+ 1) & mask }
        closeGap(at: position)
        free.append(index)
        count -= 1
    }

    /// Backward-shift deletion: later members of the probe run move up, so that no tombstones pile up.
    private mutating func closeGap(at start: Int) {
        var gap = start
        var position = start
        while true {
            position = (position &+ 1) & mask
            let slot = unsafe slots[position]
            if slot == FlowTable.emptySlot { break }
            let home = Int(self[FlowIndex(truncatingIfNeeded: slot) &- 1].hash) & mask
            // The slot may move to the gap unless its home lies between the gap (exclusive) and itself.
            if (position &- home) & mask >= (position &- gap) & mask {
                unsafe slots[gap] = slot
                gap = position
            }
        }
        unsafe slots[gap] = FlowTable.emptySlot
    }

    /// Every flow, oldest slot first. For the end of a run and for listings, not for the packet path.
    public func visit(_ body: (FlowIndex) -> Void) {
        let unused = Set(free)
        for index in 0..<used where !unused.contains(index) { body(index) }
    }

    // MARK: half-open flows

    /// Puts a new flow at the young end of the list that eviction takes from.
    public mutating func linkHalfOpen(_ index: FlowIndex) {
        guard !self[index].isHalfOpen else { return }
        self[index].isHalfOpen = true
        self[index].halfOpenPrevious = halfOpenTail
        self[index].halfOpenNext = -1
        if halfOpenTail >= 0 { self[halfOpenTail].halfOpenNext = index } else { halfOpenHead = index }
        halfOpenTail = index
        halfOpenCount += 1
    }

    public mutating func unlinkHalfOpen(_ index: FlowIndex) {
        guard self[index].isHalfOpen else { return }
        let next = self[index].halfOpenNext
        let previous = self[index].halfOpenPrevious
        if previous >= 0 { self[previous].halfOpenNext = next } else { halfOpenHead = next }
        if next >= 0 { self[next].halfOpenPrevious = previous } else { halfOpenTail = previous }
        self[index].isHalfOpen = false
        halfOpenCount -= 1
    }

    /// The half-open flow that has waited longest.
    public var oldestHalfOpen: FlowIndex? { halfOpenHead >= 0 ? halfOpenHead : nil }
}
