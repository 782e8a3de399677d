/// A canonical Huffman code as DEFLATE uses it (RFC 1951 section 3.2.2), decoded bit by bit: no table larger than the
/// code itself, so that a peer who sends a new code every few bytes gains nothing.
struct HuffmanCode {
    static let longest = 15

    enum Decoded {
        case symbol(Int, bits: Int)
        case needsMore
        case invalid
    }

    /// Number of codes of each length.
    private var counts = [UInt16](repeating: 0, count: HuffmanCode.longest + 1)
    /// Symbols in the order of their codes.
    private var symbols: [UInt16] = []

    /// Nil for lengths that make no code: too many codes, or too few (one alone, of one bit, is allowed).
    init?(lengths: ArraySlice<UInt8>, mayBeEmpty: Bool = false) {
        for length in lengths { counts[Int(length)] += 1 }
        counts[0] = 0
        var left = 1
        var used = 0
        for length in 1...HuffmanCode.longest {
            left = left << 1 - Int(counts[length])
            guard left >= 0 else { return nil }
            used += Int(counts[length])
        }
        if left > 0 {
            let isSingle = used == 1 && counts[1] == 1
            guard mayBeEmpty && (used == 0 || isSingle) else { return nil }
        }
        var offsets = [Int](repeating: 0, count: HuffmanCode.longest + 2)
        for length in 1...HuffmanCode.longest { offsets[length + 1] = offsets[length] + Int(counts[length]) }
        symbols = [UInt16](repeating: 0, count: used)
        for (symbol, length) in lengths.enumerated() where length > 0 {
            symbols[offsets[Int(length)]] = UInt16(truncatingIfNeeded: symbol)
            offsets[Int(length)] += 1
        }
    }

    /// - Parameter bits: the next ones, the first lowest; `count` of them are there.
    func decode(_ bits: UInt64, count: Int) -> Decoded {
        var code = 0
        var first = 0
        var index = 0
        for length in 1...HuffmanCode.longest {
            guard length <= count else { return .needsMore }
            code |= Int((bits >> UInt64(length - 1)) & 1)
            let number = Int(counts[length])
            if code - number < first { return .symbol(Int(symbols[index + code - first]), bits: length) }
            index += number
            first = (first + number) << 1
            code <<= 1
        }
        return .invalid
    }
}
