import AppLayer
import NetTypes
import TestSupport
import Testing

/// Identification strings (RFC 4253 section 4.2).
struct SSHTests {
    private static func progress(_ conversation: Conversation) -> [UInt8]? {
        conversation.session.transactions.first.map { [$0.progressToServer, $0.progressToClient] }
    }

    @Test(
        "banners",
        arguments: [
            ("SSH-2.0-OpenSSH_9.6 Debian-3\r\n", "2.0", "OpenSSH_9.6"), ("SSH-2.0-OpenSSH_9.6\n", "2.0", "OpenSSH_9.6"),
            ("SSH-1.99-x-y-z\r\n", "1.99", "x-y-z"),
            ("SSH-2.0-\r\n", "2.0", ""), ("SSH--a\r\n", "", "a"),
        ])
    func banners(line: String, version: String, software: String) throws {
        let said: [Said] = [.server(line), .client(line)]
        let conversation = Conversation(said, port: 22)
        let ssh = try #require(conversation.ssh)
        for banner in [ssh.client, ssh.server] {
            #expect(banner.map { text($0.protocolVersion) } == version)
            #expect(banner.map { text($0.software) } == software)
        }
        #expect(Self.progress(conversation) == [SSHHandshake.Step.banner, SSHHandshake.Step.banner])
        #expect(Conversation(byteByByte(said), port: 22).facts == conversation.facts)
        conversation.client([0, 0, 0, 3, 0, 50, 0])
        #expect(Self.progress(conversation) == [SSHHandshake.Step.keyExchange, SSHHandshake.Step.banner])
    }

    @Test("the server speaks first, the client is recognised when it answers")
    func serverFirst() {
        let conversation = Conversation(port: 22)
        #expect(conversation.server("SSH-2.0-server\r\n") == .recognitionDoneToClient)
        #expect(conversation.session.appProtocol == .ssh)
        #expect(conversation.session.toServerProtocol == .unknown)
        #expect(conversation.client("SSH-2.0-client\r\n") == .recognitionDoneToServer)
        #expect(conversation.ssh?.client.map { text($0.software) } == "client")
    }

    @Test("key exchange in the banner's segment")
    func together() {
        let conversation = Conversation([.client(utf8("SSH-2.0-client\r\n") + SSHBytes.keyExchange())], port: 22)
        #expect(Self.progress(conversation)?[0] == SSHHandshake.Step.keyExchange)
        #expect(conversation.ssh?.clientExchange.map { text($0.text) } == "kex;cipher-ts;mac-ts;comp-ts")
    }

    @Test("HASSH of both sides: the client's lists are those to the server, the server's those to the client")
    func hassh() throws {
        let said: [Said] = [
            .server(utf8("SSH-2.0-s\r\n") + SSHBytes.keyExchange()), .client(utf8("SSH-2.0-c\r\n")),
            .client(SSHBytes.keyExchange()),
        ]
        let ssh = try #require(Conversation(said, port: 22).ssh)
        #expect(ssh.serverExchange.map { text($0.text) } == "kex;cipher-tc;mac-tc;comp-tc")
        #expect(ssh.clientExchange.map { text($0.hash) } == "1db6dc24fe2ded53ca442992dbb39bac")
        let facts = Conversation(said, port: 22).facts
        #expect(Conversation(byteByByte(said), port: 22).facts == facts)
    }

    @Test("packets that are no key exchange")
    func otherPackets() {
        let banner = utf8("SSH-2.0-c\r\n")
        #expect(Conversation([.client(banner + [0, 0, 0, 0, 1, 1])], port: 22).session.malformed == .sshInvalidRecord)
        let long = Conversation([.client(banner + [0xff, 0, 0, 0, 1, 1])], port: 22)
        #expect(long.session.transactions.first?.events == [.sshLongKexRecord])
        #expect(Self.progress(long)?[0] == SSHHandshake.Step.keyExchange)
        let short = Conversation([.client(banner + SSHBytes.packet([20, 1, 2, 3]))], port: 22)
        #expect(short.ssh?.clientExchange == nil)
        #expect(Self.progress(short)?[0] == SSHHandshake.Step.keyExchange)
        let name = String(repeating: "a", count: 300)
        let wide = Conversation([.client("SSH-2.0-\(name)\r\n")], port: 22)
        #expect(wide.ssh?.client?.software.count == 247)
        #expect(wide.session.transactions.first?.events == [.sshLongBanner])
    }

    @Test("a banner without end is not kept without end")
    func endless() {
        let conversation = Conversation([.client("SSH-2.0-")], port: 22)
        for _ in 0..<20 where conversation.session.malformed == nil {
            conversation.client([UInt8](repeating: 0x61, count: 1000))
        }
        #expect(conversation.session.malformed == .sshMalformed)
    }

    @Test("lines that are no banner are passed over, however many")
    func otherLines() {
        let conversation = Conversation(
            [.server(utf8("SSH-without-end-of\nnonsense\n") + [UInt8](repeating: 10, count: 200_000))], port: 22)
        #expect(conversation.session.malformed == nil)
        #expect(conversation.ssh?.server.map { text($0.protocolVersion) } == "without")
        let second = Conversation(
            [.server("SSH-nodash\n" + String(repeating: "\n", count: 200_000) + "SSH-2.0-late\r\n")], port: 22)
        #expect(second.ssh?.server.map { text($0.software) } == "late")
    }

    @Test("nothing that a peer sends traps, and its cut does not matter")
    func hostile() throws {
        try property("hostile SSH", runs: 20000) { random in
            let banner = utf8("SSH-2.0-OpenSSH_9.6 Debian\r\n\r\nmore")
            let said: [Said] = [
                .server(random.mutated(banner)), .client(random.mutated(banner)), .server(random.mutated(banner)),
            ]
            let whole = Conversation(said, port: 22)
            // A banner alone in its segment is a step of its own.
            let pieces = Conversation(recut(said, &random), port: 22)
            try #require(whole.ssh?.client.map { text($0.software) } == pieces.ssh?.client.map { text($0.software) })
            try #require(whole.ssh?.server.map { text($0.software) } == pieces.ssh?.server.map { text($0.software) })
        }
    }
}
