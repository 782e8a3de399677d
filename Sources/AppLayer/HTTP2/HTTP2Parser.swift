import NetTypes
import Wire

/// Reads an HTTP/2 connection in clear (RFC 9113), begun with its preface or by an upgrade of HTTP/1: every stream with a
/// request is a transaction, and so is every frame of the connection itself (stream 0).
public final class HTTP2Parser: ApplicationParser {
    public let appProtocol = AppProtocol.http2
    public private(set) var transactions: [Transaction] = []
    let settings: AppLayerSettings
    private var nextIdentifier: UInt64 = 0
    /// Bytes of the client's preface that have come.
    private var prefaceLength = 0
    private var client = Side()
    private var server = Side()
    /// Streams that are not closed.
    private var streams: [UInt32: Stream] = [:]
    /// Largest stream identifier so far: of the client's, odd, and of the server's, even.
    private var largest: (client: UInt32, server: UInt32) = (0, 0)
    private var hasRequest = false

    private struct Side {
        var reader = HTTP2FrameReader()
        var decoder = HPACKDecoder()
        var block: Block?
        /// A block could not be decoded, and so none can that follows.
        var isUnreadable = false
    }

    /// A header block that goes on in the next frame.
    private struct Block {
        var frame: HTTP2Frame
        var fragment: [UInt8]
        var frames = 1
    }

    private final class Stream {
        let transaction: Transaction
        let exchange: HTTPExchange
        let facts: HTTP2Stream

        init(_ transaction: Transaction, _ exchange: HTTPExchange, _ facts: HTTP2Stream) {
            self.transaction = transaction
            self.exchange = exchange
            self.facts = facts
        }
    }

    private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
    /// Frames that one header block may take: 64 KiB in frames of half a kilobyte. A flood of empty ones ends here.
    private static let maximumBlockFrames = 128

    /// - Parameters:
    ///   - request: the HTTP/1 request that has asked for the change: stream 1 answers it.
    ///   - firstIdentifier: of the first transaction.
    init(settings: AppLayerSettings, upgradedBy request: HTTPExchange? = nil, firstIdentifier: UInt64 = 0) {
        self.settings = settings
        nextIdentifier = firstIdentifier
        guard let request, let stream = try? begin(1, .toServer) else { return }
        let fields = request.asHTTP2
        stream.facts.client.lines = fields.map { .field(name: $0.name, value: $0.value) }
        stream.facts.client.frameTypes = 1 << UInt32(HTTP2FrameType.headers.rawValue)
        // Suricata looks for names in lower case alone.
        let named =
            settings.compatibleWithSuricata ? fields.filter { !$0.name.contains { (65...90).contains($0) } } : fields
        _ = stream.exchange.settleHTTP2Request(named, compatible: settings.compatibleWithSuricata)
        stream.transaction.reach(HTTPMessage.Step.complete, .toServer)
        hasRequest = true
        guard let settings = request.http2Settings else { return }
        // The client's first settings come in a field (RFC 7540 section 3.2.1).
        let frame = HTTP2Frame([0, 0, 0, HTTP2FrameType.settings.rawValue, 0, 0, 0, 0, 0])
        try? takeNumbers(frame, settings, .toServer)
    }

    /// The client has not finished the head of a request: rules by name cannot match yet.
    var awaitsHead: Bool {
        if !hasRequest || client.block != nil { return true }
        guard let frame = client.reader.frame else { return !client.reader.isAtFrameStart }
        return frame.kind == .headers || frame.kind == .continuation
    }

    // MARK: bytes

    public func feed(_ direction: FlowDirection, _ bytes: RawSpan) -> ParserStatus {
        var cursor = ByteCursor(bytes)
        do throws(MalformedReason) {
            if direction == .toServer { try readPreface(&cursor) }
            while true {
                let event =
                    direction == .toServer
                    ? try client.reader.next(&cursor, headBytes: settings.httpHeadBytes)
                    : try server.reader.next(&cursor, headBytes: settings.httpHeadBytes)
                switch event {
                case .exhausted: return .proceeding
                case .frameStarted: try begin(direction)
                case .data(let range): takeData(bytes.extracting(range), direction)
                case .frameComplete: try complete(direction)
                }
            }
        } catch {
            return .malformed(error)
        }
    }

    private func readPreface(_ cursor: inout ByteCursor) throws(MalformedReason) {
        while prefaceLength < HTTP2Parser.preface.count {
            guard let byte = try? cursor.u8() else { return }
            guard byte == HTTP2Parser.preface[prefaceLength] else { throw .http2InvalidPreface }
            prefaceLength += 1
        }
    }

    public func end(_ direction: FlowDirection) {
        guard direction == .toClient else { return }
        for transaction in transactions {
            transaction.reach(HTTPMessage.Step.complete, .toServer)
            transaction.reach(HTTPMessage.Step.complete, .toClient)
        }
    }

