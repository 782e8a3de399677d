import AppLayer
import NetTypes
import TestSupport
import Testing

/// Which protocol the first bytes of each direction show, and what happens when they show none.
struct RecognitionTests {
    private static let none = [UInt8](repeating: 0x7e, count: 40)

    @Test(
        "first words of a client",
        arguments: [
            ("GET / HTTP/1.1\r\n", .http1), ("get / ", .http1), ("POST\t/", .http1), ("VERSION-CONTROL / ", .http1),
            ("BASELINE-CONTROL /", .http1), ("PROPFIND /", .http1),
            ("CONNECT a:1 ", .http1), ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", .http2), ("SSH-2.0-x", .ssh),
            ("EHLO a", .smtp), ("helo a", .smtp), ("QUIT", .smtp), ("USER a", .ftp),
            ("PASS a", .ftp), ("feat", .ftp), ("1 CAPABILITY", .imap), ("RFB 003.008\n", .rfb),
            ("\u{16}\u{3}\u{1}", .tls), ("\u{16}\u{3}\u{3}", .tls),
            ("\u{0}\u{0}\u{0}\u{0}\u{7f}SMB", .unknown), ("\u{16}\u{3}\u{4}", .unknown), ("\u{17}\u{3}\u{1}", .unknown),
            ("GETS / HTTP/1.1 xxxxx", .unknown), (" GET / HTTP/1.1 xxxxxxx", .unknown),
            ("HTTP/1.1 200 OK xxxxxxx", .unknown), ("* OK ready xxxxxxxxxxxxx", .unknown),
        ] as [(String, AppProtocol)])
    func client(words: String, expected: AppProtocol) {
        let conversation = Conversation([.client(words)], port: 9999)
        #expect(conversation.session.appProtocol == expected)
        #expect(conversation.session.toServerProtocol == expected)
        #expect(conversation.session.toClientProtocol == .unknown)
        #expect(conversation.events.contains(.recognitionDoneToServer) == (expected != .unknown))
        #expect(Conversation(byteByByte([.client(words)]), port: 9999).session.appProtocol == expected)
    }

    @Test(
        "first words of a server",
        arguments: [
            ("HTTP/1.1 200 OK\r\n", .http1), ("http/1.0 200", .http1), ("HTTP/0.9 ", .http1), ("SSH-2.0-x", .ssh),
            ("220 (vsFTPd)", .ftp), ("* OK IMAP", .imap), ("* bad x", .imap),
            ("+OK POP3", .pop3), ("RFB 003.008\n", .rfb), ("\u{16}\u{3}\u{3}", .tls),
            ("220 mail ESMTP xxxxxxxxx", .unknown), ("HTTP/2 200 xxxxxxxxxxxxxx", .unknown),
            ("GET / HTTP/1.1 xxxxxxxxx", .unknown),
        ] as [(String, AppProtocol)])
    func server(words: String, expected: AppProtocol) {
        let conversation = Conversation([.server(words)], port: 9999)
        #expect(conversation.session.appProtocol == expected)
        #expect(conversation.session.toClientProtocol == expected)
        #expect(conversation.session.toServerProtocol == .unknown)
        #expect(Conversation(byteByByte([.server(words)]), port: 9999).session.appProtocol == expected)
    }

    @Test("SMB in both directions, behind its length", arguments: [0xff, 0xfe, 0xfd] as [UInt8])
    func smb(first: UInt8) {
        let bytes: [UInt8] = [0, 0, 0, 0x40, first] + utf8("SMB")
        #expect(Conversation([.client(bytes)], port: 445).session.appProtocol == .smb)
        #expect(Conversation([.server(bytes)], port: 445).session.appProtocol == .smb)
    }

    @Test("every known protocol has a name of its own")
    func names() {
        #expect(Set(AppProtocol.allCases.map(\.name)).count == AppProtocol.allCases.count)
        #expect(AppProtocol.allCases.filter { !$0.isRecognized } == [.unknown, .failed])
    }

