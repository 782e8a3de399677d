import NetTypes
import Wire

/// Reads an HTTP/1 connection: every request with its response, pipelined or one after the other.
public final class HTTPParser: ApplicationParser {
    public let appProtocol = AppProtocol.http1
    public private(set) var transactions: [Transaction] = []
    private var exchanges: [HTTPExchange] = []
    private(set) var nextIdentifier: UInt64 = 0
    private let settings: AppLayerSettings
    private var requests: HTTPMessageReader
    private var responses: HTTPMessageReader
    /// Index in `transactions` of the one whose request, and whose response, is being read.
    private var requestIndex: Int?
    private var responseIndex: Int?
    /// The client has asked for a tunnel: its next bytes are not HTTP unless the server refuses.
    private var awaitsTunnel = false
    /// The request by which the connection becomes HTTP/2 (RFC 7540 section 3.2).
    private(set) var upgradedToHTTP2: HTTPExchange?
    /// What the client has sent behind such a request, kept until the answer is known.
    private var earlyTunnelBytes: [UInt8] = []

    /// The client has sent more than a line's end behind a request for a tunnel that is not answered yet.
    var hasEarlyTunnelBytes: Bool { awaitsTunnel && earlyTunnelBytes.contains { $0 != 13 && $0 != 10 } }

    init(settings: AppLayerSettings) {
        self.settings = settings
        requests = HTTPMessageReader(isRequest: true, settings: settings)
        responses = HTTPMessageReader(isRequest: false, settings: settings)
    }

    public func feed(_ direction: FlowDirection, _ bytes: RawSpan) -> ParserStatus {
        defer { raiseEvents() }
        do throws(MalformedReason) {
            return direction == .toServer ? try feedRequest(bytes) : try feedResponse(bytes)
        } catch {
            return .malformed(error)
        }
    }

    /// Bytes that were never seen: in a body the message goes on behind them.
    func skipGap(_ direction: FlowDirection, _ count: Int) -> ParserStatus {
        if direction == .toServer {
            guard let index = requestIndex, exchanges[index].form == nil, let skipped = requests.skipBody(count) else {
                return .malformed(.httpFramingInvalid)
            }
            exchanges[index].request.bodyLength &+= skipped
            exchanges[index].requestBody.skip(skipped)
        } else {
            guard let index = responseIndex, let skipped = responses.skipBody(count) else {
                return .malformed(.httpFramingInvalid)
            }
            exchanges[index].response.bodyLength &+= skipped
            exchanges[index].responseBody.skip(skipped)
        }
        // The body may end with it.
        return feed(direction, RawSpan())
    }

    private func raiseEvents() {
        for event in requests.takeEvents() { (requestIndex ?? lastIndex).map { transactions[$0].raise(event) } }
        for event in responses.takeEvents() { (responseIndex ?? lastIndex).map { transactions[$0].raise(event) } }
    }

    private func raiseBodyEvents(_ index: Int) {
        for event in exchanges[index].responseBody.events { transactions[index].raise(event) }
    }

    private var lastIndex: Int? { transactions.isEmpty ? nil : transactions.count - 1 }

    public func end(_ direction: FlowDirection) {
        if direction == .toClient {
            if let index = responseIndex, case .strayBody(let bytes)? = responses.end(&exchanges[index].response) {
                takeStrayBody(bytes, index)
            }
            if responses.state == .untilClose, let index = responseIndex { completeResponse(index) }
            for transaction in transactions { transaction.reach(HTTPMessage.Step.complete, .toClient) }
        }
    }

    public func release(before identifier: UInt64) {
        var count = 0
        while count < transactions.count, transactions[count].identifier < identifier,
            count != requestIndex, count != responseIndex
        { count += 1 }
        guard count > 0 else { return }
        transactions.removeFirst(count)
        exchanges.removeFirst(count)
        requestIndex = requestIndex.map { $0 - count }
        responseIndex = responseIndex.map { $0 - count }
    }

    /// Bytes of the next body that may be kept.
    private var bodyLimit: Int {
        guard settings.keepsBodies || settings.measuresBodies else { return 0 }
        let kept = exchanges.reduce(0) { sum, exchange in
            let files = exchange.form?.files.reduce(0) { $0 + $1.body.bytes.count } ?? 0
            return sum + exchange.requestBody.bytes.count + exchange.responseBody.bytes.count + files
        }
        return max(0, min(settings.httpBodyBytes, settings.httpBodiesBytes - kept))
    }

