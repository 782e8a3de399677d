import CNetfilterQueue
import Testing

@testable import NFQueue

struct VerdictBatchTests {
    func sent(_ batch: borrowing VerdictBatch) -> [UInt8] { batch.bytes.copied() }

    @Test func packetsAreDroppedUnlessPassed() {
        var batch = VerdictBatch(queue: 5, capacity: 8)
        batch.append(10)
        batch.append(11)
        batch.passLast(mark: 0xaabb_cc04)
        batch.append(12)
        let expected =
            NetlinkMessage.verdict(NF_DROP, packet: 10, queue: 5).bytes
            + NetlinkMessage.verdict(NF_ACCEPT, packet: 11, queue: 5, mark: 0xaabb_cc04).bytes
            + NetlinkMessage.verdict(NF_DROP, packet: 12, queue: 5).bytes
        #expect(sent(batch) == expected)
        let count = batch.count
        #expect(count == 3)
    }

    @Test func theSecondMarkCounts() {
        var batch = VerdictBatch(queue: 0, capacity: 1)
        batch.append(1)
        batch.passLast(mark: 4)
        batch.passLast(mark: 8)
        #expect(sent(batch) == NetlinkMessage.verdict(NF_ACCEPT, packet: 1, queue: 0, mark: 8).bytes)
    }

    @Test func fullBatchTakesNoMore() {
        var batch = VerdictBatch(queue: 0, capacity: 2)
        for id in 1...5 as ClosedRange<UInt32> {
            batch.append(id)
            if id <= 2 { batch.passLast(mark: id) }
        }
        let isFull = batch.isFull
        #expect(isFull)
        let expected = [1, 2].flatMap { NetlinkMessage.verdict(NF_ACCEPT, packet: $0, queue: 0, mark: $0).bytes }
        #expect(sent(batch) == expected)
    }

    @Test func emptyBatch() {
        var batch = VerdictBatch(queue: 0, capacity: 2)
        batch.passLast(mark: 4)
        #expect(sent(batch).isEmpty)
        batch.append(1)
        batch.removeAll()
        let isEmpty = batch.isEmpty
        #expect(isEmpty)
        batch.passLast(mark: 4)
        #expect(sent(batch).isEmpty)
    }
}
