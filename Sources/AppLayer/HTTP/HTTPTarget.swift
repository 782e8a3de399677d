import NetTypes

/// The request target as rules see it: what a server would look up, in the reading of a decoder that takes every form
/// some server takes (Suricata's default personality).
public enum HTTPTarget {
    private static let slash = UInt8(ascii: "/")

    /// Without scheme and authority; the path percent-decoded, its separators alike and single, UTF-8 turned into bytes,
    /// dot segments folded (RFC 3986 section 5.2.4); query and fragment percent-decoded.
    /// Nil when nothing is left.
    public static func normalized(_ target: ArraySlice<UInt8>) -> [UInt8]? {
        var rest = target
        if let start = pathStart(target) { rest = target[start...] }
        let hash = rest.firstIndex(of: UInt8(ascii: "#")) ?? rest.endIndex
        let question = rest[..<hash].firstIndex(of: UInt8(ascii: "?")) ?? hash
        var result = withoutDotSegments(bestFit(decodedPath(rest[..<question])))
        result += percentDecoded(rest[question...])
        return result.isEmpty ? nil : result
    }

    /// Behind `scheme:` and `//authority`; nil when the target begins with its path.
    private static func pathStart(_ target: ArraySlice<UInt8>) -> Int? {
        guard target.first != UInt8(ascii: "/"), let colon = target.firstIndex(of: UInt8(ascii: ":")) else {
            return nil
        }
        let rest = target[(colon + 1)...]
        guard rest.starts(with: [UInt8(ascii: "/"), UInt8(ascii: "/")]) else { return rest.startIndex }
        return rest.dropFirst(2).firstIndex {
            [UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "#")].contains($0)
        } ?? rest.endIndex
    }

    // MARK: percent-encoding

    private static func decodedPath(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var index = bytes.startIndex
        while let decoded = nextByte(bytes, &index, takesUnicode: true) {
            let byte = decoded == UInt8(ascii: "\\") ? UInt8(ascii: "/") : decoded
            if byte == UInt8(ascii: "/"), result.last == byte { continue }
            result.append(byte)
        }
        return result
    }

    private static func percentDecoded(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var index = bytes.startIndex
        while let byte = nextByte(bytes, &index, takesUnicode: false) { result.append(byte) }
        return result
    }

    /// One byte, `%41` or `%u0041`; what is no encoding stands for itself. Nil at the end.
    private static func nextByte(_ bytes: ArraySlice<UInt8>, _ index: inout Int, takesUnicode: Bool) -> UInt8? {
        guard index < bytes.endIndex else { return nil }
        if bytes[index] == UInt8(ascii: "%") {
            if let value = number(bytes, index + 1, digits: 2) {
                index += 3
                return UInt8(truncatingIfNeeded: value)
            }
            if takesUnicode, index + 1 < bytes.endIndex, bytes[index + 1].lowercased == UInt8(ascii: "u"),
                let value = number(bytes, index + 2, digits: 4)
            {
                index += 6
                return BestFit.byte(for: UInt32(value))
            }
        }
        defer { index += 1 }
        return bytes[index]
    }

    private static func number(_ bytes: ArraySlice<UInt8>, _ start: Int, digits: Int) -> Int? {
        guard start + digits <= bytes.endIndex else { return nil }
        var value = 0
        for index in start..<(start + digits) {
            guard let digit = bytes[index].hexadecimalDigitValue else { return nil }
            value = value << 4 | Int(digit)
        }
        return value
    }

    // MARK: characters

    /// UTF-8 as single bytes. Overlong forms are read as what they stand for, other invalid ones become a question mark.
    private static func bestFit(_ bytes: [UInt8]) -> [UInt8] {
        guard bytes.contains(where: { $0 >= 0x80 }) else { return bytes }
        var result: [UInt8] = []
        var index = 0
        while index < bytes.count {
            let length = sequenceLength(bytes[index])
            guard length > 1 else {
                result.append(length == 1 ? bytes[index] : UInt8(ascii: "?"))
                index += 1
                continue
            }
            var scalar = UInt32(bytes[index]) & (0x7f >> UInt32(length))
            var taken = 1
            while taken < length, index + taken < bytes.count, bytes[index + taken] & 0xc0 == 0x80 {
                scalar = scalar << 6 | UInt32(bytes[index + taken] & 0x3f)
                taken += 1
            }
            if taken == length {
                result.append(BestFit.byte(for: scalar))
            } else if index + taken < bytes.count {
                result.append(UInt8(ascii: "?"))
            }
            index += taken
        }
        return result
    }

    /// 0 for a byte that begins no sequence.
    private static func sequenceLength(_ byte: UInt8) -> Int {
        switch byte {
        case 0..<0x80: 1
        case 0xc0..<0xe0: 2
        case 0xe0..<0xf0: 3
        case 0xf0..<0xf5: 4
        default: 0
        }
    }

    // MARK: segments

    /// Differs from the RFC as Suricata does: a path that ends in a dot segment loses the slash as well.
    private static func withoutDotSegments(_ path: [UInt8]) -> [UInt8] {
        let dot = UInt8(ascii: ".")
        guard path.contains(dot) else { return path }
        var result: [UInt8] = []
        result.reserveCapacity(path.count)
        var isBehindDots = false
        for segment in segments(withoutRelativeStart(path[...])) {
            let name = segment.first == slash ? segment.dropFirst() : segment
            if name.elementsEqual([dot, dot]) {
                let start = result.lastIndex(of: slash) ?? 0
                result.removeLast(result.count - start)
                isBehindDots = true
            } else if name.elementsEqual([dot]) {
                isBehindDots = true
            } else if !name.isEmpty || !isBehindDots {
                result += segment
                isBehindDots = false
            }
        }
        return result
    }

    private static func withoutRelativeStart(_ path: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var rest = path
        while true {
            if rest.starts(with: [46, 46, slash]) {
                rest = rest.dropFirst(3)
            } else if rest.starts(with: [46, slash]) {
                rest = rest.dropFirst(2)
            } else {
                return rest
            }
        }
    }

    /// Each with the slash before it.
    private static func segments(_ path: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
        var result: [ArraySlice<UInt8>] = []
        var start = path.startIndex
        for index in path.indices.dropFirst() where path[index] == slash {
            result.append(path[start..<index])
            start = index
        }
        result.append(path[start...])
        return result
    }
}
