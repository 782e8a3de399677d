import Wire

/// Compressed bytes with what surrounds them: gzip (RFC 1952), zlib (RFC 1950), or bare DEFLATE. Checksums are not
/// compared: what an endpoint may have read before it noticed is what counts.
struct CompressedStream {
    enum Container {
        /// gzip or zlib, whichever the first bytes say.
        case wrapped
        case bare
    }

    private enum State {
        case start
        case gzipHead
        case gzipExtraLength
        case gzipSkip(Int)
        case gzipText
        case gzipHeadChecksum(Int)
        case data
        case finished
        case corrupt
    }

    /// Flags of a gzip header.
    private struct Flags: OptionSet {
        let rawValue: UInt8
        static let headChecksum = Flags(rawValue: 2)
        static let extra = Flags(rawValue: 4)
        static let name = Flags(rawValue: 8)
        static let comment = Flags(rawValue: 16)
        static let reserved = Flags(rawValue: 0xe0)
    }

    private var state: State
    private var head: [UInt8] = []
    private var flags: Flags = []
    private var inflate = Inflate()

    init(_ container: Container) { state = container == .bare ? .data : .start }

    var produced: Int { inflate.produced }

    /// Reads `input` from `position` on and appends to `output`, until it has `limit` bytes. What follows the compressed
    /// bytes is left unread.
    mutating func run(
        _ input: RawSpan, _ position: inout Int, into output: inout [UInt8], limit: Int
    ) -> Inflate.Status {
        while true {
            switch state {
            case .finished: return .finished
            case .corrupt: return .corrupt
            case .data:
                let status = inflate.run(input, &position, into: &output, limit: limit)
                if case .finished = status { state = .finished }
                return status
            default:
                guard position < input.byteCount else { return .needsInput }
                takeHead(input.byte(at: position))
                position += 1
            }
        }
    }

    private mutating func takeHead(_ byte: UInt8) {
        switch state {
        case .start:
            head.append(byte)
            if head.count == 2 { recognize() }
        case .gzipHead:
            head.append(byte)
            if head.count == 10 { takeFlags() }
        case .gzipExtraLength:
            head.append(byte)
            guard head.count == 2 else { return }
            let length = Int(head[0]) | Int(head[1]) << 8
            state = .gzipSkip(length)
            if length == 0 { nextPart() }
        case .gzipSkip(let left):
            state = .gzipSkip(left - 1)
            if left == 1 { nextPart() }
        case .gzipText:
            if byte == 0 { nextPart() }
        case .gzipHeadChecksum(let left):
            state = .gzipHeadChecksum(left - 1)
            if left == 1 { nextPart() }
        case .data, .finished, .corrupt: break
        }
    }

    private mutating func recognize() {
        if head == [0x1f, 0x8b] {
            state = .gzipHead
            return
        }
        let isZlib = (Int(head[0]) << 8 | Int(head[1])) % 31 == 0 && head[0] & 15 == 8 && head[0] >> 4 <= 7
        // A preset dictionary is nowhere agreed on.
        state = isZlib && head[1] & 0x20 == 0 ? .data : .corrupt
    }

    private mutating func takeFlags() {
        flags = Flags(rawValue: head[3])
        guard head[2] == 8, flags.isDisjoint(with: .reserved) else {
            state = .corrupt
            return
        }
        nextPart()
    }

    /// The optional parts of a gzip header in their order.
    private mutating func nextPart() {
        if flags.remove(.extra) != nil {
            head = []
            state = .gzipExtraLength
        } else if flags.remove(.name) != nil || flags.remove(.comment) != nil {
            state = .gzipText
        } else if flags.remove(.headChecksum) != nil {
            state = .gzipHeadChecksum(2)
        } else {
            state = .data
        }
    }
}
