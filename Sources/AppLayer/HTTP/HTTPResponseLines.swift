/// Ends the lines of a response's head where forgiving clients do: at CR LF, LF, LF CR, and at a CR alone. What a strict
/// reader takes for one long field can be several to a browser, and so to Suricata.
struct HTTPResponseLines {
    enum Step {
        /// The byte belongs to the line.
        case take
        /// The byte belongs to the line and ends it.
        case takeAndEnd
        /// The line has ended before this byte.
        case endBefore
    }

    private enum State {
        case inLine
        case behindCarriageReturn
        case behindLineFeed
        /// In a second CR LF behind an empty line that follows LF CR: all of that is one end.
        case inMixedEnd
    }

    private var state = State.inLine
    private var count = 0
    private var isBehindMixedEnd = false

    /// - Parameter next: the byte behind `byte`, when it is there.
    mutating func step(_ byte: UInt8, next: UInt8?) -> Step {
        switch state {
        case .behindLineFeed:
            // The CR of LF CR.
            defer { isBehindMixedEnd = true }
            return end(.takeAndEnd)
        case .inMixedEnd: return byte == 10 ? end(.takeAndEnd) : .take
        case .behindCarriageReturn where byte == 10 && isBehindMixedEnd && count == 1 && next == 13:
            state = .inMixedEnd
            return .take
        case .behindCarriageReturn where byte == 10: return end(.takeAndEnd)
        case .behindCarriageReturn where byte != 13 && count > 1: return end(.endBefore)
        case .behindCarriageReturn, .inLine: break
        }
        // A CR alone is no line; it is part of the one that follows.
        count += 1
        switch byte {
        case 13: state = .behindCarriageReturn
        case 10:
            guard next == 13 else { return end(.takeAndEnd) }
            state = .behindLineFeed
        default: state = .inLine
        }
        return .take
    }

    private mutating func end(_ step: Step) -> Step {
        state = .inLine
        count = 0
        isBehindMixedEnd = false
        return step
    }
}
