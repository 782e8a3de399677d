import CNetfilterQueue
import Glibc
import NetTypes
import PacketIO
import Testing
import Wire

@testable import NFQueue

/// Holds every packet but those that say otherwise: 9 releases what waits and itself, in the order of the second octet, with
/// the verdict in the third.
private struct HoldingHandler: PacketHandler, ~Copyable {
    let control: QueueControl
    var stopsAfter: Int
    private var waiting: [(order: UInt8, Release)] = []
    private var released: [Release] = []
    private(set) var lost = 0
    private var count = 0

    init(control: QueueControl, stopsAfter: Int) {
        self.control = control
        self.stopsAfter = stopsAfter
    }

    mutating func handle(_ packet: RawPacket, bytes: RawSpan) -> Verdict {
        count += 1
        if count >= stopsAfter { control.stop() }
        guard bytes.byteCount >= 3 else { return .accept }
        waiting.append(
            (bytes.byte(at: 1), Release(packet: packet, verdict: Verdict(rawValue: bytes.byte(at: 2)) ?? .drop)))
        if bytes.byte(at: 0) == 9 {
            released += waiting.sorted { $0.order < $1.order }.map(\.1)
            waiting = []
        }
        return .hold
    }

    mutating func tick(now: Timestamp) {}

    mutating func nextRelease() -> Release? { released.isEmpty ? nil : released.removeFirst() }

    mutating func noteLost() { lost += 1 }

    mutating func end() {
        released += waiting.map { Release(packet: $0.1.packet, verdict: .drop) }
        waiting = []
    }
}

struct HeldPacketTests {
    let pair: SocketPair
    let control = QueueControl()
    var configuration = QueueConfiguration()

    init() throws { pair = try SocketPair() }

    private func late(_ verdict: Int32, _ id: UInt32, mark: UInt32? = nil) -> [UInt8] {
        NetlinkMessage.verdict(verdict, packet: id, queue: 0, mark: mark, acknowledged: true).bytes
    }

    private func run(stopsAfter: Int) throws -> (QueueStatistics, lost: Int) {
        var source = QueueSource(socket: pair.queueSocket(), configuration: configuration, control: control)
        var handler = HoldingHandler(control: control, stopsAfter: stopsAfter)
        try source.run(&handler)
        return (source.statistics, handler.lost)
    }

    /// In the order of the release, with the mark each packet came with, and asking the kernel whether it was still there.
    @Test func releasedInOrder() throws {
        pair.send(PacketMessage(id: 10, payload: [0, 2, 1], mark: 0x0a00_0000).bytes)
        pair.send(PacketMessage(id: 11, payload: [1]).bytes)
        pair.send(PacketMessage(id: 12, payload: [0, 3, 0]).bytes)
        pair.send(PacketMessage(id: 13, payload: [9, 1, 2], mark: 0x0b00_0000).bytes)
        let (statistics, _) = try run(stopsAfter: 4)
        let plain = NetlinkMessage.verdict(NF_ACCEPT, packet: 11, queue: 0, mark: 4).bytes
        let expected =
            plain + late(NF_ACCEPT, 13, mark: 0x0b00_0008) + late(NF_ACCEPT, 10, mark: 0x0a00_0004) + late(NF_DROP, 12)
        #expect(pair.receiveAll() == [expected])
        #expect(statistics.held == 3 && statistics.packets == 4)
        #expect(statistics.accepted == 2 && statistics.rejected == 1 && statistics.dropped == 1)
    }

    /// More releases than a batch has room for go out in several.
    @Test mutating func manyReleases() throws {
        configuration.batch = 2
        for id in 1...6 as ClosedRange<UInt32> {
            pair.send(PacketMessage(id: id, payload: [id == 6 ? 9 : 0, UInt8(id), 0]).bytes)
        }
        _ = try run(stopsAfter: 6)
        let sent = pair.receiveAll()
        #expect(sent.allSatisfy { $0.count <= 2 * VerdictBatch.acceptLength })
        #expect(sent.flatMap { $0 } == (1...6).flatMap { late(NF_DROP, $0) })
    }

    @Test func heldPacketsAreDroppedAtTheEnd() throws {
        pair.send(PacketMessage(id: 5, payload: [0, 1, 1]).bytes)
        let (statistics, _) = try run(stopsAfter: 1)
        #expect(pair.receiveAll() == [late(NF_DROP, 5)])
        #expect(statistics.dropped == 1)
    }

    /// The kernel drops what waits when a table is removed, and says so of verdicts that ask for an answer.
    @Test func lostPacketsAreCounted() throws {
        for acknowledged in [true, false] {
            let request = NetlinkMessage.verdict(NF_DROP, packet: 1, queue: 0, acknowledged: acknowledged).bytes
            pair.send(errorMessage(ENOENT, quoting: Array(request.prefix(16))))
        }
        pair.send(errorMessage(0, quoting: Array(late(NF_DROP, 2).prefix(16))))
        pair.send(PacketMessage(payload: [1]).bytes)
        let (statistics, lost) = try run(stopsAfter: 1)
        #expect(statistics.lateVerdicts == 2 && statistics.lostWhileHeld == 1 && lost == 1)
    }
}
