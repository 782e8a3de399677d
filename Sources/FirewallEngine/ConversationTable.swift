import Detection

/// The conversations of flows that need one, by slot.
struct ConversationTable {
    private var slots: [Conversation?] = []
    private var free: [Int32] = []
    private(set) var count = 0

    subscript(slot: Int32) -> Conversation? { slot >= 0 ? slots[Int(slot)] : nil }

    mutating func add(_ conversation: Conversation) -> Int32 {
        count += 1
        if let slot = free.popLast() {
            slots[Int(slot)] = conversation
            return slot
        }
        slots.append(conversation)
        return Int32(slots.count - 1)
    }

    mutating func remove(_ slot: Int32) {
        guard slot >= 0, slots[Int(slot)] != nil else { return }
        slots[Int(slot)] = nil
        free.append(slot)
        count -= 1
    }
}
