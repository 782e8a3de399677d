import Detection
import NetTypes
import PacketIO
import TestSupport
import Testing
import Wire

/// However the client's bytes are cut, ordered and repeated, they are the same bytes: the facts in the log are the same and so
/// is the decision, and of what is denied not one byte goes out.
@Suite struct SegmentationTests {
    struct Speech: CustomTestStringConvertible {
        var name: String
        var bytes: [UInt8]
        var isAllowed: Bool
        var testDescription: String { name }
    }

    static let speeches = [
        Speech(name: "allowed hello", bytes: HoldTests.allowed, isAllowed: true),
        Speech(name: "denied hello", bytes: HoldTests.denied, isAllowed: false),
        Speech(
            name: "allowed request", bytes: utf8("GET /a HTTP/1.1\r\nHost: www.example.com\r\nAccept: */*\r\n\r\n"),
            isAllowed: true),
        Speech(
            name: "denied request",
            bytes: utf8("POST /secret HTTP/1.1\r\nUser-Agent: x\r\nHost: www.denied.test\r\n\r\n"),
            isAllowed: false),
    ]

    private struct Piece {
        var range: Range<Int>
    }

    /// Cuts at random, shuffles within a small distance, repeats some pieces, some of them merged with their neighbour.
    private static func pieces(_ count: Int, _ random: inout SeededRandom) -> [Piece] {
        var cuts: Set<Int> = []
        for _ in 0..<Int.random(in: 0...7, using: &random) { cuts.insert(Int.random(in: 1..<count, using: &random)) }
        let bounds = [0] + cuts.sorted() + [count]
        var pieces = zip(bounds, bounds.dropFirst()).map { Piece(range: $0..<$1) }
        for index in pieces.indices where Int.random(in: 0..<4, using: &random) == 0 {
            let wider = max(0, pieces[index].range.lowerBound - 20)..<min(count, pieces[index].range.upperBound + 20)
            pieces.insert(Piece(range: Bool.random(using: &random) ? wider : pieces[index].range), at: index)
        }
        for index in pieces.indices.dropFirst() where Bool.random(using: &random) { pieces.swapAt(index, index - 1) }
        return pieces
    }

    private static func script(_ speech: Speech, _ pieces: [Piece]) -> TCPScript {
        var script = TCPScript()
        script.step = 100
        script.handshake()
        let start = script.next(.toServer)
        for piece in pieces {
            script.segment(
                .toServer, [.psh, .ack], Array(speech.bytes[piece.range]),
                sequence: start &+ UInt32(piece.range.lowerBound))
        }
        // TCP repeats what was dropped as a copy or over a cap.
        script.segment(.toServer, [.psh, .ack], speech.bytes, sequence: start)
        return script
    }

    @Test(arguments: speeches)
    func sameFactsAndDecision(speech: Speech) throws {
        var random = SeededRandom(seed: 7)
        for round in 0..<150 {
            let pieces = SegmentationTests.pieces(speech.bytes.count, &random)
            let script = SegmentationTests.script(speech, pieces)
            var firewall = try HoldTests.firewall()
            let verdicts = Array(firewall.final(script.frames).dropFirst(3))
            firewall.finish()
            let ranges = pieces.map(\.range)
            var arrived = [Bool](repeating: false, count: speech.bytes.count)
            for (verdict, range) in zip(verdicts, ranges + [0..<speech.bytes.count]) where verdict == .accept {
                for index in range { arrived[index] = true }
            }
            #expect(!verdicts.contains(.hold), "round \(round): \(ranges)")
            #expect(
                arrived == [Bool](repeating: speech.isAllowed, count: arrived.count),
                "round \(round): \(ranges) \(verdicts)")
            let action = (firewall.records("flow").first?["flow"] as? [String: Any])?["action"] as? String
            // A pass by a request covers that request: its flow is told passed at its end.
            #expect(action == (speech.isAllowed ? "pass" : "drop"), "round \(round): \(ranges)")
            let names = firewall.records().compactMap { record in
                (record["tls"] as? [String: Any])?["sni"] as? String
                    ?? (record["http"] as? [String: Any])?["hostname"] as? String
            }
            #expect(Set(names) == [speech.isAllowed ? "www.example.com" : "www.denied.test"], "round \(round)")
        }
    }
}
