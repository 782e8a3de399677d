import Detection
import Foundation
import NetTypes
import PacketIO
import TestSupport
import Testing
import Wire

/// The shipped groups under `aws:drop_strict` and `aws:alert_established`, with one allowed name.
enum ShippedRules {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("rules")

    static func text() throws -> String {
        func read(_ name: String) throws -> String {
            try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
        }
        let allowed = """
            pass tls $HOME_NET any -> $EXTERNAL_NET any (ssl_state:client_hello; tls.sni; dotprefix; content:".example.com"; nocase; endswith; flow:to_server, established; sid:201;)
            pass http $HOME_NET any -> $EXTERNAL_NET any (http.host; dotprefix; content:".example.com"; endswith; flow:to_server, established; sid:202;)

            """
        return try read("100-control.rules") + read("110-icmp.rules") + read("120-dns.rules") + allowed
            + read("900-reject.rules")
    }

    static func firewall() throws -> Firewall { try Firewall(text()) }
}

/// What must and must not get through a gateway that drops all and allows names.
@Suite struct DropAllTests {
    private let reply = TLSBytes.record(TLSBytes.serverHello())

    @Test func allowedNamePasses() throws {
        var script = TCPScript()
        script.handshake()
        script.client(TLSBytes.clientHello("www.example.com"))
        script.segment(.toClient, .ack)
        script.server(reply)
        script.client(TLSBytes.applicationData())
        script.finish(.toServer)
        var firewall = try ShippedRules.firewall()
        #expect(firewall.verdicts(script).allSatisfy { $0 == .accept })
    }

    @Test func deniedNameIsRejectedOnce() throws {
        var script = TCPScript()
        script.handshake()
        script.client(TLSBytes.clientHello("www.denied.test"))
        script.repeatPacket()
        script.server(reply)
        var firewall = try ShippedRules.firewall()
        let judgments = firewall.judge(script.frames)
        #expect(judgments[3].verdict == .reject && judgments[3].alerts == [901])
        #expect(judgments[4...].allSatisfy { $0 == .drop(.flowDrop) }, "\(judgments)")
    }

    @Test(arguments: [
        TLSBytes.record(ClientHelloBytes(nil).message), utf8("GET / HTTP/1.1\r\nHost: 192.0.2.1\r\n\r\n"),
        utf8("GET / HTTP/1.0\r\n\r\n"),
    ])
    func withoutANameNothingPasses(hello: [UInt8]) throws {
        var script = TCPScript()
        script.handshake()
        script.client(hello)
        var firewall = try ShippedRules.firewall()
        #expect(firewall.verdicts(script).last != .accept)
    }

    /// The first segment is dropped, for its name is not complete; with the second it is, and the retransmission of the
    /// first passes.
    @Test(arguments: ["www.example.com", "www.denied.test"])
    func clientHelloInTwoSegments(name: String) throws {
        var script = TCPScript()
        script.handshake()
        script.client(TLSBytes.record(ClientHelloBytes.postQuantum(name).message), cut: [1400])
        script.repeatPacket(1)
        script.server(reply)
        var firewall = try ShippedRules.firewall()
        let judgments = firewall.judge(script.frames)
        #expect(judgments[3].verdict == .drop)
        let rest = judgments[4...].map(\.verdict)
        #expect(rest == (name == "www.example.com" ? [.accept, .accept, .accept] : [.reject, .drop, .drop]))
    }

    @Test func segmentsInReverseOrder() throws {
        var script = TCPScript()
        script.handshake()
        script.client(TLSBytes.record(ClientHelloBytes.postQuantum("www.example.com").message), cut: [1400])
        script.swapLastTwo()
        script.repeatPacket()
        var firewall = try ShippedRules.firewall()
        #expect(firewall.verdicts(script).suffix(3) == [.drop, .accept, .accept])
    }

    // MARK: traps of the control group

    @Test func dataInTheSYN() throws {
        var script = TCPScript()
        script.segment(.toServer, .syn, TLSBytes.clientHello("www.denied.test"), acknowledgment: 0)
        var firewall = try ShippedRules.firewall()
        #expect(firewall.verdicts(script) == [.drop])
    }

    @Test func dataBeforeTheSYNACK() throws {
        var script = TCPScript()
        script.segment(.toServer, .syn, acknowledgment: 0)
        script.segment(.toServer, [.psh, .ack], utf8("exfiltrate"))
        script.segment(.toServer, .psh, utf8("exfiltrate"))
        var firewall = try ShippedRules.firewall()
        #expect(firewall.verdicts(script) == [.accept, .drop, .drop])
    }

