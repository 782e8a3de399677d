import CPcap
import Glibc
import NetTypes
import PacketIO
import Wire

/// Writes a pcap file of one link type.
@safe
public struct CaptureWriter: ~Copyable {
    private let handle: OpaquePointer
    private let dumper: OpaquePointer
    private let linkType: LinkType
    /// Packets of another link type, which the file cannot hold.
    private var leftOut: UInt64 = 0
    public let path: String

    public init(path: String, linkType: LinkType) throws(CaptureError) {
        // For raw IP libpcap takes the system's number, and writes that of files.
        let type = linkType == .raw ? LinkType.rawLinux : linkType
        guard let handle = unsafe pcap_open_dead(type.rawValue, 262_144) else {
            throw CaptureError(path: path, message: "out of memory")
        }
        guard let dumper = unsafe pcap_dump_open(handle, path) else {
            let message = unsafe String(cString: pcap_geterr(handle))
            unsafe pcap_close(handle)
            throw CaptureError(path: path, libraryMessage: message)
        }
        self.path = path
        self.linkType = linkType
        unsafe self.handle = handle
        unsafe self.dumper = dumper
    }

    deinit {
        unsafe pcap_dump_close(dumper)
        unsafe pcap_close(handle)
    }

    public mutating func write(_ packet: RawPacket, _ bytes: RawSpan) {
        guard packet.linkType == linkType else {
            leftOut += 1
            return
        }
        var header = pcap_pkthdr()
        header.ts.tv_sec = Int(packet.time.seconds)
        header.ts.tv_usec = Int(packet.time.microseconds &- packet.time.seconds &* 1_000_000)
        header.caplen = UInt32(bytes.byteCount)
        header.len = UInt32(max(packet.wireLength, bytes.byteCount))
        unsafe bytes.withUnsafeBytes { buffer in
            guard let base = buffer.baseAddress else { return }
            unsafe pcap_dump(UnsafeMutablePointer<UInt8>(dumper), &header, base.assumingMemoryBound(to: UInt8.self))
        }
    }

    /// Brings everything out; throws when the disk did not take it, or the file could not hold it all.
    public mutating func flush() throws(CaptureError) {
        if unsafe pcap_dump_flush(dumper) != 0 {
            throw CaptureError(path: path, message: unsafe String(cString: strerror(errno)))
        }
        guard leftOut == 0 else {
            throw CaptureError(
                path: path, message: "\(leftOut) packets of another link type than the first one's are left out")
        }
    }
}