    private func begin() throws(MalformedReason) -> Int {
        guard transactions.count < settings.httpPipeline else { throw .httpTooManyTransactions }
        let exchange = HTTPExchange()
        exchanges.append(exchange)
        transactions.append(
            Transaction(
                identifier: nextIdentifier, appProtocol: .http1, facts: .http(exchange),
                complete: (HTTPMessage.Step.complete, HTTPMessage.Step.complete)))
        nextIdentifier += 1
        return transactions.count - 1
    }

    // MARK: requests

    private func feedRequest(_ bytes: RawSpan) throws(MalformedReason) -> ParserStatus {
        if awaitsTunnel {
            guard earlyTunnelBytes.count + bytes.byteCount <= settings.httpHeadBytes else { throw .httpFramingInvalid }
            unsafe bytes.withUnsafeBytes { unsafe earlyTunnelBytes.append(contentsOf: $0) }
            return .proceeding
        }
        var cursor = ByteCursor(bytes)
        while true {
            let event: HTTPMessageReader.Event
            if let index = requestIndex {
                event = try requests.next(&cursor, into: &exchanges[index].request)
                // At once: the next piece may belong to another request.
                for noticed in requests.takeEvents() { transactions[index].raise(noticed) }
                if case .bodyBytes(let range) = event {
                    takeRequestBody(bytes.extracting(range), index)
                } else if event == .messageComplete, requests.continueBehindEnd(request: cursor.rest) {
                    if !exchanges[index].requestBody.isOpen {
                        exchanges[index].requestBody = HTTPBody(limit: bodyLimit, keepsBytes: settings.keepsBodies)
                    }
                    transactions[index].raise(.httpRequestBodyUnexpected)
                } else {
                    try handleRequest(event, index)
                }
                if awaitsTunnel, event == .messageComplete {
                    earlyTunnelBytes = cursor.rest.copied()
                    return .proceeding
                }
            } else {
                var none = HTTPMessage()
                event = try requests.next(&cursor, into: &none)
                if event == .messageStarted {
                    let index = try begin()
                    requestIndex = index
                    transactions[index].reach(HTTPMessage.Step.line, .toServer)
                }
            }
            if event == .exhausted {
                if let index = requestIndex { exchanges[index].noteFields(.toServer) }
                return .proceeding
            }
        }
    }

    private func handleRequest(_ event: HTTPMessageReader.Event, _ index: Int) throws(MalformedReason) {
        let transaction = transactions[index]
        let exchange = exchanges[index]
        switch event {
        case .exhausted, .messageStarted, .bodyBytes, .strayBody: break
        case .startLineComplete:
            exchange.settleTarget()
            transaction.reach(HTTPMessage.Step.headers, .toServer)
        case .headComplete:
            exchange.combineFields(.toServer)
            exchange.settleHost(compatible: settings.compatibleWithSuricata)
            for event in HTTPEvents.ofRequest(exchange) { transaction.raise(event) }
            // Differs: servers disagree on whose request it is; they must refuse two Host fields (RFC 9112 section 3.2).
            if exchange.isHostAmbiguous, !settings.compatibleWithSuricata, !exchange.methodIs("connect") {
                throw .httpHostAmbiguous
            }
            let framing = try HTTPFraming.ofRequest(exchange.request, compatible: settings.compatibleWithSuricata)
            requests.expect(framing)
            exchange.requestBody = HTTPBody(limit: bodyLimit, keepsBytes: settings.keepsBodies)
            if exchange.methodIs("post"), let type = exchange.request.combined["content-type"] {
                exchange.form = HTTPMultipart(
                    contentType: type, limit: exchange.requestBody.limit, keepsBytes: settings.keepsBodies)
            }
            transaction.reach(HTTPMessage.Step.body, .toServer)
        case .messageComplete:
            transaction.reach(HTTPMessage.Step.complete, .toServer)
            requestIndex = nil
            awaitsTunnel = exchange.methodIs("connect")
        }
    }

    private func takeRequestBody(_ bytes: RawSpan, _ index: Int) {
        exchanges[index].requestBody.take(bytes)
        guard exchanges[index].isForm else { return }
        exchanges[index].form?.take(bytes)
        for event in exchanges[index].form?.events ?? [] { transactions[index].raise(event) }
    }

    // MARK: responses

