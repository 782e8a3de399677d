import CPcap
import Glibc
import NetTypes
import PacketIO
import Wire

/// Why a capture cannot be read or written.
public struct CaptureError: Error, CustomStringConvertible {
    public let path: String
    public let message: String

    public var description: String { "\(path): \(message)" }
}

extension CaptureError {
    /// - Parameter libraryMessage: libpcap puts the file's name in front of some messages.
    init(path: String, libraryMessage message: String) {
        let prefix = path + ": "
        self.init(path: path, message: message.hasPrefix(prefix) ? String(message.dropFirst(prefix.count)) : message)
    }
}

/// Reads a pcap or pcapng file, front to back, through libpcap.
@safe
public struct CaptureReader: ~Copyable {
    public let path: String
    public let linkType: LinkType
    private let handle: OpaquePointer
    public private(set) var packets: UInt64 = 0

    /// - Parameter path: `-` reads standard input.
    public init(path: String) throws(CaptureError) {
        var message = [CChar](repeating: 0, count: Int(PCAP_ERRBUF_SIZE))
        guard let handle = unsafe pcap_open_offline(path, &message) else {
            let text = String(decoding: message.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            throw CaptureError(path: path, libraryMessage: text)
        }
        self.path = path
        unsafe self.handle = handle
        linkType = LinkType(rawValue: unsafe pcap_datalink(handle))
    }

    deinit { unsafe pcap_close(handle) }

    /// The next packet; nil at the end.
    /// - Parameter body: the bytes are gone when it returns.
    public mutating func next<R>(_ body: (RawPacket, RawSpan) -> R) throws(CaptureError) -> R? {
        var header: UnsafeMutablePointer<pcap_pkthdr>?
        var data: UnsafePointer<UInt8>?
        switch unsafe pcap_next_ex(handle, &header, &data) {
        case 1:
            guard let header = unsafe header, let data = unsafe data else { return nil }
            packets += 1
            let time = unsafe header.pointee.ts
            let raw = RawPacket(
                number: packets,
                time: Timestamp(seconds: Int64(time.tv_sec), microseconds: Int64(time.tv_usec)), linkType: linkType,
                wireLength: unsafe Int(header.pointee.len))
            let buffer = unsafe UnsafeRawBufferPointer(start: data, count: Int(header.pointee.caplen))
            return body(raw, unsafe buffer.bytes)
        case PCAP_ERROR_BREAK: return nil
        default: throw CaptureError(path: path, message: unsafe String(cString: pcap_geterr(handle)))
        }
    }

    /// Bytes of the file read so far, for a progress display; nil for a pipe.
    public var offset: Int? {
        guard let file = unsafe pcap_file(handle) else { return nil }
        let position = unsafe ftell(file)
        return position >= 0 ? position : nil
    }
}
