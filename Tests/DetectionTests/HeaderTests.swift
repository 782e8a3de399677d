import Detection
import PolicyModel
import RuleLanguage
import TestSupport
import Testing
import Wire

/// Rule headers and the keywords of packet headers, each on single packets.
struct HeaderTests {
    /// Header, source and destination of a UDP datagram, whether it matches.
    static let headers: [(String, (String, UInt16), (String, UInt16), Bool)] = [
        ("ip any any -> any any", ("10.0.0.1", 1000), ("192.0.2.1", 53), true),
        ("udp $HOME_NET any -> $EXTERNAL_NET any", ("10.0.0.1", 1000), ("192.0.2.1", 53), true),
        ("udp $HOME_NET any -> $EXTERNAL_NET any", ("192.0.2.1", 53), ("10.0.0.1", 1000), false),
        ("udp $HOME_NET any <> $EXTERNAL_NET any", ("192.0.2.1", 53), ("10.0.0.1", 1000), true),
        ("udp $HOME_NET any -> $EXTERNAL_NET any", ("fd00::1", 1000), ("2001:db8::1", 53), true),
        ("udp $HOME_NET any -> $HOME_NET any", ("fd00::1", 1000), ("2001:db8::1", 53), false),
        ("tcp any any -> any any", ("10.0.0.1", 1000), ("192.0.2.1", 53), false),
        ("udp any any -> $SERVERS any", ("10.0.0.1", 1000), ("192.0.2.8", 53), true),
        ("udp any any -> $SERVERS any", ("10.0.0.1", 1000), ("192.0.2.9", 53), false),
        ("udp any any -> !192.0.2.8 any", ("10.0.0.1", 1000), ("192.0.2.9", 53), true),
        ("udp any any -> !192.0.2.8 any", ("fd00::1", 1000), ("2001:db8::1", 53), false),
        ("udp any any -> [!192.0.2.8,!2001:db8::2] any", ("fd00::1", 1000), ("2001:db8::1", 53), true),
        ("udp any any -> [!192.0.2.8,2001:db8::1] any", ("10.0.0.1", 1000), ("192.0.2.9", 53), true),
        ("udp any any -> [192.0.2.0/25,198.51.100.1] any", ("10.0.0.1", 1000), ("192.0.2.127", 53), true),
        ("udp any any -> [192.0.2.0/25,198.51.100.1] any", ("10.0.0.1", 1000), ("192.0.2.128", 53), false),
        ("udp any any -> any 53", ("10.0.0.1", 1000), ("192.0.2.1", 53), true),
        ("udp any any -> any !53", ("10.0.0.1", 1000), ("192.0.2.1", 53), false),
        ("udp any 1000: -> any [50:52,54]", ("10.0.0.1", 1000), ("192.0.2.1", 53), false),
        ("udp any :1000 -> any [50:52,53]", ("10.0.0.1", 1000), ("192.0.2.1", 53), true),
        ("udp any any -> any $WEB", ("10.0.0.1", 1000), ("192.0.2.1", 8081), true),
        ("udp any any -> any $WEB", ("10.0.0.1", 1000), ("192.0.2.1", 8080), false),
    ]

    @Test(arguments: headers)
    func header(_ header: String, _ source: (String, UInt16), _ destination: (String, UInt16), _ isMatch: Bool) {
        let rules = Ruleset("alert \(header) (sid:1;)")
        let frame = PacketBuilder(from: source.0, to: destination.0).udp(UDPFields(source.1, destination.1), [1])
        #expect(rules.judge(frame).alerts == (isMatch ? [1] : []))
    }

    @Test(
        arguments: [
            ("flags:S;", TCPFlags.syn, true), ("flags:S;", [.syn, .ack], false), ("flags:S+;", [.syn, .ack], true),
            ("flags:*SA;", .ack, true), ("flags:!S;", .ack, true), ("flags:!S;", .syn, false),
            ("flags:S,12;", [.syn, .ece, .cwr], true),
            ("flags:0;", [], true), ("flags:0;", .ack, false), ("window:!0;", .ack, true), ("window:0;", .ack, false),
            ("ttl:>63;", .ack, true), ("ttl:<64;", .ack, false), ("ip_proto:6;", .ack, true),
            ("ip_proto:!tcp;", .ack, false),
            ("seq:5;", .ack, true), ("ack:9;", .ack, false), ("sameip;", .ack, false),
        ] as [(String, TCPFlags, Bool)])
    func segment(_ options: String, _ flags: TCPFlags, _ isMatch: Bool) {
        let rules = Ruleset("alert ip any any -> any any (\(options) sid:1;)")
        var fields = TCPFields(1000, 80, flags)
        fields.sequence = 5
        let frame = PacketBuilder(from: "10.0.0.1", to: "192.0.2.1").tcp(fields)
        #expect(rules.judge(frame).alerts == (isMatch ? [1] : []), "\(options)")
    }

    /// The first pass ends it, drop does not; reject is stronger than drop; DROP_TO_ALERT takes verdicts away.
    @Test(arguments: [
        (["alert", "pass", "drop"], [1], Decision.Disposition.accept), (["drop", "pass", "alert"], [1], .drop),
        (["drop", "alert"], [1, 2], .drop), (["alert", "drop", "reject"], [1, 2, 3], .reject),
        (["pass", "alert"], [], .accept),
    ])
    func order(_ actions: [String], _ alerts: [UInt32], _ disposition: Decision.Disposition) {
        let text = actions.enumerated().map { "\($1) udp any any -> any any (content:\"a\"; sid:\($0 + 1);)" }.joined(
            separator: "\n")
        let frame = PacketBuilder(from: "10.0.0.1", to: "192.0.2.1").udp(UDPFields(1, 2), utf8("a"))
        let result = Ruleset(text).judge(frame)
        #expect(result.alerts == alerts)
        #expect(result.disposition == disposition)
        #expect(Ruleset(text, dropToAlert: true).judge(frame).disposition == .accept)
    }

    /// DEFAULT_ACTION_ORDER: pass, drop, reject, alert, whatever the order of the file; then priority.
    @Test func actionOrder() {
        let text = """
            alert udp any any -> any any (content:"a"; priority:3; sid:1;)
            alert udp any any -> any any (content:"a"; priority:1; sid:2;)
            drop udp any any -> any any (content:"a"; sid:3;)
            """
        let frame = PacketBuilder(from: "10.0.0.1", to: "192.0.2.1").udp(UDPFields(1, 2), utf8("a"))
        #expect(Ruleset(text, order: .actionOrder).judge(frame).alerts == [3, 2, 1])
        #expect(
            Ruleset(text + "\npass udp any any -> any any (content:\"a\"; sid:4;)", order: .actionOrder).judge(frame)
                .alerts == [])
    }

    @Test func alertsAreCapped() {
        let text = (1...40).map { "alert udp any any -> any any (content:\"a\"; sid:\($0);)" }.joined(separator: "\n")
        let frame = PacketBuilder(from: "10.0.0.1", to: "192.0.2.1").udp(UDPFields(1, 2), utf8("a"))
        let result = Ruleset(text + "\ndrop udp any any -> any any (content:\"a\"; sid:99;)").judge(frame)
        #expect(result.alerts == Array(1...15))
        #expect(result.disposition == .drop)
    }
}
