import FlowTracking
import NetTypes
import TestSupport
import Testing
import Wire

/// Connections whose start was not seen, and honest and hostile ones drawn by lot.
struct TCPMidstreamTests {
    private static func pickUp(_ step: TCPStep, start: (client: UInt32, server: UInt32)) -> TrackedConnection {
        var tracked = TrackedConnection(start: start)
        tracked.connection.pickUp(tracked.segment(step), step.direction)
        return tracked
    }

    @Test("picked up with data of either side")
    func data() {
        for start in initialNumbers {
            var tracked = Self.pickUp(.client(.psh, 5000, ack: 9000, length: 100, window: 10), start: start)
            #expect(tracked.connection.state == .established && tracked.connection.isMidstream)
            tracked.run([
                // The shift of the windows is unknown: much more than the stated ten may be in flight.
                .server(.psh, 9000, ack: 5100, length: 1000, window: 10),
                .server(.psh, 10_000, ack: 5100, length: 1000, window: 10),
                .client(.psh, 5100, ack: 11_000, length: 500), .client(.fin, 5600, ack: 11_000, .accepted, .closeWait),
                .server(.fin, 11_000, ack: 5601, .accepted, .lastAck),
                .client(.ack, 5601, ack: 11_001, .accepted, .closed),
            ])
            var server = Self.pickUp(.server(.psh, 9000, ack: 5000, length: 100), start: start)
            server.run([
                .client(.ack, 5000, ack: 9100), .client(.psh, 5000, ack: 9100, length: 10),
                .server(.rst, 9100, .accepted, .closed),
            ])
        }
    }

    @Test("picked up at the SYN/ACK")
    func synAck() {
        for start in initialNumbers {
            var tracked = Self.pickUp(.server(.syn, 0, ack: 1), start: start)
            #expect(tracked.connection.state == .synReceived)
            tracked.run([
                .server(.syn, 0, ack: 1, .ignored), .client(.ack, 1, ack: 1, .accepted, .established),
                .client(.psh, 1, ack: 1, length: 100), .server(.psh, 1, ack: 101, length: 100),
            ])
        }
    }

    @Test("whatever two honest ends do, nothing of it is refused")
    func honest() throws {
        try property("honest connections", runs: 500) { random in
            let shift = UInt8(random.below(15))
            let hasTimestamps = random.chance(1, in: 2)
            var clock: UInt32 = UInt32(truncatingIfNeeded: random.next())
            func options(_ more: [TCPOption] = [], echo: UInt32 = 1) -> [TCPOption] {
                clock &+= UInt32(random.below(100))
                return more + (hasTimestamps ? [.timestamp(clock, echo: echo)] : [])
            }
            var tracked = TrackedConnection(
                start: (UInt32(truncatingIfNeeded: random.next()), UInt32(truncatingIfNeeded: random.next())))
            tracked.run([
                .client(.syn, 0, options: options([.windowScale(shift)]), .ignored),
                .server(.syn, 0, ack: 1, options: options([.windowScale(shift)], echo: clock), .ignored),
                .client(.ack, 1, ack: 1, options: options()),
            ])
            // What each side has sent, what the other has acknowledged, and the segments on record.
            var next = [1, 1]
            var acknowledged = [1, 1]
            var sent: [[(sequence: Int, length: Int)]] = [[], []]
            for _ in 0..<60 {
                let side = random.below(2)
                let make = side == 0 ? TCPStep.client : TCPStep.server
                let window = UInt16(1 + random.below(65535))
                var sequence = next[side]
                var length = 0
                let again = sent[side].filter { $0.sequence + $0.length > acknowledged[side] }
                if random.chance(1, in: 5), let old = again.randomElement(using: &random) {
                    (sequence, length) = old
                } else if random.chance(3, in: 4) {
                    // Within the smallest window that was ever stated.
                    length = min(1 + random.below(1460), max(0, acknowledged[side] + (1 << Int(shift)) - next[side]))
                    sent[side].append((sequence, length))
                    next[side] += length
                }
                acknowledged[1 - side] = random.chance(2, in: 3) ? next[1 - side] : acknowledged[1 - side]
                let step = make(.ack, sequence, acknowledged[1 - side], length, window, options(), .accepted, nil, 0)
                let outcome = tracked.take(step)
                try #require(outcome == .accepted || outcome == .ignored && length <= 1)
            }
            tracked.run([
                .client(.fin, next[0], ack: next[1], options: options(), .accepted, .closeWait),
                .server(.fin, next[1], ack: next[0] + 1, options: options(), .accepted, .lastAck),
                .client(.ack, next[0] + 1, ack: next[1] + 1, options: options(), .accepted, .closed),
            ])
        }
    }

    @Test("no packet traps in any state, and none but a SYN/ACK and its answer establishes")
    func hostile() throws {
        try property("hostile connections", runs: 2000) { random in
            var tracked = TrackedConnection(start: random.pick(initialNumbers))
            let numbers = [0, 1, 2, -1, 100, 65_535, 65_536, 1 << 30, 1 << 31, -(1 << 31)]
            var sawSynAck = false
            for number in 0..<30 {
                let make = random.chance(1, in: 2) ? TCPStep.client : TCPStep.server
                let flags = TCPFlags(
                    rawValue: random.chance(1, in: 4)
                        ? UInt8(random.below(256)) : random.pick([0x10, 0x02, 0x12, 0x11, 0x04]))
                let options: [TCPOption] = random.pick([
                    [], [.windowScale(14)], [.timestamp(UInt32(random.below(3)), echo: 0)],
                ])
                let step = make(
                    flags, random.pick(numbers), random.chance(3, in: 4) ? random.pick(numbers) : nil,
                    random.pick([0, 0, 1, 1460, 65_535]),
                    random.pick([0, 1, 65_535]), options, .accepted, nil, Int64(random.below(3) * 90_000))
                sawSynAck = sawSynAck || step.flags.isSuperset(of: [.syn, .ack])
                if number == 0 {
                    let segment = tracked.segment(step)
                    if random.chance(3, in: 4) {
                        tracked.connection.open(segment)
                    } else {
                        tracked.connection.pickUp(segment, step.direction)
                        sawSynAck = true
                    }
                } else {
                    _ = tracked.take(step)
                }
                if !sawSynAck { try #require([.synSent, .closed].contains(tracked.connection.state)) }
            }
        }
    }
}
