import Wire

/// Cuts one side's bytes into frames, in pieces of any size. Payloads are kept until they are complete, except those of
/// DATA, which are handed on as they come.
struct HTTP2FrameReader {
    enum Event: Equatable {
        case exhausted
        case frameStarted
        /// Bytes of DATA, padding left out: a range of the piece.
        case data(Range<Int>)
        /// `payload` is complete, as far as it is kept.
        case frameComplete
    }

    private var header: [UInt8] = []
    private(set) var frame: HTTP2Frame?
    private(set) var payload: [UInt8] = []
    private var remaining = 0
    /// Bytes of the payload that are kept.
    private var limit = 0
    /// Bytes at the end of DATA that are padding; nil while the byte that says so has not come.
    private var padding: Int?

    /// Payload bytes of frames that rules only ask for numbers of.
    private static let shortPayload = 64
    /// SETTINGS: six bytes each, and there are six.
    private static let settingsPayload = 16_384

    /// The bytes of a frame's header before their frame is known.
    var isAtFrameStart: Bool { frame == nil && header.isEmpty }

    /// - Parameter headBytes: of one frame with header fields.
    mutating func next(_ cursor: inout ByteCursor, headBytes: Int) throws(MalformedReason) -> Event {
        guard let current = frame else { return try readHeader(&cursor, headBytes: headBytes) }
        if remaining == 0 {
            frame = nil
            header.removeAll(keepingCapacity: true)
            lastFrame = current
            return .frameComplete
        }
        guard cursor.remaining > 0 else { return .exhausted }
        if current.kind == .data { return readData(&cursor) }
        let count = min(remaining, cursor.remaining)
        guard let piece = try? cursor.take(count) else { return .exhausted }
        remaining -= count
        let kept = piece.all.clamped(0..<max(0, limit - payload.count))
        unsafe kept.withUnsafeBytes { unsafe payload.append(contentsOf: $0) }
        return try next(&cursor, headBytes: headBytes)
    }

    /// The frame completed last.
    private(set) var lastFrame: HTTP2Frame?

    private mutating func readHeader(
        _ cursor: inout ByteCursor, headBytes: Int
    ) throws(MalformedReason) -> Event {
        while header.count < HTTP2Frame.headerLength {
            guard let byte = try? cursor.u8() else { return .exhausted }
            header.append(byte)
        }
        let new = HTTP2Frame(header)
        switch new.kind {
        case .headers, .continuation, .pushPromise:
            guard new.length <= headBytes else { throw .httpHeadTooLong }
            limit = new.length
        case .settings:
            guard new.length <= HTTP2FrameReader.settingsPayload else { throw .http2InvalidFrame }
            limit = new.length
        default: limit = HTTP2FrameReader.shortPayload
        }
        payload.removeAll(keepingCapacity: true)
        remaining = new.length
        padding = new.kind == .data && new.isPadded && new.length > 0 ? nil : 0
        frame = new
        return .frameStarted
    }

    private mutating func readData(_ cursor: inout ByteCursor) -> Event {
        if padding == nil {
            guard let length = try? cursor.u8() else { return .exhausted }
            remaining -= 1
            // More padding than payload is a fault that leaves no data.
            padding = min(Int(length), remaining)
            return .data(cursor.offset..<cursor.offset)
        }
        let padding = padding ?? 0
        let count = min(remaining, cursor.remaining)
        let start = cursor.offset
        let data = min(count, max(0, remaining - padding))
        guard (try? cursor.skip(count)) != nil else { return .exhausted }
        remaining -= count
        return .data(start..<(start + data))
    }
}