    @Test("recognition fails when both directions show nothing")
    func bothFail() {
        let conversation = Conversation(port: 9999)
        #expect(conversation.client(Self.none) == [])
        #expect(conversation.session.appProtocol == .unknown && !conversation.session.isDone)
        #expect(
            conversation.server(Self.none) == [.recognitionDoneToServer, .recognitionDoneToClient, .recognitionSkipped])
        #expect(conversation.session.appProtocol == .failed && conversation.session.isDone)
        #expect(conversation.session.toServerProtocol == .failed && conversation.session.toClientProtocol == .failed)
        #expect(conversation.client("GET / HTTP/1.1\r\n\r\n") == [])
    }

    @Test(
        "on port 80 Suricata waits for a preface and a frame of HTTP/2",
        arguments: [(24, 9, false), (25, 8, false), (25, 9, true)])
    func suricataOnPort80(client: Int, server: Int, hasFailed: Bool) {
        var settings = AppLayerSettings()
        settings.compatibleWithSuricata = true
        let said: [Said] = [
            .client([UInt8](repeating: 0x7e, count: client)), .server([UInt8](repeating: 0x7e, count: server)),
        ]
        let expected: AppProtocol = hasFailed ? .failed : .unknown
        #expect(Conversation(said, port: 80, settings: settings).session.appProtocol == expected)
    }

    @Test("at the end a silent side takes the other's protocol, as Suricata has it")
    func silentSide() {
        let client = Conversation([.client("SSH-2.0-x\r\n")], port: 9999)
        #expect(client.session.takeOtherProtocol(.toClient) == [] && client.session.toClientProtocol == .ssh)
        let server = Conversation([.server("\u{16}\u{3}\u{1}")], port: 9999)
        #expect(server.session.takeOtherProtocol(.toServer) == .recognitionDoneToServer)
        #expect(server.session.toServerProtocol == .failed && server.session.toClientProtocol == .tls)
        let none = Conversation([.client(Self.none)], port: 9999)
        #expect(none.session.takeOtherProtocol(.toClient) == [] && none.session.toClientProtocol == .unknown)
    }

    @Test("or when one has said more than is kept", arguments: [FlowDirection.toServer, .toClient])
    func oneFails(direction: FlowDirection) {
        let conversation = Conversation(port: 9999)
        for number in 1...10 {
            conversation.say(Said(direction: direction, bytes: [UInt8](repeating: 0x7e, count: 1000)))
            #expect(conversation.session.appProtocol == (number <= 8 ? .unknown : .failed), "\(number) kB")
        }
        let large = Conversation(
            [Said(direction: direction, bytes: [UInt8](repeating: 0x7e, count: 70_000))], port: 9999)
        #expect(large.session.appProtocol == .failed)
    }

    @Test("a few odd bytes of one side do not hide the other's protocol")
    func otherSide() {
        let conversation = Conversation([.client(Self.none), .server("SSH-2.0-server\r\n")], port: 9999)
        #expect(conversation.session.appProtocol == .ssh)
        #expect(conversation.session.toServerProtocol == .ssh)
        #expect(conversation.events.contains([.recognitionDoneToServer, .recognitionDoneToClient]))
    }

    @Test("a request behind empty lines is read, before its answer, once the answer shows the protocol")
    func leadingEmptyLines() {
        for said in [
            [
                .client("\r\n\r\n" + text(HTTPBytes.request(host: "late.example"))),
                .server(HTTPBytes.response(body: "x")),
            ],
            [
                .client("\r\n\r\n"), .client(HTTPBytes.request(host: "late.example")),
                .server(HTTPBytes.response(body: "x")),
            ],
        ] as [[Said]] {
            for cut in [said, byteByByte(said)] {
                let conversation = Conversation(cut, port: 80)
                #expect(conversation.http.map { $0.host.map(text) } == ["late.example"])
                #expect(conversation.http.map(\.status) == [200])
            }
        }
    }

    @Test("a flow is HTTP by either side, and stays it when the other shows nothing")
    func oneSide() {
        let conversation = Conversation([.client(HTTPBytes.request()), .server(Self.none)], port: 80)
        #expect(conversation.session.appProtocol == .http1 && conversation.session.toClientProtocol == .http1)
        #expect(conversation.http.first?.status == 0)
    }

    @Test("protocols without a parser are done once they are recognised")
    func withoutParser() {
        let conversation = Conversation([.client("RFB 003.008\n")], port: 5900)
        #expect(conversation.session.isDone && conversation.session.transactions.isEmpty)
        #expect(conversation.client("more") == [])
    }

    @Test(
        "a name is awaited from the first byte that may begin one",
        arguments: [
            ([], false), ([0x16], true), ([0x16, 3], true), ([0x16, 3, 1], true), ([0x16, 4], false), ([0x17], false),
            (utf8("G"), true), (utf8("g"), true), (utf8("GE"), true),
            (utf8("GET"), true), (utf8("GET "), true), (utf8("GEX"), false), (utf8("PROPP"), true),
            (utf8("EHLO"), false), (utf8("\r\nGET /"), false), (none, false),
        ] as [([UInt8], Bool)])
    func awaitsName(bytes: [UInt8], awaits: Bool) {
        let conversation = Conversation(port: 443)
        if !bytes.isEmpty { conversation.client(bytes) }
        #expect(conversation.session.awaitsName == awaits)
    }

    @Test("a server's bytes await no name")
    func serverAwaitsNothing() {
        #expect(!Conversation([.server([0x16])]).session.awaitsName)
        #expect(!Conversation([.server("G")]).session.awaitsName)
    }

    @Test("a name is awaited no more once encrypted data flows, or the reading has ended")
    func awaitsNoMore() {
        let started = Array(TLSBytes.clientHello().prefix(50))
        #expect(Conversation([.client(started)]).session.awaitsName)
        #expect(!Conversation([.client([22, 3, 1, 0, 1, 1] + TLSBytes.applicationData())]).session.awaitsName)
        #expect(!Conversation([.client([22, 3, 1, 0xff, 0xff])]).session.awaitsName)
    }

    @Test("the second request of a connection is awaited like the first")
    func secondRequest() {
        let conversation = Conversation([.client(HTTPBytes.request())], port: 80)
        #expect(!conversation.session.awaitsName)
        conversation.client("GET / HTTP/1.1\r\nHo")
        #expect(conversation.session.awaitsName)
        conversation.client("st: a\r\n\r\n")
        #expect(!conversation.session.awaitsName)
    }

    // MARK: datagrams

    private static func datagram(_ bytes: [UInt8], _ source: UInt16, _ destination: UInt16) -> AppProtocol {
        let session = AppLayerSession(isStream: false, serverPort: destination, settings: AppLayerSettings())
        _ = session.feed(datagram: bytes.span.bytes, .toServer, ports: (source, destination))
        return session.appProtocol
    }

    @Test("datagrams of QUIC, NTP and DHCP")
    func datagrams() {
        func quic(_ first: UInt8, _ version: [UInt8], _ count: Int = 1200) -> [UInt8] {
            [first] + version + [UInt8](repeating: 0x21, count: count - 5)
        }
        let table: [([UInt8], UInt16, UInt16, AppProtocol)] = [
            (quic(0xc3, [0, 0, 0, 1]), 50_000, 443, .quic),
            (quic(0xd0, [0x6b, 0x33, 0x43, 0xcf]), 50_000, 8443, .quic),
            (quic(0xc0, [0xff, 0, 0, 29]), 50_000, 443, .quic),
            (quic(0xc3, [0, 0, 0, 1], 199), 50_000, 4443, .quic), (quic(0x43, [0, 0, 0, 1]), 50_000, 443, .failed),
            (quic(0xc3, [0, 0, 0, 9]), 50_000, 443, .quic), (quic(0xc3, [0, 0, 0, 9]), 50_000, 4443, .failed),
            ([0x23] + [UInt8](repeating: 0, count: 47), 123, 123, .ntp),
            ([0x23] + [UInt8](repeating: 0, count: 46), 123, 123, .failed),
            ([0x23] + [UInt8](repeating: 0, count: 47), 5000, 5001, .failed),
            ([0x3b] + [UInt8](repeating: 0, count: 47), 123, 123, .failed),
            ([1, 1, 6, 0] + [UInt8](repeating: 0, count: 232) + [0x63, 0x82, 0x53, 0x63], 68, 67, .dhcp),
            ([1, 1, 6, 0] + [UInt8](repeating: 0, count: 236), 68, 67, .failed), ([1], 1, 2, .failed),
        ]
        for (bytes, source, destination, expected) in table {
            #expect(Self.datagram(bytes, source, destination) == expected, "\(bytes.prefix(5)) to \(destination)")
        }
    }

    @Test("no first bytes trap, and what they show does not depend on their cut")
    func anyBytes() throws {
        let words = [
            utf8("GET "), [0x16, 3, 1], utf8("SSH-"), utf8("\r\n"), utf8("HTTP/1.1"), [0, 12], utf8("USER "), Self.none,
        ]
        try property("first bytes", runs: 60000) { random in
            let said: [Said] = (0..<1 + random.below(4)).map { _ in
                let bytes = random.mutated(random.pick(words) + random.bytes(upTo: 30))
                return random.chance(1, in: 2) ? .client(bytes) : .server(bytes)
            }
            let port = random.pick([53, 80, 443]) as UInt16
            let whole = Conversation(said, port: port).session
            let pieces = Conversation(byteByByte(said), port: port).session
            try #require(whole.appProtocol == pieces.appProtocol)
            try #require(whole.malformed == pieces.malformed)
        }
    }
}

