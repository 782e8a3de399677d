import Wire

/// Puts the bytes one side of a connection sends into order. One stated policy for overlaps: the bytes that came first
/// count, for parsing, matching and comparison alike.
///
/// In-order bytes are not copied: `insert` says which part of the payload is new, and the caller reads it where it
/// lies. Bytes that came early wait in `pending`; bytes already delivered stay in `history` while they may still be
/// sent again, so that a second version of them is noticed.
public struct StreamReassembler: Sendable {
    /// What became of a segment's payload.
    public enum Insertion: Equatable, Sendable {
        /// Payload from this index on comes next in order: call `deliver`.
        case deliver(from: Int)
        /// Early: kept until the hole before it is filled.
        case stored
        /// Nothing new in it.
        case known
        /// Over a cap: not kept. The sender's retransmission brings it again.
        case refused(StreamFault)
    }

    struct Segment: Sendable {
        var offset: UInt64
        var bytes: [UInt8]
        var end: UInt64 { offset &+ UInt64(bytes.count) }
    }

    /// Bytes delivered so far; the next one to deliver has this offset from the start of the stream.
    public private(set) var delivered: UInt64 = 0
    private var nextSequence: SequenceNumber
    /// Sorted, not overlapping, all beyond `delivered`.
    private var pending: [Segment] = []
    public private(set) var pendingBytes = 0
    private var history: [UInt8] = []
    private var historyStart: UInt64 = 0
    /// Bytes of `history` kept at least, while there are so many; it is cut back to them when it has twice as many.
    public var historyLimit: Int
    public private(set) var sawConflict = false

    /// - Parameter sequence: number of the stream's first byte.
    public init(firstByte sequence: SequenceNumber, historyLimit: Int) {
        nextSequence = sequence
        self.historyLimit = historyLimit
    }

    /// Says which number the first byte has, once the connection's start is known; without effect when bytes have come.
    public mutating func begin(at sequence: SequenceNumber) {
        if delivered == 0, pending.isEmpty { nextSequence = sequence }
    }

    public var hasPending: Bool { !pending.isEmpty }

    /// The stream offset of a sequence number near the present one; nil before the stream's start.
    public func offset(of sequence: SequenceNumber) -> UInt64? {
        let distance = sequence - nextSequence
        if distance >= 0 { return delivered &+ UInt64(distance) }
        let back = UInt64(-distance)
        return back <= delivered ? delivered &- back : nil
    }

    /// Takes a segment. `conflicts` is true when it holds other bytes than came first for the same place.
    public mutating func insert(
        sequence: SequenceNumber, _ payload: RawSpan, settings: FlowSettings
    ) -> (insertion: Insertion, conflicts: Bool) {
        var skip = 0
        let distance = sequence - nextSequence
        if distance < 0 {
            skip = -distance
            let conflicts = differsFromHistory(payload, endingBefore: min(skip, payload.byteCount), back: skip)
            if conflicts { sawConflict = true }
            guard skip < payload.byteCount else { return (.known, conflicts) }
            let rest = insertNew(payload.extracting(skip..<payload.byteCount), at: delivered, settings: settings)
            return (shift(rest.insertion, by: skip), conflicts || rest.conflicts)
        }
        guard payload.byteCount > 0 else { return (.known, false) }
        return insertNew(payload, at: delivered &+ UInt64(distance), settings: settings)
    }

    private func shift(_ insertion: Insertion, by skip: Int) -> Insertion {
        if case .deliver(let from) = insertion { .deliver(from: from &+ skip) } else { insertion }
    }

    /// Compares the part of `payload` that was delivered before. `back`: how far before `delivered` it starts.
    private func differsFromHistory(_ payload: RawSpan, endingBefore end: Int, back: Int) -> Bool {
        let keptBack = Int(delivered &- historyStart)
        // Bytes older than the history cannot be compared; they are acknowledged or beyond the cap.
        let first = max(0, back &- keptBack)
        guard first < end else { return false }
        let base = history.count &- back
        for index in first..<end where history[base &+ index] != payload.byte(at: index) { return true }
        return false
    }

    private mutating func insertNew(
        _ payload: RawSpan, at offset: UInt64, settings: FlowSettings
    ) -> (insertion: Insertion, conflicts: Bool) {
        if pending.isEmpty, offset == delivered { return (.deliver(from: 0), false) }
        let end = offset &+ UInt64(payload.byteCount)
        var conflicts = false
        for segment in pending where segment.offset < end && segment.end > offset {
            if differs(payload, at: offset, from: segment) { conflicts = true }
        }
        if conflicts { sawConflict = true }
        if offset == delivered { return (.deliver(from: 0), conflicts) }
        return (store(payload, at: offset, settings: settings), conflicts)
    }

