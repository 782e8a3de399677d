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

/// Reads a pcap file, front to back, through libpcap, or a pcapng file.
@safe
public struct CaptureReader: ~Copyable {
    public let path: String
    /// Of a pcapng file that of the first packet; others may have another.
    public let linkType: LinkType
    private let source: Source
    public private(set) var packets: UInt64 = 0

    @safe
    private enum Source {
        case pcap(OpaquePointer)
        case pcapng(PcapngReader)
    }

    /// - Parameter path: `-` reads standard input.
    public init(path: String) throws(CaptureError) {
        (source, linkType) = try CaptureReader.open(path)
        self.path = path
    }

    private static func open(_ path: String) throws(CaptureError) -> (Source, LinkType) {
        guard let file = unsafe path == "-" ? fdopen(STDIN_FILENO, "rb") : fopen(path, "rb") else {
            throw CaptureError(path: path, message: unsafe String(cString: strerror(errno)))
        }
        if unsafe isPcapng(file) {
            let reader = try unsafe PcapngReader(path: path, file: file)
            return (.pcapng(reader), reader.linkType)
        }
        var message = [CChar](repeating: 0, count: Int(PCAP_ERRBUF_SIZE))
        guard let handle = unsafe pcap_fopen_offline(file, &message) else {
            unsafe fclose(file)
            let text = String(decoding: message.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            throw CaptureError(path: path, libraryMessage: text)
        }
        return unsafe (.pcap(handle), LinkType(rawValue: pcap_datalink(handle)))
    }

    deinit {
        // The other closes its file itself.
        if case .pcap(let handle) = source { unsafe pcap_close(handle) }
    }

    /// The first byte tells the formats apart: the section type of pcapng begins with the same one in both byte orders, and
    /// no other capture does.
    private static func isPcapng(_ file: UnsafeMutablePointer<FILE>) -> Bool {
        let byte = unsafe getc(file)
        guard byte != EOF else { return false }
        unsafe ungetc(byte, file)
        return UInt32(byte) == PcapngReader.sectionType >> 24
    }

    /// The next packet; nil at the end.
    /// - Parameter body: the bytes are gone when it returns.
    public mutating func next<R>(_ body: (RawPacket, RawSpan) -> R) throws(CaptureError) -> R? {
        switch source {
        case .pcap(let handle): return try unsafe next(handle, body)
        case .pcapng(let reader):
            guard let result = try reader.next(packets + 1, body) else { return nil }
            packets += 1
            return result
        }
    }

    private mutating func next<R>(
        _ handle: OpaquePointer, _ body: (RawPacket, RawSpan) -> R
    ) throws(CaptureError) -> R? {
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
        switch source {
        case .pcapng(let reader): return reader.offset
        case .pcap(let handle):
            guard let file = unsafe pcap_file(handle) else { return nil }
            let position = unsafe ftell(file)
            return position >= 0 ? position : nil
        }
    }
}