/// Protocols that are recognised by port and shape, and not read.
struct ProbeTests {
    private static func first(_ port: UInt16, _ said: Said) -> AppProtocol {
        Conversation([said], port: port).session.appProtocol
    }

    private static func datagram(_ port: UInt16, _ bytes: [UInt8]) -> AppProtocol {
        let session = AppLayerSession(isStream: false, serverPort: port, settings: AppLayerSettings())
        _ = session.feed(datagram: bytes.span.bytes, .toServer, ports: (40_000, port))
        return session.appProtocol
    }

    @Test("over TCP")
    func streams() {
        let mqtt: [UInt8] = [0x10, 0x12, 0, 4] + utf8("MQTT") + [4, 2, 0, 60, 0, 6] + utf8("client")
        let rdp: [UInt8] = [3, 0, 0, 19, 14, 0xe0, 0, 0, 0, 0, 0, 1, 0, 8, 0, 0, 0, 0, 0]
        let dcerpc: [UInt8] = [5, 0, 11, 3, 0x10, 0, 0, 0, 72, 0, 0, 0, 1, 0, 0, 0]
        let nfs: [UInt8] = [0x80, 0, 0, 40, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0x86, 0xa3, 0, 0, 0, 3]
        let rows: [(UInt16, [UInt8], AppProtocol)] = [
            (23, [0xff, 0xfd, 0x18], .telnet), (1883, mqtt, .mqtt), (3389, rdp, .rdp), (135, dcerpc, .dcerpc),
            (4000, dcerpc, .dcerpc), (2049, nfs, .nfs), (502, [0, 1, 0, 0, 0, 6, 1, 3, 0, 0, 0, 1], .modbus),
            (88, [0, 0, 0, 99, 0x6a, 0x61, 0x30, 0x5f, 0xa1, 3, 2, 1, 5], .krb5),
        ]
        for (port, bytes, expected) in rows {
            #expect(Self.first(port, .client(bytes)) == expected, "\(expected)")
            let pieces = Conversation(byteByByte([.client(bytes)]), port: port)
            #expect(pieces.session.appProtocol == expected, "\(expected) in pieces")
            if expected != .dcerpc {
                #expect(Self.first(9999, .client(bytes)) != expected, "\(expected) on another port")
            }
        }
        // The reply of a SOCKS5 server begins like DCE RPC.
        #expect(Self.first(1080, .server([5, 0])) == .unknown)
        #expect(Self.first(1080, .server([5, 0, 0, 1, 10, 0, 0, 1, 0, 0])) != .dcerpc)
    }

