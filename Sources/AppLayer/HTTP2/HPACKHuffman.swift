import Wire

/// HPACK's Huffman code (RFC 7541 section 5.2 and appendix B). The code is canonical: lengths alone give it.
enum HPACKHuffman {
    enum Fault: Error {
        case invalid
        case tooLong
    }

    /// Length of the code of each byte, and of the end of string; "N*M" stands for M times N.
    private static let lengthText = """
        13 23 28*7 24 30 28*2 30 28*8 30 28*9 6 10 10 12 13 6 8 11 10 10 8 11 8 6 6 6 5*3 6*7 7 8 15 6 12 10 13 6 7*22 8
        7 8 13 19 13 14 6 15 5 6 5 6 5 6*3 5 7 7 6*3 5 6 7 6 5 5 6 7*5 15 11 14 13 28 20 22 20 20 22*3 23 22 23*5 24 23
        24 24 22 23 24 23*4 21 22 23 22 23 23 24 22 21 20 22 22 23 23 21 23 22 22 24 21 22 23 23 21 21 22 21 23 22 23 23
        20 22*3 23 22 22 23 26 26 20 19 22 23 22 25 26*3 27 27 26 24 25 19 21 26 27 27 26 27 24 21 21 26 26 28 27*3 20 24
        20 21 22 21 21 23 22 22 25 25 24 24 26 23 26 27 26 26 27*5 28 27*5 26 30
        """

    private static let lengths: [Int] = lengthText.split(whereSeparator: \.isWhitespace).flatMap { part in
        let numbers = part.split(separator: "*").compactMap { Int($0) }
        return Array(repeating: numbers[0], count: numbers.count == 2 ? numbers[1] : 1)
    }

    /// Symbols in the order of their codes.
    private static let symbols: [UInt16] = (5...30).flatMap { length in
        lengths.indices.filter { lengths[$0] == length }.map { UInt16($0) }
    }

    /// By length: the first code, how many there are, and the place of the first one's symbol.
    private static let groups: [(first: Int, count: Int, place: Int)] = {
        var groups = [(first: Int, count: Int, place: Int)](repeating: (0, 0, 0), count: 31)
        var code = 0
        var place = 0
        for length in 1...30 {
            code <<= 1
            let count = lengths.count { $0 == length }
            groups[length] = (code, count, place)
            code += count
            place += count
        }
        return groups
    }()

    /// - Parameter limit: bytes that may come out.
    static func decode(_ bytes: RawSpan, limit: Int) throws(Fault) -> [UInt8] {
        var result: [UInt8] = []
        var code = 0
        var length = 0
        for index in 0..<bytes.byteCount {
            let byte = bytes.byte(at: index)
            for bit in (0..<8).reversed() {
                code = code << 1 | Int(byte >> UInt8(bit) & 1)
                length += 1
                guard length <= 30 else { throw .invalid }
                let group = groups[length]
                guard code - group.first < group.count, code >= group.first else { continue }
                let symbol = symbols[group.place + code - group.first]
                // The end of string is never written out.
                guard symbol < 256 else { throw .invalid }
                guard result.count < limit else { throw .tooLong }
                result.append(UInt8(symbol))
                code = 0
                length = 0
            }
        }
        // What is left is padding: less than a byte, and the beginning of the end of string, all ones.
        guard length < 8, code == (1 << length) - 1 else { throw .invalid }
        return result
    }
}
