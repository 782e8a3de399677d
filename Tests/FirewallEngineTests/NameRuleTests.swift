import FirewallEngine
import NetTypes
import TestSupport
import Testing

/// The packet on which rules about certificates, fingerprints, banners and DNS fire: measured with Suricata 7.0.10.
struct NameRuleTests {
    /// Sids by packet; packet 1 is the SYN.
    private static func alerts(_ rules: [String], _ script: TCPScript) throws -> [Int: [Int]] {
        let text = rules.enumerated().map { "alert \($1.replacing("#", with: "sid:\($0 + 1)"))" }.joined(
            separator: "\n")
        var firewall = try Firewall(text, defaults: []) { $0.compatibleWithSuricata = true }
        var found: [Int: [Int]] = [:]
        for (number, judgment) in firewall.judge(script.frames).enumerated() where !judgment.alerts.isEmpty {
            found[number + 1] = judgment.alerts
        }
        return found
    }

    @Test("a rule about the protocol alone fires on the next datagram of its direction as well")
    func datagrams() throws {
        let out = PacketBuilder(from: "10.0.0.1", to: "192.0.2.1")
        let there = out.udp(UDPFields(40_000, 7000), utf8("some text"))
        let back = out.reversed.udp(UDPFields(7000, 40_000), utf8("an answer"))
        var firewall = try Firewall("alert udp any any -> any any (app-layer-protocol:!dns; sid:1;)", defaults: []) {
            $0.compatibleWithSuricata = true
        }
        #expect(
            [there, back, there, back, there, back].map { firewall.judge($0).alerts } == [[1], [1], [1], [1], [], []])
    }

    private static func tls(_ options: String) -> String { "tls any any -> any any (\(options); #;)" }

    /// 4 hello, 5 ServerHello, 6 Certificate, 7 pure ACK, 8 key exchange, 9 application data of both sides.
    private static var handshake: TCPScript {
        var script = TCPScript()
        script.handshake()
        script.client(TLSBytes.clientHello("www.example.com"))
        script.server(TLSBytes.record(TLSBytes.serverHello(version: 0x0303, cipher: 0xc02f)))
        script.server(TLSBytes.record(TLSBytes.certificates([CertificateBytes().bytes, CertificateBytes("ca").bytes])))
        script.segment(.toServer, .ack)
        script.client(TLSBytes.record(TLSBytes.message(16, [1, 2, 3])) + TLSBytes.changeCipherSpec)
        script.client(TLSBytes.applicationData())
        return script
    }

    @Test(
        "TLS",
        arguments: [
            ("tls.sni; content:\"example\"", [4]), ("ja3.string; content:\"771,\"", [4]),
            ("ja4.hash; content:\"t13d\"", [4]), ("ja3s.string; content:\"49199\"", [5]),
            ("tls.cert_subject; content:\"CN=www.example.com\"", [6]), ("tls.cert_issuer; content:\"Test, Inc.\"", [6]),
            ("tls.cert_serial; content:\"0a:ff\"", [6]), ("tls.certs; content:\"www.example\"", [6]),
            ("tls.certs; content:\"ca\"; content:!\"www\"", [6]), ("tls.cert_chain_len:2", [6]),
            ("tls.cert_chain_len:<2", []), ("tls.subject:\"www.example\"", [6]), ("tls.issuerdn:!\"Other\"", [6]),
            ("tls_cert_notbefore:2020-01-01", [6]), ("tls_cert_notafter:>2030-01-02", []), ("tls_cert_valid", [6]),
            ("tls_cert_expired", []), ("tls.version:1.2", [5]), ("ssl_version:tls1.2,tls1.3", [4, 5]),
            ("ssl_version:!tls1.0", []), ("ssl_state:client_hello", [4]), ("ssl_state:server_hello", [5]),
            ("ssl_state:client_keyx", [8]), ("tls.random; content:\"|80 81 82|\"", [8]),
            ("tls.random; content:\"|40 41 42|\"", [5]), ("tls.random_time; bsize:4", [5, 8]),
            ("tls.cert_subject; content:\"www\"; flow:to_server", []),
            ("flow:to_client; tls.certs; content:\"ca\"", [6]),
        ] as [(String, [Int])])
    func tls(options: String, packets: [Int]) throws {
        let found = try Self.alerts([Self.tls(options)], Self.handshake)
        #expect(found.keys.sorted() == packets, "\(options)")
    }

    @Test("SSH: banners and HASSH, once each")
    func ssh() throws {
        var script = TCPScript(port: 22)
        script.handshake()
        script.server(utf8("SSH-2.0-server_1\r\n"))
        script.client(utf8("SSH-1.99-client_1\r\n"))
        script.client(SSHBytes.keyExchange())
        script.server(SSHBytes.keyExchange())
        script.client([UInt8](repeating: 0x55, count: 100))
        script.server([UInt8](repeating: 0x55, count: 100))
        let rules = [
            "ssh.software; content:\"client\"", "ssh.proto; content:\"2.0\"", "ssh.hassh.string; content:\"cipher-ts\"",
            "ssh.hassh.server.string; content:\"cipher-tc\"", "ssh.hassh; bsize:32", "ssh.softwareversion:server_1",
            "ssh.softwareversion:server", "ssh.protoversion:2_compat",
        ].map { "ssh any any -> any any (\($0); #;)" }
        #expect(try Self.alerts(rules, script) == [4: [2, 6, 8], 5: [1, 8], 6: [3, 5], 7: [4]])
    }

    @Test("events: those of transactions in both directions, those of the connection on their packet")
    func events() throws {
        var script = TCPScript(port: 25)
        script.handshake()
        script.client(utf8("EHLO me\r\n"))
        script.server(utf8("250 hi\r\n"))
        let rules = [
            "smtp any any -> any any (app-layer-event:smtp.no_server_welcome_message; #;)",
            "tcp any any -> any any (app-layer-event:applayer_detect_protocol_only_one_direction; #;)",
        ]
        #expect(try Self.alerts(rules, script) == [4: [1], 5: [1, 2]])
    }

    @Test("DNS over TCP: every question of every message, responses in their own direction")
    func dns() throws {
        var script = TCPScript(port: 53)
        script.handshake()
        let two = DNSBytes.message(questions: [DNSBytes.question("a.example"), DNSBytes.question("b.example")])
        script.client(DNSBytes.stream(two, DNSBytes.query("c.example")), cut: [1, 9])
        script.server(DNSBytes.stream(DNSBytes.response("a.example")))
        let rules = [
            "dns.query; content:\"b.example\"", "dns.query; content:\"c.example\"", "dns.opcode:0", "dns.opcode:!0",
        ].map { "dns any any -> any any (\($0); #;)" }
        #expect(try Self.alerts(rules, script) == [6: [1, 2, 3, 3], 7: [3]])
    }

    @Test("STARTTLS: the name behind it is judged")
    func startTLS() throws {
        var script = TCPScript(port: 25)
        script.handshake()
        script.server(utf8("220 mx ESMTP\r\n"))
        script.client(utf8("EHLO me\r\n"))
        script.server(utf8("250 STARTTLS\r\n"))
        script.client(utf8("STARTTLS\r\n"))
        script.server(utf8("220 go\r\n"))
        script.client(TLSBytes.clientHello("mail.example"))
        #expect(try Self.alerts([Self.tls("tls.sni; content:\"mail.example\"")], script) == [9: [1]])
    }

    @Test("FTP: an announced connection is ftp-data, another is not")
    func ftpData() throws {
        var control = TCPScript(port: 21)
        control.handshake()
        control.server(utf8("220 (server)\r\n"))
        control.client(utf8("PASV\r\n"))
        control.server(utf8("227 Passive (192,0,2,1,200,10)\r\n"))
        control.client(utf8("RETR a.txt\r\n"))
        func data(_ port: UInt16) -> TCPScript {
            var script = TCPScript(clientPort: 40_001, port: port, time: control.time)
            script.handshake()
            script.server(utf8("content of the file"))
            return script
        }
        let rules = """
            alert ftp-data any any -> any any (content:"content"; sid:1;)
            alert ftp-data any any -> any any (ftpdata_command:retr; sid:2;)
            alert ftp-data any any -> any any (ftpdata_command:stor; sid:3;)
            """
        for (port, alerts) in [(51210, [1, 2]), (51211, [])] as [(UInt16, [Int])] {
            var firewall = try Firewall(rules, defaults: [])
            let judgments = firewall.judge(control.frames + data(port).frames)
            #expect(judgments.flatMap(\.alerts).sorted() == alerts, "port \(port)")
        }
    }

    @Test("file.data of a mail: each attachment, once the mail is through")
    func attachment() throws {
        var script = TCPScript(port: 25)
        script.handshake()
        script.server(utf8("220 mx ESMTP\r\n"))
        script.client(utf8("EHLO me\r\n"))
        script.server(utf8("250 hi\r\n"))
        script.client(utf8("MAIL FROM:<a>\r\n"))
        script.server(utf8("250 ok\r\n"))
        script.client(utf8("DATA\r\n"))
        script.server(utf8("354 go\r\n"))
        let head = "Content-Type: application/x; name=\"a\"\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        script.client(utf8(head + "VEhJUyBJUyBBVFRBQ0hFRA==\r\n"))
        script.client(utf8(".\r\n"))
        let rules = [
            "file.data; content:\"ATTACHED\"", "file.data; content:\"VEhJUyBJ\"",
            "file_data; content:\"THIS\"; startswith",
        ].map { "smtp any any -> any any (\($0); #;)" }
        #expect(try Self.alerts(rules, script) == [12: [1, 3]])
    }
}
