import AppLayer
import NetTypes
import TestSupport
import Testing

/// FTP: the data connections that a control connection announces.
struct FTPTests {
    private static let login: [Said] = [
        .server("220 (server)\r\n"), .client("USER a\r\n"), .server("331 ?\r\n"), .client("PASS b\r\n"),
        .server("230 in\r\n"),
    ]

    /// Port and direction of what is announced.
    private static func announced(_ said: [Said]) -> [String] {
        Conversation(login + said, port: 21).session.takeExpected().map { "\($0.port) \($0.direction)" }
    }

    @Test(
        "announcements",
        arguments: [
            (Said.server("227 Entering Passive Mode (10,0,0,1,200,10)\r\n"), ["51210 toServer"]),
            (Said.server("227 =10,0,0,1,0,21\r\n"), ["21 toServer"]),
            (Said.server("229 Entering Extended Passive Mode (|||51210|)\r\n"), ["51210 toServer"]),
            (Said.client("PORT 10,0,0,1,200,11\r\n"), ["51211 toClient"]),
            (Said.client("eprt |2|fd00::1|5000|\r\n"), ["5000 toClient"]),
            (Said.server("227 (10,0,0,1,200)\r\n"), []), (Said.server("227 (10,0,0,1,300,1)\r\n"), []),
            (Said.server("227 (10,0,0,1,0,0)\r\n"), []), (Said.server("229 (|||99999|)\r\n"), []),
            (Said.server("229 ()\r\n"), []), (Said.server("227\r\n"), []), (Said.client("PORT\r\n"), []),
            (Said.server("200 (10,0,0,1,200,10)\r\n"), []), (Said.client("227 (10,0,0,1,200,10)\r\n"), []),
        ] as [(Said, [String])])
    func announcements(said: Said, expected: [String]) {
        #expect(Self.announced([said]) == expected)
        #expect(Self.announced(byteByByte([said])) == expected)
    }

    @Test("the next transfer is the announced one")
    func transfer() throws {
        let said: [Said] = [
            .client("PASV\r\n"), .server("227 (10,0,0,1,200,10)\r\n"), .client("RETR some file.txt\r\n"),
        ]
        let control = Conversation(Self.login + said, port: 21)
        let transfer = try #require(control.session.takeExpected().first?.transfer)
        #expect(control.session.takeExpected().isEmpty)
        #expect(transfer.command == "RETR")
        #expect(text(transfer.file) == "some file.txt")
        let data = AppLayerSession(
            isStream: true, serverPort: 51210, settings: AppLayerSettings(), announced: transfer)
        let events = data.feed(.toClient, TLSBytes.clientHello().span.bytes)
        #expect(events == [.recognitionDoneToServer, .recognitionDoneToClient])
        #expect(data.appProtocol == .ftpData)
    }

    @Test("announcements are bounded")
    func bounded() {
        let flood = String(repeating: "PORT 10,0,0,1,200,11\r\n", count: 1000)
        #expect(Self.announced([.client(flood)]).count == 8)
    }

    @Test("nothing that a peer sends traps")
    func hostile() throws {
        let lines: [Said] = [
            .client("PORT 10,0,0,1,200,11\r\n"), .client("EPRT |1|10.0.0.1|5000|\r\n"),
            .server("227 Entering Passive Mode (10,0,0,1,200,10)\r\n"), .server("229 x (|||51210|)\r\n"),
        ]
        try property("hostile FTP", runs: 5000) { random in
            let line = random.pick(lines)
            let said = [Said(direction: line.direction, bytes: random.mutated(line.bytes) + [10])]
            try #require(Self.announced(said) == Self.announced(recut(said, &random)))
        }
    }
}
