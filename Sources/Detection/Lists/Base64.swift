/// Base64 with padding (RFC 4648 section 4).
public enum Base64 {
    private static let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    private static let values: [UInt8] = {
        var table = [UInt8](repeating: 255, count: 256)
        for (value, letter) in letters.enumerated() { table[Int(letter)] = UInt8(value) }
        return table
    }()

    public static func encode(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        for byte in bytes {
            bits = bits << 8 | UInt32(byte)
            count += 1
            if count == 3 {
                append(bits, 4, to: &result)
                (bits, count) = (0, 0)
            }
        }
        if count > 0 {
            append(bits << UInt32(8 * (3 - count)), count + 1, to: &result)
            for _ in 0..<(3 - count) { result.append(UInt8(ascii: "=")) }
        }
        return result
    }

    private static func append(_ bits: UInt32, _ letters: Int, to result: inout [UInt8]) {
        for index in 0..<letters { result.append(Base64.letters[Int(bits >> UInt32(18 - 6 * index) & 63)]) }
    }

    /// Nil when the text is not whole groups of four, padded at the end alone.
    public static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
        guard text.count % 4 == 0 else { return nil }
        var letters = Array(text)
        var padding = 0
        while letters.last == UInt8(ascii: "="), padding < 2 {
            letters.removeLast()
            padding += 1
        }
        var result: [UInt8] = []
        result.reserveCapacity(letters.count / 4 * 3 + 2)
        var bits: UInt32 = 0
        var count = 0
        for letter in letters {
            let value = values[Int(letter)]
            guard value != 255 else { return nil }
            bits = bits << 6 | UInt32(value)
            count += 6
            if count >= 8 {
                count -= 8
                result.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        return result
    }
}
