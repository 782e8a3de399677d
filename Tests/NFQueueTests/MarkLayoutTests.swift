import LiveSupport
import Testing

@testable import NFQueue

struct MarkLayoutTests {
    @Test func standardBits() {
        let marks = MarkLayout()
        #expect(marks.mask == 0xff)
        #expect(marks.accepted == 0x1)
        #expect(marks.dropped == 0x2)
        #expect(marks.judged == 0x4)
        #expect(marks.reject == 0x8)
        #expect(marks.generation == 0xf0)
    }

    @Test func bitsOutsideTheMaskStayAsTheyCame() {
        let marks = MarkLayout()
        #expect(marks.accepting(0) == 0x4)
        #expect(marks.accepting(0xffff_ffff) == 0xffff_ff04)
        #expect(marks.rejecting(0xabcd_ef14) == 0xabcd_ef08)
    }

    /// The seal lets a packet through for the judged bit and refuses it for the reject bit: never both.
    @Test func verdictsSetOneBit() {
        let marks = MarkLayout()
        #expect(marks.accepting(.max) & marks.reject == 0)
        #expect(marks.rejecting(.max) & marks.judged == 0)
    }

    @Test func otherMasks() throws {
        let high = try #require(MarkLayout(mask: 0xff00_0000))
        #expect(high.accepted == 0x0100_0000)
        #expect(high.reject == 0x0800_0000)
        #expect(high.generation == 0xf000_0000)
        #expect(high.accepting(0x1234_5678) == 0x0434_5678)
        let top = try #require(MarkLayout(mask: 0xf000_0000))
        #expect(top.reject == 0x8000_0000)
        #expect(top.generation == 0)
        #expect(try #require(MarkLayout(mask: .max)).generation == 0xffff_fff0)
    }

    @Test(arguments: [0, 1, 0x7, 0x70, 0xff0f, 0x8000_000f, 0x1e1] as [UInt32])
    func refusedMasks(mask: UInt32) {
        #expect(MarkLayout(mask: mask) == nil)
    }
}
