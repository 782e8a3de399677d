import AppLayer
import Wire

/// Runs a list of buffer conditions over bytes. Each literal counts from the buffer's start or, with `distance` and
/// `within`, from where the one before it matched; then another place of that one is tried when this one does not fit.
struct ContentInspector {
    /// Conditions tried for one list on one buffer; with relative literals in many places the number of combinations
    /// has no other bound.
    static let maximumSteps = 3000

    let policy: CompiledPolicy
    let scratch: InspectionScratch
    /// Offset of the bytes in the stream; 0 for buffers and packets.
    let streamOffset: Int
    /// Nothing will be added to the buffer.
    let isComplete: Bool
    private var steps = 0
    /// No other place of an earlier literal can help.
    private var isHopeless = false

    init(policy: CompiledPolicy, scratch: InspectionScratch, streamOffset: Int = 0, isComplete: Bool = true) {
        self.policy = policy
        self.scratch = scratch
        self.streamOffset = streamOffset
        self.isComplete = isComplete
    }

    mutating func matches(_ conditions: Range<Int32>, _ bytes: RawSpan) -> Bool {
        steps = 0
        isHopeless = false
        return matches(from: Int(conditions.lowerBound), to: Int(conditions.upperBound), bytes, behind: 0)
    }

    /// - Parameter behind: end of the previous literal's match.
    private mutating func matches(from start: Int, to end: Int, _ bytes: RawSpan, behind: Int) -> Bool {
        var index = start
        var place = behind
        while index < end {
            steps += 1
            scratch.spend(1)
            guard steps <= ContentInspector.maximumSteps else {
                isHopeless = true
                return false
            }
            switch policy.bufferConditions[index] {
            case .size(let test):
                guard test.matches(Int64(bytes.byteCount + streamOffset)) else {
                    isHopeless = true
                    return false
                }
            case .bytes(let number):
                guard let next = scratch.numbers.run(policy.byteOperations[Int(number)], bytes, behind: place) else {
                    return false
                }
                place = next
            case .base64(let decoding):
                // What it makes is looked at to the end; conditions behind it do not count, as in Suricata.
                return holds(decoding, bytes, behind: place)
            case .dataset(let number):
                let condition = policy.datasetConditions[Int(number)]
                guard scratch.datasets[Int(condition.dataset)].meets(condition.command, bytes.copied()) else {
                    return false
                }
            case .expression(let expression):
                if expression.precedesRelative, index + 1 < end, !expression.isNegated {
                    return matchesInSomePlace(expression, index, end, bytes, behind: place)
                }
                let outcome = search(expression, bytes, behind: place, from: 0)
                guard outcome.holds(expression) else {
                    if !expression.isRelative { isHopeless = true }
                    return false
                }
                if case .found(let range) = outcome { place = range.upperBound }
            case .content(var pattern):
                if pattern.variables.areUsed { resolve(&pattern) }
                if pattern.precedesRelative, index + 1 < end, !pattern.isNegated {
                    return matchesInSomePlace(pattern, index, end, bytes, behind: place)
                }
                guard let found = find(pattern, bytes, behind: place, from: nil) else {
                    if pattern.isNegated { break }
                    if !pattern.isRelative { isHopeless = true }
                    return false
                }
                if pattern.isNegated {
                    if !pattern.isRelative { isHopeless = true }
                    return false
                }
                place = found
            }
            index += 1
        }
        return true
    }

    private func holds(_ decoding: Base64Decoding, _ bytes: RawSpan, behind: Int) -> Bool {
        guard !decoding.conditions.isEmpty, !scratch.isExhausted, let decoded = decoding.decode(bytes, behind: behind)
        else { return false }
        scratch.spend(decoded.count)
        var inspector = ContentInspector(policy: policy, scratch: scratch)
        return inspector.matches(decoding.conditions, unsafe decoded.span.bytes)
    }

