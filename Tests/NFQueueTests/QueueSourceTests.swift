import CNetfilterQueue
import Foundation
import NetTypes
import PacketIO
import Synchronization
import Testing
import Wire

@testable import NFQueue

/// Takes a packet's first octet as its verdict, and keeps what it is shown. It stops the source after some packets.
struct ObedientHandler: PacketHandler, ~Copyable {
    let control: QueueControl
    var stopsAfter = Int.max
    /// Microseconds spent on each packet.
    var pause: UInt32 = 0
    private(set) var packets: [RawPacket] = []
    private(set) var contents: [[UInt8]] = []
    private(set) var ticks = 0

    init(control: QueueControl, stopsAfter: Int = .max) {
        self.control = control
        self.stopsAfter = stopsAfter
    }

    mutating func handle(_ packet: RawPacket, bytes: RawSpan) -> Verdict {
        packets.append(packet)
        contents.append(bytes.copied())
        if packets.count >= stopsAfter { control.stop() }
        if pause > 0 { usleep(pause) }
        return Verdict(rawValue: bytes.byte(at: 0)) ?? .drop
    }

    mutating func tick(now: Timestamp) { ticks += 1 }
}

/// The whole loop over a pair of sockets: no privilege needed.
struct QueueSourceTests {
    let pair: SocketPair
    let control = QueueControl()
    var configuration = QueueConfiguration()

    init() throws { pair = try SocketPair() }

    func source() -> QueueSource {
        QueueSource(socket: pair.queueSocket(), configuration: configuration, control: control)
    }

    func verdict(_ verdict: Int32, _ id: UInt32, mark: UInt32? = nil) -> [UInt8] {
        NetlinkMessage.verdict(verdict, packet: id, queue: 0, mark: mark).bytes
    }

    @Test func batchIsAnsweredWithOneDatagram() throws {
        for (index, first) in [1, 0, 2, 1].enumerated() {
            pair.send(PacketMessage(id: UInt32(100 + index), payload: [UInt8(first), 9], mark: 0xab00_00f1).bytes)
        }
        var source = source()
        var handler = ObedientHandler(control: control, stopsAfter: 4)
        try source.run(&handler)
        let expected =
            verdict(NF_ACCEPT, 100, mark: 0xab00_0004) + verdict(NF_DROP, 101)
            + verdict(NF_ACCEPT, 102, mark: 0xab00_0008) + verdict(NF_ACCEPT, 103, mark: 0xab00_0004)
        #expect(pair.receiveAll() == [expected])
        let statistics = source.statistics
        #expect(statistics.packets == 4)
        #expect(statistics.bytes == 8)
        #expect(statistics.batches == 1)
        #expect(statistics.accepted == 2)
        #expect(statistics.dropped == 1)
        #expect(statistics.rejected == 1)
        #expect(control.statistics == statistics)
    }

    @Test func handlerSeesThePacket() throws {
        let seconds: UInt64 = 1_700_000_000
        pair.send(
            PacketMessage(
                payload: [1, 2, 3], mark: 77, capturedFrom: 5000, information: UInt32(NFQA_SKB_CSUMNOTREADY),
                time: (seconds, 5)
            ).bytes)
        pair.send(PacketMessage(payload: [1]).bytes)
        let before = Date().timeIntervalSince1970
        var source = source()
        var handler = ObedientHandler(control: control, stopsAfter: 2)
        try source.run(&handler)
        let (first, second) = (handler.packets[0], handler.packets[1])
        #expect(handler.contents == [[1, 2, 3], [1]])
        #expect(first.number == 1 && second.number == 2)
        #expect(first.linkType == .raw)
        #expect(first.wireLength == 5000 && second.wireLength == 1)
        #expect(first.mark == 77 && second.mark == 0)
        #expect(!first.hasChecksums && second.hasChecksums)
        #expect(first.time == Timestamp(seconds: Int64(seconds), microseconds: 5))
        let taken = Double(second.time.microseconds) / 1e6
        #expect(taken >= before - 0.001 && taken <= Date().timeIntervalSince1970)
    }

    @Test mutating func smallBatches() throws {
        configuration.batch = 2
        for id in 1...5 as ClosedRange<UInt32> { pair.send(PacketMessage(id: id, payload: [1]).bytes) }
        var source = source()
        var handler = ObedientHandler(control: control, stopsAfter: 5)
        try source.run(&handler)
        #expect(pair.receiveAll().map(\.count) == [80, 80, 40])
    }

    @Test mutating func whatCannotBeShownIsDropped() throws {
        configuration.copyRange = 100
        pair.send(PacketMessage(id: 1, payload: nil).bytes)
        pair.send(PacketMessage(id: 2, payload: [UInt8](repeating: 1, count: 3000)).bytes)
        pair.send(Array(PacketMessage(id: 3, payload: [1, 1, 1, 1]).bytes.dropLast(2)))
        pair.send(PacketMessage(payload: [1], hasHeader: false).bytes)
        pair.send([1, 2, 3])
        pair.send(PacketMessage(id: 4, payload: [1]).bytes)
        var source = source()
        var handler = ObedientHandler(control: control, stopsAfter: 1)
        try source.run(&handler)
        let expected = verdict(NF_DROP, 1) + verdict(NF_DROP, 2) + verdict(NF_DROP, 3) + verdict(NF_ACCEPT, 4, mark: 4)
        #expect(pair.receiveAll() == [expected])
        #expect(handler.contents == [[1]])
        let statistics = source.statistics
        #expect(statistics.malformed == 5)
        #expect(statistics.dropped == 3)
        #expect(statistics.packets == 4)
    }

