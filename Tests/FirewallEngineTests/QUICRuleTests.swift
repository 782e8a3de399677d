import PacketIO
import PolicyModel
import TestSupport
import Testing

/// Names in QUIC, judged.
@Suite struct QUICRuleTests {
    static let rules = #"""
        pass quic $HOME_NET any -> $EXTERNAL_NET any (quic.sni; content:"www.example.com"; startswith; endswith; sid:1;)
        alert udp $HOME_NET any -> any any (ja4.hash; content:"q13d"; startswith; sid:2;)
        alert quic any any -> any any (app-layer-event:quic.failed_decrypt; sid:3;)
        """#
    static let out = PacketBuilder(from: "10.0.0.1", to: "192.0.2.1")
    static let ports = UDPFields(40_000, 443)

    static func hello(_ name: String, cut: Int? = nil, connection: UInt8 = 1) -> [[UInt8]] {
        let message = ClientHelloBytes(name).message
        let cut = cut ?? message.count
        let pieces = [(0, Array(message[..<cut])), (cut, Array(message[cut...]))].filter { !$0.1.isEmpty }
        return pieces.enumerated().map { number, piece in
            let packet = QUICBytes().with {
                $0.number = number
                $0.connectionID = [UInt8](repeating: connection, count: 8)
            }
            return out.udp(ports, packet.initial(QUICBytes.crypto(piece.1, at: piece.0)))
        }
    }

    @Test("a name is judged when its hello is whole; the application-layer defaults wait for it")
    func names() throws {
        let defaults: [StatefulDefaultAction] = [.dropEstablishedAppLayerToServer]
        var firewall = try Firewall(Self.rules, defaults: defaults)
        #expect(Self.hello("www.example.com", cut: 100).map { firewall.judge($0).verdict } == [.accept, .accept])
        var denying = try Firewall(Self.rules, defaults: defaults)
        #expect(Self.hello("other.example", cut: 100).map { denying.judge($0).verdict } == [.accept, .drop])
        var strict = try Firewall(Self.rules, defaults: [.dropEstablished])
        #expect(Self.hello("www.example.com", cut: 100).map { strict.judge($0).verdict } == [.drop, .accept])
    }

    @Test("another connection on the same ports is judged anew; the first one's packets are not")
    func again() throws {
        for isCompatible in [false, true] {
            var firewall = try Firewall(Self.rules, defaults: [.dropEstablished]) {
                $0.compatibleWithSuricata = isCompatible
            }
            let first = Self.hello("www.example.com")[0]
            let data = Self.out.udp(Self.ports, [0x40] + [UInt8](repeating: 1, count: 60))
            let answer = Self.out.reversed.udp(UDPFields(443, 40_000), [0x40] + [UInt8](repeating: 1, count: 60))
            #expect(
                [first, first, data, answer].map { firewall.judge($0).verdict } == [.accept, .accept, .accept, .accept])
            let second = firewall.judge(Self.hello("denied.example", connection: 2)[0])
            #expect(second.verdict == (isCompatible ? .accept : .drop))
        }
    }

    @Test("fingerprints in rules about no protocol, events, and the record")
    func facts() throws {
        var firewall = try Firewall(Self.rules, defaults: [])
        #expect(firewall.judge(Self.hello("other.example")[0]).alerts == [2])
        let record = firewall.records("quic").first?["quic"] as? [String: Any]
        #expect(record?["sni"] as? String == "other.example" && record?["version"] as? String == "1")
        let strange = QUICBytes().with { $0.destinationID = [1, 2, 3, 4, 5, 6, 7, 8] }.initial([1])
        for (isCompatible, verdict) in [(true, Verdict.accept), (false, .drop)] {
            var other = try Firewall(Self.rules, defaults: []) { $0.compatibleWithSuricata = isCompatible }
            let judgment = other.judge(Self.out.udp(UDPFields(5000, 443), strange))
            #expect(judgment.verdict == verdict && (!isCompatible || judgment.alerts == [3]))
        }
    }
}
