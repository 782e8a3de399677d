import AppLayer
import NetTypes
import TestSupport
import Testing

/// Protocols that hand over to TLS, and proxies: the name behind them is read, in any cut; where Suricata's reading is
/// wanted it is not looked for.
struct UpgradeTests {
    private static let hello = TLSBytes.clientHello("denied.example")

    struct Case: CustomStringConvertible {
        var name: String
        var port: UInt16
        var said: [Said]
        var description: String { name }
    }

    private static func client(_ text: String) -> Said { .client(Array(text.utf8)) }
    private static func server(_ text: String) -> Said { .server(Array(text.utf8)) }

    private static let ldapRequest: [UInt8] = {
        let start: [UInt8] = [0x30, 0x1d, 2, 1, 1, 0x77, 0x18, 0x80, 0x16]
        return start + Array("1.3.6.1.4.1.1466.20037".utf8)
    }()

    static let cases: [Case] = [
        Case(
            name: "imap", port: 143,
            said: [server("* OK ready\r\n"), client("a1 STARTTLS\r\n"), server("a1 OK begin\r\n"), .client(hello)]),
        Case(
            name: "pop3", port: 110,
            said: [server("+OK ready\r\n"), client("CAPA\r\nSTLS\r\n"), server("+OK begin\r\n"), .client(hello)]),
        Case(
            name: "ftp", port: 21,
            said: [
                server("220 (ready)\r\n"), client("FEAT\r\nAUTH TLS\r\n"), server("234 begin\r\n"), .client(hello),
            ]),
        Case(
            name: "xmpp", port: 5222,
            said: [
                client("<?xml version='1.0'?><stream:stream to='a'>"), server("<stream:stream><stream:features/>"),
                client("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"), server("<proceed/>"), .client(hello),
            ]),
        Case(
            name: "ldap", port: 389,
            said: [
                .client(ldapRequest),
                .server([0x30, 0x0c, 2, 1, 1, 0x78, 7, 0x0a, 1, 0, 4, 0, 4, 0]), .client(hello),
            ]),
        Case(
            name: "pgsql", port: 5432,
            said: [.client([0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f]), server("S"), .client(hello)]),
        Case(
            name: "socks", port: 1080,
            said: [
                .client([5, 2, 0, 1]), .server([5, 0]), .client([5, 1, 0, 3, 1, 0x61, 1, 0xbb]),
                .server([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]), .client(hello),
            ]),
        Case(
            name: "socks", port: 1080,
            said: [
                .client([4, 1, 1, 0xbb, 0, 0, 0, 1, 0, 0x61, 0]), .server([0, 0x5a, 0, 0, 0, 0, 0, 0]), .client(hello),
            ]),
    ]

    @Test(arguments: cases)
    func handsOver(_ example: Case) throws {
        let whole = Conversation(example.said, port: example.port)
        #expect(whole.serverName == "denied.example")
        #expect(whole.session.originalProtocol.name == example.name)
        try property("in pieces", runs: 30) { random in
            let pieces = Conversation(recut(example.said, &random), port: example.port)
            try #require(pieces.serverName == "denied.example")
        }
    }

    @Test("without the request for it, nothing is handed over")
    func refused() {
        let said: [Said] = [Self.server("+OK ready\r\n"), Self.client("NOOP\r\n"), .client(Self.hello)]
        #expect(Conversation(said, port: 110).serverName == nil)
    }

    @Test("what is no TLS behind a request for it is looked at as before")
    func plain() {
        let said: [Said] = [
            Self.server("+OK ready\r\n"), Self.client("STLS\r\n"), Self.server("-ERR no\r\n"),
            Self.client("STLS\r\n"), Self.server("+OK\r\n"), .client(Self.hello),
        ]
        #expect(Conversation(said, port: 110).serverName == "denied.example")
    }
}
