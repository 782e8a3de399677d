import NetTypes
import Wire

/// Reads one direction of an HTTP/1 connection, message after message: start line, fields, body, trailers
/// (RFC 9112). Bytes may be cut anywhere.
struct HTTPMessageReader {
    enum State: Equatable {
        /// Between messages; empty lines before a start line are skipped (RFC 9112 section 2.2).
        case idle
        case startLine
        case fields
        case body(remaining: Int)
        case chunkSize
        case chunkData(remaining: Int)
        case chunkEnd
        case trailer
        /// The rest of the connection is the body.
        case untilClose
    }

    /// What the caller has to look at before reading goes on.
    enum Event: Equatable {
        /// All bytes are taken.
        case exhausted
        case messageStarted
        case startLineComplete
        case headComplete
        case bodyBytes(Range<Int>)
        /// What was read as framing, or as a head, is a part of the body.
        case strayBody([UInt8])
        case messageComplete
    }

    /// A chunk-size line, or a line of a trailer, has no reason to be longer.
    static let maximumLine = 8192

    private(set) var state = State.idle
    private let isRequest: Bool
    private let settings: AppLayerSettings
    /// Start of the line that is being read, in the message's head.
    private var lineStart = 0
    /// The line is read up to its end and waits for the byte behind it.
    private var hasWholeLine = false
    private var chunkLine: [UInt8] = []
    private var trailerBytes = 0
    private var events: [AppLayerEvent] = []
    private var responseLines = HTTPResponseLines()
    /// Behind the line just read stands something other than a line feed.
    private var isBlankLineEnd = false
    /// Responses are read as clients do that forgive nearly everything: Suricata's reading. Ours refuses what clients
    /// read in different ways.
    private var isForgiving: Bool { !isRequest && settings.compatibleWithSuricata }

    init(isRequest: Bool, settings: AppLayerSettings) {
        self.isRequest = isRequest
        self.settings = settings
    }

    /// Reads on from `cursor` until something has happened.
    @_lifetime(cursor: copy cursor)
    mutating func next(
        _ cursor: inout ByteCursor, into message: inout HTTPMessage
    ) throws(MalformedReason) -> Event {
        while true {
            switch state {
            case .idle:
                guard let byte = peek(cursor) else { return .exhausted }
                if byte == 13 || byte == 10 || isForgiving && (isBlank(byte) || byte == 0) {
                    try? cursor.skip(1)
                    continue
                }
                state = .startLine
                lineStart = 0
                return .messageStarted
            case .startLine:
                if isForgiving, let event = try takeBodyWithoutHead(&cursor, &message) { return event }
                guard try readLine(&cursor, &message), !awaitsNextByte(cursor, message) else { return .exhausted }
                try takeStartLine(&message)
                state = .fields
                return .startLineComplete
            case .fields:
                guard try readLine(&cursor, &message), !awaitsNextByte(cursor, message) else { return .exhausted }
                if try takeField(&message) { continue }
                message.fieldLines = message.startLineEnd..<message.head.count
                message.isHeadComplete = true
                return .headComplete
            case .body(let remaining):
                guard remaining > 0 else { return finish() }
                guard let range = takeBody(&cursor, remaining) else { return .exhausted }
                message.bodyLength &+= range.count
                state = .body(remaining: remaining - range.count)
                return .bodyBytes(range)
            case .chunkSize:
                guard try readChunkLine(&cursor, &message.framingLength) else {
                    if isForgiving, !HTTPChunkLine.isPlausible(chunkLine) { return giveUpChunks() }
                    return .exhausted
                }
                if settings.compatibleWithSuricata, HTTPChunkLine.isBlank(chunkLine) { continue }
                guard let size = try takeChunkSize() else { return giveUpChunks() }
                state = size == 0 ? .trailer : .chunkData(remaining: size)
                trailerBytes = 0
            case .chunkData(let remaining):
                guard let range = takeBody(&cursor, remaining) else { return .exhausted }
                message.bodyLength &+= range.count
                state = range.count == remaining ? .chunkEnd : .chunkData(remaining: remaining - range.count)
                return .bodyBytes(range)
            case .chunkEnd:
                guard try readChunkLine(&cursor, &message.framingLength) else { return .exhausted }
                guard chunkLine.isEmpty || settings.compatibleWithSuricata else { throw .httpFramingInvalid }
                state = .chunkSize
            case .trailer:
                var unused = 0
                guard try readChunkLine(&cursor, &unused) else { return .exhausted }
                trailerBytes &+= chunkLine.count
                guard trailerBytes <= settings.httpHeadBytes else { throw .httpHeadTooLong }
                if chunkLine.isEmpty { return finish() }
                chunkLine.removeAll(keepingCapacity: true)
            case .untilClose:
                guard let range = takeBody(&cursor, Int.max) else { return .exhausted }
                message.bodyLength &+= range.count
                return .bodyBytes(range)
            }
        }
    }