    @Test func dataFromTheServerBeforeTheName() throws {
        var script = TCPScript()
        script.handshake()
        script.server("220 ready\r\n")
        var firewall = try ShippedRules.firewall()
        #expect(firewall.judge(script.frames).last == .drop(.defaultAction, 4))
    }

    @Test func unknownProtocolOnAnAllowedPort() throws {
        var script = TCPScript()
        script.handshake()
        script.client("\u{1}\u{2}\u{3}not a protocol at all\r\n")
        var firewall = try ShippedRules.firewall()
        #expect(firewall.judge(script.frames).last == .drop(.defaultAction, 4))
    }

    @Test(arguments: [TCPFlags.syn, [.syn, .ack], .ack, .fin, .rst, []])
    func fromOutside(flags: TCPFlags) throws {
        let path = PacketBuilder(from: "192.0.2.1", to: "10.0.0.1")
        var firewall = try ShippedRules.firewall()
        #expect(firewall.judge(path.tcp(TCPFields(50_000, 443, flags))).verdict == .drop)
        #expect(firewall.judge(path.tcp(TCPFields(443, 50_000, flags))).verdict == .drop, "from the port of a server")
    }

    /// One after the other: the first must not open the door for the second.
    @Test func connectionFromOutside() throws {
        var script = TCPScript(client: "192.0.2.1", server: "10.0.0.1", clientPort: 443, port: 50_000)
        script.handshake()
        script.client(TLSBytes.clientHello("www.example.com"))
        var firewall = try ShippedRules.firewall()
        #expect(firewall.verdicts(script).allSatisfy { $0 == .drop })
    }

    @Test func otherPortsAreRejected() throws {
        var script = TCPScript(port: 8443)
        script.handshake()
        script.client(TLSBytes.clientHello("www.example.com"))
        var firewall = try ShippedRules.firewall()
        let judgments = firewall.judge(script.frames)
        #expect(judgments[0].verdict == .reject && judgments[0].alerts == [904])
        #expect(judgments[1].verdict == .drop && judgments[2].verdict == .drop)
    }

    // MARK: not TCP

    @Test func datagrams() throws {
        let out = PacketBuilder(from: "10.0.0.1", to: "192.0.2.53")
        let query = DNSBytes.query("example.com")
        var firewall = try ShippedRules.firewall()
        #expect(firewall.judge(out.udp(UDPFields(4000, 53), query)) == .accept)
        #expect(firewall.judge(out.reversed.udp(UDPFields(53, 4000), DNSBytes.response("example.com"))) == .accept)
        #expect(firewall.judge(out.udp(UDPFields(4001, 53), utf8("no dns here, at all"))) == .drop(.defaultAction, 2))
        #expect(firewall.judge(out.udp(UDPFields(4002, 5353), query)) == .drop(.defaultAction, 2))
        let quic = firewall.judge(out.udp(UDPFields(4003, 443), [0xc0, 0, 0, 0, 1, 8, 1, 2, 3, 4, 5, 6, 7, 8]))
        #expect(quic.verdict == .reject && quic.alerts == [903])
        #expect(firewall.judge(out.icmp(type: 8)) == .drop(.defaultAction, 2))
        #expect(firewall.judge(out.reversed.icmp(type: 8)) == .drop(.defaultAction, 2))
    }

    @Test func pathMTU() throws {
        for (client, server) in [("10.0.0.1", "192.0.2.1"), ("fd00::1", "2001:db8::1")] {
            var script = TCPScript(client: client, server: server)
            script.handshake()
            script.client(TLSBytes.clientHello("www.example.com"))
            var firewall = try ShippedRules.firewall()
            _ = firewall.judge(script.frames)
            let out = PacketBuilder(from: client, to: server)
            let quoted = out.network(.tcp, out.tcpSegment(TCPFields(40_000, 443, .ack), [1, 2, 3, 4]))
            let router = PacketBuilder(from: out.version == .v4 ? "198.51.100.1" : "2001:db8:1::1", to: client)
            let error =
                out.version == .v4
                ? router.icmpError(type: 3, code: 4, quoting: quoted)
                : router.icmpError(type: 2, code: 0, quoting: quoted)
            #expect(firewall.judge(error) == .accept)
            // What nobody inside has sent: the group lets errors in all the same, but none go out.
            let outward = PacketBuilder(from: client, to: server)
            let leak =
                out.version == .v4
                ? outward.icmpError(type: 3, code: 3, quoting: Array(0..<64))
                : outward.icmpError(type: 1, code: 4, quoting: Array(0..<64))
            #expect(firewall.judge(leak) == .drop(.defaultAction, 2))
        }
    }
}
