import NetTypes

/// One header field: places in the message head.
public struct HTTPField: Sendable {
    /// All of it, continuations included.
    var line: Range<Int>
    public var name: Range<Int>
    /// Without white space around it. A folded value (obs-fold, RFC 9112 section 5.2) spans its lines.
    public var value: Range<Int>
    public var isFolded = false
}

/// The head of a request or response as received, and how far it has been read.
public struct HTTPMessage: Sendable {
    /// Steps of one direction of a transaction.
    public enum Step {
        public static let notStarted: UInt8 = 0
        public static let line: UInt8 = 1
        public static let headers: UInt8 = 2
        public static let body: UInt8 = 3
        public static let trailer: UInt8 = 4
        public static let complete: UInt8 = 5
    }

    /// Start line and fields, line ends included.
    public internal(set) var head: [UInt8] = []
    /// The three parts of the start line: method, target, version; or version, status, reason.
    public internal(set) var first: Range<Int> = 0..<0
    public internal(set) var second: Range<Int> = 0..<0
    public internal(set) var third: Range<Int> = 0..<0
    /// The start line without its end.
    public internal(set) var startLine: Range<Int> = 0..<0
    /// Where the start line's end ends: the fields begin there.
    var startLineEnd = 0
    /// Where the last line read as a field, or part of one, ends.
    var fieldsEnd = 0
    public internal(set) var fields: [HTTPField] = []
    /// A continuation stands before the first field, or where clients that know none see a field.
    var beginsFolded = false
    public internal(set) var hasStartLine = false
    public internal(set) var isHeadComplete = false
    /// The lines of all fields with the empty line behind them.
    public internal(set) var fieldLines: Range<Int> = 0..<0
    /// The fields as rules see them.
    public internal(set) var combined = HTTPCombinedFields()
    /// Body bytes, framing left out.
    public internal(set) var bodyLength = 0
    /// Bytes of the chunks' framing.
    var framingLength = 0
    /// Bytes behind the head, as sent.
    public var sentLength: Int { bodyLength &+ framingLength }

    /// Fields of this name (given in lower case), in order.
    public func values(of name: StaticString) -> [Range<Int>] {
        fields.filter { HTTPMessage.equals(head[$0.name], name) }.map(\.value)
    }

    public func value(of name: StaticString) -> ArraySlice<UInt8>? {
        fields.first { HTTPMessage.equals(head[$0.name], name) }.map { head[$0.value] }
    }

    /// A field's value on one line: what is left without the line ends (RFC 9112 section 5.2).
    func unfolded(_ field: HTTPField) -> [UInt8] {
        guard field.isFolded else { return Array(head[field.value]) }
        var result = head[field.value].filter { $0 != 13 && $0 != 10 }[...]
        result = result.drop { $0 == 32 || $0 == 9 }
        while result.last == 32 || result.last == 9 { result = result.dropLast() }
        return Array(result)
    }

    /// ASCII comparison without case and without NUL, which some read over; `name` is in lower case.
    static func equals(_ bytes: ArraySlice<UInt8>, _ name: StaticString) -> Bool {
        let count = name.utf8CodeUnitCount
        guard bytes.count >= count else { return false }
        if bytes.count > count {
            guard bytes.contains(0) else { return false }
            return equals(bytes.filter { $0 != 0 }[...], name)
        }
        return name.withUTF8Buffer { expected in
            unsafe bytes.withUnsafeBufferPointer { given in
                for index in expected.indices where unsafe given[index].lowercased != expected[index] { return false }
                return true
            }
        }
    }

    func text(_ range: Range<Int>) -> String { String(decoding: head[range], as: UTF8.self) }
}

