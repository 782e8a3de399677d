import NetTypes
import Wire

/// A conversation between a client and a server, written down packet by packet. Sequence numbers, acknowledgments and
/// time go on by themselves; any of them can be overridden.
///
///     var script = TCPScript()
///     script.handshake()
///     script.client(TLSBytes.clientHello("example.com"), cut: [100])
///     script.swapLastTwo()
///     script.server(TLSBytes.record(TLSBytes.serverHello()))
///     script.finish(.toServer)
///     script.frames
public struct TCPScript: Sendable {
    /// What one side has sent so far.
    struct Side: Sendable {
        var next: UInt32
        var options: [TCPOption]
        var window: UInt16 = 65535
    }

    public private(set) var frames: [TimedFrame] = []
    /// Time of the next packet, and what each packet takes.
    public var time: Timestamp
    public var step: Int64 = 1000
    /// Largest payload of one segment.
    public var segmentSize = 1460
    /// Each piece of data is acknowledged by the other side at once.
    public var acknowledges = false
    private var builder: PacketBuilder
    private let ports: (client: UInt16, server: UInt16)
    private var clientSide: Side
    private var serverSide: Side

    public init(
        client: String = "10.0.0.1", server: String = "192.0.2.1", clientPort: UInt16 = 40_000, port: UInt16 = 443,
        clientSequence: UInt32 = 1000, serverSequence: UInt32 = 500_000,
        time: Timestamp = Timestamp(seconds: 1_700_000_000), link: PacketBuilder.Link = .ethernet
    ) {
        builder = PacketBuilder(from: client, to: server).with { $0.link = link }
        ports = (clientPort, port)
        let options: [TCPOption] = [.maximumSegmentSize(1460), .selectiveAcknowledgmentPermitted, .windowScale(7)]
        clientSide = Side(next: clientSequence, options: options)
        serverSide = Side(next: serverSequence, options: options)
        self.time = time
    }

    /// Options of the SYN and the SYN/ACK.
    public mutating func setOptions(client: [TCPOption], server: [TCPOption]) {
        clientSide.options = client
        serverSide.options = server
    }

    public mutating func setWindow(_ window: UInt16, _ direction: FlowDirection) {
        if direction == .toServer { clientSide.window = window } else { serverSide.window = window }
    }

    /// The number of the next byte of a side.
    public func next(_ direction: FlowDirection) -> UInt32 {
        direction == .toServer ? clientSide.next : serverSide.next
    }

    // MARK: connection

    /// SYN, SYN/ACK, ACK.
    public mutating func handshake() {
        segment(.toServer, .syn, acknowledgment: 0, options: clientSide.options)
        segment(.toClient, [.syn, .ack], options: serverSide.options)
        segment(.toServer, .ack)
    }

    /// Both sides close, `direction` first: FIN, ACK, FIN, ACK.
    public mutating func finish(_ direction: FlowDirection) {
        segment(direction, [.fin, .ack])
        segment(direction.opposite, .ack)
        segment(direction.opposite, [.fin, .ack])
        segment(direction, .ack)
    }

    public mutating func reset(_ direction: FlowDirection) { segment(direction, [.rst, .ack]) }

    // MARK: data

    public mutating func client(_ data: [UInt8], cut places: [Int] = []) { send(data, .toServer, cut: places) }

    public mutating func server(_ data: [UInt8], cut places: [Int] = []) { send(data, .toClient, cut: places) }

    public mutating func client(_ text: String) { client(utf8(text)) }

    public mutating func server(_ text: String) { server(utf8(text)) }

    /// Sends data in segments cut at `places` and wherever one would be larger than `segmentSize`.
    public mutating func send(_ data: [UInt8], _ direction: FlowDirection, cut places: [Int] = []) {
        let bounds = [0] + places.filter { $0 > 0 && $0 < data.count }.sorted() + [data.count]
        for (start, end) in zip(bounds, bounds.dropFirst()) {
            for from in stride(from: start, to: end, by: segmentSize) {
                segment(direction, [.psh, .ack], Array(data[from..<min(from + segmentSize, end)]))
                if acknowledges { segment(direction.opposite, .ack) }
            }
        }
    }

    /// One segment. Numbers that are not given are the next ones; given ones move nothing on.
    public mutating func segment(
        _ direction: FlowDirection, _ flags: TCPFlags, _ payload: [UInt8] = [], sequence: UInt32? = nil,
        acknowledgment: UInt32? = nil, window: UInt16? = nil, options: [TCPOption] = [], checksum: UInt16? = nil
    ) {
        let sender = direction == .toServer ? clientSide : serverSide
        let receiver = direction == .toServer ? serverSide : clientSide
        let (source, destination) =
            direction == .toServer ? (ports.client, ports.server) : (ports.server, ports.client)
        var fields = TCPFields(
            source, destination, flags, sequence: sequence ?? sender.next,
            acknowledgment: acknowledgment ?? (flags.contains(.ack) ? receiver.next : 0),
            window: window ?? sender.window, options: options)
        fields.checksum = checksum
        let path = direction == .toServer ? builder : builder.reversed
        frames.append(TimedFrame(path.tcp(fields, payload), at: time, direction))
        time.microseconds += step
        guard sequence == nil else { return }
        let used = UInt32(payload.count) &+ (flags.contains(.syn) ? 1 : 0) &+ (flags.contains(.fin) ? 1 : 0)
        if direction == .toServer { clientSide.next &+= used } else { serverSide.next &+= used }
    }

    // MARK: disturbances

    /// Bytes are sent that no packet shows: lost before they came here.
    public mutating func lose(_ count: Int, _ direction: FlowDirection) {
        if direction == .toServer { clientSide.next &+= UInt32(count) } else { serverSide.next &+= UInt32(count) }
    }

    /// The last two packets change places; the times stay in order.
    public mutating func swapLastTwo() {
        let last = frames.count - 1
        (frames[last].bytes, frames[last - 1].bytes) = (frames[last - 1].bytes, frames[last].bytes)
        (frames[last].direction, frames[last - 1].direction) = (frames[last - 1].direction, frames[last].direction)
    }

    /// A packet comes once more: the last one, or the one that many before it.
    public mutating func repeatPacket(_ back: Int = 0) {
        let frame = frames[frames.count - 1 - back]
        frames.append(TimedFrame(frame.bytes, at: time, frame.direction))
        time.microseconds += step
    }

    /// A packet never comes.
    public mutating func dropLast() { frames.removeLast() }

    public mutating func wait(seconds: Int64) { time.microseconds += seconds * 1_000_000 }
}
