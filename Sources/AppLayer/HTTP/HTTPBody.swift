/// The body of a message as rules see it: without framing, content codings undone, up to a limit. Bytes that rules have
/// seen can be let go while more come.
public struct HTTPBody: Sendable {
    /// What is kept, from offset `start` on.
    public private(set) var bytes: [UInt8] = []
    public private(set) var start = 0
    private var decoder: ContentDecoder?
    /// What has been noticed in decoding.
    private(set) var events: Set<AppLayerEvent> = []
    /// Most bytes taken; what comes behind them is not looked at.
    let limit: Int
    /// Without them the body is only measured.
    private let keepsBytes: Bool

    init(limit: Int = 0, keepsBytes: Bool = true, contentEncoding: [UInt8]? = nil, layers: Int = 0) {
        self.limit = limit
        self.keepsBytes = keepsBytes
        if limit > 0 {
            decoder = contentEncoding.flatMap { ContentDecoder(contentEncoding: $0, maximumLayers: layers) }
        }
    }

    /// Bytes taken so far.
    public var length: Int { start + bytes.count }
    /// Bytes can be put into it.
    var isOpen: Bool { limit > 0 }
    public var isFull: Bool { length >= limit }
    /// Some of it was never seen.
    public private(set) var hasGap = false

    /// Takes bytes of the body as they were sent.
    mutating func take(_ span: RawSpan) {
        guard !isFull else { return }
        guard var decoder else {
            append(span)
            return
        }
        // Out of its place meanwhile, so that it is not copied.
        self.decoder = nil
        decoder.decode(span) { decoded in
            append(decoded)
            return !isFull
        }
        if decoder.hasFailed { events.insert(.httpGzipDecompressionFailed) }
        if decoder.isExhausted, !isFull { events.insert(.httpCompressionBomb) }
        if !isFull { self.decoder = decoder }
    }

    /// Bytes are missing. What was kept does not adjoin what follows; a coding cannot be undone behind them.
    mutating func skip(_ count: Int) {
        hasGap = true
        start = min(length &+ count, limit)
        bytes = []
        decoder = nil
    }

    private mutating func append(_ span: RawSpan) {
        let count = min(span.byteCount, limit - length)
        guard count > 0 else { return }
        guard keepsBytes else {
            start += count
            return
        }
        let part = span.extracting(0..<count)
        unsafe part.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
    }

    /// The least that is let go at once: what is left has to be moved.
    static let releaseStep = 16_384

    mutating func release(before offset: Int) {
        let count = min(offset - start, bytes.count)
        guard count >= HTTPBody.releaseStep else { return }
        bytes.removeFirst(count)
        start += count
    }

    /// Nobody will look at it any more.
    mutating func releaseAll() {
        start = length
        bytes = []
    }
}
