import FirewallEngine
import NetTypes
import PacketIO
import TestSupport
import Testing

/// Rules about payload, and flows in which there is none to read any more.
@Suite struct EncryptedPayloadTests {
    private static let rules = """
        alert tcp any any -> any any (content:!"nothing"; sid:1;)
        alert tcp any any -> any any (dsize:>3; sid:2;)
        alert tcp any any -> any any (dsize:<5000; flow:established; sid:3;)
        """

    /// Alerts of the packets behind the handshake of TCP.
    private static func alerts(_ say: (inout TCPScript) -> Void) throws -> [[Int]] {
        var script = TCPScript()
        script.handshake()
        let first = script.frames.count
        say(&script)
        var firewall = try Firewall(rules, defaults: [])
        return firewall.judge(script.frames)[first...].map(\.alerts)
    }

    @Test("payload of TLS is not looked at behind each side's first application data")
    func tls13() throws {
        let found = try Self.alerts { script in
            script.client(TLSBytes.clientHello("example.com"))
            script.server(TLSBytes.record(TLSBytes.serverHello()) + TLSBytes.applicationData())
            script.client(TLSBytes.applicationData())
            script.server(TLSBytes.applicationData())
            script.client(TLSBytes.applicationData())
        }
        #expect(found == [[1, 2, 3], [1, 2, 3], [1, 2, 3], [3], [3]])
    }

    @Test("the side that speaks second is not looked at either where no rule looks into the stream")
    func withoutStreamRules() throws {
        var script = TCPScript()
        script.handshake()
        let first = script.frames.count
        script.client(TLSBytes.clientHello("example.com"))
        script.server(TLSBytes.record(TLSBytes.serverHello()) + TLSBytes.applicationData())
        script.client(TLSBytes.applicationData())
        var firewall = try Firewall("alert tcp any any -> any any (dsize:>3; sid:2;)", defaults: [])
        #expect(firewall.judge(script.frames)[first...].map(\.alerts) == [[2], [2], []])
    }

    @Test("what is not TLS is looked at to its end")
    func plain() throws {
        let found = try Self.alerts { script in
            for _ in 0..<3 { script.client(utf8("plain text")) }
        }
        #expect(found == [[1, 2, 3], [1, 2, 3], [1, 2, 3]])
    }

    @Test(
        "dsize asks for a payload unless it says less than something",
        arguments: [
            ("dsize:!3;", false), ("dsize:<3;", true), ("dsize:>0;", false), ("dsize:0;", true),
        ])
    func emptyPacket(option: String, isMatch: Bool) throws {
        var script = TCPScript()
        script.handshake()
        var firewall = try Firewall("alert tcp any any -> any any (\(option) sid:1;)", defaults: [])
        #expect(firewall.judge(script.frames).map(\.alerts) == Array(repeating: isMatch ? [1] : [], count: 3))
    }
}