    public func release(before identifier: UInt64) {
        transactions.removeAll { $0.identifier < identifier && $0.isComplete }
    }

    /// Streams end in any order: one that stays open does not hold back the others.
    public func release(finished identifiers: Set<UInt64>) {
        transactions.removeAll { identifiers.contains($0.identifier) }
    }

    // MARK: transactions

    private func append(_ stream: HTTP2Stream, _ exchange: HTTPExchange, only: FlowDirection?) throws(MalformedReason)
        -> Transaction
    {
        guard transactions.count < settings.http2Streams else { throw .http2TooManyStreams }
        exchange.http2 = stream
        let transaction = Transaction(
            identifier: nextIdentifier, appProtocol: .http2, facts: .http(exchange),
            complete: (HTTPMessage.Step.complete, HTTPMessage.Step.complete), keepsNews: true, only: only)
        transactions.append(transaction)
        nextIdentifier += 1
        return transaction
    }

    private func begin(_ identifier: UInt32, _ direction: FlowDirection) throws(MalformedReason) -> Stream {
        let exchange = HTTPExchange()
        let facts = HTTP2Stream(identifier: identifier)
        let stream = Stream(try append(facts, exchange, only: nil), exchange, facts)
        let isReused =
            identifier % 2 == 1 ? identifier <= largest.client : identifier <= largest.server
        if isReused { stream.transaction.raise(.http2StreamIDReuse) }
        if identifier % 2 == 1 {
            largest.client = max(largest.client, identifier)
        } else {
            largest.server = max(largest.server, identifier)
        }
        streams[identifier] = stream
        return stream
    }

    /// The stream a frame is about. HEADERS open one, and PRIORITY one that has not been; other frames of a stream that is
    /// closed are late and say nothing.
    private func stream(of frame: HTTP2Frame, _ direction: FlowDirection) throws(MalformedReason) -> Stream? {
        if let known = streams[frame.stream] { return known }
        let isNew = frame.stream > (frame.stream % 2 == 1 ? largest.client : largest.server)
        guard frame.kind == .headers || frame.kind == .priority && isNew else { return nil }
        return try begin(frame.stream, direction)
    }

    private func close(_ identifier: UInt32, _ direction: FlowDirection) {
        guard let stream = streams[identifier] else { return }
        stream.transaction.reach(HTTPMessage.Step.complete, direction)
        if stream.transaction.isComplete { streams[identifier] = nil }
    }

    // MARK: frames

    private func begin(_ direction: FlowDirection) throws(MalformedReason) {
        let side = direction == .toServer ? client : server
        guard let frame = side.reader.frame else { return }
        if let block = side.block {
            // Nothing may come between the parts of a block (RFC 9113 section 6.10).
            guard frame.kind == .continuation, frame.stream == block.frame.stream,
                block.frames < HTTP2Parser.maximumBlockFrames,
                block.fragment.count + frame.length <= settings.httpHeadBytes
            else { throw .http2InvalidFrame }
        } else if frame.kind == .continuation {
            throw .http2InvalidFrame
        }
        guard frame.stream != 0 else {
            // These belong to streams: servers end the connection over one that does not.
            switch frame.kind {
            case .data, .headers, .priority, .resetStream, .pushPromise: throw .http2InvalidFrame
            default: return
            }
        }
        guard let stream = try stream(of: frame, direction) else { return }
        stream.facts.change(direction) { $0.note(frame) }
        stream.transaction.update(direction)
        if frame.kind == .headers { stream.transaction.reach(HTTPMessage.Step.line, direction) }
    }

    private func takeData(_ data: RawSpan, _ direction: FlowDirection) {
        guard let frame = (direction == .toServer ? client : server).reader.frame,
            let stream = streams[frame.stream], data.byteCount > 0
        else { return }
        let exchange = stream.exchange
        stream.transaction.update(direction)
        if direction == .toServer {
            exchange.request.bodyLength &+= data.byteCount
            exchange.requestBody.take(data)
        } else {
            exchange.response.bodyLength &+= data.byteCount
            exchange.responseBody.take(data)
            for event in exchange.responseBody.events { stream.transaction.raise(event) }
        }
    }

    private func complete(_ direction: FlowDirection) throws(MalformedReason) {
        let side = direction == .toServer ? client : server
        guard let frame = side.reader.lastFrame else { return }
        let payload = side.reader.payload
        streams[frame.stream]?.transaction.update(direction)
        switch frame.kind {
        case .headers, .pushPromise, .continuation: try takeHeaders(frame, payload, direction)
        case .data: if frame.endsStream { close(frame.stream, direction) }
        default: try takeNumbers(frame, payload, direction)
        }
    }

