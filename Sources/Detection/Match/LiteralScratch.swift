#if Hyperscan
    import CHyperscan
#endif

/// What a search for literals writes to; one for each thread.
@safe
final class LiteralScratch {
    /// Literals that the index has met.
    var seen = NumberMarks()
    /// Where the runs met last end.
    var runEnds: [Int] = []

    #if Hyperscan
        /// Literals met, as Hyperscan's callback notes them.
        @safe
        struct Met {
            /// For each literal the search that met it last, and where it ended.
            var rounds: UnsafeMutablePointer<UInt32>
            var ends: UnsafeMutablePointer<UInt32>
            /// The literals of the search at hand, in the order they were met.
            var order: UnsafeMutablePointer<UInt32>
            var round: UInt32 = 0
            var count = 0
            /// Times that any was met.
            var reports = 0
        }

        private let met: UnsafeMutablePointer<Met>
        private var capacity = 0
        /// Hyperscan's own memory, and the state of the prototype that it was copied from.
        private var memory: OpaquePointer?
        private var age = 0

        init() {
            unsafe met = UnsafeMutablePointer<Met>.allocate(capacity: 1)
            unsafe met.initialize(
                to: Met(
                    rounds: UnsafeMutablePointer.allocate(capacity: 0),
                    ends: UnsafeMutablePointer.allocate(capacity: 0),
                    order: UnsafeMutablePointer.allocate(capacity: 0)))
        }

        deinit {
            releaseTables()
            unsafe met.deallocate()
            _ = unsafe hs_free_scratch(memory)
        }

        private func releaseTables() {
            unsafe met.pointee.rounds.deallocate()
            unsafe met.pointee.ends.deallocate()
            unsafe met.pointee.order.deallocate()
        }

        /// Room for so many literals, none of them met.
        private func begin(_ literals: Int) {
            if literals > capacity {
                releaseTables()
                capacity = max(literals, 2 * capacity)
                unsafe met.pointee = Met(
                    rounds: UnsafeMutablePointer.allocate(capacity: capacity),
                    ends: UnsafeMutablePointer.allocate(capacity: capacity),
                    order: UnsafeMutablePointer.allocate(capacity: capacity))
                unsafe met.pointee.rounds.initialize(repeating: 0, count: capacity)
            }
            unsafe met.pointee.round &+= 1
            if unsafe met.pointee.round == 0 {
                unsafe met.pointee.rounds.update(repeating: 0, count: capacity)
                unsafe met.pointee.round = 1
            }
            unsafe met.pointee.count = 0
            unsafe met.pointee.reports = 0
        }

        /// Notes the literals of `database` that stand in `bytes`.
        /// - Returns: how often any was met; nil when the search could not be made.
        func search(
            _ bytes: UnsafeRawBufferPointer, _ database: OpaquePointer, literals: Int, age needed: Int
        ) -> Int? {
            guard let length = UInt32(exactly: bytes.count) else { return nil }
            begin(literals)
            if age < needed {
                guard let copy = unsafe ScratchPrototype.copy() else { return nil }
                _ = unsafe hs_free_scratch(memory)
                unsafe memory = copy.memory
                unsafe age = copy.age
            }
            let status = unsafe hs_scan(
                database, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), length, 0, memory,
                { literal, _, end, _, context in
                    guard let met = unsafe context?.assumingMemoryBound(to: Met.self) else { return 1 }
                    let number = Int(literal)
                    if unsafe met.pointee.rounds[number] != met.pointee.round {
                        unsafe met.pointee.rounds[number] = met.pointee.round
                        unsafe met.pointee.order[met.pointee.count] = literal
                        unsafe met.pointee.count &+= 1
                    }
                    unsafe met.pointee.ends[number] = UInt32(truncatingIfNeeded: end)
                    unsafe met.pointee.reports &+= 1
                    return 0
                }, met)
            return status == HS_SUCCESS ? unsafe met.pointee.reports : nil
        }

        /// Calls `body` with each literal met and where it ended the last time.
        func forEachMet(_ body: (UInt32, UInt32) -> Void) {
            let met = unsafe self.met.pointee
            for place in 0..<met.count {
                let literal = unsafe met.order[place]
                unsafe body(literal, met.ends[Int(literal)])
            }
        }
    #else
        func forEachMet(_ body: (UInt32, UInt32) -> Void) {}
    #endif
}
