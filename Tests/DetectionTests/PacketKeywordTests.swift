import Detection
import TestSupport
import Testing
import Wire

/// Keywords of single packets beyond the everyday ones, measured on Suricata 7.0.10.
struct PacketKeywordTests {
    static let v4 = PacketBuilder(from: "10.0.0.1", to: "192.0.2.1")
    static let v6 = PacketBuilder(from: "fd00::1", to: "2001:db8::1")

    static let datagram = v4.udp(UDPFields(1000, 2000), utf8("0123456789"))
    static let syn = v4.tcp(TCPFields(1000, 80, .syn, options: [.maximumSegmentSize(1400)]))
    static let piece = v4.with {
        $0.v4.fragmentOffset = 24
        $0.v4.moreFragments = true
        $0.v4.dontFragment = false
    }.frame(.udp, [UInt8](repeating: 0, count: 16))
    static let routed = v4.with { $0.v4.options = [7, 7, 4, 0, 0, 0, 0] }.udp(UDPFields(1, 2), [1])
    static let tooBig = v6.icmp(type: 2, rest: 1280, v6.reversed.network(.udp, [0, 1, 0, 2, 0, 8, 0, 0]))
    static let timestamp = v4.icmp(type: 13, rest: 0x0005_0009, [UInt8](repeating: 0, count: 12))

    @Test(
        arguments: [
            ("fragbits:D;", datagram, true), ("fragbits:M;", datagram, false), ("fragbits:M;", piece, true),
            ("fragbits:M+;", piece, true), ("fragbits:!D;", piece, true), ("fragbits:*DM;", datagram, true),
            ("fragoffset:3;", piece, true), ("fragoffset:>3;", piece, false), ("fragoffset:0;", datagram, true),
            ("fragoffset:0;", tooBig, false), ("ipopts:rr;", routed, true), ("ipopts:eol;", routed, true),
            ("ipopts:any;", routed, false), ("ipopts:rr;", datagram, false),
            ("tcp.mss:1400;", syn, true), ("tcp.mss:1399-1401;", syn, true), ("tcp.mss:1400<>1500;", syn, false),
            ("icmpv6.mtu:1280;", tooBig, true), ("icmpv6.mtu:>1280;", tooBig, false),
            ("l3_proto:ipv6; ttl:64;", tooBig, true),
            ("l3_proto:ipv6; ttl:64;", datagram, false), ("ip_proto:17;", datagram, true),
            ("icmp_id:5;", timestamp, true), ("icmp_seq:9;", timestamp, true), ("tos:x00;", datagram, true),
            // Both ends of a range are left out, whichever sign stands between them.
            ("ttl:63-65;", datagram, true), ("ttl:64-70;", datagram, false), ("ttl:60<>64;", datagram, false),
            // Of another size, not empty.
            ("dsize:!9;", datagram, true), ("dsize:!9;", syn, false),
            ("udp.hdr; bsize:8;", datagram, true), ("tcp.hdr; bsize:24;", syn, true),
            ("udp.hdr; content:\"|03 e8|\"; startswith;", datagram, true), ("udp.hdr; content:\"|00|\";", syn, false),
            ("ipv4.hdr; bsize:20;", datagram, true), ("ipv4.hdr; bsize:28;", routed, true),
            ("ipv6.hdr; bsize:40;", tooBig, true),
            ("icmpv6.hdr; bsize:8;", tooBig, true), ("icmpv4.hdr; bsize:20;", timestamp, true),
            ("tcp.hdr; content:!\"zzz\";", datagram, false),
            ("ip.src; content:\"|0a 00 00 01|\"; bsize:4;", datagram, true),
            ("ip.dst; content:\"|0a|\"; startswith;", datagram, false),
            ("ip.dst; bsize:16;", tooBig, true),
            ("udp.hdr; content:\"|03|\"; pkt_data; content:\"345\";", datagram, true),
            ("udp.hdr; content:\"|03|\"; pkt_data; content:\"a\";", datagram, false),
            ("decode-event:ipv4.opt_invalid;", routed, false), ("stream_size:client,>,0;", syn, false),
            ("content:\"345\"; prefilter;", datagram, true),
        ] as [(String, [UInt8], Bool)])
    func packet(_ options: String, _ frame: [UInt8], _ isMatch: Bool) {
        let rules = Ruleset("alert ip any any -> any any (\(options) sid:1;)")
        #expect(rules.errors.isEmpty, "\(rules.errors)")
        #expect(rules.judge(frame).alerts == (isMatch ? [1] : []), "\(options)")
    }

    /// Checksums that are not looked at count as right; other packets have none.
    @Test(arguments: [
        ("ipv4-csum:valid;", true, true, true), ("udpv4-csum:valid;", true, true, false),
        ("udpv4-csum:invalid;", true, false, true), ("udpv4-csum:invalid;", false, false, false),
        ("udpv4-csum:valid;", false, true, true), ("tcpv4-csum:valid;", false, false, false),
        ("udpv6-csum:valid;", true, false, false),
    ])
    func checksum(_ options: String, _ verifies: Bool, _ ofRight: Bool, _ ofWrong: Bool) {
        var fields = UDPFields(1, 2)
        fields.checksum = 0x1111
        let rules = Ruleset("alert ip any any -> any any (\(options) sid:1;)")
        for (frame, isMatch) in [(Self.datagram, ofRight), (Self.v4.udp(fields, [1]), ofWrong)] {
            let decoded = DecodedPacket(frame)
            #expect(rules.judge(decoded, verifiesChecksums: verifies) == (isMatch ? [1] : []), "\(options) \(verifies)")
        }
    }

    @Test func eventOfAPacket() {
        let rules = Ruleset(
            """
            alert pkthdr any any -> any any (decode-event:tcp.opt_duplicate; sid:1;)
            alert tcp any any -> any 80 (decode-event:TCP.OPT_DUPLICATE; flags:S; sid:2;)
            alert udp any any -> any any (decode-event:tcp.opt_duplicate; sid:3;)
            alert ip any any -> any any (engine-event:decoder.tcp.opt_invalid_len; sid:4;)
            alert ip any any -> any any (decode-event:gre.wrong_version; sid:5;)
            """)
        let twice = Self.v4.tcp(TCPFields(1, 80, .syn, options: [.maximumSegmentSize(1), .maximumSegmentSize(2)]))
        #expect(rules.judge(twice).alerts == [1, 2])
        #expect(rules.judge(Self.syn).alerts.isEmpty)
    }
}
