import Wire

/// One content coding of a body. It is tried as announced; as long as nothing has come out, it is tried in the other
/// readings from the body's first byte on.
struct DecodingLayer {
    /// Bytes kept for another try. A header with a longer name than this is not tried again.
    static let maximumHeld = 4096

    private var stream: CompressedStream
    /// Containers to try next.
    private var readings: [CompressedStream.Container]
    /// Bytes so far, while nothing has come out.
    private var held: [UInt8] = []
    /// Place in `held` while that is read again.
    private var replay: Int?
    /// No reading gave anything: bytes are handed on as they are.
    private(set) var isPassedOn = false
    private var isFinished = false

    init(_ coding: ContentDecoder.Coding) {
        let announced: CompressedStream.Container = coding == .gzip ? .wrapped : .bare
        stream = CompressedStream(announced)
        readings = [announced, coding == .gzip ? .bare : .wrapped]
    }

    /// Reads on from `position`; true when the output is full and there may be more.
    mutating func run(_ input: RawSpan, _ position: inout Int, into output: inout [UInt8], limit: Int) -> Bool {
        while !isFinished, !isPassedOn {
            let isReplay = replay != nil
            switch read(input, &position, &output, limit) {
            case .needsRoom: return true
            case .needsInput:
                guard isReplay else { return false }
                replay = nil
                if stream.produced > 0 { held = [] }
            case .finished: isFinished = true
            case .corrupt where stream.produced > 0: isFinished = true
            case .corrupt: tryNext(&output)
            }
        }
        return false
    }

    private mutating func read(
        _ input: RawSpan, _ position: inout Int, _ output: inout [UInt8], _ limit: Int
    ) -> Inflate.Status {
        if var place = replay {
            let bytes = held
            defer { replay = place }
            return stream.run(unsafe bytes.span.bytes, &place, into: &output, limit: limit)
        }
        let start = position
        let status = stream.run(input, &position, into: &output, limit: limit)
        if stream.produced > 0 {
            held = []
        } else {
            hold(input, from: start, &position, isRefused: status == .corrupt)
        }
        return status
    }

    /// Keeps what was read, and of a refused piece the rest too: it is read again or handed on.
    private mutating func hold(_ input: RawSpan, from start: Int, _ position: inout Int, isRefused: Bool) {
        if isRefused {
            position = input.byteCount
        } else if held.count + position - start > DecodingLayer.maximumHeld {
            readings = []
            held = []
            return
        }
        let part = input.extracting(start..<position)
        unsafe part.withUnsafeBytes { unsafe held.append(contentsOf: $0) }
    }

    private mutating func tryNext(_ output: inout [UInt8]) {
        guard !readings.isEmpty else {
            isPassedOn = true
            output += held
            held = []
            return
        }
        stream = CompressedStream(readings.removeFirst())
        replay = DecodingLayer.headerLength(held)
    }

    /// What to skip of a gzip header with options that its reader has refused, by a rough look.
    private static func headerLength(_ bytes: [UInt8]) -> Int {
        guard bytes.count >= 4, bytes[0] == 0x1f, bytes[1] == 0x8b, bytes[3] != 0 else { return 0 }
        let length: Int
        if bytes[3] & 0x18 != 0 {
            length = (bytes.dropFirst(10).firstIndex(of: 0) ?? bytes.count) + 1
        } else {
            length = bytes[3] & 2 != 0 ? 12 : 10
        }
        return length <= bytes.count ? length : 0
    }
}
