import FlowTracking
import NetTypes
import TestSupport
import Testing
import Wire

/// One packet of a connection and what the tracker has to make of it. Numbers count from the sides' initial ones: 0 is
/// the SYN, 1 the first byte.
struct TCPStep: Sendable {
    enum Expected: Equatable, Sendable {
        /// The payload belongs into the stream.
        case accepted
        /// Let through, not used.
        case ignored
        /// Dropped.
        case invalid(StreamFault)
        /// Let through for its oddity, not used.
        case unused(StreamFault)
    }

    var direction: FlowDirection
    var flags: TCPFlags
    var sequence: Int
    var acknowledgment: Int?
    var length: Int
    var window: UInt16
    var options: [TCPOption]
    var expected: Expected
    var state: TCPState?
    /// Seconds that pass before this packet.
    var wait: Int64

    /// A packet of the client.
    static func client(
        _ flags: TCPFlags, _ sequence: Int, ack: Int? = nil, length: Int = 0, window: UInt16 = 65535,
        options: [TCPOption] = [], _ expected: Expected = .accepted, _ state: TCPState? = nil, wait: Int64 = 0
    ) -> TCPStep {
        TCPStep(
            direction: .toServer, flags: ack == nil ? flags : flags.union(.ack), sequence: sequence,
            acknowledgment: ack,
            length: length, window: window, options: options, expected: expected, state: state, wait: wait)
    }

    /// A packet of the server.
    static func server(
        _ flags: TCPFlags, _ sequence: Int, ack: Int? = nil, length: Int = 0, window: UInt16 = 65535,
        options: [TCPOption] = [], _ expected: Expected = .accepted, _ state: TCPState? = nil, wait: Int64 = 0
    ) -> TCPStep {
        var step = client(
            flags, sequence, ack: ack, length: length, window: window, options: options, expected, state, wait: wait)
        step.direction = .toClient
        return step
    }
}

/// Initial sequence numbers of client and server: ordinary ones, and such that wrap around within the test or have
/// their highest bit set.
let initialNumbers: [(client: UInt32, server: UInt32)] = [
    (1000, 500_000), (0, 0), (0xffff_ffff, 0xffff_fff0), (0x7fff_fff0, 0x8000_0001), (0x9000_0000, 0xc000_0000),
]

/// A connection under test.
struct TrackedConnection {
    var connection = TCPConnection()
    let start: (client: UInt32, server: UInt32)
    private var time: Int64 = 1_700_000_000_000_000
    private let builder = PacketBuilder(from: "10.0.0.1", to: "192.0.2.1")

    init(start: (client: UInt32, server: UInt32) = (1000, 500_000)) { self.start = start }

    mutating func segment(_ step: TCPStep) -> TCPSegment {
        time += 1000 + step.wait * 1_000_000
        let isClient = step.direction == .toServer
        let (mine, other) = isClient ? (start.client, start.server) : (start.server, start.client)
        let fields = TCPFields(
            1, 2, step.flags, sequence: mine &+ UInt32(truncatingIfNeeded: step.sequence),
            acknowledgment: step.acknowledgment.map { other &+ UInt32(truncatingIfNeeded: $0) } ?? 0,
            window: step.window,
            options: step.options)
        guard let header = DecodedPacket(builder.tcp(fields)).packet.tcp else { preconditionFailure("no TCP") }
        return TCPSegment(header, payloadLength: step.length, time: time)
    }

    /// What the tracker made of the packet, in the table's words.
    mutating func take(_ step: TCPStep) -> TCPStep.Expected {
        let outcome = connection.handle(segment(step), step.direction)
        if let fault = outcome.fault { return outcome.isInvalid ? .invalid(fault) : .unused(fault) }
        return outcome.takesPayload ? .accepted : .ignored
    }

    /// Opens with the first step, then compares the outcome of each.
    mutating func run(_ steps: [TCPStep], _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation)
    {
        for (number, step) in steps.enumerated() {
            if connection.state == .none {
                connection.open(segment(step))
            } else {
                let outcome = take(step)
                #expect(
                    outcome == step.expected, "packet \(number + 1) \(comment ?? "")", sourceLocation: sourceLocation)
            }
            guard let state = step.state else { continue }
            #expect(
                connection.state == state, "after packet \(number + 1) \(comment ?? "")", sourceLocation: sourceLocation
            )
        }
    }
}

/// Runs the packets with every pair of initial numbers.
func check(_ steps: [TCPStep], sourceLocation: SourceLocation = #_sourceLocation) {
    for start in initialNumbers {
        var tracked = TrackedConnection(start: start)
        tracked.run(steps, "from \(start)", sourceLocation: sourceLocation)
    }
}

/// SYN, SYN/ACK, ACK.
func handshake(client: [TCPOption] = [], server: [TCPOption] = [], window: UInt16 = 65535) -> [TCPStep] {
    [
        .client(.syn, 0, window: window, options: client, .ignored, .synSent),
        .server(.syn, 0, ack: 1, window: window, options: server, .ignored, .synReceived),
        .client(.ack, 1, ack: 1, window: window, .accepted, .established),
    ]
}
