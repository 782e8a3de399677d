import NetTypes

/// A YAML text in which the indicators of aliases (`*`) and anchors (`&`) are other characters.
///
/// Yams resolves an alias before anybody can refuse it, and hashes every mapping key: ten anchors, each a list of ten
/// aliases of the one before, used as a key take ten thousand million steps ("billion laughs"). So the YAML parser
/// never sees an indicator. Both are replaced by characters of the private use area which the text does not use, and
/// put back in the values. A scalar without quotes that begins with a replaced character was an alias or an anchor.
struct IndicatorMask {
    let text: String
    private let standIns: [Unicode.Scalar: Unicode.Scalar]

    /// Nil when the text uses the whole private use area.
    init?(_ text: String) {
        guard text.utf8.contains(where: { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "&") }) else {
            self.text = text
            standIns = [:]
            return
        }
        let area: ClosedRange<UInt32> = 0xE000...0xF8FF
        let used = Set(text.unicodeScalars.lazy.map(\.value).filter(area.contains))
        let free: [Unicode.Scalar] = area.lazy.filter { !used.contains($0) }.prefix(2).compactMap { Unicode.Scalar($0) }
        guard free.count == 2 else { return nil }
        standIns = [free[0]: "*", free[1]: "&"]
        var masked = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "*": masked.append(free[0])
            case "&": masked.append(free[1])
            default: masked.append(scalar)
            }
        }
        self.text = String(masked)
    }

    func unmasked(_ value: String) -> String {
        guard !standIns.isEmpty, value.unicodeScalars.contains(where: { standIns[$0] != nil }) else { return value }
        return String(String.UnicodeScalarView(value.unicodeScalars.map { standIns[$0] ?? $0 }))
    }

    /// The indicator that a scalar without quotes begins with.
    func indicator(of plainScalar: String) -> Unicode.Scalar? {
        plainScalar.unicodeScalars.first.flatMap { standIns[$0] }
    }
}

/// JSON writes a character beyond U+FFFF as two escapes (`\ud83d\ude00`, RFC 8259 section 7), YAML as one
/// (`\U0001f600`).
enum SurrogatePairs {
    /// Lines stay as they are; what follows on the same line moves two columns to the left.
    static func translated(_ json: String) -> String {
        let backslash = UInt8(ascii: "\\")
        let bytes = Array(json.utf8)
        guard bytes.contains(backslash) else { return json }
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            guard bytes[index] == backslash else {
                result.append(bytes[index])
                index += 1
                continue
            }
            if let high = escape(in: bytes, at: index), (0xD800...0xDBFF).contains(high),
                let low = escape(in: bytes, at: index + 6), (0xDC00...0xDFFF).contains(low)
            {
                let digits = String(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00), radix: 16)
                result += "\\U\(String(repeating: "0", count: 8 - digits.count))\(digits)".utf8
                index += 12
            } else {
                // The escaped character goes along: it may be a backslash itself.
                result += bytes[index..<min(index + 2, bytes.count)]
                index += 2
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// The number of `\uXXXX` at `index`.
    private static func escape(in bytes: [UInt8], at index: Int) -> UInt32? {
        guard index + 6 <= bytes.count, bytes[index] == UInt8(ascii: "\\"), bytes[index + 1] == UInt8(ascii: "u") else {
            return nil
        }
        var value: UInt32 = 0
        for digit in bytes[(index + 2)..<(index + 6)] {
            guard let nibble = digit.hexadecimalDigitValue else { return nil }
            value = value << 4 | UInt32(nibble)
        }
        return value
    }
}