    private func differs(_ payload: RawSpan, at offset: UInt64, from segment: Segment) -> Bool {
        let lower = max(offset, segment.offset)
        let upper = min(offset &+ UInt64(payload.byteCount), segment.end)
        var position = lower
        while position < upper {
            if segment.bytes[Int(position &- segment.offset)] != payload.byte(at: Int(position &- offset)) {
                return true
            }
            position &+= 1
        }
        return false
    }

    /// Keeps the parts that no pending segment covers.
    private mutating func store(_ payload: RawSpan, at offset: UInt64, settings: FlowSettings) -> Insertion {
        guard pendingBytes &+ payload.byteCount <= settings.pendingBytes, pending.count < settings.pendingSegments
        else {
            return .refused(.reassemblyMemory)
        }
        var position = offset
        let end = offset &+ UInt64(payload.byteCount)
        var stored = false
        var index = pending.firstIndex { $0.end > offset } ?? pending.count
        while position < end {
            let limit = index < pending.count ? min(end, pending[index].offset) : end
            if position < limit {
                let bytes = payload.extracting(Int(position &- offset)..<Int(limit &- offset)).copied()
                pending.insert(Segment(offset: position, bytes: bytes), at: index)
                pendingBytes += bytes.count
                stored = true
                index += 1
            }
            guard index < pending.count else { break }
            position = max(limit, pending[index].end)
            index += 1
        }
        return stored ? .stored : .known
    }

    /// Marks bytes as delivered, and keeps them while they may be sent again.
    private mutating func advance(_ bytes: RawSpan) {
        nextSequence += bytes.byteCount
        delivered &+= UInt64(bytes.byteCount)
        guard historyLimit > 0 else {
            history.removeAll()
            historyStart = delivered
            return
        }
        // Of a larger piece the end alone is kept; what came before it does not adjoin.
        let cut = max(0, bytes.byteCount &- historyLimit)
        if cut > 0 { history.removeAll(keepingCapacity: true) }
        let keep = bytes.extracting(cut..<bytes.byteCount)
        unsafe keep.withUnsafeBytes { unsafe history.append(contentsOf: $0) }
        if history.count &- historyLimit > historyLimit { history.removeFirst(history.count - historyLimit) }
        historyStart = delivered &- UInt64(history.count)
    }

    /// What was delivered up to now and is still kept, oldest first.
    public var retained: (start: UInt64, bytes: [UInt8]) { (historyStart, history) }

    /// Keeps a segment until its bytes are acknowledged. Of two versions the one that begins earlier counts, or else the
    /// first (the BSD way).
    public mutating func keep(
        sequence: SequenceNumber, _ payload: RawSpan, settings: FlowSettings
    ) -> (isKept: Bool, conflicts: Bool) {
        guard let start = offset(of: sequence) else { return (false, false) }
        var segment = Segment(offset: start, bytes: payload.copied())
        var conflicts = false
        if segment.offset < delivered {
            let known = min(Int(delivered &- segment.offset), segment.bytes.count)
            conflicts = differsFromHistory(payload, endingBefore: known, back: Int(delivered &- segment.offset))
            segment.bytes.removeFirst(known)
            segment.offset &+= UInt64(known)
        }
        for other in pending where other.offset < segment.end && other.end > segment.offset {
            if differs(unsafe segment.bytes.span.bytes, at: segment.offset, from: other) { conflicts = true }
        }
        if let before = pending.last(where: { $0.offset <= segment.offset }), before.end > segment.offset {
            let known = min(Int(before.end &- segment.offset), segment.bytes.count)
            segment.bytes.removeFirst(known)
            segment.offset &+= UInt64(known)
        }
        guard !segment.bytes.isEmpty else { return (true, conflicts) }
        guard pendingBytes &+ segment.bytes.count <= settings.pendingBytes &* 4,
            pending.count < settings.pendingSegments &* 8
        else { return (false, conflicts) }
        for index in pending.indices.reversed()
        where pending[index].offset >= segment.offset && pending[index].offset < segment.end {
            let known = min(Int(segment.end &- pending[index].offset), pending[index].bytes.count)
            pendingBytes -= known
            pending[index].bytes.removeFirst(known)
            pending[index].offset &+= UInt64(known)
            if pending[index].bytes.isEmpty { pending.remove(at: index) }
        }
        pendingBytes += segment.bytes.count
        pending.insert(segment, at: pending.firstIndex { $0.offset > segment.offset } ?? pending.count)
        return (true, conflicts)
    }

