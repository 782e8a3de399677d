import CNetfilterQueue
import Glibc
import Wire

/// The netlink socket of one queue: bound as its only consumer, and configured. Packets come in and verdicts go out on
/// it; when it is closed, or its process ends, the kernel drops what still waits. It belongs to the network namespace of
/// the thread that opens it.
struct QueueSocket: ~Copyable {
    private(set) var descriptor: Int32
    let queue: UInt16
    /// Bytes the kernel granted for packets on their way to us; less than asked for where the system's limit applies.
    let receiveBuffer: Int

    init(_ configuration: QueueConfiguration) throws(QueueError) {
        let descriptor = try QueueSocket.open()
        let granted = QueueSocket.enlarge(descriptor, to: configuration.receiveBuffer)
        let socket = QueueSocket(descriptor: descriptor, queue: configuration.queue, receiveBuffer: granted)
        try socket.configure(configuration)
        self = socket
    }

    /// Takes over an open descriptor, which is closed with this value.
    init(descriptor: Int32, queue: UInt16, receiveBuffer: Int) {
        self.descriptor = descriptor
        self.queue = queue
        self.receiveBuffer = receiveBuffer
    }

    private func configure(_ configuration: QueueConfiguration) throws(QueueError) {
        if configuration.hidesOverruns { try set(SOL_NETLINK, NETLINK_NO_ENOBUFS, to: Int32(1)) }
        try request(.probe()) { errno in
            errno == EPERM ? .notPermitted : .unsupported(feature: "netfilter queue (nfnetlink_queue)", errno: errno)
        }
        // The probe has shown the privilege, so that EPERM now means a queue that belongs to someone else.
        try request(.bind(configuration.queue)) { errno in
            errno == EPERM || errno == EBUSY
                ? .busy(queue: configuration.queue) : .systemCall("binding the queue", errno: errno)
        }
        try request(.parameters(configuration)) { errno in
            errno == EOPNOTSUPP
                ? .unsupported(feature: "queue flag asked for (F_GSO, F_FAIL_OPEN)", errno: errno)
                : .systemCall("configuring the queue", errno: errno)
        }
    }

    deinit {
        if descriptor >= 0 { _ = Glibc.close(descriptor) }
    }

    /// Gives the queue up: the kernel drops its packets, and those that come while nobody is bound.
    mutating func close() {
        if descriptor >= 0 { _ = Glibc.close(descriptor) }
        descriptor = -1
    }

    /// Sends one datagram to the kernel; 0 or the error number.
    func send(_ bytes: RawSpan) -> Int32 {
        let sent = unsafe bytes.withUnsafeBytes { unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, 0) }
        return sent == bytes.byteCount ? 0 : sent < 0 ? errno : EMSGSIZE
    }

    /// A socket that only the kernel can send to: once connected to it, messages of other programs are refused.
    private static func open() throws(QueueError) -> Int32 {
        let descriptor = socket(AF_NETLINK, Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue), NETLINK_NETFILTER)
        guard descriptor >= 0 else {
            let failure = errno
            guard failure == EPROTONOSUPPORT || failure == EAFNOSUPPORT else {
                throw .systemCall("opening a netlink socket", errno: failure)
            }
            throw .unsupported(feature: "netfilter netlink (nfnetlink)", errno: failure)
        }
        var kernel = sockaddr_nl()
        kernel.nl_family = sa_family_t(AF_NETLINK)
        let length = socklen_t(MemoryLayout<sockaddr_nl>.size)
        let connected = unsafe withUnsafePointer(to: kernel) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe connect(descriptor, $0, length) }
        }
        guard connected == 0 else {
            let failure = errno
            _ = Glibc.close(descriptor)
            throw .systemCall("connecting the netlink socket", errno: failure)
        }
        return descriptor
    }

    /// Asks for a receive buffer, beyond the system's limit if we may; gives what came of it.
    private static func enlarge(_ descriptor: Int32, to wanted: Int) -> Int {
        var size = Int32(clamping: wanted)
        let length = socklen_t(MemoryLayout<Int32>.size)
        if unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &size, length) != 0 {
            _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, length)
        }
        var granted: Int32 = 0
        var grantedLength = length
        guard unsafe getsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &granted, &grantedLength) == 0 else { return 0 }
        // The kernel doubles the number, to allow for its own bookkeeping.
        return Int(granted) / 2
    }

    /// How long receiving waits.
    func setTimeout(microseconds: Int64) throws(QueueError) {
        let time = timeval(tv_sec: Int(microseconds / 1_000_000), tv_usec: Int(microseconds % 1_000_000))
        try set(SOL_SOCKET, SO_RCVTIMEO, to: time)
    }

    private func set<Value: BitwiseCopyable>(_ level: Int32, _ option: Int32, to value: Value) throws(QueueError) {
        var value = value
        guard unsafe setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Value>.size)) == 0 else {
            throw .systemCall("setting a socket option", errno: errno)
        }
    }

    /// Sends a configuration and reads the kernel's answer, which is there when the send call returns.
    private func request(_ message: NetlinkMessage, failure: (Int32) -> QueueError) throws(QueueError) {
        let sent = unsafe send(message.bytes.span.bytes)
        guard sent == 0 else { throw .systemCall("sending to netlink", errno: sent) }
        var buffer = [UInt8](repeating: 0, count: 8192)
        while true {
            let count = unsafe recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            guard count >= 0 else {
                let error = errno
                if error == EINTR || error == ENOBUFS { continue }
                throw error == EAGAIN ? .unexpectedAnswer : .systemCall("receiving from netlink", errno: error)
            }
            guard let answer = unsafe answer(in: buffer.span.bytes.extracting(first: count)) else { continue }
            guard answer == 0 else { throw failure(answer) }
            return
        }
    }

    /// The error number that answers a request, 0 for success. Packets that came first are dropped: nobody judges yet.
    private func answer(in datagram: RawSpan) -> Int32? {
        var messages = NetlinkWalker(messagesOf: datagram)
        while let message = messages.nextMessage(in: datagram) {
            if let errno = message.errorNumber(in: datagram) { return errno }
            guard message.type == NetlinkMessage.type(NFQNL_MSG_PACKET) else { continue }
            guard let packet = QueuedPacket(message, in: datagram) else { continue }
            let drop = NetlinkMessage.verdict(NF_DROP, packet: packet.id, queue: queue)
            _ = unsafe send(drop.bytes.span.bytes)
        }
        return nil
    }
}
