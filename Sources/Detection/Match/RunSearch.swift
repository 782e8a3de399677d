import AppLayer
import Wire

/// Finds one byte over and over: literals that padding, tables and empty pages are full of.
struct RunSearch: Sendable {
    private let runs: [Run]
    /// Whether any run is of this byte.
    private let isWanted: [Bool]
    private let shortest: Int

    private struct Run {
        var byte: UInt8
        var length: Int
    }

    /// - Parameter runs: each of two bytes or more, in small letters.
    init(_ runs: [(byte: UInt8, length: Int)]) {
        self.runs = runs.map { Run(byte: $0.byte, length: $0.length) }
        isWanted = (0...UInt8.max).map { byte in runs.contains { $0.byte == byte } }
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
            if end &- start >= shortest, isWanted[Int(byte)] {
                if !isMet {
                    isMet = true
                    ends.removeAll(keepingCapacity: true)
                    for _ in runs { ends.append(-1) }
                }
                for (number, run) in runs.enumerated() where run.byte == byte && run.length <= end &- start {
                    ends[number] = end
                }
            }
            position = end
        }
        guard isMet else { return }
        for (number, end) in ends.enumerated() where end >= 0 { found(number, end &- runs[number].length) }
    }
}
