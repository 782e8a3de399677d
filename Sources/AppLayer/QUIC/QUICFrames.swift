import Wire

/// Reads the frames of an Initial packet (RFC 9000 sections 12.4 and 19). Others than these may not stand in one.
enum QUICFrames {
    enum Fault: Error {
        /// No frame, or none that belongs into an Initial packet.
        case invalid
        case stream(QUICCryptoStream.Fault)
    }

    /// - Parameter isGoogle: CRYPTO has the number that STREAM has elsewhere; what has other numbers in Google's QUIC and
    ///   no length of its own ends the reading.
    static func read(_ bytes: RawSpan, into stream: inout QUICCryptoStream, isGoogle: Bool) throws(Fault) {
        do {
            var cursor = ByteCursor(bytes)
            while !cursor.isAtEnd {
                let type = try cursor.u8()
                if isGoogle, type > 1, type != 8 { return }
                switch type {
                case 0, 1: break
                case 2: try skipAcknowledgement(&cursor, counts: 0)
                case 3: try skipAcknowledgement(&cursor, counts: 3)
                case isGoogle ? 8 : 6:
                    let offset = try cursor.quicInteger()
                    let data = try cursor.take(try cursor.quicInteger())
                    try stream.insert(data.all, at: offset)
                case 0x1c:
                    _ = try cursor.quicInteger()
                    _ = try cursor.quicInteger()
                    try cursor.skip(try cursor.quicInteger())
                case 0x1d:
                    _ = try cursor.quicInteger()
                    try cursor.skip(try cursor.quicInteger())
                default: throw Fault.invalid
                }
            }
        } catch let fault as QUICCryptoStream.Fault {
            throw .stream(fault)
        } catch {
            throw .invalid
        }
    }

    /// - Parameter counts: numbers behind the ranges, for congestion marks.
    private static func skipAcknowledgement(_ cursor: inout ByteCursor, counts: Int) throws(EndOfBytes) {
        _ = try cursor.quicInteger()
        _ = try cursor.quicInteger()
        let ranges = try cursor.quicInteger()
        // Each takes two bytes at least.
        guard ranges <= cursor.remaining / 2 else { throw EndOfBytes() }
        for _ in 0..<(1 + 2 * ranges + counts) { _ = try cursor.quicInteger() }
    }

    // MARK: Google's QUIC

    /// Messages in the frames of a packet of Google's QUIC; nil when a frame cannot be read.
    static func messages(google bytes: RawSpan, hasCryptoFrames: Bool) -> [GoogleQUICMessage]? {
        var messages: [GoogleQUICMessage] = []
        do throws(EndOfBytes) {
            var cursor = ByteCursor(bytes)
            while !cursor.isAtEnd {
                let type = try cursor.u8()
                if type & 0x80 != 0 {
                    let data = try streamData(&cursor, type)
                    if let message = try? GoogleQUICMessage(unsafe data.span.bytes) { messages.append(message) }
                } else if type == 8, hasCryptoFrames {
                    _ = try cursor.quicInteger()
                    let data = try cursor.take(try cursor.quicInteger())
                    if let message = try? GoogleQUICMessage(data.all) { messages.append(message) }
                } else if type > 1 {
                    // Acknowledgements and what else has no length of its own.
                    return messages
                }
            }
        } catch {
            return nil
        }
        return messages
    }

    /// The type's bits are 1fdoooss: end, length given, bytes of offset, bytes of stream ID.
    private static func streamData(_ cursor: inout ByteCursor, _ type: UInt8) throws(EndOfBytes) -> [UInt8] {
        let offsetLength = Int(type >> 2 & 7)
        try cursor.skip(Int(type & 3) + 1 + (offsetLength == 0 ? 0 : offsetLength + 1))
        let length = type & 0x20 != 0 ? Int(try cursor.u16()) : cursor.remaining
        return try cursor.take(length).all.copied()
    }
}
