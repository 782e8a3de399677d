import NetTypes
import Wire

/// Undoes DEFLATE (RFC 1951), in whatever pieces the bytes come. It keeps 32 KiB, and stops at the first thing that is
/// no DEFLATE.
struct Inflate {
    enum Status {
        case needsInput
        /// The output has reached its limit; call again with what is left of the input.
        case needsRoom
        case finished
        case corrupt
    }

    private enum State {
        case blockStart
        case storedLength
        case stored(Int)
        case codeSizes
        case codeLengthLengths
        case codeLengths
        case symbol
        case lengthBits(Int)
        case distance(Int)
        case distanceBits(length: Int, symbol: Int)
        case copy(length: Int, distance: Int)
        case finished
        case corrupt
    }

    static let windowSize = 32_768

    private var state = State.blockStart
    private var isLastBlock = false
    private var bits: UInt64 = 0
    private var bitCount = 0
    /// The last bytes put out; a ring once it is full.
    private var window: [UInt8] = []
    private var windowNext = 0
    /// Bytes put out in all.
    private(set) var produced = 0

    private var literalCount = 0
    private var distanceCount = 0
    private var lengthCount = 0
    private var lengths: [UInt8] = []
    private var lengthCode: HuffmanCode?
    private var literals: HuffmanCode?
    private var distances: HuffmanCode?

    /// Whole bytes that were read and not needed: they follow the last block.
    var unreadBytes: Int { bitCount >> 3 }

    /// Reads `input` from `position` on and appends to `output`, until it has `limit` bytes.
    mutating func run(_ input: RawSpan, _ position: inout Int, into output: inout [UInt8], limit: Int) -> Status {
        while true {
            switch state {
            case .finished: return .finished
            case .corrupt: return .corrupt
            case .stored, .copy, .symbol:
                if output.count >= limit { return .needsRoom }
            default: break
            }
            guard step(input, &position, &output, limit) else { return .needsInput }
        }
    }

    /// One step; false when it needs more input.
    private mutating func step(
        _ input: RawSpan, _ position: inout Int, _ output: inout [UInt8], _ limit: Int
    ) -> Bool {
        switch state {
        case .finished, .corrupt: return true
        case .blockStart: return startBlock(input, &position)
        case .storedLength: return readStoredLength(input, &position)
        case .stored(let left): return copyStored(left, input, &position, &output, limit)
        case .codeSizes: return readCodeSizes(input, &position)
        case .codeLengthLengths: return readCodeLengthLengths(input, &position)
        case .codeLengths: return readCodeLengths(input, &position)
        case .symbol: return readSymbol(input, &position, &output)
        case .lengthBits(let symbol):
            guard let extra = take(Int(Inflate.lengthExtra[symbol]), input, &position) else { return false }
            state = .distance(Int(Inflate.lengthBase[symbol]) + extra)
            return true
        case .distance(let length): return readDistance(length, input, &position)
        case .distanceBits(let length, let symbol):
            guard let extra = take(Int(Inflate.distanceExtra[symbol]), input, &position) else { return false }
            let distance = Int(Inflate.distanceBase[symbol]) + extra
            state = distance <= window.count ? .copy(length: length, distance: distance) : .corrupt
            return true
        case .copy(let length, let distance):
            let count = min(length, limit - output.count)
            for _ in 0..<count { put(byte(back: distance), &output) }
            state = count == length ? .symbol : .copy(length: length - count, distance: distance)
            return true
        }
    }

    // MARK: bits

    private mutating func fill(_ count: Int, _ input: RawSpan, _ position: inout Int) {
        while bitCount < count, position < input.byteCount {
            bits |= UInt64(input.byte(at: position)) << UInt64(bitCount)
            bitCount += 8
            position += 1
        }
    }

    private mutating func drop(_ count: Int) {
        bits >>= UInt64(count)
        bitCount -= count
    }

    /// The next bits as a number, the first lowest; nil when they are not there yet.
    private mutating func take(_ count: Int, _ input: RawSpan, _ position: inout Int) -> Int? {
        fill(count, input, &position)
        guard bitCount >= count else { return nil }
        defer { drop(count) }
        return Int(bits & (1 << UInt64(count) - 1))
    }

    private mutating func decode(_ code: HuffmanCode?, _ input: RawSpan, _ position: inout Int) -> HuffmanCode.Decoded {
        guard let code else { return .invalid }
        fill(HuffmanCode.longest, input, &position)
        return code.decode(bits, count: bitCount)
    }

    // MARK: blocks

    private mutating func startBlock(_ input: RawSpan, _ position: inout Int) -> Bool {
        if isLastBlock {
            drop(bitCount & 7)
            state = .finished
            return true
        }
        guard let header = take(3, input, &position) else { return false }
        isLastBlock = header & 1 == 1
        switch header >> 1 {
        case 0:
            drop(bitCount & 7)
            state = .storedLength
        case 1:
            literals = Inflate.fixedLiterals
            distances = Inflate.fixedDistances
            state = .symbol
        case 2: state = .codeSizes
        default: state = .corrupt
        }
        return true
    }

    private mutating func readStoredLength(_ input: RawSpan, _ position: inout Int) -> Bool {
        guard let value = take(32, input, &position) else { return false }
        let length = value & 0xffff
        state = value >> 16 == length ^ 0xffff ? .stored(length) : .corrupt
        return true
    }