    /// Bytes were never seen. Behind a body of known length what follows them is taken for the next message.
    /// - Returns: how many of them belong to the body; nil where it cannot be told what follows.
    mutating func skipBody(_ count: Int) -> Int? {
        switch state {
        case .body(let remaining):
            let skipped = min(count, remaining)
            state = .body(remaining: remaining - skipped)
            return skipped
        case .chunkData(let remaining) where count <= remaining:
            state = count == remaining ? .chunkEnd : .chunkData(remaining: remaining - count)
            return count
        case .untilClose: return count
        default: return nil
        }
    }

    /// The caller has seen the head and says how the body is framed.
    mutating func expect(_ framing: HTTPFraming) {
        switch framing {
        case .none: state = .body(remaining: 0)
        case .length(let count): state = .body(remaining: count)
        case .chunked:
            state = .chunkSize
            chunkLine.removeAll(keepingCapacity: true)
        case .untilClose: state = .untilClose
        }
    }

    private mutating func finish() -> Event {
        state = .idle
        return .messageComplete
    }

    private func peek(_ cursor: borrowing ByteCursor) -> UInt8? {
        cursor.isAtEnd ? nil : cursor.all.byte(at: cursor.offset)
    }

    // MARK: lines

    /// Suricata takes a request's line when it sees the byte behind it (a blank there continues the line); rules see it
    /// with the packet that brings that byte. The empty line behind the head needs none.
    private mutating func awaitsNextByte(_ cursor: borrowing ByteCursor, _ message: HTTPMessage) -> Bool {
        guard settings.compatibleWithSuricata, isRequest, cursor.isAtEnd else { return false }
        hasWholeLine = state == .startLine || !lineRange(message).isEmpty
        return hasWholeLine
    }

    /// Appends bytes to the head up to and with a line feed. False when the line is not complete.
    @_lifetime(cursor: copy cursor)
    private mutating func readLine(
        _ cursor: inout ByteCursor, _ message: inout HTTPMessage
    ) throws(MalformedReason) -> Bool {
        if hasWholeLine {
            guard !cursor.isAtEnd else { return false }
            hasWholeLine = false
            return true
        }
        if isForgiving { return try readResponseLine(&cursor, &message) }
        let rest = cursor.rest
        let end = rest.firstIndex(of: 10)
        let count = end.map { $0 &+ 1 } ?? rest.byteCount
        guard message.head.count &+ count <= settings.httpHeadBytes else { throw .httpHeadTooLong }
        let line = rest.extracting(0..<count)
        unsafe line.withUnsafeBytes { unsafe message.head.append(contentsOf: $0) }
        try? cursor.skip(count)
        return end != nil
    }

    @_lifetime(cursor: copy cursor)
    private mutating func readResponseLine(
        _ cursor: inout ByteCursor, _ message: inout HTTPMessage
    ) throws(MalformedReason) -> Bool {
        while let byte = peek(cursor) {
            let next = cursor.remaining > 1 ? cursor.all.byte(at: cursor.offset + 1) : nil
            let step = responseLines.step(byte, next: next)
            if step == .endBefore { return true }
            guard message.head.count < settings.httpHeadBytes else { throw .httpHeadTooLong }
            message.head.append(byte)
            try? cursor.skip(1)
            if step == .takeAndEnd {
                isBlankLineEnd = next != nil && next != 10
                return true
            }
        }
        return false
    }

    /// The line just read, without its end.
    private func lineRange(_ message: HTTPMessage) -> Range<Int> {
        var end = message.head.count
        if isForgiving {
            while end > lineStart, message.head[end - 1] == 10 || message.head[end - 1] == 13 { end -= 1 }
            return lineStart..<end
        }
        if end > lineStart, message.head[end - 1] == 10 { end -= 1 }
        if end > lineStart, message.head[end - 1] == 13 { end -= 1 }
        return lineStart..<end
    }

