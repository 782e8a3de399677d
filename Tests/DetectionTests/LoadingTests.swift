import Detection
import RuleLanguage
import TestSupport
import Testing

/// Which lines load and which are refused, as measured with Suricata 7.0.10.
struct LoadingTests {
    static let refused = [
        "alert tcp any any -> any any (msg:\"no sid\";)", "alert tcp any any -> any any (sid:1; sid:2;)",
        "alert tcp any any -> any any (sid:4294967295;)", "alert tcp any any -> any any (sid:0;)",
        "alert tcp any any -> any any (foo:1; sid:1;)", "alert foo any any -> any any (sid:1;)",
        "alert tcp4 any any -> any any (sid:1;)", "alert tcp any any <- any any (sid:1;)",
        "alert tcp any any => any any (sid:1;)", "alert tcp $NOPE any -> any any (sid:1;)",
        "alert tcp any $NOPE -> any any (sid:1;)", "alert tcp any 65536 -> any any (sid:1;)",
        "alert tcp !any any -> any any (sid:1;)", "alert tcp any !any -> any any (sid:1;)",
        "alert tcp [1.2.3.4,!1.2.3.4] any -> any any (sid:1;)", "alert tcp any [80,!80] -> any any (sid:1;)",
        "alert tcp any 90:80 -> any any (sid:1;)", "alert tcp 1.2.3.4/33 any -> any any (sid:1;)",
        "alert tcp 1.2.3.4/255.0.255.0 any -> any any (sid:1;)", "alert tcp [] any -> any any (sid:1;)",
        "alert tcp [1.2.3.4 any -> any any (sid:1;)", "alert tcp any any any any (sid:1;)",
        "alert tcp any any -> any any (content:\"\"; sid:1;)", "alert tcp any any -> any any (content:\"a;b\"; sid:1;)",
        "alert tcp any any -> any any (content:\"|0g|\"; sid:1;)",
        "alert tcp any any -> any any (content:\"|0|\"; sid:1;)",
        "alert tcp any any -> any any (content:\"a\"b\"; sid:1;)",
        "alert tcp any any -> any any (content:\"a\\nb\"; sid:1;)",
        "alert tcp any any -> any any (content:abc; sid:1;)",
        "alert tcp any any -> any any (content:\"abc\"; depth:2; sid:1;)",
        "alert tcp any any -> any any (nocase; sid:1;)",
        "alert tcp any any -> any any (flow:established; flow:to_server; sid:1;)",
        "alert tcp any any -> any any (flow:established,not_established; sid:1;)",
        "alert tcp any any -> any any (flow:to_server,from_client; sid:1;)",
        "alert tcp any any -> any any (sid:1; rev:0;)", "alert tcp any any -> any any (sid:1; rev:1; rev:2;)",
        "alert tcp any any -> any any (sid:1)", "alert tcp any any -> any any (sid:1;) trailing",
        "sdrop tcp any any -> any any (sid:1;)", "log tcp any any -> any any (sid:1;)",
        "alert http any any -> any any (tls.sni; content:\"a\"; sid:1;)",
        "alert tcp any any -> any any (bsize:5; sid:1;)",
        "alert tcp any any -> any any (msg:y; sid:1;)", "alert tcp any any -> any any (msg:\"a\"; msg:\"b\"; sid:1;)",
        "alert tcp any any -> any any (msg:\"\"; sid:1;)", "alert tcp any any -> any any (reference:url; sid:1;)",
        "alert tcp any any -> any any (gid:4294967295; sid:1;)",
        "alert tcp any any -> any any (priority:\"1\"; sid:1;)",
        "alert tcp any any -> any any (ip_proto:6; sid:1;)",
        "alert ip any any -> any any (ip_proto:1; ip_proto:2; sid:1;)",
        "alert ip any any -> any any (ttl:<0; sid:1;)", "alert ip any any -> any any (ttl:>255; sid:1;)",
        "alert ip any any -> any any (ttl:5<>6; sid:1;)", "alert ip any any -> any any (fragbits:m; sid:1;)",
        "alert ip any any -> any any (fragoffset:!5; sid:1;)", "alert ip any any -> any any (ipopts:cipso; sid:1;)",
        "alert ip any any -> any any (l3_proto:ipx; sid:1;)", "alert ip any any -> any any (ipv4-csum:foo; sid:1;)",
        "alert tcp any any -> any any (flags:fs; sid:1;)", "alert tcp any any -> any any (flags:S,0; sid:1;)",
        "alert udp any any -> any any (tcp.hdr; content:\"a\"; sid:1;)",
        "alert tcp any any -> any any (tcp.hdr; sid:1;)",
        "alert tls any any -> any any (tcp.hdr; content:\"a\"; tls.sni; content:\"a\"; sid:1;)",
        "alert tls any any -> any any (sameip; tls.sni; content:\"a\"; sid:1;)",
        "alert tcp any any -> any any (stream_size:foo,>,1; sid:1;)",
        "alert tcp any any -> any any (flow.age:>4294967295; sid:1;)",
        "alert tcp any any -> any any (flow.age:old; sid:1;)",
        "alert tcp any any -> any any (prefilter; sid:1;)",
        "alert tcp any any -> any any (flags:S; prefilter; ttl:5; prefilter; sid:1;)",
        "alert tcp any any -> any any (content:\"a\"; rawbytes; rawbytes; sid:1;)",
        "alert http any any -> any any (http.uri; content:\"a\"; rawbytes; sid:1;)",
        "alert tcp any any -> any any (target:src_ip; target:dest_ip; sid:1;)",
        "alert tcp any any -> any any (requires: version 7; sid:1;)",
        "alert tcp any any -> any any (decode-event:foo; sid:1;)",
        "alert tcp any any -> any any (stream-event:foo; sid:1;)",
        "alert tcp any any -> any any (engine-event:tcp.opt_duplicate; sid:1;)",
        "config udp any any -> any any (config:logging enable, type tx, scope tx; sid:1;)",
        "alert tcp any any -> any any (dsize:3; content:\"abcdef\"; sid:1;)",
        "alert tcp any any -> any any (dsize:5; content:\"ab\"; content:\"cd\"; distance:2; sid:1;)",
        "alert tcp any any -> any any (dsize:16; content:\"abcdef\"; content:!\"c\"; distance:1; within:10; sid:1;)",
        "alert tcp any any -> any any (content:\"a\"; content:!\"b\"; fast_pattern; offset:6; sid:1;)",
        "alert tcp any any -> any any (content:\"a\"; fast_pattern; content:\"b\"; fast_pattern; sid:1;)",
        "alert tcp any any -> any any (content:\"a\"; fast_pattern:only; offset:3; sid:1;)",
        "alert tcp any any -> any any (content:\"first\"; fast_pattern:1,9; sid:1;)",
        "alert http any any -> any any (http.host; content:\"Abc\"; sid:1;)",
    ]

