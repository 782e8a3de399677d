import Foundation
import LiveSupport
import NetTypes
import PacketIO
import Synchronization
import Threads
import Wire

@testable import NFQueue

/// Judges by the server's port, so that one server shows all verdicts: 81 is dropped, 82 and 9001 are rejected, of 83
/// everything that carries data is rejected, and the rest is accepted.
struct PortHandler: PacketHandler, ~Copyable {
    /// What the tests want to know of the packets, and how they hold the handler up.
    final class Record: Sendable {
        struct Facts {
            var packets: [RawPacket] = []
            var hasGaps = false
        }

        let facts = Mutex(Facts())
        /// While this is set, the handler does not come back from a packet.
        let isHolding = Atomic(false)
        let pauseMicroseconds = Atomic<UInt32>(0)

        var packets: [RawPacket] { facts.withLock { $0.packets } }
    }

    let record: Record
    private var packet = Packet()

    init(record: Record) { self.record = record }

    mutating func handle(_ raw: RawPacket, bytes: RawSpan) -> Verdict {
        record.facts.withLock { facts in
            if raw.number != UInt64(facts.packets.count + 1) { facts.hasGaps = true }
            facts.packets.append(raw)
        }
        while record.isHolding.load(ordering: .acquiring) { usleep(1000) }
        let pause = record.pauseMicroseconds.load(ordering: .relaxed)
        if pause > 0 { usleep(pause) }
        do {
            try PacketDecoder.decode(bytes, linkType: raw.linkType, wireLength: raw.wireLength, into: &packet)
        } catch {
            return .drop
        }
        guard let tuple = packet.tuple else { return .drop }
        switch min(tuple.sourcePort, tuple.destinationPort) {
        case 81: return .drop
        case 82: return .reject
        case 83: return packet.payloadLength > 0 ? .reject : .accept
        case 9001: return .reject
        default: return .accept
        }
    }

    mutating func tick(now: Timestamp) {}
}

/// A queue source with a thread of its own inside a network namespace.
final class LiveQueue {
    let record = PortHandler.Record()
    private let control = QueueControl()
    private var thread: PinnedThread?
    private let outcome: Outcome

    private final class Outcome: Sendable {
        let opened = DispatchSemaphore(value: 0)
        let error = Mutex<(any Error)?>(nil)
        let receiveBuffer = Atomic(0)
    }

    /// Returns when the queue is bound, or throws why it cannot be.
    init(
        in namespace: String, _ configuration: QueueConfiguration = QueueConfiguration(), isPrivileged: Bool = true
    ) throws {
        let (record, control, outcome) = (record, control, Outcome())
        self.outcome = outcome
        thread = try PinnedThread(name: "weir-queue") {
            do {
                try NetworkNamespace.enter(namespace)
                if !isPrivileged { try giveUpCapabilities() }
                var source = try QueueSource(configuration, control: control)
                outcome.receiveBuffer.store(source.receiveBuffer, ordering: .relaxed)
                outcome.opened.signal()
                var handler = PortHandler(record: record)
                try source.run(&handler)
            } catch {
                outcome.error.withLock { $0 = error }
                outcome.opened.signal()
            }
        }
        outcome.opened.wait()
        if let error { throw error }
    }

    deinit { stop() }

    var error: (any Error)? { outcome.error.withLock { $0 } }

    var receiveBuffer: Int { outcome.receiveBuffer.load(ordering: .relaxed) }

    /// What the source has published so far; everything after `stop`.
    var statistics: QueueStatistics { control.statistics }

    /// Ends the source and waits for its thread.
    func stop() {
        record.isHolding.store(false, ordering: .releasing)
        control.stop()
        thread.take()?.join()
    }
}

/// Takes every capability from the calling thread. The C library has the function but no header declares it to Swift.
private func giveUpCapabilities() throws {
    typealias SetCapabilities = @convention(c) (UnsafeMutableRawPointer, UnsafeRawPointer) -> Int32
    guard let symbol = dlsym(nil, "capset") else { throw CommandFailure(description: "no capset") }
    // Version 3 of the interface, the calling thread; effective, permitted and inheritable sets of 64 bits.
    var header: [UInt32] = [0x2008_0522, 0]
    let none = [UInt32](repeating: 0, count: 6)
    guard unsafeBitCast(symbol, to: SetCapabilities.self)(&header, none) == 0 else {
        throw CommandFailure(description: "capset: \(errno)")
    }
}