    private mutating func takeStartLine(_ message: inout HTTPMessage) throws(MalformedReason) {
        let line = lineRange(message)
        lineStart = message.head.count
        message.startLine = line
        message.startLineEnd = lineStart
        var position = line.lowerBound
        func word() -> Range<Int> {
            while position < line.upperBound, isBlank(message.head[position]) { position += 1 }
            let start = position
            while position < line.upperBound, !isBlank(message.head[position]) { position += 1 }
            return start..<position
        }
        if isRequest, let first = message.head[line].first, isBlank(first) {
            events.append(.httpRequestLineLeadingWhitespace)
        }
        message.first = word()
        guard !message.first.isEmpty else { throw isRequest ? .httpRequestLineInvalid : .httpResponseInvalid }
        message.second = word()
        while position < line.upperBound, isBlank(message.head[position]) { position += 1 }
        message.third = position..<line.upperBound
        if isRequest, !settings.compatibleWithSuricata { separateVersion(&message) }
        message.hasStartLine = true
    }

    /// A target with blanks in it is everything between method and version. Differs: Suricata ends it at the first blank.
    private func separateVersion(_ message: inout HTTPMessage) {
        message.third = trim(message.third, message)
        guard let blank = message.head[message.third].lastIndex(where: isBlank) else { return }
        let version = (blank + 1)..<message.third.upperBound
        message.second = trim(message.second.lowerBound..<blank, message)
        message.third = version
    }

    /// True for a field or a continuation, false for the empty line behind the head.
    private mutating func takeField(_ message: inout HTTPMessage) throws(MalformedReason) -> Bool {
        let line = lineRange(message)
        let isSingleBlank = line.count == 1 && message.head.count - lineStart == 2 && isBlankLineEnd
        lineStart = message.head.count
        guard !line.isEmpty else { return false }
        let first = message.head[line.lowerBound]
        // As forgiving clients see it, a lone blank on a line ends the head too.
        if isForgiving, isSingleBlank, isBlank(first) { return false }
        message.fieldsEnd = lineStart
        if isBlank(first) || isForgiving && first == 0 {
            if let last = message.fields.last, !beginsField(line, behind: last, message) {
                message.fields[message.fields.count - 1] = field(last.line.lowerBound..<line.upperBound, message)
                message.fields[message.fields.count - 1].isFolded = true
                return true
            }
            message.beginsFolded = true
            guard settings.compatibleWithSuricata else { return true }
        }
        guard message.fields.count < settings.httpFields else { throw .httpHeadTooLong }
        message.fields.append(field(line, message))
        return true
    }

    /// A continuation that is a field of its own, to clients that know no continuations (RFC 9112 section 5.2 has
    /// abandoned them).
    private func beginsField(_ line: Range<Int>, behind last: HTTPField, _ message: HTTPMessage) -> Bool {
        guard isForgiving, HTTPMessage.equals(message.head[message.first], "http/1.1") else { return false }
        return message.head[line].contains(58) && message.head[last.line].contains(58)
    }

    private func field(_ line: Range<Int>, _ message: HTTPMessage) -> HTTPField {
        let colon = message.head[line].firstIndex(of: 58)
        return HTTPField(
            line: line, name: trim(line.lowerBound..<(colon ?? line.lowerBound), message),
            value: trim((colon.map { $0 + 1 } ?? line.lowerBound)..<line.upperBound, message))
    }

    private func trim(_ range: Range<Int>, _ message: HTTPMessage) -> Range<Int> {
        var lower = range.lowerBound
        var upper = range.upperBound
        while lower < upper, isSpace(message.head[lower]) { lower += 1 }
        while upper > lower, isSpace(message.head[upper - 1]) { upper -= 1 }
        return lower..<upper
    }

    /// Blanks and what stands for them: line ends within a folded field, and old controls that forgiving clients skip.
    private func isSpace(_ byte: UInt8) -> Bool { byte == 32 || (9...13).contains(byte) }

    private func isBlank(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 }

    // MARK: bodies

    @_lifetime(cursor: copy cursor)
    private func takeBody(_ cursor: inout ByteCursor, _ remaining: Int) -> Range<Int>? {
        let count = min(remaining, cursor.remaining)
        guard count > 0 else { return nil }
        let start = cursor.offset
        try? cursor.skip(count)
        return start..<(start + count)
    }

    @_lifetime(cursor: copy cursor)
    private mutating func readChunkLine(
        _ cursor: inout ByteCursor, _ taken: inout Int
    ) throws(MalformedReason) -> Bool {
        if state == .chunkSize || state == .chunkEnd, lineIsFresh { chunkLine.removeAll(keepingCapacity: true) }
        lineIsFresh = false
        while let byte = try? cursor.u8() {
            taken &+= 1
            if byte == 10 {
                if chunkLine.last == 13 { chunkLine.removeLast() }
                lineIsFresh = true
                return true
            }
            guard chunkLine.count < HTTPMessageReader.maximumLine else { throw .httpFramingInvalid }
            chunkLine.append(byte)
        }
        return false
    }

