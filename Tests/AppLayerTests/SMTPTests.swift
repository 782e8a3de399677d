import AppLayer
import NetTypes
import TestSupport
import Testing

/// SMTP: commands, mails, attachments, and the change to TLS.
struct SMTPTests {
    private static func mails(_ conversation: Conversation) -> [SMTPMail] {
        (conversation.session.handedOver + conversation.session.transactions).compactMap {
            if case .smtp(let mail) = $0.facts { mail } else { nil }
        }
    }

    private static let opening: [Said] = [
        .server("220 mx.example ESMTP\r\n"), .client("EHLO me.example\r\n"), .server("250-mx\r\n250 STARTTLS\r\n"),
    ]

    private static func mail(_ lines: String) -> [Said] {
        [
            .client("MAIL FROM:<a@example> SIZE=10\r\n"), .server("250 ok\r\n"), .client("RCPT TO:<b@example>\r\n"),
            .server("250 ok\r\n"), .client("DATA\r\n"), .server("354 go\r\n"), .client(lines + "\r\n.\r\n"),
            .server("250 queued\r\n"),
        ]
    }

    private static let letter = """
        Subject: x\r
        Content-Type: multipart/mixed;\r
         boundary="BB"\r
        \r
        --BB\r
        Content-Type: text/plain\r
        \r
        just text\r
        --BB\r
        Content-Transfer-Encoding: base64\r
        Content-Disposition: attachment; filename="a.bin"\r
        \r
        VEhJUyBJUyBB\r
        VFRBQ0hFRA==\r
        --BB\r
        Content-Type: text/plain; name=q.txt\r
        Content-Transfer-Encoding: quoted-printable\r
        \r
        a=3Db=\r
        c\r
        --BB--\r
        """

    @Test("envelope and content of every mail")
    func mails() {
        let conversation = Conversation(
            Self.opening + Self.mail("Subject: x\r\n\r\n..dot\r\nbody") + Self.mail("second") + [.client("QUIT\r\n")],
            port: 25)
        let mails = Self.mails(conversation)
        #expect(mails.count == 2)
        #expect(mails.first?.helo.map(text) == "me.example")
        #expect(mails.first?.sender.map(text) == "<a@example>")
        #expect(mails.first?.recipients.map(text) == ["<b@example>"])
        #expect(mails.first.map { text($0.content) } == "Subject: x\n\n.dot\nbody\n")
        #expect(mails.last.map { text($0.content) } == "second\n")
        #expect(conversation.session.transactions.allSatisfy { $0.isComplete && $0.events.isEmpty })
    }

    @Test("attachments are decoded")
    func attachments() {
        let mails = Self.mails(Conversation(Self.opening + Self.mail(Self.letter), port: 25))
        #expect(mails.first?.attachments.map(text) == ["THIS IS ATTACHED", "a=bc"])
    }

    @Test("STARTTLS hands the connection over when the server agrees")
    func startTLS() {
        let agreed = Conversation(
            Self.opening + [
                .client("STARTTLS\r\n"), .server("220 go\r\n"), .client(TLSBytes.clientHello("x.example")),
            ],
            port: 25)
        #expect(agreed.session.appProtocol == .tls && agreed.session.originalProtocol == .smtp)
        #expect(agreed.serverName == "x.example")
        let early = Conversation(
            Self.opening + [
                .client(utf8("STARTTLS\r\n") + TLSBytes.clientHello("early.example")), .server("220 go\r\n"),
            ], port: 25)
        #expect(early.serverName == "early.example")
        let refused = Conversation(
            Self.opening + [.client("STARTTLS\r\nMAIL FROM:<x>\r\n"), .server("454 no\r\n")], port: 25)
        #expect(refused.session.appProtocol == .smtp)
        #expect(Self.mails(refused).first?.sender.map(text) == "<x>")
        #expect(refused.session.transactions.first?.events == [.smtpTLSRejected])
        let other = Conversation(
            Self.opening + [.client("STARTTLS\r\n"), .server("220 go\r\n"), .client("GET / HTTP/1.1\r\n\r\n")], port: 25
        )
        #expect(other.events.contains(.noTLSAfterStartTLS))
    }

    @Test("what is odd raises events")
    func events() {
        func events(_ said: [Said]) -> [AppLayerEvent] {
            Conversation(said, port: 25).session.transactions.flatMap(\.events)
        }
        #expect(events([.client("EHLO me\r\n"), .server("250 hi\r\n")]) == [.smtpNoServerWelcomeMessage])
        #expect(events(Self.opening + [.server("250 again\r\n")]) == [.smtpUnableToMatchReplyWithRequest])
        #expect(events(Self.opening + [.client("DATA\r\n"), .server("554 no\r\n")]) == [.smtpDataCommandRejected])
        let long = "MAIL FROM:<" + String(repeating: "a", count: 3000) + ">\r\n"
        #expect(events(Self.opening + [.client(long)]) == [.smtpMaxCommandLineLenExceeded])
        let odd = Conversation(Self.opening + [.client("NOOP\r\n"), .server("what?\r\n")], port: 25)
        #expect(odd.session.malformed == .smtpInvalidReply)
    }

    @Test("a mail is kept up to a limit, chunks count too")
    func limits() {
        var settings = AppLayerSettings()
        settings.smtpMailBytes = 100
        let content = String(repeating: "x", count: 5000)
        let conversation = Conversation(Self.opening + Self.mail(content), port: 25, settings: settings)
        #expect(Self.mails(conversation).first?.content.count == 100)
        #expect(conversation.session.transactions.first?.isComplete == true)
        let chunks = Conversation(
            Self.opening + [.client("BDAT 4\r\nabcdBDAT 3 LAST\r\nefgMAIL FROM:<n>\r\n")], port: 25)
        #expect(Self.mails(chunks).map { text($0.content) } == ["abcdefg", ""])
        let flood = Conversation(
            Self.opening + [.client(String(repeating: "NOOP\r\n", count: 1000))], port: 25)
        #expect(flood.session.malformed == .smtpTooManyCommands)
    }

    @Test("any cut of a connection gives the same facts")
    func anyCut() throws {
        let said =
            Self.opening + Self.mail(Self.letter) + Self.mail("second") + [
                .client("STARTTLS\r\n"), .server("220 go\r\n"), .client(TLSBytes.clientHello("x.example")),
            ]
        let facts = Conversation(said, port: 25).facts
        #expect(Conversation(byteByByte(said), port: 25).facts == facts)
        try property("SMTP in pieces", runs: 200) { random in
            try #require(Conversation(recut(said, &random), port: 25).facts == facts)
        }
    }

    @Test("nothing that a peer sends traps, and its cut does not matter")
    func hostile() throws {
        let whole = Self.opening + Self.mail(Self.letter)
        try property("hostile SMTP", runs: 3000) { random in
            let said = whole.enumerated().map { index, piece in
                index < 2 ? piece : Said(direction: piece.direction, bytes: random.mutated(piece.bytes))
            }
            let facts = Conversation(said, port: 25).facts
            try #require(Conversation(recut(said, &random), port: 25).facts == facts)
        }
    }
}
