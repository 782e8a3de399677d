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
        conversation.client([0, 0, 1, 2])
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
        let conversation = Conversation([.client(utf8("SSH-2.0-client\r\n") + [0, 0, 5, 0xdc])], port: 22)
        #expect(Self.progress(conversation)?[0] == SSHHandshake.Step.keyExchange)
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