    private var lineIsFresh = true

    /// Nil when the line has no size and the body is no longer read in chunks.
    private mutating func takeChunkSize() throws(MalformedReason) -> Int? {
        let size = HTTPChunkLine.size(chunkLine, isForgiving: settings.compatibleWithSuricata)
        if isRequest, chunkLine.contains(59) { events.append(.httpRequestChunkExtension) }
        if size == nil {
            events.append(isRequest ? .httpInvalidRequestChunkLen : .httpInvalidResponseChunkLen)
            guard isForgiving else { throw .httpFramingInvalid }
            chunkLine.append(10)
        } else {
            chunkLine.removeAll(keepingCapacity: true)
        }
        return size
    }

    /// The body is not in chunks after all: it goes on to the connection's end, what was read as a size included.
    private mutating func giveUpChunks() -> Event {
        events.append(.httpInvalidResponseChunkLen)
        state = .untilClose
        defer { chunkLine = [] }
        return .strayBody(chunkLine)
    }

    /// What was odd about lines and chunks.
    mutating func takeEvents() -> [AppLayerEvent] {
        defer { events = [] }
        return events
    }

    /// A line behind a complete request that names no method belongs to its body, as Suricata sees it.
    mutating func continueBehindEnd(request rest: RawSpan) -> Bool {
        guard isRequest, settings.compatibleWithSuricata, let end = rest.firstIndex(of: 10) else { return false }
        let line = rest.extracting(0..<end).copied()
        let word = line.drop(while: isSpace).prefix { !isSpace($0) }
        guard !word.isEmpty, !HTTPMethod.isKnown(word) else { return false }
        state = .body(remaining: end)
        return true
    }

    // MARK: bodies without a head

    /// A first line that is none may be longer than this only if it is a body.
    static let maximumStrayLine = 1024

    /// A response that does not begin like one is a body: so browsers read it. A single line before one that does is
    /// left out.
    @_lifetime(cursor: copy cursor)
    private mutating func takeBodyWithoutHead(
        _ cursor: inout ByteCursor, _ message: inout HTTPMessage
    ) throws(MalformedReason) -> Event? {
        while message.head.count < 4, let byte = peek(cursor) {
            guard byte != 10, byte != 13 else { break }
            message.head.append(byte)
            _ = responseLines.step(byte, next: nil)
            try? cursor.skip(1)
        }
        guard !cursor.isAtEnd, !HTTPMessage.equals(message.head.prefix(4), "http") else { return nil }
        let isLine = try readResponseLine(&cursor, &message)
        if isLine, peek(cursor) == UInt8(ascii: "H") {
            message.head = []
            return nil
        }
        return isLine || message.head.count > HTTPMessageReader.maximumStrayLine ? giveUpHead(&message) : .exhausted
    }

    private mutating func giveUpHead(_ message: inout HTTPMessage) -> Event {
        defer { message.head = [] }
        state = .untilClose
        return .strayBody(message.head)
    }

    /// The connection ends in a first line: without its end that is a body.
    mutating func end(_ message: inout HTTPMessage) -> Event? {
        guard isForgiving, state == .startLine, !HTTPMessage.equals(message.head.prefix(4), "http") else { return nil }
        return giveUpHead(&message)
    }

    /// What follows a complete response without beginning another one belongs to it.
    mutating func continueBehindEnd(_ rest: RawSpan) -> Bool {
        guard isForgiving, rest.byteCount > 0 else { return false }
        var place = 0
        while place < rest.byteCount, isSpace(rest.byte(at: place)) || rest.byte(at: place) == 0 { place += 1 }
        guard place < rest.byteCount else {
            // A blank line is no beginning.
            guard let end = rest.firstIndex(of: 10) else { return false }
            state = .body(remaining: end + 1)
            return true
        }
        let start = rest.extracting(place..<min(rest.byteCount, place + 4)).copied()
        guard !HTTPMessage.equals(start[...], "http") else { return false }
        state = .body(remaining: rest.byteCount)
        return true
    }
}

extension RawSpan {
    /// The first place of a byte.
    func firstIndex(of byte: UInt8) -> Int? {
        var index = 0
        while index < byteCount {
            if self.byte(at: index) == byte { return index }
            index &+= 1
        }
        return nil
    }
}