    /// What a frame says in numbers, and what it does to the connection.
    private func takeNumbers(
        _ frame: HTTP2Frame, _ payload: [UInt8], _ direction: FlowDirection
    ) throws(MalformedReason) {
        let known = streams[frame.stream]
        if frame.stream != 0, known == nil { return }
        let facts = known?.facts ?? HTTP2Stream(identifier: 0)
        func number(_ place: Int) -> UInt32? {
            payload.count >= place + 4 ? payload[place..<(place + 4)].reduce(0) { $0 << 8 | UInt32($1) } : nil
        }
        var isShort = false
        facts.change(direction) { side in
            if known == nil { side.note(frame) }
            switch frame.kind {
            case .priority:
                if payload.count == 5 { HTTP2Stream.Side.add(payload[4], to: &side.priorities) } else { isShort = true }
            case .resetStream:
                if let code = number(0) { HTTP2Stream.Side.add(code, to: &side.errorCodes) } else { isShort = true }
            case .goAway:
                if let code = number(4) { HTTP2Stream.Side.add(code, to: &side.errorCodes) } else { isShort = true }
            case .windowUpdate:
                if let size = number(0) {
                    HTTP2Stream.Side.add(size & 0x7fff_ffff, to: &side.windows)
                } else {
                    isShort = true
                }
            case .settings where !frame.isAcknowledgement:
                isShort = payload.count % 6 != 0
                for place in stride(from: 0, to: payload.count - 5, by: 6) {
                    let identifier = UInt16(payload[place]) << 8 | UInt16(payload[place + 1])
                    HTTP2Stream.Side.add((identifier, number(place + 2) ?? 0), to: &side.settings)
                }
            default: break
            }
        }
        // An acknowledgement says nothing.
        if frame.kind == .settings, frame.isAcknowledgement { return }
        if frame.kind == .settings { allowTable(facts.side(direction).settings, direction) }
        let transaction = if let known { known.transaction } else { try connectionTransaction(facts, direction) }
        if isShort { transaction?.raise(.http2InvalidFrameLength) }
        if frame.kind == .resetStream {
            close(frame.stream, .toServer)
            close(frame.stream, .toClient)
        }
    }

    /// A frame of the connection itself. Differs: it is looked at in its own direction; in Suricata in both.
    private func connectionTransaction(
        _ facts: HTTP2Stream, _ direction: FlowDirection
    ) throws(MalformedReason) -> Transaction? {
        // Half the room is for requests.
        guard transactions.count < settings.http2Streams / 2 else {
            if settings.compatibleWithSuricata { return nil }
            throw .http2TooManyStreams
        }
        let transaction = try append(
            facts, HTTPExchange(), only: settings.compatibleWithSuricata ? nil : direction)
        transaction.reach(HTTPMessage.Step.complete, .toServer)
        transaction.reach(HTTPMessage.Step.complete, .toClient)
        return transaction
    }

    /// What one side allows bounds the other's encoder.
    private func allowTable(_ settings: [(identifier: UInt16, value: UInt32)], _ direction: FlowDirection) {
        for setting in settings where setting.identifier == 1 {
            if direction == .toServer {
                server.decoder.allow(setting.value)
            } else {
                client.decoder.allow(setting.value)
            }
        }
    }

    // MARK: header blocks

    private func takeHeaders(
        _ frame: HTTP2Frame, _ payload: [UInt8], _ direction: FlowDirection
    ) throws(MalformedReason) {
        var block: Block
        if frame.kind == .continuation {
            guard let begun = direction == .toServer ? client.block : server.block else { return }
            block = begun
            block.fragment += payload
            block.frames += 1
        } else {
            block = Block(frame: frame, fragment: try fragment(of: frame, payload, direction))
        }
        let isComplete = frame.endsHeaders
        if direction == .toServer {
            client.block = isComplete ? nil : block
        } else {
            server.block = isComplete ? nil : block
        }
        if isComplete { try read(block, direction) }
    }

    /// The payload without padding, priority and promised stream.
    private func fragment(
        of frame: HTTP2Frame, _ payload: [UInt8], _ direction: FlowDirection
    ) throws(MalformedReason) -> [UInt8] {
        var range = 0..<payload.count
        if frame.isPadded {
            guard let padding = payload.first, range.count >= 1 + Int(padding) else { throw .http2InvalidFrame }
            range = 1..<(payload.count - Int(padding))
        }
        if frame.kind == .headers, frame.hasPriority {
            guard range.count >= 5 else { throw .http2InvalidFrame }
            let weight = payload[range.lowerBound + 4]
            streams[frame.stream]?.facts.change(direction) { HTTP2Stream.Side.add(weight, to: &$0.priorities) }
            range = (range.lowerBound + 5)..<range.upperBound
        } else if frame.kind == .pushPromise {
            guard range.count >= 4 else { throw .http2InvalidFrame }
            range = (range.lowerBound + 4)..<range.upperBound
        }
        return Array(payload[range])
    }

