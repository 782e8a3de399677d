import TestSupport
import Testing
import Wire

/// Arithmetic modulo 2^32 (RFC 9293 section 3.4).
struct SequenceNumberTests {
    @Test(
        "distance and order, over the wrap too",
        arguments: [
            (0, 0, 0), (1, 0, 1), (0, 1, -1), (0, 0xffff_ffff, 1), (0xffff_ffff, 0, -1), (5, 0xffff_fff0, 21),
            (0x8000_0000, 0, -0x8000_0000), (0x7fff_ffff, 0, 0x7fff_ffff), (0, 0x8000_0000, -0x8000_0000),
            (0x4000_0000, 0xc000_0001, 0x7fff_ffff),
        ] as [(UInt32, UInt32, Int)])
    func distance(left: UInt32, right: UInt32, distance: Int) {
        let (left, right) = (SequenceNumber(left), SequenceNumber(right))
        #expect(left - right == distance)
        #expect((left < right) == (distance < 0))
        #expect((left <= right) == (distance <= 0))
        #expect((left > right) == (distance > 0))
        #expect((left >= right) == (distance >= 0))
    }

    @Test("adding and taking the distance are inverse")
    func inverse() throws {
        try property("sequence numbers", runs: 1000) { random in
            let start = SequenceNumber(UInt32(truncatingIfNeeded: random.next()))
            let step = random.below(0x8000_0000) - 0x4000_0000
            var moved = start
            moved += step
            try #require(moved == start + step)
            try #require(moved - start == step)
        }
    }
}