    static let accepted = [
        "alert tcp any any -> any any (sid:4294967294;)", "alert tcp any any -> any any (gid:0; sid:1;)",
        "alert tcp any any -> any any (priority:999; sid:1;)", "alert tcp any any -> any any (msg:\"a\\;b\"; sid:1;)",
        "alert tcp any [80,443,!80] -> any any (sid:1;)", "alert tcp any [1000:] -> any any (sid:1;)",
        "alert tcp any [!80,!443] -> any any (sid:1;)", "alert tcp any : -> any any (sid:1;)",
        "alert icmp any 80 -> any any (sid:1;)", "alert udp any any -> any any (flags:S; sid:1;)",
        "alert tcp any any -> any any (content:\"ab\"; content:\"cd\"; within:5; endswith; sid:1;)",
        "alert tcp any any -> any any (tls.sni; content:\"a\"; sid:1;)",
        "alert tcp any any -> any any (http.uri; content:\"a\"; sid:1;)",
        "alert http any any -> any any (http.uri; content:\"a\"; http.method; content:\"b\"; sid:1;)",
        "alert ip6 any any -> any any (sid:1;)", "rejectsrc tcp any any -> any any (sid:1;)",
        "rejectdst tcp any any -> any any (sid:1;)", "rejectboth tcp any any -> any any (sid:1;)",
        "config udp any any -> any any (config:logging disable, type tx, scope tx; sid:1;)",
        "Alert TCP any any -> any any (Msg:\"x\"; SID:1;)", "alert tcp any any -> any any \\\n(sid:1;)",
        "alert tcp any any -> any any (classtype:nope; sid:1;)",
        "alert tcp any any -> any any (reference:nope,x; sid:1;)",
        "alert tcp any any -> any any (sid:\"1\";)", "alert ip any any -> any any (ip_proto:\"tcp\"; sid:1;)",
        "alert ip any any -> any any (ip_proto:>1; ip_proto:<9; sid:1;)",
        "alert ip any any -> any any (tos:x20; sid:1;)",
        "alert ip any any -> any any (fragbits:R D; sid:1;)", "alert ip any any -> any any (ttl:5<>10; sid:1;)",
        "alert udp any any -> any any (tcpv4-csum:invalid; sid:1;)", "alert udp any any -> any any (tcp.mss:5; sid:1;)",
        "alert http any any -> any any (tcp.hdr; content:\"a\"; sid:1;)",
        "alert tls any any -> any any (ip.src; content:\"a\"; tls.sni; content:\"a\"; sid:1;)",
        "alert tls any any -> any any (icmp_seq:5; tls.sni; content:\"a\"; sid:1;)",
        "alert tls any any -> any any (stream_size:client,>,5; tls.sni; content:\"a\"; sid:1;)",
        "alert udp any any -> any any (stream_size:either,!,5; sid:1;)",
        "alert tcp any any -> any any (pkt_data; sid:1;)",
        "alert tcp any any -> any any (requires: version >= 7; requires: version >= 6; sid:1;)",
        "alert tcp any any -> any any (noalert; noalert; sid:1;)", "alert tcp any any -> any any (bypass; sid:1;)",
        "alert pkthdr any any -> any any (decode-event:IPV4.PKT_TOO_SMALL; sid:1;)",
        "alert ip any any -> any any (stream-event:3whs_synack_resend_with_diff_ack; sid:1;)",
        "alert ip any any -> any any (stream-event:est_synack_resend_with_different_ack; sid:1;)",
        "alert tcp any any -> any any (stream-event:closing_ack_wrong_seq; sid:1;)",
        "alert tcp any any -> any any (stream-event:fin_syn; sid:1;)",
        "alert tcp any any -> any any (dsize:<6; content:\"abcdef\"; sid:1;)",
        "alert tcp any any -> any any (dsize:8; content:\"abcdef\"; content:\"c\"; within:3; sid:1;)",
        "alert http any any -> any any (http.host; dotprefix; content:\".Abc\"; nocase; sid:1;)",
        "alert tcp any any -> any any (content:\"\(String(repeating: "a", count: 1000))\"; sid:1;)",
    ]