    /// A datagram holds one packet. One with more than the verdicts have room for must not stop the loop.
    @Test mutating func crowdedDatagram() throws {
        configuration.batch = 2
        pair.send((1...5).flatMap { PacketMessage(id: UInt32($0), payload: [1]).bytes })
        var source = source()
        var handler = ObedientHandler(control: control, stopsAfter: 2)
        try source.run(&handler)
        #expect(pair.receiveAll() == [verdict(NF_ACCEPT, 1, mark: 4) + verdict(NF_ACCEPT, 2, mark: 4)])
        #expect(source.statistics.malformed == 3)
    }

    @Test func refusedVerdictsAreCounted() throws {
        for errno in [ENOENT, 0, ENOENT, EPERM] { pair.send(errorMessage(errno)) }
        pair.send(PacketMessage(payload: [1]).bytes)
        var source = source()
        var handler = ObedientHandler(control: control, stopsAfter: 1)
        try source.run(&handler)
        let statistics = source.statistics
        #expect(statistics.lateVerdicts == 2)
        #expect(statistics.refusedVerdicts == 1)
        #expect(statistics.malformed == 0)
    }

    @Test func stoppedSourceAnswersWhatIsQueuedAndCloses() throws {
        for id in 1...3 as ClosedRange<UInt32> { pair.send(PacketMessage(id: id, payload: [1]).bytes) }
        control.stop()
        var source = source()
        var handler = ObedientHandler(control: control)
        try source.run(&handler)
        #expect(pair.receiveAll().map(\.count) == [120])
        #expect(!pair.send(PacketMessage(payload: [1]).bytes))
    }

    @Test mutating func drainingHasAnEnd() throws {
        configuration.drainLimit = .milliseconds(100)
        configuration.batch = 2
        let pair = pair
        for _ in 0..<10 { pair.send(PacketMessage(payload: [0]).bytes) }
        Thread.detachNewThread { while pair.send(PacketMessage(payload: [0]).bytes) { _ = pair.receiveAll() } }
        control.stop()
        var source = source()
        var handler = ObedientHandler(control: control)
        handler.pause = 3000
        let start = ContinuousClock.now
        try source.run(&handler)
        let taken = ContinuousClock.now - start
        #expect(taken >= .milliseconds(90) && taken < .seconds(2))
        // The sender may be slow to start: what was queued before is taken in any case.
        #expect(handler.packets.count >= 10)
    }

    @Test func ticksWhenIdle() throws {
        let control = control
        Thread.detachNewThread {
            usleep(450_000)
            control.stop()
        }
        var source = source()
        var handler = ObedientHandler(control: control)
        try source.run(&handler)
        #expect((3...6).contains(handler.ticks))
    }

    @Test func ticksUnderLoad() throws {
        let (pair, control) = (pair, control)
        Thread.detachNewThread {
            let end = Date() + 0.75
            while Date() < end, pair.send(PacketMessage(payload: [0]).bytes) { _ = pair.receiveAll() }
            control.stop()
        }
        var source = source()
        var handler = ObedientHandler(control: control)
        try source.run(&handler)
        #expect(handler.packets.count > 100)
        #expect((5...10).contains(handler.ticks))
    }

    /// The peer's queue holds few datagrams: sending fails until the test reads, and then nothing is missing.
    @Test mutating func verdictsAreSentAgainUntilTheyAreTaken() throws {
        let count = 40
        configuration.batch = 1
        pair.makeSourceImpatient()
        let (pair, control) = (pair, control)
        let answers = Mutex<[[UInt8]]>([])
        let finished = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            for id in 1...UInt32(count) { pair.send(PacketMessage(id: id, payload: [1]).bytes) }
            usleep(100_000)
            let end = Date() + 5
            while Date() < end, answers.withLock({ $0.count }) < count {
                let more = pair.receiveAll(limit: 1)
                answers.withLock { $0 += more }
                usleep(1000)
            }
            control.stop()
            finished.signal()
        }
        var source = source()
        var handler = ObedientHandler(control: control)
        try source.run(&handler)
        finished.wait()
        #expect(source.statistics.verdictSendErrors > 0)
        #expect(answers.withLock { $0 } == (1...UInt32(count)).map { verdict(NF_ACCEPT, $0, mark: 4) })
    }

    /// With nobody to take them, not even after many attempts, the source gives up and the queue is closed.
    @Test mutating func verdictsThatAreNeverTakenEndTheRun() throws {
        configuration.batch = 1
        pair.makeSourceImpatient()
        let (pair, control) = (pair, control)
        Thread.detachNewThread { while pair.send(PacketMessage(payload: [1]).bytes) {} }
        var source = source()
        var handler = ObedientHandler(control: control)
        var thrown: QueueError?
        do throws(QueueError) { try source.run(&handler) } catch { thrown = error }
        #expect(thrown == .systemCall("sending verdicts", errno: EAGAIN))
        #expect(source.statistics.verdictSendErrors == UInt64(QueueSource.sendAttempts))
    }

    @Test func brokenSocketEndsTheRun() throws {
        pair.send(PacketMessage(payload: [1]).bytes)
        shutdown(pair.kernel, Int32(SHUT_RD))
        var source = source()
        var handler = ObedientHandler(control: control)
        var thrown: QueueError?
        do throws(QueueError) { try source.run(&handler) } catch { thrown = error }
        #expect(thrown == .systemCall("sending verdicts", errno: EPIPE))
        #expect(source.statistics.verdictSendErrors == 1)
    }
}
