import FirewallEngine
import NetTypes
import PacketIO
import TestSupport
import Testing
import Wire

/// Payload at places where an engine may not look for any: with the SYN, before the connection stands, behind a FIN.
struct EarlyDataTests {
    static let rules = "drop http any any -> any any (http.host; content:\"evil.example\"; sid:1;)"
    static let request = utf8("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n")

    private func verdicts(_ script: TCPScript, compatible: Bool = false, _ rules: String = rules) throws -> [Verdict] {
        var firewall = try Firewall(rules, defaults: [], configure: { $0.compatibleWithSuricata = compatible })
        return firewall.verdicts(script)
    }

    @Test("data before the SYN/ACK")
    func beforeSynAck() throws {
        var script = TCPScript()
        script.segment(.toServer, .syn, acknowledgment: 0)
        script.segment(.toServer, [.psh, .ack], Self.request, acknowledgment: 1)
        #expect(try verdicts(script) == [.accept, .drop])
        #expect(try verdicts(script, compatible: true) == [.accept, .accept])
    }

    @Test("the packet that ends the handshake may carry data: it is data of an established connection")
    func withHandshake() throws {
        let rules = "drop tcp any any -> any any (flow:established; content:\"evil\"; sid:1;)"
        var script = TCPScript()
        script.segment(.toServer, .syn, acknowledgment: 0)
        script.segment(.toClient, [.syn, .ack])
        script.client(Self.request)
        for compatible in [false, true] {
            #expect(try verdicts(script, compatible: compatible, rules).last == .drop)
        }
    }

    @Test("a FIN may overtake the data before it")
    func behindFin() throws {
        var script = TCPScript()
        script.handshake()
        script.client(Array(Self.request.prefix(10)))
        let next = script.next(.toServer)
        let rest = UInt32(Self.request.count - 10)
        script.segment(.toServer, [.fin, .ack], sequence: next &+ rest)
        script.segment(.toServer, [.psh, .ack], Array(Self.request.dropFirst(10)), sequence: next)
        #expect(try verdicts(script).last == .drop)
        // Nothing may follow it.
        script.segment(.toServer, [.psh, .ack], [1, 2, 3], sequence: next &+ rest &+ 1)
        #expect(try verdicts(script, "pass tcp any any -> any any (flow:to_server; dsize:>900; sid:1;)").last == .drop)
    }
}