    @Test(arguments: refused)
    func isRefused(line: String) {
        let rules = Ruleset(line)
        #expect(!rules.errors.isEmpty)
        #expect(rules.errors.allSatisfy { $0.location.line == 1 && $0.location.column >= 1 && $0.sourceLine != nil })
        #expect(rules.policy == nil)
    }

    @Test(arguments: accepted)
    func isAccepted(line: String) {
        let rules = Ruleset(line)
        #expect(rules.errors.isEmpty, "\(rules.errors)")
        #expect(rules.policy != nil)
    }

    /// Every problem of every rule in one pass, each under its own text.
    @Test func everythingAtOnce() {
        let rules = Ruleset(
            """
            alert tcp $NOPE any -> any 99999 (ttl:x; foo; sid:1;)
            alert tcp any any -> any any (decode-event:ipv4.trunc_packet; sid:2;)
            """)
        #expect(
            rules.errors.map { "\($0.location.line):\($0.location.column)+\($0.length)" } == [
                "1:11+5", "1:28+5", "1:39+1", "1:42+3", "2:44+17",
            ])
        #expect(rules.errors.last?.hint == "did you mean 'ipv4.trunc_pkt'?")
    }

    @Test(arguments: [
        ("version >= 7.0.0", true), ("version >= 8.0.0", false), ("version < 8", true), ("version >= 7 < 8", true),
        ("version >= 7.0.3 | < 6", true), ("version >= 8 < 9 | < 7", false), ("version >= 7.0.11", false),
        ("version > 7", true), ("version >= 7.0.0-beta1", true), ("feature ja4", true), ("feature JA4", false),
        ("feature hosts", false), ("keyword content", false), ("version >= 7, feature rust", false),
        ("version >=7", true), ("version >= 7 < 8 9", true),
    ])
    func requirement(_ text: String, _ isMet: Bool) {
        let known = Ruleset("alert tcp any any -> any any (requires: \(text); sid:1;)")
        #expect(known.errors.isEmpty)
        #expect(known.policy?.signatures.count == (isMet ? 1 : 0))
        #expect(known.policy?.ruleCounts.skipped == (isMet ? 0 : 1))
        // What another engine has to make of the rule is not looked at.
        let unknown = Ruleset("alert vxlan any any -> any any (foo:1; requires: \(text); sid:1;)")
        #expect(unknown.errors.isEmpty == !isMet)
    }

    /// What stands behind `!` is one set.
    @Test(arguments: [
        ("![10.0.0.0/8,!10.0.0.1]", "10.0.0.1", true), ("![10.0.0.0/8,!10.0.0.1]", "10.0.0.2", false),
        ("![10.0.0.0/8,!10.0.0.1]", "192.0.2.1", true), ("[10.0.0.0/8,!10.0.0.1]", "10.0.0.1", false),
        ("![!10.0.0.1]", "10.0.0.1", true), ("![!10.0.0.1]", "10.0.0.2", false),
        ("[10.0.0.0/24,!10.0.0.4,10.0.0.4]", "10.0.0.4", false), ("!$EXTERNAL_NET", "10.0.0.4", true),
        ("!$EXTERNAL_NET", "192.0.2.1", false),
    ])
    func negation(_ expression: String, _ source: String, _ isMatch: Bool) {
        let rules = Ruleset("alert ip \(expression) any -> any any (ttl:64; sid:1;)")
        let frame = PacketBuilder(from: source, to: "198.51.100.1").udp(UDPFields(1, 2), [1])
        #expect(rules.judge(frame).alerts == (isMatch ? [1] : []))
    }

    @Test("a requirement of an unknown kind leaves its rule out, unless the user wants it taken")
    func unknownRequirement() {
        let text = "alert tcp any any -> any any (requires: foo bar; sid:1;)"
        #expect(Ruleset(text).policy?.ruleCounts.skipped == 1)
        var options = CompileOptions()
        options.ignoresUnknownRequirements = true
        #expect(Ruleset(text, options: options).policy?.ruleCounts.loaded == 1)
    }

    @Test("a feature that is switched off is missing")
    func missingFeature() {
        let text = "alert tcp any any -> any any (requires: feature ja4; sid:1;)"
        #expect(Ruleset(text).policy?.ruleCounts.loaded == 1)
        var options = CompileOptions()
        options.missingFeatures = ["ja4"]
        #expect(Ruleset(text, options: options).policy?.ruleCounts.skipped == 1)
    }

    @Test("a buffer named again goes on, and what is relative in it counts from the content before")
    func bufferNamedAgain() {
        func rule(_ more: String) -> String {
            "alert tcp any any -> any any (tcp.hdr; content:\"|00 50|\"; tcp.hdr; content:\"|02|\"; \(more) sid:1;)"
        }
        let syn = PacketBuilder(from: "10.0.0.1", to: "192.0.2.1").tcp(TCPFields(4000, 80, .syn))
        #expect(Ruleset(rule("distance:9; within:1;")).judge(syn).alerts == [1])
        #expect(Ruleset(rule("distance:2; within:1;")).judge(syn).alerts == [])
    }
}