    private func feedResponse(_ bytes: RawSpan) throws(MalformedReason) -> ParserStatus {
        var cursor = ByteCursor(bytes)
        while true {
            let event: HTTPMessageReader.Event
            if let index = responseIndex {
                event = try responses.next(&cursor, into: &exchanges[index].response)
                for noticed in responses.takeEvents() { transactions[index].raise(noticed) }
                if case .bodyBytes(let range) = event {
                    exchanges[index].responseBody.take(bytes.extracting(range))
                    raiseBodyEvents(index)
                } else if let status = try handleResponse(event, index, cursor.rest, consumed: cursor.offset) {
                    return status
                }
            } else {
                var none = HTTPMessage()
                event = try responses.next(&cursor, into: &none)
                if event == .messageStarted {
                    let waiting = transactions.firstIndex { $0.progressToClient < HTTPMessage.Step.complete }
                    let index: Int
                    if let waiting {
                        index = waiting
                    } else {
                        index = try begin()
                        transactions[index].raise(.httpUnableToMatchResponseToRequest)
                    }
                    responseIndex = index
                    transactions[index].reach(HTTPMessage.Step.line, .toClient)
                }
            }
            if event == .exhausted {
                if let index = responseIndex { exchanges[index].noteFields(.toClient) }
                return .proceeding
            }
        }
    }

    private func handleResponse(
        _ event: HTTPMessageReader.Event, _ index: Int, _ rest: RawSpan, consumed: Int
    ) throws(MalformedReason) -> ParserStatus? {
        let transaction = transactions[index]
        let exchange = exchanges[index]
        switch event {
        case .exhausted, .messageStarted, .bodyBytes: return nil
        case .strayBody(let bytes):
            takeStrayBody(bytes, index)
            return nil
        case .startLineComplete:
            exchange.status = exchange.statusCode.flatMap { Int(String(decoding: $0, as: UTF8.self)) } ?? 0
            transaction.reach(HTTPMessage.Step.headers, .toClient)
            return nil
        case .headComplete:
            exchange.combineFields(.toClient)
            responses.expect(try HTTPFraming.ofResponse(exchange, compatible: settings.compatibleWithSuricata))
            if (100..<200).contains(exchange.status), exchange.status != 101 {
                // An interim response: the final one follows for the same request (RFC 9110 section 15.2).
                if exchange.status == 100 { noteContinue(transaction, exchange) }
                exchange.response = HTTPMessage()
                exchange.status = 0
                responses = HTTPMessageReader(isRequest: false, settings: settings)
                responseIndex = nil
                return nil
            }
            exchange.responseBody = HTTPBody(
                limit: bodyLimit, keepsBytes: settings.keepsBodies,
                contentEncoding: exchange.response.combined["content-encoding"],
                layers: settings.httpDecodingLayers)
            for event in HTTPEvents.ofResponse(exchange, maximumLayers: settings.httpDecodingLayers) {
                transaction.raise(event)
            }
            transaction.reach(HTTPMessage.Step.body, .toClient)
            return nil
        case .messageComplete:
            let isTunnel = exchange.status == 101 || exchange.opensTunnel
            if !isTunnel, responses.continueBehindEnd(rest) { return nil }
            completeResponse(index)
            if exchange.status == 101, exchange.asksForHTTP2 { upgradedToHTTP2 = exchange }
            if isTunnel { return .handOver(consumed: consumed) }
            if awaitsTunnel, exchange.methodIs("connect") { try refuseTunnel() }
            return nil
        }
    }

    /// Bytes that turn out to be a part of the body. Without a head the body begins with them.
    private func takeStrayBody(_ bytes: [UInt8], _ index: Int) {
        let exchange = exchanges[index]
        if !exchange.response.isHeadComplete, exchange.responseBody.length == 0 {
            exchange.responseBody = HTTPBody(limit: bodyLimit, keepsBytes: settings.keepsBodies)
            transactions[index].reach(HTTPMessage.Step.body, .toClient)
        }
        exchange.response.bodyLength &+= bytes.count
        exchange.responseBody.take(unsafe bytes.span.bytes)
    }

    private func noteContinue(_ transaction: Transaction, _ exchange: HTTPExchange) {
        if exchange.hasContinued { transaction.raise(.http100ContinueAlreadySeen) }
        exchange.hasContinued = true
    }

    /// What the client has sent behind its CONNECT, without waiting for the answer, are further requests.
    private func refuseTunnel() throws(MalformedReason) {
        awaitsTunnel = false
        let early = earlyTunnelBytes
        earlyTunnelBytes = []
        _ = try feedRequest(unsafe early.span.bytes)
    }

    private func completeResponse(_ index: Int) {
        transactions[index].reach(HTTPMessage.Step.complete, .toClient)
        responseIndex = nil
    }

    public func takeEarlyBytes(_ direction: FlowDirection) -> [UInt8] {
        guard direction == .toServer else { return [] }
        defer { earlyTunnelBytes = [] }
        return earlyTunnelBytes
    }
}
