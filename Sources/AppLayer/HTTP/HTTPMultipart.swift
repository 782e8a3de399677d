import NetTypes

/// A file that a message carries: the whole body, or a part of a form.
public struct HTTPFile: Sendable {
    public var name: [UInt8]
    public var body: HTTPBody
    /// All of it has come.
    public var isComplete = false
}

/// Reads the parts of a form (multipart/form-data: RFC 7578, RFC 2046 section 5.1.1) as its bytes come, for the files
/// in it.
struct HTTPMultipart: Sendable {
    private enum State {
        case preamble
        /// Behind a delimiter: its line's end, or two hyphens behind the last part.
        case delimiterEnd
        case fields
        /// The index of the file it is, or none.
        case content(Int?)
        case epilogue
    }

    /// RFC 2046 allows 70 characters; some clients take more.
    static let maximumBoundary = 200
    /// A part's field is a name with a few words; file names are shorter than paths.
    static let maximumLine = 8192
    /// Files of one form. What comes behind them is seen as body alone.
    static let maximumFiles = 64

    private let delimiter: [UInt8]
    private var state = State.preamble
    /// What cannot be judged before more comes: a piece of a line, or of what may be a delimiter.
    private var pending: [UInt8] = []
    /// Where in it reading goes on.
    private var position = 0
    private var fileName: [UInt8]?
    private var hasInvalidField = false
    /// Bytes of files that may be kept.
    private let limit: Int
    private let keepsBytes: Bool
    private(set) var files: [HTTPFile] = []
    private(set) var events: Set<AppLayerEvent> = []

    /// Nil when the value of Content-Type is no form's.
    init?(contentType: [UInt8], limit: Int, keepsBytes: Bool) {
        let parts = contentType.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false)
        guard limit > 0, let first = parts.first,
            HTTPMessage.equals(HTTPMultipart.trim(first), "multipart/form-data"),
            let parameter = parts.dropFirst().map(HTTPMultipart.trim).first(where: { part in
                HTTPMessage.equals(part.prefix(9), "boundary=")
            })
        else { return nil }
        var boundary = parameter.dropFirst(9)
        if boundary.first == UInt8(ascii: "\"") { boundary = boundary.dropFirst().prefix { $0 != UInt8(ascii: "\"") } }
        guard (1...HTTPMultipart.maximumBoundary).contains(boundary.count) else { return nil }
        delimiter = [45, 45] + boundary
        self.limit = limit
        self.keepsBytes = keepsBytes
    }

    private static func trim(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var result = bytes.drop { $0 == 32 || $0 == 9 }
        while result.last == 32 || result.last == 9 { result = result.dropLast() }
        return result
    }

    mutating func take(_ span: RawSpan) {
        if case .epilogue = state { return }
        unsafe span.withUnsafeBytes { unsafe pending.append(contentsOf: $0) }
        while step() {}
        pending.removeFirst(position)
        position = 0
    }

    /// False when more bytes are needed.
    private mutating func step() -> Bool {
        switch state {
        case .epilogue:
            position = pending.count
            return false
        case .preamble:
            guard let place = find(delimiter) else {
                position = max(position, pending.count - delimiter.count + 1)
                return false
            }
            position = place + delimiter.count
            state = .delimiterEnd
        case .delimiterEnd:
            guard pending.count - position >= 2 else { return false }
            if pending[position] == 45, pending[position + 1] == 45 {
                state = .epilogue
                return true
            }
            guard takeLine() != nil else { return false }
            (fileName, hasInvalidField) = (nil, false)
            state = .fields
        case .fields:
            if pending[position...].starts(with: delimiter) {
                position += delimiter.count
                state = .delimiterEnd
                return true
            }
            guard let line = takeLine() else { return false }
            takeField(line)
        case .content(let file): return takeContent(file)
        }
        return true
    }

    /// The next line without its end; nil when it is not complete.
    private mutating func takeLine() -> [UInt8]? {
        let end = pending[position...].firstIndex(of: 10)
        guard let end, end - position <= HTTPMultipart.maximumLine else {
            if (end ?? pending.count) - position > HTTPMultipart.maximumLine {
                events.insert(.httpMultipartInvalidHeader)
                state = .epilogue
                position = pending.count
            }
            return nil
        }
        var line = Array(pending[position..<end])
        position = end + 1
        if line.last == 13 { line.removeLast() }
        return line
    }

    private mutating func takeField(_ line: [UInt8]) {
        guard !line.isEmpty else {
            if hasInvalidField { events.insert(.httpMultipartInvalidHeader) }
            beginContent()
            return
        }
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else {
            hasInvalidField = true
            return
        }
        if HTTPMessage.equals(HTTPMultipart.trim(line[..<colon]), "content-disposition") {
            fileName = HTTPExchange.fileName(Array(line[(colon + 1)...]))
        }
    }

    private mutating func beginContent() {
        guard let fileName, files.count < HTTPMultipart.maximumFiles else {
            state = .content(nil)
            return
        }
        let used = files.reduce(0) { $0 + $1.body.length }
        files.append(HTTPFile(name: fileName, body: HTTPBody(limit: max(0, limit - used), keepsBytes: keepsBytes)))
        state = .content(files.count - 1)
    }

    private mutating func takeContent(_ file: Int?) -> Bool {
        let isAtStart = file.map { files[$0].body.length == 0 } ?? false
        if isAtStart, pending[position...].starts(with: delimiter) {
            events.insert(.httpMultipartNoFiledata)
            end(file, at: position, skipping: delimiter.count)
            return true
        }
        let ending = [13, 10] + delimiter
        if let place = find(ending) {
            if isAtStart, place == position { events.insert(.httpMultipartNoFiledata) }
            end(file, at: place, skipping: ending.count)
            return true
        }
        put(until: pending.count - ending.count + 1, into: file)
        return false
    }

    private mutating func end(_ file: Int?, at place: Int, skipping count: Int) {
        put(until: place, into: file)
        if let file {
            // A part without content is no file.
            if files[file].body.length == 0, file == files.count - 1 {
                files.removeLast()
            } else {
                files[file].isComplete = true
            }
        }
        position = place + count
        state = .delimiterEnd
    }

    private mutating func put(until end: Int, into file: Int?) {
        guard end > position else { return }
        if let file {
            let bytes = pending
            files[file].body.take(unsafe bytes.span.bytes.extracting(position..<end))
        }
        position = end
    }

    private func find(_ word: [UInt8]) -> Int? {
        guard pending.count - position >= word.count else { return nil }
        for place in position...(pending.count - word.count)
        where pending[place] == word[0] && pending[place...].starts(with: word) {
            return place
        }
        return nil
    }

    /// Nobody will look at the bytes any more.
    mutating func releaseAll() {
        for index in files.indices { files[index].body.releaseAll() }
    }
}