    private mutating func copyStored(
        _ left: Int, _ input: RawSpan, _ position: inout Int, _ output: inout [UInt8], _ limit: Int
    ) -> Bool {
        var left = left
        while left > 0, output.count < limit {
            guard let byte = take(8, input, &position) else {
                state = .stored(left)
                return false
            }
            put(UInt8(truncatingIfNeeded: byte), &output)
            left -= 1
        }
        state = left == 0 ? .blockStart : .stored(left)
        return true
    }

    // MARK: codes of a block (RFC 1951 section 3.2.7)

    private mutating func readCodeSizes(_ input: RawSpan, _ position: inout Int) -> Bool {
        guard let sizes = take(14, input, &position) else { return false }
        literalCount = sizes & 31 + 257
        distanceCount = sizes >> 5 & 31 + 1
        lengthCount = sizes >> 10 + 4
        lengths = []
        state = literalCount <= 286 && distanceCount <= 30 ? .codeLengthLengths : .corrupt
        return true
    }

    private mutating func readCodeLengthLengths(_ input: RawSpan, _ position: inout Int) -> Bool {
        while lengths.count < lengthCount {
            guard let length = take(3, input, &position) else { return false }
            lengths.append(UInt8(truncatingIfNeeded: length))
        }
        var ordered = [UInt8](repeating: 0, count: 19)
        for (index, length) in lengths.enumerated() { ordered[Int(Inflate.codeLengthOrder[index])] = length }
        lengthCode = HuffmanCode(lengths: ordered[...])
        lengths = []
        state = lengthCode == nil ? .corrupt : .codeLengths
        return true
    }

    private mutating func readCodeLengths(_ input: RawSpan, _ position: inout Int) -> Bool {
        while lengths.count < literalCount + distanceCount {
            switch decode(lengthCode, input, &position) {
            case .needsMore: return false
            case .invalid:
                state = .corrupt
                return true
            case .symbol(let symbol, let used):
                if symbol < 16 {
                    drop(used)
                    lengths.append(UInt8(truncatingIfNeeded: symbol))
                    continue
                }
                let extra = [2, 3, 7][symbol - 16]
                fill(used + extra, input, &position)
                guard bitCount >= used + extra else { return false }
                drop(used)
                let repeated = (symbol == 18 ? 11 : 3) + (take(extra, input, &position) ?? 0)
                guard symbol != 16 || !lengths.isEmpty, lengths.count + repeated <= literalCount + distanceCount else {
                    state = .corrupt
                    return true
                }
                let value = symbol == 16 ? lengths[lengths.count - 1] : 0
                lengths += Array(repeating: value, count: repeated)
            }
        }
        // A block without an end has no end.
        guard lengths[256] > 0, let literalCode = HuffmanCode(lengths: lengths[..<literalCount]),
            let distanceCode = HuffmanCode(lengths: lengths[literalCount...], mayBeEmpty: true)
        else {
            state = .corrupt
            return true
        }
        literals = literalCode
        distances = distanceCode
        state = .symbol
        return true
    }

    // MARK: symbols

    private mutating func readSymbol(_ input: RawSpan, _ position: inout Int, _ output: inout [UInt8]) -> Bool {
        switch decode(literals, input, &position) {
        case .needsMore: return false
        case .invalid: state = .corrupt
        case .symbol(let symbol, let used):
            drop(used)
            if symbol < 256 {
                put(UInt8(truncatingIfNeeded: symbol), &output)
            } else if symbol == 256 {
                state = .blockStart
            } else {
                state = symbol - 257 < Inflate.lengthBase.count ? .lengthBits(symbol - 257) : .corrupt
            }
        }
        return true
    }

    private mutating func readDistance(_ length: Int, _ input: RawSpan, _ position: inout Int) -> Bool {
        switch decode(distances, input, &position) {
        case .needsMore: return false
        case .invalid: state = .corrupt
        case .symbol(let symbol, let used):
            drop(used)
            let isKnown = symbol < Inflate.distanceBase.count
            state = isKnown ? .distanceBits(length: length, symbol: symbol) : .corrupt
        }
        return true
    }

    private mutating func put(_ byte: UInt8, _ output: inout [UInt8]) {
        output.append(byte)
        produced &+= 1
        if window.count < Inflate.windowSize {
            window.append(byte)
        } else {
            window[windowNext] = byte
            windowNext = (windowNext + 1) & (Inflate.windowSize - 1)
        }
    }

    /// The byte put out `distance` bytes ago; there are so many.
    private func byte(back distance: Int) -> UInt8 {
        window.count < Inflate.windowSize
            ? window[window.count - distance]
            : window[(windowNext + Inflate.windowSize - distance) & (Inflate.windowSize - 1)]
    }
}

/// Constants of RFC 1951 sections 3.2.5 to 3.2.7.
extension Inflate {
    private static let codeLengthOrder: [UInt8] = [
        16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
    ]
    private static let lengthBase: [UInt16] = [
        3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227,
        258,
    ]
    private static let lengthExtra: [UInt8] = [
        0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
    ]
    private static let distanceBase: [UInt16] = [
        1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097,
        6145, 8193, 12289, 16385, 24577,
    ]
    private static let distanceExtra: [UInt8] = [
        0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
    ]
    private static let fixedLiterals = HuffmanCode(
        lengths: (Array(repeating: 8, count: 144) + Array(repeating: 9, count: 112) + Array(repeating: 7, count: 24)
            + Array(repeating: 8, count: 8))[...])
    private static let fixedDistances = HuffmanCode(lengths: Array(repeating: 5, count: 32)[...])
}
