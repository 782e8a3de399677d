import AppLayer
import Crypto
import NetTypes

/// Changes a buffer's bytes before they are compared. Transforms stand between a buffer and its conditions and apply in
/// the order written.
enum Transform: Hashable, Sendable {
    /// A dot in front, so that `.example.com` fits the name itself and everything below it.
    case dotprefix
    case stripWhitespace
    case compressWhitespace
    case toLowercase
    case toUppercase
    /// The digest's bytes.
    case toMD5
    case toSHA1
    case toSHA256
    /// `%41` and `+` of forms (application/x-www-form-urlencoded).
    case urlDecode
    /// Lines that begin with a colon, HTTP/2's pseudo header fields, are left out.
    case stripPseudoHeaders
    /// Names of header lines in lower case, values as they are.
    case headerLowercase
    case xor([UInt8])
    /// What the pattern's group captures.
    case capture(CapturingPattern)

    func apply(_ bytes: BufferBytes, _ scratch: InspectionScratch) -> BufferBytes {
        scratch.spend(bytes.range.count)
        let input = bytes.storage[bytes.range]
        switch self {
        case .dotprefix: return BufferBytes([UInt8(ascii: ".")] + input)
        case .stripWhitespace: return BufferBytes(input.filter { !Transform.isSpace($0) })
        case .compressWhitespace: return BufferBytes(Transform.compressed(input))
        case .toLowercase: return BufferBytes(input.map(\.lowercased))
        case .toUppercase: return BufferBytes(input.map(\.uppercased))
        case .toMD5: return BufferBytes(Array(Insecure.MD5.hash(data: Array(input))))
        case .toSHA1: return BufferBytes(Array(Insecure.SHA1.hash(data: Array(input))))
        case .toSHA256: return BufferBytes(Array(SHA256.hash(data: Array(input))))
        case .urlDecode: return BufferBytes(Transform.urlDecoded(input))
        case .stripPseudoHeaders: return BufferBytes(Transform.withoutPseudoHeaders(input))
        case .headerLowercase: return BufferBytes(Transform.lowercasedNames(input))
        case .xor(let key): return BufferBytes(input.enumerated().map { $1 ^ key[$0 % key.count] })
        case .capture(let pattern): return pattern.apply(bytes, scratch)
        }
    }

    static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || (9...13).contains(byte) }

    /// The first of several blanks stays, whichever it is.
    private static func compressed(_ input: ArraySlice<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(input.count)
        var isBehindSpace = false
        for byte in input {
            let isSpace = isSpace(byte)
            if !isSpace || !isBehindSpace { result.append(byte) }
            isBehindSpace = isSpace
        }
        return result
    }

    private static func urlDecoded(_ input: ArraySlice<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(input.count)
        var index = input.startIndex
        while index < input.endIndex {
            let byte = input[index]
            if byte == UInt8(ascii: "%"), input.endIndex - index > 2,
                let high = input[index + 1].hexadecimalDigitValue, let low = input[index + 2].hexadecimalDigitValue
            {
                result.append(high << 4 | low)
                index += 3
            } else {
                result.append(byte == UInt8(ascii: "+") ? 32 : byte)
                index += 1
            }
        }
        return result
    }

    private static func withoutPseudoHeaders(_ input: ArraySlice<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(input.count)
        var (isLineStart, isPseudo) = (true, false)
        for byte in input {
            if isLineStart {
                isPseudo = byte == UInt8(ascii: ":")
                isLineStart = byte == 13 || byte == 10
            } else if byte == 10 {
                if !isPseudo { result.append(byte) }
                (isLineStart, isPseudo) = (true, false)
                continue
            }
            if !isPseudo { result.append(byte) }
        }
        return result
    }

    private static func lowercasedNames(_ input: ArraySlice<UInt8>) -> [UInt8] {
        var isName = true
        return input.map { byte in
            if isName, byte == UInt8(ascii: ":") { isName = false }
            defer { if byte == 10 { isName = true } }
            return isName ? byte.lowercased : byte
        }
    }
}

/// The pattern of `pcrexform`: one group, whose text takes the buffer's place; without a match the buffer stays.
struct CapturingPattern: Hashable, Sendable {
    let text: String
    private let expression: RegularExpression

    init(_ text: String) throws(RegularExpression.Problem) {
        self.text = text
        expression = try RegularExpression(Array(text.utf8), [])
    }

    var groups: Int { expression.groupCount }

    func apply(_ bytes: BufferBytes, _ scratch: InspectionScratch) -> BufferBytes {
        guard !scratch.isExhausted else { return bytes }
        let span = unsafe bytes.storage.span.bytes.extracting(bytes.range)
        guard case .found = expression.search(span, from: 0, scratch.expressions),
            let group = scratch.expressions.firstGroup, group.upperBound <= bytes.range.count
        else { return bytes }
        let start = bytes.range.lowerBound
        return BufferBytes(bytes.storage, start + group.lowerBound..<start + group.upperBound)
    }

    static func == (left: CapturingPattern, right: CapturingPattern) -> Bool { left.text == right.text }

    func hash(into hasher: inout Hasher) { hasher.combine(text) }
}
