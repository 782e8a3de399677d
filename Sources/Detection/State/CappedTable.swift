/// A dictionary of bounded size. When it is full a new entry takes the place of an old one: a hand walks round the
/// places and the entry under it goes, which is about the oldest. The same calls always give the same result, so that
/// a replay repeats; Swift's dictionary hashes with a random key, so that nobody can aim at collisions.
struct CappedTable<Key: Hashable, Value> {
    let capacity: Int
    private var places: [Key: Int] = [:]
    private var entries: [(key: Key, value: Value)] = []
    private var hand = 0
    /// Entries that went to make room.
    private(set) var evictions: UInt64 = 0

    init(capacity: Int) { self.capacity = max(1, capacity) }

    var count: Int { entries.count }

    subscript(key: Key) -> Value? {
        get { places[key].map { entries[$0].value } }
        set {
            if let newValue { put(key, newValue) } else { remove(key) }
        }
    }

    private mutating func put(_ key: Key, _ value: Value) {
        if let place = places[key] {
            entries[place].value = value
            return
        }
        guard entries.count >= capacity else {
            places[key] = entries.count
            entries.append((key, value))
            return
        }
        if hand >= entries.count { hand = 0 }
        places[entries[hand].key] = nil
        entries[hand] = (key, value)
        places[key] = hand
        hand += 1
        evictions &+= 1
    }

    private mutating func remove(_ key: Key) {
        guard let place = places.removeValue(forKey: key) else { return }
        let last = entries.removeLast()
        guard place < entries.count else { return }
        entries[place] = last
        places[last.key] = place
    }
}