    private func read(_ block: Block, _ direction: FlowDirection) throws(MalformedReason) {
        guard !(direction == .toServer ? client : server).isUnreadable else { return }
        let stream = streams[block.frame.stream]
        let entries: [HPACKDecoder.Entry]
        do throws(HPACKDecoder.Fault) {
            entries = try decode(unsafe block.fragment.span.bytes, direction)
        } catch {
            stream?.transaction.raise(error == .integerOverflow ? .http2HeaderIntegerOverflow : .http2InvalidHeader)
            if direction == .toServer { client.isUnreadable = true } else { server.isUnreadable = true }
            // Differs: Suricata reads on.
            guard settings.compatibleWithSuricata else {
                throw error == .tooLong ? .httpHeadTooLong : .http2InvalidHeader
            }
            return
        }
        // Those of a promise belong to a request that nobody has made.
        if block.frame.kind == .headers, let stream { try take(entries, stream, direction) }
        if block.frame.endsStream { close(block.frame.stream, direction) }
    }

    private func decode(
        _ block: RawSpan, _ direction: FlowDirection
    ) throws(HPACKDecoder.Fault) -> [HPACKDecoder.Entry] {
        if direction == .toServer {
            try client.decoder.decode(block, maximumBytes: settings.httpHeadBytes, maximumFields: settings.httpFields)
        } else {
            try server.decoder.decode(block, maximumBytes: settings.httpHeadBytes, maximumFields: settings.httpFields)
        }
    }

    private func take(
        _ entries: [HPACKDecoder.Entry], _ stream: Stream, _ direction: FlowDirection
    ) throws(MalformedReason) {
        var fields: [(name: [UInt8], value: [UInt8])] = []
        stream.facts.change(direction) { side in
            for entry in entries {
                guard side.lines.count < settings.httpFields else { break }
                switch entry {
                case .field(let name, let value):
                    fields.append((name, value))
                    side.lines.append(.field(name: name, value: value))
                case .sizeUpdate(let size): side.lines.append(.tableSizeUpdate(size))
                }
            }
        }
        if direction == .toServer {
            try takeRequest(fields, stream)
        } else {
            takeResponse(fields, stream)
        }
    }

    private func takeRequest(
        _ fields: [(name: [UInt8], value: [UInt8])], _ stream: Stream
    ) throws(MalformedReason) {
        guard !stream.exchange.request.isHeadComplete else {
            // Trailers: a second set of pseudo-header fields in them is an attempt to say two things.
            guard fields.contains(where: { $0.name.first == UInt8(ascii: ":") }) else { return }
            stream.transaction.raise(.http2InvalidHeader)
            if !settings.compatibleWithSuricata { throw .http2InvalidHeader }
            return
        }
        hasRequest = true
        let events = stream.exchange.settleHTTP2Request(fields, compatible: settings.compatibleWithSuricata)
        for event in events { stream.transaction.raise(event) }
        // Differs: servers disagree on whose request it is.
        if stream.exchange.isHostAmbiguous, !settings.compatibleWithSuricata { throw .http2AuthorityMismatch }
        stream.exchange.requestBody = HTTPBody(limit: bodyLimit, keepsBytes: settings.keepsBodies)
        stream.transaction.reach(HTTPMessage.Step.body, .toServer)
    }

    private func takeResponse(_ fields: [(name: [UInt8], value: [UInt8])], _ stream: Stream) {
        let exchange = stream.exchange
        // Behind an interim response (RFC 9113 section 8.1) comes the final one; behind that, trailers.
        guard !exchange.response.isHeadComplete || (100..<200).contains(exchange.status) else { return }
        exchange.settleHTTP2Response(fields)
        guard !(100..<200).contains(exchange.status) else { return }
        exchange.responseBody = HTTPBody(
            limit: bodyLimit, keepsBytes: settings.keepsBodies,
            contentEncoding: exchange.response.combined["content-encoding"],
            layers: settings.httpDecodingLayers)
        stream.transaction.reach(HTTPMessage.Step.body, .toClient)
    }

    /// Bytes of the next body that may be kept.
    private var bodyLimit: Int {
        guard settings.keepsBodies || settings.measuresBodies else { return 0 }
        let kept = transactions.reduce(0) { sum, transaction in
            guard case .http(let exchange) = transaction.facts else { return sum }
            return sum + exchange.requestBody.bytes.count + exchange.responseBody.bytes.count
        }
        return max(0, min(settings.httpBodyBytes, settings.httpBodiesBytes - kept))
    }
}
