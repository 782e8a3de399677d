import Wire

/// Cuts a stream into lines that end with LF, or CR LF. What it keeps is capped: a longer line comes in pieces.
struct LineReader {
    struct Piece {
        /// Without the line end.
        var bytes: [UInt8]
        /// The line's first piece, and its last.
        var isFirst: Bool
        var isLast: Bool
    }

    /// Bytes of one piece.
    let limit: Int
    private var kept: [UInt8] = []
    private var isContinued = false

    init(limit: Int) { self.limit = limit }

    /// The next piece; nil when the bytes end before it does.
    @_lifetime(cursor: copy cursor)
    mutating func next(_ cursor: inout ByteCursor) -> Piece? {
        while let byte = try? cursor.u8() {
            if byte == 10 {
                if kept.last == 13 { kept.removeLast() }
                return take(isLast: true)
            }
            kept.append(byte)
            // A CR may be half of the line's end.
            if kept.count >= limit, byte != 13 || kept.count > limit { return take(isLast: false) }
        }
        return nil
    }

    private mutating func take(isLast: Bool) -> Piece {
        defer {
            kept = []
            isContinued = !isLast
        }
        return Piece(bytes: kept, isFirst: !isContinued, isLast: isLast)
    }
}
