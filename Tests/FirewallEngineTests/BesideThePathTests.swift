import EventLog
import FirewallEngine
import NetTypes
import PacketIO
import TestSupport
import Testing

/// `stream.inline=off`: what a listener beside the path sees, and when.
struct BesideThePathTests {
    private func firewall(_ rules: String, depth: UInt64 = 0) throws -> Firewall {
        try Firewall(rules, defaults: []) {
            $0.compatibleWithSuricata = true
            $0.flow.isInline = false
            $0.flow.streamDepth = depth
            $0.log.alertPayload = true
            $0.log.alertPayloadPrintable = true
        }
    }

    private func alerts(_ firewall: borrowing Firewall) -> [(sid: Int, packet: Int?, text: String?)] {
        firewall.records("alert").map {
            (
                ($0["alert"] as? [String: Any])?["signature_id"] as? Int ?? 0, $0["pcap_cnt"] as? Int,
                $0["payload_printable"] as? String
            )
        }
    }

    @Test("a name is judged on the client's next packet, once the server has acknowledged it")
    func whenAcknowledged() throws {
        var firewall = try firewall("alert http any any -> any any (http.host; content:\"evil.example\"; sid:1;)")
        var script = TCPScript()
        script.handshake()
        script.client("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n")
        script.segment(.toClient, .ack)
        script.segment(.toServer, .ack)
        _ = firewall.judge(script.frames)
        #expect(alerts(firewall).map { $0.packet } == [6])
    }

    @Test("what is left is judged when the flow ends; the first of two versions counts")
    func remainder() throws {
        var firewall = try firewall(
            """
            alert tcp-stream any any -> any any (content:"GOOD"; sid:1;)
            alert tcp-stream any any -> any any (content:"EVIL"; sid:2;)
            alert tcp-pkt any any -> any any (content:"EVIL"; sid:3;)
            alert tcp any any -> any any (dsize:<10; content:"ING"; sid:4;)
            """)
        var script = TCPScript()
        script.handshake()
        let start = script.next(.toServer)
        script.client("GOOD")
        script.segment(.toServer, [.psh, .ack], utf8("EVIL"), sequence: start)
        script.segment(.toServer, [.psh, .ack], utf8("MISSING"), sequence: start &+ 8)
        _ = firewall.judge(script.frames)
        #expect(alerts(firewall).map { $0.sid } == [3, 4])
        firewall.finish()
        let last = try #require(alerts(firewall).last)
        #expect(last.sid == 1 && last.packet == nil && last.text == "GOOD[4 bytes missing]MISSING")
        let record = try #require(firewall.records("alert").last)
        #expect(record["pkt_src"] as? String == "stream (flow timeout)")
        #expect(record["payload"] as? String == "R09PRFs0IGJ5dGVzIG1pc3NpbmddTUlTU0lORw==")
    }

    @Test func depth() throws {
        var firewall = try firewall(
            "alert tcp any any -> any any (stream-event:reassembly_depth_reached; sid:1;)", depth: 6)
        var script = TCPScript()
        script.handshake()
        for _ in 0..<4 { script.client("four") }
        _ = firewall.judge(script.frames)
        #expect(alerts(firewall).map { $0.packet } == [5])
    }
}
