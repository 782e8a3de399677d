import Foundation

@testable import NFQueue

/// Two connected datagram sockets: the source reads one, the test plays the kernel on the other.
final class SocketPair: Sendable {
    let kernel: Int32
    private let source: Int32

    init() throws {
        var ends: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0, &ends) == 0 else {
            throw QueueError.systemCall("socketpair", errno: errno)
        }
        kernel = ends[0]
        source = ends[1]
    }

    deinit { close(kernel) }

    /// The source's end, closed by the socket that is made of it. To be called once.
    func queueSocket() -> QueueSocket { QueueSocket(descriptor: source, queue: 0, receiveBuffer: 0) }

    /// Lets few datagrams of the source wait for the test; then its sends fail with EAGAIN.
    func makeSourceImpatient() {
        var size: Int32 = 1
        setsockopt(source, SOL_SOCKET, SO_SNDBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        _ = fcntl(source, F_SETFL, O_NONBLOCK)
    }

    /// Waits while the source does not read; false when it has closed its end.
    @discardableResult
    func send(_ datagram: [UInt8]) -> Bool {
        Glibc.send(kernel, datagram, datagram.count, Int32(MSG_NOSIGNAL)) == datagram.count
    }

    /// The verdict datagrams that are there, at most `limit`.
    func receiveAll(limit: Int = .max) -> [[UInt8]] {
        var datagrams: [[UInt8]] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while datagrams.count < limit {
            let count = recv(kernel, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            guard count >= 0 else { break }
            datagrams.append(Array(buffer.prefix(count)))
        }
        return datagrams
    }
}
