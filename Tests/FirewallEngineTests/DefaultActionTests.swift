import Detection
import PacketIO
import PolicyModel
import TestSupport
import Testing
import Wire

/// AWS's eight default actions over one walk through a connection; the only rule passes one name.
@Suite struct DefaultActionTests {
    static let rules =
        #"pass tls $HOME_NET any -> $EXTERNAL_NET any (tls.sni; content:"www.example.com"; startswith; endswith; flow:to_server; sid:1;)"#

    /// SYN, SYN/ACK, ACK; a keep-alive of the client, a banner; the ClientHello in two pieces; the server's answer.
    static func walk(_ name: String, extras: Bool = false) -> TCPScript {
        var script = TCPScript()
        script.handshake()
        if extras {
            script.segment(.toServer, .ack)
            script.segment(.toClient, .ack)
        }
        script.client(TLSBytes.clientHello(name), cut: [60])
        script.server(TLSBytes.record(TLSBytes.serverHello()))
        return script
    }

    struct Row: CustomTestStringConvertible {
        var actions: [StatefulDefaultAction]
        /// One letter for each packet: a accept, d drop. Handshake, bare ACKs, two pieces of the hello, answer.
        var allowed: String
        var denied: String
        var extras: String
        /// First packets of UDP and ICMP from inside and from outside.
        var datagrams: String
        /// Alerts of the denied walk, by packet.
        var alerts: [[Int]]

        var testDescription: String { actions.map(\.rawValue).joined(separator: " ") }
    }

    static let rows: [Row] = [
        Row(
            actions: [], allowed: "aaa aa a", denied: "aaa aa a", extras: "aaa aa aa a", datagrams: "aaaa",
            alerts: [[], [], [], [], [], []]),
        Row(
            actions: [.dropStrict], allowed: "ddd da a", denied: "ddd dd d", extras: "ddd dd da a", datagrams: "dddd",
            alerts: [[], [], [], [], [], []]),
        Row(
            actions: [.alertStrict], allowed: "aaa aa a", denied: "aaa aa a", extras: "aaa aa aa a", datagrams: "aaaa",
            alerts: [[2], [2], [], [], [], []]),
        Row(
            actions: [.dropStrict, .alertStrict], allowed: "ddd da a", denied: "ddd dd d", extras: "ddd dd da a",
            datagrams: "dddd", alerts: [[2], [2], [], [], [], []]),
        Row(
            actions: [.dropStrict, .alertEstablished], allowed: "ddd da a", denied: "ddd dd d", extras: "ddd dd da a",
            datagrams: "dddd", alerts: [[], [], [], [4], [], [4]]),
        Row(
            actions: [.dropEstablished], allowed: "aaa da a", denied: "aaa dd a", extras: "aaa da da a",
            datagrams: "dddd",
            alerts: [[], [], [], [], [], []]),
        Row(
            actions: [.alertEstablished], allowed: "aaa aa a", denied: "aaa aa a", extras: "aaa aa aa a",
            datagrams: "aaaa",
            alerts: [[], [], [], [4], [], []]),
        Row(
            actions: [.dropEstablished, .alertEstablished], allowed: "aaa da a", denied: "aaa dd a",
            extras: "aaa da da a",
            datagrams: "dddd", alerts: [[], [], [], [4], [], []]),
        Row(
            actions: [.dropEstablishedAppLayer, .alertEstablishedAppLayer], allowed: "aaa aa a", denied: "aaa ad d",
            extras: "aaa dd dd d", datagrams: "dddd", alerts: [[], [], [], [], [8], []]),
        Row(
            actions: [.dropEstablishedAppLayerToServer, .alertEstablishedAppLayerToServer], allowed: "aaa aa a",
            denied: "aaa ad d", extras: "aaa da aa a", datagrams: "ddaa", alerts: [[], [], [], [], [8], []]),
        Row(
            actions: [.alertEstablishedAppLayer], allowed: "aaa aa a", denied: "aaa aa a", extras: "aaa aa aa a",
            datagrams: "aaaa", alerts: [[], [], [], [], [8], [8]]),
        Row(
            actions: [.alertEstablishedAppLayerToServer], allowed: "aaa aa a", denied: "aaa aa a",
            extras: "aaa aa aa a",
            datagrams: "aaaa", alerts: [[], [], [], [], [8], []]),
    ]

    private func letters(_ verdicts: [Verdict]) -> String { String(verdicts.map { $0 == .accept ? "a" : "d" }) }

    private func plain(_ text: String) -> String { text.filter { $0 != " " } }

    @Test(arguments: rows)
    func walks(row: Row) throws {
        for (script, expected) in [
            (DefaultActionTests.walk("www.example.com"), row.allowed),
            (DefaultActionTests.walk("www.denied.test"), row.denied),
            (DefaultActionTests.walk("www.example.com", extras: true), row.extras),
        ] {
            var firewall = try Firewall(DefaultActionTests.rules, defaults: row.actions)
            #expect(letters(firewall.verdicts(script)) == plain(expected), "\(expected)")
        }
        var firewall = try Firewall(DefaultActionTests.rules, defaults: row.actions)
        #expect(firewall.judge(DefaultActionTests.walk("www.denied.test").frames).map(\.alerts) == row.alerts)
    }

    @Test(arguments: rows)
    func datagrams(row: Row) throws {
        var firewall = try Firewall(DefaultActionTests.rules, defaults: row.actions)
        let out = PacketBuilder(from: "10.0.0.1", to: "192.0.2.1")
        let frames = [
            out.udp(UDPFields(5000, 6000), [1]), out.icmp(type: 8), out.reversed.udp(UDPFields(6000, 5000), [2]),
            out.reversed.icmp(type: 0),
        ]
        let verdicts = frames.map { firewall.judge($0).verdict }
        #expect(letters(verdicts) == row.datagrams)
    }

    /// In Suricata's way every packet has its alert; otherwise once for a flow and direction, and the flow's record counts.
    @Test func repeatedAlertsAreCounted() throws {
        var script = TCPScript()
        script.handshake()
        for _ in 0..<5 { script.client("\u{1}unknown") }
        var firewall = try Firewall()
        let alerts = firewall.judge(script.frames).map(\.alerts)
        #expect(alerts == [[], [], [], [4], [], [], [], []])
        firewall.finish()
        let own = firewall.records("flow")[0]["weir"] as? [String: Any]
        #expect(own?["alerts_suppressed"] as? Int == 4)
        #expect(own?["drops_suppressed"] as? Int == 6)

        var compatible = try Firewall(configure: { $0.compatibleWithSuricata = true })
        #expect(compatible.judge(script.frames).map(\.alerts) == [[], [], [], [4], [4], [4], [4], [4]])
    }

    @Test func messagesAreThoseOfAWS() throws {
        var firewall = try Firewall(defaults: [.dropStrict, .alertEstablished])
        _ = firewall.judge(PacketBuilder(from: "10.0.0.1", to: "192.0.2.1").icmp(type: 8))
        let record = try #require(firewall.records("alert").first)
        let alert = try #require(record["alert"] as? [String: Any])
        #expect(alert["signature"] as? String == "aws:alert_established action")
        #expect(alert["action"] as? String == "blocked")
        #expect(alert["signature_id"] as? Int == 2 && alert["rev"] as? Int == 0 && alert["severity"] as? Int == 3)
        #expect(alert["category"] as? String == "")
    }
}
