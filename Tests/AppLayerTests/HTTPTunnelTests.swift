import AppLayer
import NetTypes
import TestSupport
import Testing

/// CONNECT and upgrades: the connection changes its protocol.
struct HTTPTunnelTests {
    private static let connect = HTTPBytes.request("CONNECT", "inner.example:443", host: "inner.example:443")
    private static let established = HTTPBytes.response(200, "Connection established")
    private static let hello = TLSBytes.clientHello("inner.example")

    private static func check(
        _ said: [Said], sourceLocation: SourceLocation = #_sourceLocation, _ body: (Conversation) -> Void
    ) {
        let whole = Conversation(said, port: 3128)
        body(whole)
        let bytes = Conversation(byteByByte(said), port: 3128)
        #expect(bytes.facts == whole.facts, sourceLocation: sourceLocation)
    }

    @Test("behind an accepted CONNECT comes TLS")
    func tunnel() {
        for answer in [
            Self.established, HTTPBytes.response(200, "OK", fields: ["Content-Length: 7"]),
            HTTPBytes.response(299, "", fields: ["Transfer-Encoding: chunked"]),
        ] {
            Self.check([
                .client(Self.connect), .server(answer), .client(Self.hello),
                .server(TLSBytes.record(TLSBytes.serverHello())),
            ]) { conversation in
                #expect(conversation.session.originalProtocol == .http1)
                #expect(conversation.session.appProtocol == .tls)
                #expect(conversation.events.contains(.protocolChanged))
                #expect(conversation.serverName == "inner.example")
                #expect(conversation.tls?.serverHello != nil)
                #expect(conversation.session.handedOver.count == 1)
            }
        }
    }

    @Test("line ends that stray behind the heads are no part of the tunnel")
    func strayLineEnds() {
        Self.check([
            .client(Self.connect + [10]), .server(Self.established + [13, 10]),
            .client(HTTPBytes.request(host: "inner.example")), .server(HTTPBytes.response(204)),
        ]) { conversation in
            #expect(conversation.session.appProtocol == .http1)
            #expect(conversation.session.originalProtocol == .http1)
        }
    }

    @Test("the handed-over exchange is given once, with its answer")
    func handedOver() {
        let conversation = Conversation([.client(Self.connect), .server(Self.established)], port: 3128)
        #expect(conversation.session.appProtocol == .unknown)
        #expect(conversation.session.transactions.isEmpty)
        let taken = conversation.session.takeHandedOver()
        guard case .http(let exchange) = taken.first?.facts else {
            Issue.record("no HTTP exchange")
            return
        }
        #expect(exchange.host.map(text) == "inner.example" && exchange.port == 443 && exchange.status == 200)
        #expect(taken.first?.isComplete == true)
        #expect(conversation.session.takeHandedOver().isEmpty)
    }

    @Test("a client that does not wait for the answer: its bytes belong to what follows")
    func earlyBytes() {
        for cut in [1, 20, Self.connect.count - 1, Self.connect.count, Self.connect.count + 1, Self.connect.count + 50]
        {
            let bytes = Self.connect + Self.hello
            Self.check([.client(Array(bytes[..<cut])), .client(Array(bytes[cut...])), .server(Self.established)]) {
                conversation in
                #expect(conversation.session.appProtocol == .tls)
                #expect(conversation.serverName == "inner.example")
            }
        }
    }

    @Test("the server's first bytes behind its answer are read too")
    func serverFirst() {
        Self.check([
            .client(Self.connect), .server(Self.established + utf8("SSH-2.0-inner\r\n")), .client("SSH-2.0-client\r\n"),
        ]) { conversation in
            #expect(conversation.session.appProtocol == .ssh)
            #expect(conversation.ssh?.server.map { text($0.software) } == "inner")
            #expect(conversation.ssh?.client.map { text($0.software) } == "client")
        }
    }

    @Test("a refused CONNECT stays HTTP, and what the client sent early are requests")
    func refused() {
        let next = HTTPBytes.request("GET", "/", host: "hidden.example")
        let refusal = HTTPBytes.response(407, "Proxy Authentication Required", fields: ["Content-Length: 0"])
        for said in [
            [.client(Self.connect), .server(refusal), .client(next)], [.client(Self.connect + next), .server(refusal)],
            [.client(Self.connect), .client(next), .server(refusal)],
        ] as [[Said]] {
            Self.check(said) { conversation in
                #expect(conversation.session.appProtocol == .http1)
                #expect(conversation.http.map { $0.host.map(text) } == ["inner.example", "hidden.example"])
            }
        }
        // And a second try is one.
        Self.check([
            .client(Self.connect), .server(refusal), .client(Self.connect), .server(Self.established),
            .client(Self.hello),
        ]) { conversation in
            #expect(conversation.serverName == "inner.example")
        }
    }

    @Test("the answer to an earlier request does not decide a CONNECT behind it")
    func pipelined() {
        let ok = HTTPBytes.response(200, fields: ["Content-Length: 0"])
        Self.check([.client(HTTPBytes.request() + Self.connect + Self.hello), .server(ok), .server(Self.established)]) {
            conversation in
            #expect(conversation.session.appProtocol == .tls)
            #expect(conversation.serverName == "inner.example")
            #expect(conversation.session.handedOver.count == 2)
        }
    }

    @Test("an interim answer does not decide either")
    func interim() {
        Self.check([
            .client(Self.connect + Self.hello), .server(HTTPBytes.response(100, "Continue") + Self.established),
        ]) { conversation in
            #expect(conversation.serverName == "inner.example")
        }
    }

    @Test("101 switches the protocol")
    func upgrade() {
        let request = HTTPBytes.request("GET", "/chat", fields: ["Upgrade: websocket", "Connection: Upgrade"])
        Self.check([.client(request), .server(HTTPBytes.response(101, "Switching Protocols") + [0x81, 0x01, 0x61])]) {
            conversation in
            #expect(conversation.session.originalProtocol == .http1)
            #expect(conversation.session.appProtocol == .unknown)
            #expect(conversation.session.transactions.isEmpty)
            #expect(conversation.session.handedOver.count == 1)
        }
    }

    @Test("what a client sends before the answer is capped")
    func earlyCap() {
        let conversation = Conversation([.client(Self.connect)], port: 3128)
        for _ in 0..<100 where conversation.session.malformed == nil {
            conversation.client([UInt8](repeating: 0x55, count: 1000))
        }
        #expect(conversation.session.malformed == .httpFramingInvalid)
    }

    @Test("tunnels in tunnels without end do not exhaust the stack, and every exchange is handed over")
    func nested() {
        for (count, isRead) in [(3, true), (3000, false)] {
            let requests = (0..<count).flatMap { _ in utf8("CONNECT a:1 HTTP/1.1\n\n") }
            let answers = (0..<count).flatMap { _ in utf8("HTTP/1.1 200\n\n") }
            let conversation = Conversation(
                [.client(Array(requests.prefix(65_000)) + (isRead ? Self.hello : [])), .server(answers)], port: 3128)
            #expect(conversation.serverName == (isRead ? "inner.example" : nil))
            if isRead { #expect(conversation.session.handedOver.count == count) }
            #expect(conversation.session.appProtocol == (isRead ? .tls : .failed))
        }
    }
}