    /// Reads kept bytes in order, as far as they adjoin and lie before `limit`; all that adjoin without one.
    public mutating func deliverKept(until limit: SequenceNumber?, _ body: (RawSpan) -> Void) {
        while let first = pending.first, first.offset <= delivered {
            let room = limit.map { max(0, $0 - nextSequence) } ?? Int.max
            let start = Int(delivered &- first.offset)
            let count = min(room, first.bytes.count - start)
            if count > 0 {
                let bytes = Array(first.bytes[start..<(start + count)])
                body(unsafe bytes.span.bytes)
                advance(unsafe bytes.span.bytes)
            }
            guard first.end <= delivered else { return }
            pendingBytes -= first.bytes.count
            pending.removeFirst()
        }
    }

    /// Behind the last byte that has come by.
    public var end: UInt64 { pending.last.map(\.end) ?? delivered }

    /// The bytes at hand from `start` on, early ones too.
    public func kept(since start: UInt64) -> [UInt8] {
        guard start < end else { return [] }
        return Array(dump.dropFirst(Int(start &- min(start, historyStart))))
    }

    /// The bytes at hand, early ones too, with a word where some are missing: for records.
    public var dump: [UInt8] {
        var bytes = history
        var position = delivered
        for segment in pending {
            if segment.offset > position, !bytes.isEmpty {
                bytes += Array("[\(segment.offset - position) bytes missing]".utf8)
            }
            bytes += segment.bytes
            position = segment.end
        }
        return bytes
    }

    /// Reads `payload` from `start` on, and every early segment that now fits, in stream order. Where both hold the same
    /// place the early bytes are read: they came first.
    public mutating func deliver(_ payload: RawSpan, from start: Int, _ body: (RawSpan) -> Void) {
        let base = delivered &- UInt64(start)
        while true {
            if let early = takePending() {
                let bytes = unsafe early.span.bytes
                body(bytes)
                advance(bytes)
                continue
            }
            let index = Int(delivered &- base)
            guard index < payload.byteCount else { return }
            let untilPending = pending.first.map { Int(truncatingIfNeeded: $0.offset &- delivered) } ?? Int.max
            let count = min(payload.byteCount &- index, untilPending)
            let part = payload.extracting(index..<(index &+ count))
            body(part)
            advance(part)
        }
    }

    /// The next run of early bytes, once the hole before it is filled.
    mutating func takePending() -> [UInt8]? {
        while let first = pending.first {
            if first.end <= delivered {
                pendingBytes -= first.bytes.count
                pending.removeFirst()
                continue
            }
            guard first.offset <= delivered else { return nil }
            pendingBytes -= first.bytes.count
            pending.removeFirst()
            return Array(first.bytes[Int(delivered &- first.offset)...])
        }
        return nil
    }

    /// Bytes that the receiver has acknowledged and that never came by, with later ones waiting behind them.
    public func hasGap(acknowledged: SequenceNumber) -> Bool {
        !pending.isEmpty && acknowledged > nextSequence
    }

    /// Gives up on the bytes before the first pending segment: they were acknowledged but never seen.
    /// - Returns: how many bytes are skipped.
    public mutating func skipToPending() -> Int {
        guard let first = pending.first, first.offset > delivered else { return 0 }
        let gap = Int(truncatingIfNeeded: first.offset &- delivered)
        skip(gap)
        return gap
    }

    /// Gives up on bytes before `offset` that were never seen, and reads those that were.
    /// - Parameter gap: called with their number where bytes are missing, before what follows them.
    public mutating func catchUp(to offset: UInt64, gap: (Int) -> Void, body: (RawSpan) -> Void) {
        while delivered < offset {
            let next = pending.first.map { min($0.offset, offset) } ?? offset
            if next > delivered {
                let count = Int(truncatingIfNeeded: next &- delivered)
                skip(count)
                gap(count)
            }
            guard let early = takePending() else { continue }
            let bytes = unsafe early.span.bytes
            body(bytes)
            advance(bytes)
        }
    }

    /// Skips bytes that were never seen.
    public mutating func skip(_ count: Int) {
        nextSequence += count
        delivered &+= UInt64(count)
        history.removeAll()
        historyStart = delivered
    }

    /// Forgets delivered bytes before `offset`: they were acknowledged, no second version can reach the endpoint.
    public mutating func forget(before offset: UInt64) {
        guard offset > historyStart else { return }
        let drop = min(UInt64(history.count), offset &- historyStart)
        // Shifting the array costs its length; it is worth it only for a larger part.
        guard drop == UInt64(history.count) || drop > 4096 else { return }
        history.removeFirst(Int(drop))
        historyStart &+= drop
    }
}
