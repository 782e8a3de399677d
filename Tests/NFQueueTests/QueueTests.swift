import Foundation
import LiveSupport
import Testing

@testable import NFQueue

extension LiveTests {
    /// The queue itself, against the kernel. The rules are those of `scripts/gateway`.
    @Suite(.serialized) struct QueueTests {
        let lab: GatewayLab

        init() throws {
            lab = try GatewayLab()
            let result = try lab.script(["install"])
            guard result.isSuccess else { throw CommandFailure(description: result.errors) }
        }

        func counters() throws -> KernelQueueCounters {
            let line = try lab.onGateway("cat /proc/net/netfilter/nfnetlink_queue").split(separator: "\n").first ?? ""
            return try #require(KernelQueueCounters(line: line))
        }

        /// Sends UDP datagrams of this size to the server's discard port, as fast as one process can.
        func flood(_ count: Int, bytes: Int = 1000) throws {
            let program = """
                import socket
                client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                for _ in range(\(count)):
                    try: client.sendto(bytes(\(bytes)), ("10.99.2.2", 9))
                    except OSError: pass
                """
            try require(lab.inside(lab.client, ["python3", "-c", program]))
        }

        @Test func configurationReachesTheKernel() throws {
            var configuration = QueueConfiguration()
            configuration.copyRange = 2048
            let queue = try LiveQueue(in: lab.gateway, configuration)
            let counters = try counters()
            #expect(counters.copyMode == 2)
            #expect(counters.copyRange == 2048)
            #expect(queue.receiveBuffer == 32 << 20)
            queue.stop()
            #expect(try lab.onGateway("cat /proc/net/netfilter/nfnetlink_queue").isEmpty)
        }

        @Test func secondConsumerIsToldThatTheQueueIsBusy() throws {
            let queue = try LiveQueue(in: lab.gateway)
            #expect(throws: QueueError.busy(queue: 0)) { _ = try LiveQueue(in: lab.gateway) }
            let other = try LiveQueue(in: lab.gateway, QueueConfiguration(queue: 1))
            other.stop()
            queue.stop()
            let again = try LiveQueue(in: lab.gateway)
            again.stop()
        }

