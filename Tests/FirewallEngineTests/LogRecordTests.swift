import EventLog
import NetTypes
import TestSupport
import Testing

/// Records that are written when they are asked for.
struct LogRecordTests {
    private let out = PacketBuilder(from: "10.0.0.1", to: "192.0.2.1")

    private func firewall(_ rules: String = "", _ change: @escaping (inout LogSettings) -> Void) throws -> Firewall {
        try Firewall(rules, defaults: [], configure: { change(&$0.log) })
    }

    @Test func netflow() throws {
        var firewall = try firewall { $0.logsNetflow = true }
        _ = firewall.judge(out.udp(UDPFields(1000, 2000), [1, 2]))
        _ = firewall.judge(out.reversed.udp(UDPFields(2000, 1000), [1]))
        _ = firewall.judge(out.udp(UDPFields(1000, 2000), [1]))
        firewall.finish()
        let records = firewall.records("netflow")
        #expect(records.map { $0["src_ip"] as? String } == ["10.0.0.1", "192.0.2.1"])
        #expect(records.map { ($0["netflow"] as? [String: Any])?["pkts"] as? Int } == [2, 1])
        #expect(records.allSatisfy { ($0["netflow"] as? [String: Any])?["max_ttl"] as? Int == 64 })
    }

    @Test func ethernet() throws {
        var firewall = try firewall("alert udp any any -> any any (dsize:1; sid:1;)") { $0.logsEthernet = true }
        var frame = out.udp(UDPFields(1000, 2000), [1])
        frame.replaceSubrange(0..<12, with: [2, 0, 0, 0, 0, 0x2a, 2, 0, 0, 0, 0, 1])
        _ = firewall.judge(frame)
        firewall.finish()
        let alert = firewall.records("alert").first?["ether"] as? [String: String]
        #expect(alert == ["src_mac": "02:00:00:00:00:01", "dest_mac": "02:00:00:00:00:2a"])
        let flow = firewall.records("flow").first?["ether"] as? [String: [String]]
        #expect(flow == ["src_macs": ["02:00:00:00:00:01"], "dest_macs": ["02:00:00:00:00:2a"]])
    }

    static let anomalyRows: [(AnomalyKinds, [String])] = [
        (.all, ["applayer"]), (.application, ["applayer"]), ([.decode, .stream], []), ([], []),
    ]

    /// Which kinds of anomalies are written, and with what.
    @Test(arguments: anomalyRows)
    func applicationAnomalies(kinds: AnomalyKinds, expected: [String]) throws {
        var firewall = try firewall { $0.anomalies = kinds }
        var script = TCPScript()
        script.handshake()
        script.client("GET / HTTP/1.1\r\n\r\n")
        script.server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        _ = firewall.judge(script.frames)
        let anomalies = firewall.records("anomaly").compactMap { $0["anomaly"] as? [String: String] }
        #expect(anomalies.compactMap { $0["type"] } == expected)
        if !expected.isEmpty {
            #expect(anomalies.first?["event"] == "MISSING_HOST_HEADER")
            #expect(anomalies.first?["layer"] == "proto_parser")
        }
    }
}
