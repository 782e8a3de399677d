import NetTypes

/// The line before a chunk: its size in hexadecimal digits, then extensions behind a semicolon (RFC 9112 section 7.1).
enum HTTPChunkLine {
    /// - Parameter isForgiving: blanks and controls before the digits, and anything behind them, are no fault.
    static func size(_ line: [UInt8], isForgiving: Bool) -> Int? {
        let line = isForgiving ? line.drop(while: isControl) : line[...]
        let digits = line.prefix { $0.hexadecimalDigitValue != nil }
        guard (1...15).contains(digits.count) else { return nil }
        if let next = line.dropFirst(digits.count).first {
            guard isForgiving || next == 59 || next == 32 || next == 9 else { return nil }
        }
        let size = digits.reduce(0) { $0 << 4 | Int($1.hexadecimalDigitValue ?? 0) }
        return isForgiving && size > Int(Int32.max) ? nil : size
    }

    static func isBlank(_ line: [UInt8]) -> Bool { line.allSatisfy(isControl) }

    /// An incomplete line may still become one.
    static func isPlausible(_ line: [UInt8]) -> Bool {
        guard line.count >= 8, let first = line.first(where: { !isControl($0) }) else { return true }
        return first.hexadecimalDigitValue != nil
    }

    private static func isControl(_ byte: UInt8) -> Bool { byte == 32 || (9...13).contains(byte) }
}