        /// A refused queue leaves no socket open.
        @Test func failedOpeningClosesItsSocket() throws {
            let queue = try LiveQueue(in: lab.gateway)
            func sockets() throws -> Int {
                try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").filter { name in
                    (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(name)"))?
                        .hasPrefix("socket:") == true
                }.count
            }
            let before = try sockets()
            for _ in 0..<5 { #expect(throws: QueueError.self) { _ = try LiveQueue(in: lab.gateway) } }
            #expect(try sockets() == before)
            queue.stop()
        }

        /// Large packets come whole and unfinished, and arrive as they were sent.
        @Test(arguments: [true, false]) func bulkTransferIsIntact(takesLargePackets: Bool) throws {
            try lab.startServer()
            var configuration = QueueConfiguration()
            configuration.takesLargePackets = takesLargePackets
            let queue = try LiveQueue(in: lab.gateway, configuration)
            try lab.settle()
            for family in Family.allCases {
                #expect(try lab.digestOnArrival(family) == lab.digestOfBigFile)
            }
            queue.stop()
            let packets = queue.record.packets
            let largest = packets.map(\.wireLength).max() ?? 0
            #expect(takesLargePackets ? largest > 10_000 : largest <= 1500)
            #expect(packets.contains { !$0.hasChecksums } == takesLargePackets)
            #expect(queue.statistics.bytes > UInt64(2 * TestServer.bigSize))
            #expect(!queue.record.facts.withLock { $0.hasGaps })
        }

        /// A cut packet is judged by its beginning and passes whole.
        @Test func copyRangeCutsOnlyWhatWeSee() throws {
            try lab.startServer()
            var configuration = QueueConfiguration()
            configuration.copyRange = 128
            let queue = try LiveQueue(in: lab.gateway, configuration)
            try lab.settle()
            #expect(try lab.digestOnArrival(.v4) == lab.digestOfBigFile)
            queue.stop()
            #expect(queue.statistics.malformed == 0)
            #expect(queue.record.packets.contains { $0.wireLength > 10_000 })
        }

        /// A slow handler and a small buffer: the kernel drops, says so, and all goes on afterwards.
        @Test func overrunsAreCountedAndSurvived() throws {
            try lab.startServer()
            var configuration = QueueConfiguration()
            configuration.receiveBuffer = 20_000
            let queue = try LiveQueue(in: lab.gateway, configuration)
            queue.record.pauseMicroseconds.store(2000, ordering: .relaxed)
            try flood(500)
            queue.record.pauseMicroseconds.store(0, ordering: .relaxed)
            #expect(try counters().userDropped > 10)
            try lab.settle()
            #expect(try lab.passing() == GatewayLab.everything)
            queue.stop()
            #expect(queue.error == nil)
            #expect(queue.statistics.overruns > 0)
        }

        @Test func hiddenOverruns() throws {
            var configuration = QueueConfiguration()
            configuration.receiveBuffer = 20_000
            configuration.hidesOverruns = true
            let queue = try LiveQueue(in: lab.gateway, configuration)
            queue.record.pauseMicroseconds.store(2000, ordering: .relaxed)
            try flood(500)
            #expect(try counters().userDropped > 10)
            queue.stop()
            #expect(queue.statistics.overruns == 0)
        }

        @Test func fullQueueDrops() throws {
            var configuration = QueueConfiguration()
            configuration.maximumLength = 16
            let queue = try LiveQueue(in: lab.gateway, configuration)
            queue.record.isHolding.store(true, ordering: .releasing)
            try flood(100)
            let counters = try counters()
            #expect(counters.waiting == 16)
            #expect(counters.queueDropped == 84)
            queue.stop()
        }

        /// Taking any table away makes the kernel drop what waits; the verdict then finds nothing.
        @Test func verdictForAPacketThatIsGone() throws {
            let queue = try LiveQueue(in: lab.gateway)
            try lab.onGateway("nft 'table inet other { chain c { type filter hook forward priority 5; }; }'")
            queue.record.isHolding.store(true, ordering: .releasing)
            try flood(5)
            #expect(try counters().waiting == 5)
            try lab.onGateway("nft delete table inet other")
            #expect(try counters().waiting == 0)
            queue.stop()
            #expect(queue.statistics.lateVerdicts == 5)
            #expect(queue.error == nil)
        }

        /// Messages of other programs do not come through: a forged packet would be judged in place of a real one.
        @Test func otherProgramsCannotSendPackets() throws {
            let queue = try LiveQueue(in: lab.gateway)
            let program = """
                import socket, struct, sys
                forger = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
                message = struct.pack("=IHHII", 20, 0x300, 1, 0, 0) + bytes(4)
                try:
                    forger.sendto(message, (\(try counters().port), 0))
                    print("sent")
                except ConnectionRefusedError:
                    print("refused")
                """
            let answer = try require(lab.inside(lab.gateway, ["python3", "-c", program]))
            #expect(answer == "refused\n")
            queue.stop()
            #expect(queue.statistics.malformed == 0)
        }

        @Test func stoppedSourceClosesInTime() throws {
            let queue = try LiveQueue(in: lab.gateway)
            let start = ContinuousClock.now
            queue.stop()
            #expect(ContinuousClock.now - start < .milliseconds(800))
        }

        /// Without CAP_NET_ADMIN, which is another error than a busy queue, though the kernel's number is the same.
        @Test func withoutPrivilege() throws {
            #expect(throws: QueueError.notPermitted) {
                _ = try LiveQueue(in: lab.gateway, isPrivileged: false)
            }
        }
    }
}
