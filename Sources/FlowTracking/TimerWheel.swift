import NetTypes

/// Slots of one second each. A flow sits in the slot of the second it could end; when that comes and the flow has
/// lived on, it moves to the slot of its new end. A packet never touches the wheel.
struct TimerWheel: Sendable {
    /// More than the usual idle time; a longer one goes round again.
    static let size = 512

    var heads = [FlowIndex](repeating: -1, count: size)
    /// Everything up to this second has been looked at; nil before the first packet.
    var current: Int64?
}

extension FlowTable {
    /// Puts a flow where it is looked at again after `seconds`.
    public mutating func schedule(_ index: FlowIndex, after seconds: Int, from now: Timestamp) {
        unlinkTimer(index)
        let due = now.seconds &+ Int64(max(1, min(seconds, TimerWheel.size - 1)))
        let slot = Int(((due % Int64(TimerWheel.size)) &+ Int64(TimerWheel.size)) % Int64(TimerWheel.size))
        let head = wheel.heads[slot]
        self[index].timerSlot = Int32(slot)
        self[index].timerNext = head
        self[index].timerPrevious = -1
        if head >= 0 { self[head].timerPrevious = index }
        wheel.heads[slot] = index
    }

    mutating func unlinkTimer(_ index: FlowIndex) {
        let slot = Int(self[index].timerSlot)
        guard slot >= 0 else { return }
        let next = self[index].timerNext
        let previous = self[index].timerPrevious
        if previous >= 0 { self[previous].timerNext = next } else { wheel.heads[slot] = next }
        if next >= 0 { self[next].timerPrevious = previous }
        self[index].timerSlot = -1
    }

    /// Collects the flows of all slots whose second has come, at most `limit` of them. The caller ends each or
    /// schedules it again. Time that runs backwards does nothing.
    public mutating func collectDue(now: Timestamp, limit: Int, into due: inout [FlowIndex]) {
        due.removeAll(keepingCapacity: true)
        let second = now.seconds
        guard var current = wheel.current else {
            wheel.current = second
            return
        }
        // After a jump of more than a turn every slot is due once.
        if second &- current > Int64(TimerWheel.size) { current = second &- Int64(TimerWheel.size) }
        while current < second {
            let slot = Int(
                (((current &+ 1) % Int64(TimerWheel.size)) &+ Int64(TimerWheel.size)) % Int64(TimerWheel.size))
            var index = wheel.heads[slot]
            while index >= 0, due.count < limit {
                let next = self[index].timerNext
                due.append(index)
                unlinkTimer(index)
                index = next
            }
            guard wheel.heads[slot] < 0 else { break }
            current &+= 1
        }
        wheel.current = max(wheel.current ?? current, current)
    }
}
