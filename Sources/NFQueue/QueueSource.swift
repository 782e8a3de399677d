import Glibc
import NetTypes
import PacketIO
import Wire

/// The live packet source: one netfilter queue, read and answered by the thread that calls `run`.
///
/// A round receives a batch of packets with one call, asks the handler about each and sends all verdicts with one
/// call. Within a round every packet is to be dropped until the handler says otherwise. Nothing is allocated and
/// nothing is reference-counted per packet.
public struct QueueSource: ~Copyable, PacketSource {
    /// How long a round waits for packets, and the distance of ticks under load.
    static let tickMicroseconds: Int64 = 100_000
    /// Attempts to send the verdicts of a round, with pauses that double up to `longestPause`: one and a half seconds.
    static let sendAttempts = 24
    static let longestPause: UInt32 = 100_000

    private var socket: QueueSocket
    private var batch: ReceiveBatch
    private var judge: PacketJudge
    private let control: QueueControl
    private let drainLimit: Duration
    private var lastTick = Timestamp(microseconds: 0)

    /// Binds the queue in the network namespace of the calling thread.
    public init(_ configuration: QueueConfiguration, control: QueueControl = QueueControl()) throws(QueueError) {
        self.init(socket: try QueueSocket(configuration), configuration: configuration, control: control)
    }

    init(socket: consuming QueueSocket, configuration: QueueConfiguration, control: QueueControl) {
        self.socket = socket
        self.control = control
        drainLimit = configuration.drainLimit
        batch = ReceiveBatch(datagrams: configuration.effectiveBatch, copyRange: configuration.effectiveCopyRange)
        judge = PacketJudge(configuration)
    }

    /// Bytes the kernel granted for packets on their way to us; less than configured where a system limit applied.
    public var receiveBuffer: Int { socket.receiveBuffer }

    public var statistics: QueueStatistics { judge.statistics }

    /// Judges packets until the control says stop, then answers what is queued within the drain limit. The queue is
    /// closed at the end, also when an error is thrown: from then on the kernel drops what comes.
    public mutating func run(_ handler: inout some PacketHandler & ~Copyable) throws(QueueError) {
        defer {
            socket.close()
            control.publishFinally(judge.statistics)
        }
        try socket.setTimeout(microseconds: QueueSource.tickMicroseconds)
        while !control.isStopping {
            _ = try round(&handler, waiting: true)
        }
        let deadline = ContinuousClock.now + drainLimit
        while ContinuousClock.now < deadline, try round(&handler, waiting: false) {}
        handler.end()
        try answerReleases(&handler)
    }

    /// Receives, judges and answers one batch; false when nothing came.
    private mutating func round(
        _ handler: inout some PacketHandler & ~Copyable, waiting: Bool
    ) throws(QueueError) -> Bool {
        let outcome = batch.receive(from: socket.descriptor, waiting: waiting)
        let now = Timestamp.now
        var isIdle = false
        switch outcome {
        case .received(let count):
            judge.statistics.batches &+= 1
            for index in 0..<count {
                if judge.verdicts.isFull { try answer() }
                judge.judge(batch, at: index, now: now, handler: &handler)
                while judge.takeReleases(&handler) { try answer() }
            }
            try answer()
        case .nothing:
            isIdle = true
        case .overrun:
            judge.statistics.overruns &+= 1
        case .failed(let errno):
            throw .systemCall("receiving packets", errno: errno)
        }
        if isIdle || now.isDue(after: lastTick, interval: QueueSource.tickMicroseconds) {
            lastTick = now
            handler.tick(now: now)
            try answerReleases(&handler)
            control.publish(judge.statistics)
        }
        return !isIdle
    }

    private mutating func answerReleases(_ handler: inout some PacketHandler & ~Copyable) throws(QueueError) {
        while judge.takeReleases(&handler) { try answer() }
        try answer()
    }

    /// Sends the verdicts so far. When the kernel has no memory for them there is nothing better to do than to
    /// try again: the packets wait, and new ones could not be answered either.
    private mutating func answer() throws(QueueError) {
        guard !judge.verdicts.isEmpty else { return }
        var pause: UInt32 = 100
        var attempts = 0
        while true {
            let errno = socket.send(judge.verdicts.bytes)
            if errno == 0 {
                judge.clear()
                return
            }
            judge.statistics.verdictSendErrors &+= 1
            attempts += 1
            guard attempts < QueueSource.sendAttempts, [EINTR, EAGAIN, ENOBUFS, ENOMEM].contains(errno) else {
                throw .systemCall("sending verdicts", errno: errno)
            }
            usleep(pause)
            pause = min(pause * 2, QueueSource.longestPause)
        }
    }
}