    @Test("over UDP")
    func datagrams() {
        let ike = [UInt8](repeating: 7, count: 8) + [UInt8](repeating: 0, count: 8) + [0x21, 0x20, 0x22, 8, 0, 0, 0, 0]
        let rows: [(UInt16, [UInt8], AppProtocol)] = [
            (5060, utf8("REGISTER sip:x SIP/2.0\r\n"), .sip), (69, [0, 1] + utf8("file\0octet\0"), .tftp),
            (161, [0x30, 0x26, 2, 1, 0, 4, 6] + utf8("public"), .snmp), (500, ike + [0, 0, 0, 28], .ike),
            (6881, utf8("d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe"), .bittorrentDHT),
            (123, [0x23] + [UInt8](repeating: 0, count: 47), .ntp),
        ]
        for (port, bytes, expected) in rows {
            #expect(Self.datagram(port, bytes) == expected, "\(expected)")
            #expect(Self.datagram(port, Array(bytes.dropLast(bytes.count - 3))) == .failed, "\(expected) cut")
            if expected != .bittorrentDHT { #expect(Self.datagram(9999, bytes) == .failed, "\(expected) elsewhere") }
        }
        #expect(Self.datagram(500, ike + [0, 0, 0, 29]) == .failed)
        #expect(Self.datagram(123, [0x17] + [UInt8](repeating: 0, count: 47)) == .failed)
    }

    @Test("nothing in a first message traps")
    func hostile() throws {
        let ports: [UInt16] = [23, 53, 67, 69, 88, 123, 161, 500, 502, 1883, 2049, 3389, 5060, 20_000, 44_818]
        try property("hostile first messages", runs: 20000) { random in
            let port = random.pick(ports)
            var bytes = random.bytes(upTo: 120)
            if random.chance(1, in: 2) { bytes = random.pick([[5, 0], [0x30], [3, 0], [0x10], [0x80]]) + bytes }
            _ = Self.datagram(port, bytes)
            _ = Self.first(port, random.chance(1, in: 2) ? .client(bytes + [0]) : .server(bytes + [0]))
        }
    }
}
