import Wire

/// The bytes that one side sends in CRYPTO frames of its Initial packets: a stream with offsets, in any order (RFC 9000
/// section 19.6).
struct QUICCryptoStream {
    enum Fault: Error {
        /// The same place with other bytes: which of them the other side takes cannot be known.
        case conflict
        case tooLong
    }

    /// Bytes kept, the same as for one TLS handshake message.
    let limit: Int
    /// Pieces kept apart. Browsers cut a hello into some dozens, to keep middleboxes honest.
    static let maximumPieces = 256

    /// Does not touch or overlap its neighbours; in order.
    private var pieces: [(start: Int, bytes: [UInt8])] = []
    private var count = 0
    /// What lies before has been read and let go.
    private var consumed = 0

    init(limit: Int) { self.limit = limit }

    /// Something has come and is not a whole message yet.
    var isPending: Bool { count > 0 }

    /// What can be read: everything from the first byte that was not taken, without a gap.
    var ready: [UInt8] { pieces.first.map { $0.start == consumed ? $0.bytes : [] } ?? [] }

    /// The first bytes of `ready` are read.
    mutating func take(_ length: Int) {
        guard length > 0, let first = pieces.first, first.start == consumed, length <= first.bytes.count else { return }
        consumed += length
        count -= length
        if length == first.bytes.count {
            pieces.removeFirst()
        } else {
            pieces[0] = (consumed, Array(first.bytes[length...]))
        }
    }

    mutating func insert(_ data: RawSpan, at offset: Int) throws(Fault) {
        guard offset >= 0, offset <= limit, offset + data.byteCount - consumed <= limit else { throw .tooLong }
        // Repeats of what has been read are not compared any more: it has been judged.
        let from = max(offset, consumed)
        let end = offset + data.byteCount
        guard from < end else { return }
        let new = data.extracting((from - offset)..<data.byteCount)
        guard let low = pieces.firstIndex(where: { $0.start + $0.bytes.count >= from }), pieces[low].start <= end else {
            let place = pieces.firstIndex { $0.start > from } ?? pieces.count
            guard pieces.count < QUICCryptoStream.maximumPieces else { throw .tooLong }
            pieces.insert((from, new.copied()), at: place)
            count += new.byteCount
            return
        }
        let high = pieces.lastIndex { $0.start <= end } ?? low
        try merge(new, from, low...high)
    }

    /// Puts the new bytes and the pieces they touch into one.
    private mutating func merge(_ new: RawSpan, _ from: Int, _ touched: ClosedRange<Int>) throws(Fault) {
        var merged: [UInt8] = []
        var position = from
        let first = pieces[touched.lowerBound]
        if first.start < from { merged = Array(first.bytes[..<(from - first.start)]) }
        let start = min(first.start, from)
        for piece in pieces[touched] {
            let pieceEnd = piece.start + piece.bytes.count
            if piece.start > position {
                merged += new.extracting((position - from)..<(piece.start - from)).copied()
                position = piece.start
            }
            let overlap = position..<max(position, min(pieceEnd, from + new.byteCount))
            for place in overlap where new.byte(at: place - from) != piece.bytes[place - piece.start] {
                throw .conflict
            }
            if pieceEnd > position {
                merged += piece.bytes[(position - piece.start)...]
                position = pieceEnd
            }
        }
        if position < from + new.byteCount {
            merged += new.extracting((position - from)..<new.byteCount).copied()
        }
        count += merged.count - pieces[touched].reduce(0) { $0 + $1.bytes.count }
        pieces.replaceSubrange(touched, with: [(start, merged)])
    }
}