/// One request with its response.
public final class HTTPExchange {
    public internal(set) var request = HTTPMessage()
    public internal(set) var response = HTTPMessage()
    /// The name the request is for, as the policy judges it: lower case, without port. Nil until the head is complete,
    /// and when the request names none.
    public internal(set) var host: [UInt8]?
    /// The name with its port as the Host field has it, or the name of an absolute target.
    public internal(set) var rawHost: [UInt8]?
    /// The target normalized, once its line is read.
    public internal(set) var normalizedTarget: [UInt8]?
    /// Port named with the host.
    public internal(set) var port: UInt16?
    /// Request line and Host field, or two Host fields, name different hosts.
    public internal(set) var isHostAmbiguous = false
    /// Of HTTP/2: the frames.
    public internal(set) var http2: HTTP2Stream?
    /// The parts of a form that the client sends.
    var form: HTTPMultipart?
    /// How many files of each direction are in the log.
    public var loggedFiles = (toServer: 0, toClient: 0)
    /// The server has said 100 Continue.
    var hasContinued = false
    /// What is kept of the bodies, when anything looks into them.
    public internal(set) var requestBody = HTTPBody()
    public internal(set) var responseBody = HTTPBody()
    /// 200 of "HTTP/1.1 200 OK"; 0 before it is known.
    public internal(set) var status = 0

    init() {}

    public var method: ArraySlice<UInt8>? { request.hasStartLine ? request.head[request.first] : nil }
    /// The request target as sent.
    public var target: ArraySlice<UInt8>? { request.hasStartLine ? request.head[request.second] : nil }
    public var requestVersion: ArraySlice<UInt8>? { request.hasStartLine ? request.head[request.third] : nil }
    public var statusCode: ArraySlice<UInt8>? { response.hasStartLine ? response.head[response.second] : nil }
    public var reason: ArraySlice<UInt8>? { response.hasStartLine ? response.head[response.third] : nil }

    /// The server has accepted a CONNECT.
    var opensTunnel: Bool { methodIs("connect") && (200..<300).contains(status) }

    func methodIs(_ name: StaticString) -> Bool {
        request.hasStartLine && HTTPMessage.equals(request.head[request.first], name)
    }
}

extension HTTPExchange {
    /// Called once, when the request line is read. CONNECT names an authority, not a target.
    func settleTarget() {
        guard !methodIs("connect"), let target else { return }
        normalizedTarget = HTTPTarget.normalized(target)
    }

    /// Fields of an incomplete head are there for rules as they come.
    func noteFields(_ direction: FlowDirection) {
        let isNew =
            direction == .toServer
            ? !request.isHeadComplete && request.fieldsEnd != request.combined.end
            : !response.isHeadComplete && response.fieldsEnd != response.combined.end
        if isNew { combineFields(direction) }
    }

    func combineFields(_ direction: FlowDirection) {
        if direction == .toServer {
            request.combined = HTTPCombinedFields(request)
            noteRawHost()
        } else {
            response.combined = HTTPCombinedFields(response)
        }
    }
}

extension HTTPExchange {
    public func body(_ direction: FlowDirection) -> HTTPBody { direction == .toServer ? requestBody : responseBody }

    /// The request carries something to be kept: its body is a file (RFC 9110 sections 9.3.3 and 9.3.4).
    public var requestIsFile: Bool { methodIs("post") || methodIs("put") }

    /// A file is on its way in this direction, and some of it has come.
    public func hasFile(_ direction: FlowDirection) -> Bool {
        if direction == .toServer, let form { return !form.files.isEmpty }
        return body(direction).length > 0 && (direction == .toClient || requestIsFile)
    }

    /// The client sends a form: its files are in the parts.
    public var isForm: Bool { form != nil }

    /// What is on its way in this direction.
    /// - Parameter isOver: the message is complete.
    public func files(_ direction: FlowDirection, isOver: Bool) -> [HTTPFile] {
        if direction == .toServer, let form { return form.files }
        guard hasFile(direction) else { return [] }
        return [HTTPFile(name: fileName(direction), body: body(direction), isComplete: isOver)]
    }

    /// Lets go of the body before `offset`; of all of it with `.max`.
    public func releaseBody(_ direction: FlowDirection, before offset: Int) {
        switch (direction, offset) {
        case (.toServer, .max):
            requestBody.releaseAll()
            form?.releaseAll()
        case (.toServer, _): requestBody.release(before: offset)
        case (.toClient, .max): responseBody.releaseAll()
        case (.toClient, _): responseBody.release(before: offset)
        }
    }
}
