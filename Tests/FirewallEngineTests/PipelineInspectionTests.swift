import Detection
import FirewallEngine
import NetTypes
import PacketIO
import PolicyModel
import TestSupport
import Testing
import Wire

/// Names out of streams, however they are cut, and what streams can do to a firewall.
@Suite struct PipelineInspectionTests {
    private static let allowed = """
        pass tls any any -> any any (tls.sni; content:"www.example.com"; startswith; endswith; flow:to_server; sid:1;)
        pass http any any -> any any (http.host; content:"www.example.com"; startswith; endswith; flow:to_server; sid:2;)
        """
    private static let appLayer: [StatefulDefaultAction] = [
        .dropEstablishedAppLayerToServer, .alertEstablishedAppLayerToServer,
    ]

    /// Wherever a hello or a request is cut and in whatever order its segments come: the right name passes, another does
    /// not, and nothing of a denied one's last piece gets out.
    @Test func cutAnywhere() throws {
        try property("names cut anywhere", runs: 150) { random in
            let isAllowed = random.chance(1, in: 2)
            let name =
                isAllowed
                ? "www.example.com"
                : random.pick(["www.denied.test", "www.example.com.denied.test", "xwww.example.com"])
            let isTLS = random.chance(1, in: 2)
            let hello = ClientHelloBytes.postQuantum(name)
            let data =
                isTLS
                ? TLSBytes.records(hello.message, size: random.pick([100, 700, 16_000]))
                : HTTPBytes.request("GET", "/path", host: name, fields: ["User-Agent: test", "Accept: */*"])
            var script = TCPScript(port: isTLS ? 443 : 80)
            script.handshake()
            let first = script.frames.count
            let cuts = (0..<random.below(6)).map { _ in random.below(data.count) }
            script.client(data, cut: cuts)
            var frames = script.frames
            var tail = Array(frames[first...])
            let isShuffled = random.chance(1, in: 2)
            if isShuffled { tail.shuffle(using: &random) }
            frames.replaceSubrange(first..., with: tail)
            for index in frames.indices { frames[index].time = Timestamp(seconds: 1_700_000_000 + Int64(index)) }
            var firewall = try Firewall(PipelineInspectionTests.allowed, defaults: PipelineInspectionTests.appLayer)
            let verdicts = firewall.judge(frames).map(\.verdict)
            let rest = Array(verdicts[first...])
            if isAllowed {
                try requireTrue(rest.last == .accept, "allowed \(name): \(verdicts), cuts \(cuts), tls \(isTLS)")
                if !isShuffled { try requireTrue(rest.allSatisfy { $0 == .accept }, "allowed in order: \(verdicts)") }
            } else {
                try requireTrue(rest.last == .drop, "denied \(name): \(verdicts), cuts \(cuts), tls \(isTLS)")
            }
        }
    }

    struct Unexpected: Error { var text: String }

    private func requireTrue(_ condition: Bool, _ text: @autoclosure () -> String) throws {
        if !condition { throw Unexpected(text: text()) }
    }

    /// Every request of a connection is judged. Under rules that pass a flow the first decides; with packet verdicts the
    /// second is seen.
    @Test func everyRequestOfAConnection() throws {
        var script = TCPScript(port: 80)
        script.handshake()
        for name in ["www.example.com", "www.denied.test"] {
            script.client(HTTPBytes.request(host: name))
            script.server(HTTPBytes.response(body: "ok"))
        }
        var firewall = try Firewall(
            #"drop http any any -> any any (http.host; content:"denied"; flow:to_server; sid:1;)"#,
            defaults: [.alertStrict])
        let judgments = firewall.judge(script.frames)
        #expect(judgments[5].verdict == .drop)
        firewall.finish()
        let hosts = firewall.records("http").compactMap { ($0["http"] as? [String: Any])?["hostname"] as? String }
        #expect(hosts == ["www.example.com", "www.denied.test"])
    }