    /// Puts the numbers read so far in the places of the literal's variables.
    private func resolve(_ pattern: inout ContentPattern) {
        func number(_ index: Int8) -> Int32? {
            index < 0 ? nil : Int32(clamping: scratch.numbers.value(variable: index))
        }
        if let offset = number(pattern.variables.offset) {
            pattern.offset = offset
            if pattern.depth != 0 { pattern.depth = Int32(clamping: Int64(pattern.depth) + Int64(offset)) }
        }
        if let depth = number(pattern.variables.depth) {
            pattern.depth = Int32(clamping: Int64(depth) + Int64(pattern.offset))
        }
        if let distance = number(pattern.variables.distance) { pattern.distance = distance }
        if let within = number(pattern.variables.within) { pattern.within = within }
    }

    /// Tries the places of a literal in turn until the rest of the list fits.
    private mutating func matchesInSomePlace(
        _ pattern: ContentPattern, _ index: Int, _ end: Int, _ bytes: RawSpan, behind: Int
    ) -> Bool {
        var next: Int?
        while true {
            steps += 1
            guard steps <= ContentInspector.maximumSteps,
                let found = find(pattern, bytes, behind: behind, from: next)
            else {
                if next == nil, !pattern.isRelative { isHopeless = true }
                return false
            }
            if matches(from: index + 1, to: end, bytes, behind: found) { return true }
            if isHopeless { return false }
            guard pattern.precedesWithin else {
                isHopeless = true
                return false
            }
            next = found - pattern.bytes.count + 1
        }
    }

    /// The same for a regular expression: the next place begins behind the start of the match before.
    private mutating func matchesInSomePlace(
        _ expression: ExpressionCondition, _ index: Int, _ end: Int, _ bytes: RawSpan, behind: Int
    ) -> Bool {
        var from = 0
        while true {
            steps += 1
            guard steps <= ContentInspector.maximumSteps else { return false }
            let outcome = search(expression, bytes, behind: behind, from: from)
            guard case .found(let range) = outcome else {
                // Without a place the rest cannot be judged: given up, it holds where that is the safe side.
                return outcome.holds(expression)
            }
            if matches(from: index + 1, to: end, bytes, behind: range.upperBound) { return true }
            if isHopeless { return false }
            from = range.lowerBound + 1
        }
    }

    /// - Parameter from: a place in the whole buffer that the match must not begin before.
    private func search(
        _ expression: ExpressionCondition, _ bytes: RawSpan, behind: Int, from: Int
    ) -> RegularExpression.Outcome {
        let base = expression.isRelative ? min(max(0, behind), bytes.byteCount) : 0
        let subject = bytes.extracting(base..<bytes.byteCount)
        guard !scratch.isExhausted else { return .limit }
        scratch.spend(subject.byteCount)
        let outcome = policy.expressions[Int(expression.index)].search(
            subject, from: max(0, from - base), scratch.expressions)
        if outcome == .limit { scratch.spend(Int(RegularExpressionScratch.matchLimit)) }
        guard case .found(let range) = outcome else { return outcome }
        if !expression.captures.isEmpty { capture(expression.captures, subject) }
        return .found(range.lowerBound + base..<range.upperBound + base)
    }

    /// Notes what the match made last has captured, until it is known whether the signature matches.
    private func capture(_ captures: Range<Int32>, _ subject: RawSpan) {
        for index in captures.asInt {
            let capture = policy.captures[index]
            guard let place = scratch.expressions.place(ofGroup: Int(capture.group)),
                place.upperBound <= subject.byteCount
            else { continue }
            let length = min(place.count, Variables.maximumBytes)
            let bytes = subject.extracting(place.lowerBound..<(place.lowerBound + length)).copied()
            scratch.captured.append((capture, bytes))
        }
    }

