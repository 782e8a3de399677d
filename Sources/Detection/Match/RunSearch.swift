import AppLayer
import Wire

/// Finds one byte over and over: literals that padding, tables and empty pages are full of.
struct RunSearch: Sendable {
    /// By their bytes.
    private let runs: [Run]
    /// For each byte where its runs begin, and where the last one's end.
    private let places: [Int]
    private let shortest: Int

    private struct Run {
        var byte: UInt8
        var length: Int
        /// As its place in what the search was made of.
        var number: Int
    }

    /// - Parameter runs: each of two bytes or more, in small letters.
    init(_ runs: [(byte: UInt8, length: Int)]) {
        let sorted = runs.enumerated().map { Run(byte: $1.byte, length: $1.length, number: $0) }
            .sorted { ($0.byte, $0.number) < ($1.byte, $1.number) }
        self.runs = sorted
        places = (0...256).map { byte in sorted.firstIndex { Int($0.byte) >= byte } ?? sorted.count }
        shortest = runs.map(\.length).min() ?? 2
    }

    /// Calls `found` with the number of every run that stands in `buffer` from `from` on, and where it begins the last
    /// time.
    /// - Parameter ends: for use here.
    func search(_ buffer: RawSpan, from: Int, _ ends: inout [Int], _ found: (Int, Int) -> Void) {
        let count = buffer.byteCount
        var isMet = false
        var position = from
        while position &+ shortest <= count {
            // Bytes that are as their neighbours behind, as many of them as every run has. What stands behind the end counts
            // as zeros; the run is counted out.
            let here = LiteralIndex.folded(buffer, position)
            let behind = LiteralIndex.folded(buffer, position &+ 1)
            var difference = here ^ behind
            if shortest > 2 { difference |= behind ^ LiteralIndex.folded(buffer, position &+ 2) }
            let isZero = (difference &- 0x0101_0101_0101_0101) & ~difference & 0x8080_8080_8080_8080
            guard isZero != 0 else {
                position &+= 8
                continue
            }
            let start = position &+ isZero.trailingZeroBitCount / 8
            guard start < count else { break }
            let byte = buffer.byte(at: start).lowercased
            var end = start &+ 1
            while end < count, buffer.byte(at: end).lowercased == byte { end &+= 1 }
            // A byte has few runs: literals are short.
            let wanted = places[Int(byte)]..<places[Int(byte) &+ 1]
            if end &- start >= shortest, !wanted.isEmpty {
                if !isMet {
                    isMet = true
                    ends.removeAll(keepingCapacity: true)
                    for _ in runs { ends.append(-1) }
                }
                for place in wanted where runs[place].length <= end &- start { ends[place] = end }
            }
            position = end
        }
        guard isMet else { return }
        for (run, end) in zip(runs, ends) where end >= 0 { found(run.number, end &- run.length) }
    }
}