    /// A segment that took a detour has an older timestamp than what is already there (RFC 7323 section 5.2 speaks of the
    /// left edge alone): it is not an attack.
    @Test func lateSegmentWithAnOlderTimestamp() throws {
        var script = TCPScript()
        let options: [TCPOption] = [.maximumSegmentSize(1460), .timestamp(100, echo: 0)]
        script.setOptions(client: options, server: [.maximumSegmentSize(1460), .timestamp(900, echo: 100)])
        script.handshake()
        let base = script.next(.toServer)
        let pieces = [(0, UInt32(101)), (500, 102), (1000, 103), (1500, 104)]
        for (offset, stamp) in pieces {
            script.segment(
                .toServer, [.psh, .ack], [UInt8](repeating: 0x41, count: 500), sequence: base + UInt32(offset),
                options: [.noOperation, .noOperation, .timestamp(stamp, echo: 900)])
        }
        var frames = script.frames
        frames.swapAt(4, 6)
        for index in frames.indices {
            frames[index].time = Timestamp(seconds: 1_700_000_000, microseconds: Int64(index))
        }
        var firewall = try Firewall("pass ip any any -> any any (sid:1;)")
        #expect(firewall.judge(frames).allSatisfy { $0 == .accept })
        var undecided = try Firewall("alert tcp any any -> any any (content:\"B\"; sid:1;)", defaults: [])
        let judgments = undecided.judge(frames)
        #expect(judgments.allSatisfy { $0 == .accept }, "\(judgments)")
    }

    /// Two versions of the same bytes: the endpoint must not read another name than the firewall did.
    @Test(arguments: [true, false])
    func overlapConflict(compatible: Bool) throws {
        let denied = HTTPBytes.request(host: "www.denied.test")
        let allowed = HTTPBytes.request(host: "www.example.com")
        var script = TCPScript(port: 80)
        script.handshake()
        let base = script.next(.toServer)
        script.segment(.toServer, [.psh, .ack], Array(denied[20...]), sequence: base + 20)
        script.segment(.toServer, [.psh, .ack], allowed, sequence: base)
        var firewall = try Firewall(
            PipelineInspectionTests.allowed, defaults: PipelineInspectionTests.appLayer,
            configure: { $0.compatibleWithSuricata = compatible })
        let last = firewall.judge(script.frames).last
        if !compatible { #expect(last == .drop(.overlapConflict)) }
        #expect(firewall.counters.overlapConflicts == 1)
    }

    /// A stream with a hole fills its buffers and no more; what is beyond waits for a retransmission.
    @Test func holeInTheStream() throws {
        var script = TCPScript(port: 80)
        script.setWindow(65_535, .toClient)
        script.handshake()
        script.lose(1, .toServer)
        for _ in 0..<600 { script.client([UInt8](repeating: 0x41, count: 1400)) }
        var firewall = try Firewall(
            #"drop tcp any any -> any any (content:"never"; sid:1;)"#, defaults: [.alertStrict],
            configure: { $0.flow.pendingBytes = 64_000 })
        let judgments = firewall.judge(script.frames)
        // Over the cap first, then beyond what the server's window allows.
        #expect(judgments.count { $0.verdict == .drop } > 500)
        #expect(judgments.first { $0.verdict == .drop }?.reason == .streamReassembly)
        #expect(firewall.counters.reassemblyRefused > 0)
    }

    /// A flow that is passed as a whole goes on when its names can no longer be read for the log.
    @Test func holeInAPassedFlow() throws {
        var script = TCPScript(port: 80)
        script.handshake()
        script.client(HTTPBytes.request(host: "www.example.com"))
        script.lose(1, .toServer)
        for _ in 0..<600 { script.client([UInt8](repeating: 0x41, count: 1400)) }
        var firewall = try Firewall(
            PipelineInspectionTests.allowed, defaults: PipelineInspectionTests.appLayer,
            configure: {
                $0.flow.pendingBytes = 64_000
                $0.judgesEveryRequest = false
            })
        #expect(firewall.verdicts(script).allSatisfy { $0 == .accept })
    }

    @Test func rejectSaysHow() throws {
        var script = TCPScript(port: 80)
        script.handshake()
        script.client(HTTPBytes.request(host: "www.denied.test"))
        var firewall = try Firewall(
            #"reject http any any -> any any (http.host; content:"denied"; sid:7; msg:"no";)"#, defaults: [])
        #expect(firewall.judge(script.frames).last == Judgment(verdict: .reject, reason: .rules, alerts: [7]))
        let record = try #require(firewall.records("alert").first)
        let verdict = record["verdict"] as? [String: Any]
        #expect(verdict?["action"] as? String == "drop" && verdict?["reject"] as? [String] == ["tcp-reset"])
        let drop = try #require(firewall.records("drop").first)
        #expect((drop["drop"] as? [String: Any])?["reason"] as? String == "rules")
    }
}