    /// The end of the literal's first match in its window; nil when there is none (a negated literal is "not found" too).
    private func find(_ pattern: ContentPattern, _ bytes: RawSpan, behind: Int, from: Int?) -> Int? {
        var lower: Int
        var upper: Int
        if pattern.isRelative {
            let distance = Int(pattern.distance ?? 0)
            lower = max(0, behind + distance)
            upper = bytes.byteCount
            if let within = pattern.within { upper = min(upper, behind + Int(within) + distance) }
        } else {
            lower = Int(pattern.offset)
            upper = pattern.depth == 0 ? bytes.byteCount : Int(pattern.depth)
            if streamOffset != 0, pattern.depth != 0 {
                // In a later piece of the stream the place counts from the stream's start.
                guard upper > streamOffset else { return nil }
                if upper < streamOffset + bytes.byteCount { upper -= streamOffset }
            }
        }
        if let from { lower = max(lower, from) }
        upper = min(upper, bytes.byteCount)
        guard lower >= 0, upper - lower >= pattern.bytes.count else { return nil }
        if pattern.endsWith {
            guard upper == bytes.byteCount else { return nil }
            // Only the place at the end counts, but the search stops at the first: as in the language's reference
            // engine, a literal that also stands earlier is looked for again behind it.
            return endMatch(pattern, bytes, lower: lower)
        }
        return search(pattern, bytes, lower: lower, upper: upper)
    }

    private func endMatch(_ pattern: ContentPattern, _ bytes: RawSpan, lower: Int) -> Int? {
        let start = bytes.byteCount - pattern.bytes.count
        return start >= lower && equals(pattern, bytes, at: start) ? bytes.byteCount : nil
    }

    private func search(_ pattern: ContentPattern, _ bytes: RawSpan, lower: Int, upper: Int) -> Int? {
        let count = pattern.bytes.count
        let last = upper - count
        guard lower <= last, !scratch.isExhausted else { return nil }
        let first = ByteFinder(policy.patternBytes[Int(pattern.bytes.lowerBound)], pattern.ignoresCase)
        let second =
            count > 1 ? ByteFinder(policy.patternBytes[Int(pattern.bytes.lowerBound) + 1], pattern.ignoresCase) : nil
        var position = lower
        defer { scratch.spend(min(position, last) - lower + 1) }
        // Eight places at a time, as far as the buffer has bytes for both looks.
        while position <= last, position &+ 9 <= bytes.byteCount {
            var met = first.marks(bytes, position)
            if let second, met != 0 { met &= second.marks(bytes, position &+ 1) }
            while met != 0 {
                let place = position &+ met.trailingZeroBitCount >> 3
                guard place <= last else { break }
                if equals(pattern, bytes, at: place) {
                    position = place
                    return place + count
                }
                met &= met &- 1
            }
            position &+= 8
        }
        while position <= last {
            if equals(pattern, bytes, at: position) { return position + count }
            position &+= 1
        }
        return nil
    }

    private func equals(_ pattern: ContentPattern, _ bytes: RawSpan, at position: Int) -> Bool {
        var index = 0
        let start = Int(pattern.bytes.lowerBound)
        let count = pattern.bytes.count
        while index < count {
            let byte = bytes.byte(at: position &+ index)
            let wanted = policy.patternBytes[start &+ index]
            if byte != wanted, !(pattern.ignoresCase && byte.lowercased == wanted) { return false }
            index &+= 1
        }
        return true
    }
}

extension RegularExpression.Outcome {
    /// Whether the condition is met.
    func holds(_ condition: ExpressionCondition) -> Bool {
        switch self {
        case .found: !condition.isNegated
        case .none: condition.isNegated
        case .limit: condition.holdsAtLimit
        }
    }
}

/// Finds one byte among eight at once; a letter in either case, if so wanted. May mark a place too many, never too few.
private struct ByteFinder {
    private let pattern: UInt64
    private let fold: UInt64

    init(_ byte: UInt8, _ ignoresCase: Bool) {
        let isLetter = byte.lowercased != byte.uppercased
        fold = ignoresCase && isLetter ? 0x2020_2020_2020_2020 : 0
        pattern = UInt64(ignoresCase ? byte.lowercased : byte) &* 0x0101_0101_0101_0101
    }

    /// The highest bit of each byte that may be it, first byte lowest. Eight bytes must be there.
    @inline(__always)
    func marks(_ bytes: RawSpan, _ position: Int) -> UInt64 {
        let word = UInt64(
            littleEndian: unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: position, as: UInt64.self))
        let difference = (word | fold) ^ pattern
        return (difference &- 0x0101_0101_0101_0101) & ~difference & 0x8080_8080_8080_8080
    }
}
