import Wire

/// `base64_decode`: a part of a buffer, decoded, and conditions on that.
struct Base64Decoding: Sendable {
    /// Most characters taken; 0 for the most there are.
    var count: Int32 = 0
    var offset: Int32 = 0
    /// The offset counts from the end of the match before.
    var isRelative = false
    /// What `base64_data` asks for, into the policy's buffer conditions. Without any the rule cannot match, as in
    /// Suricata.
    var conditions: Range<Int32> = 0..<0

    /// Characters decoded at most.
    static let maximumCount = 65535

    /// Nil when nothing can be decoded there.
    func decode(_ bytes: RawSpan, behind: Int) -> [UInt8]? {
        let start = Int(offset) &+ (isRelative ? behind : 0)
        guard start >= 0, start < bytes.byteCount else { return nil }
        let most = count == 0 ? Base64Decoding.maximumCount : Int(count)
        let result = Base64Decoding.decode(bytes.extracting(start..<start + min(most, bytes.byteCount - start)))
        return result.isEmpty ? nil : result
    }

    /// RFC 4648 section 4, up to the first character that is not in the alphabet. Padding may stand between groups, where
    /// texts were put together; an incomplete group at the end gives what it has.
    static func decode(_ text: RawSpan) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.byteCount / 4 * 3)
        var (group, characters, padding) = (UInt32(0), 0, 0)
        func flush() {
            let bytes = max(0, characters - padding - 1)
            group <<= UInt32(6 * (4 - characters))
            for index in 0..<bytes { result.append(UInt8(truncatingIfNeeded: group >> UInt32(16 - 8 * index))) }
            (group, characters, padding) = (0, 0, 0)
        }
        for index in 0..<text.byteCount {
            let byte = text.byte(at: index)
            if byte == UInt8(ascii: "=") {
                padding += 1
                group <<= 6
            } else if let value = value(of: byte) {
                group = group << 6 | UInt32(value)
            } else {
                break
            }
            characters += 1
            if characters == 4 { flush() }
        }
        if characters > 0 { flush() }
        return result
    }

    private static func value(of byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
