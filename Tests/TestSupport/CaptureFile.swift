import Glibc
import NetTypes
import Wire

/// A frame and when it was seen.
public struct TimedFrame: Sendable {
    public var time: Timestamp
    public var direction: FlowDirection
    public var bytes: [UInt8]

    public init(_ bytes: [UInt8], at time: Timestamp, _ direction: FlowDirection = .toServer) {
        self.bytes = bytes
        self.time = time
        self.direction = direction
    }
}

/// Writes frames as a classic capture file (tcpdump.org/manpages/pcap-savefile.5): microseconds in this machine's byte
/// order, unless a test asks for another variant.
public enum CaptureFile {
    /// - Parameter snapshotLength: longer frames are cut.
    public static func bytes(
        _ frames: [TimedFrame], linkType: LinkType = .ethernet, snapshotLength: Int = 262_144,
        nanoseconds: Bool = false,
        bigEndian: Bool = false
    ) -> [UInt8] {
        var file: [UInt8] = []
        func put(_ value: UInt32) {
            let octets = (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * UInt32($0))) }
            file += bigEndian ? octets.reversed() : octets
        }
        put(nanoseconds ? 0xa1b2_3c4d : 0xa1b2_c3d4)
        // Version 2.4, then two fields that are always zero.
        file += bigEndian ? [0, 2, 0, 4] : [2, 0, 4, 0]
        put(0)
        put(0)
        put(UInt32(snapshotLength))
        put(UInt32(linkType == .rawLinux ? 101 : linkType.rawValue))
        for frame in frames {
            let kept = frame.bytes.prefix(snapshotLength)
            let fraction = frame.time.microseconds - frame.time.seconds * 1_000_000
            put(UInt32(truncatingIfNeeded: frame.time.seconds))
            put(UInt32(truncatingIfNeeded: nanoseconds ? fraction * 1000 : fraction))
            put(UInt32(kept.count))
            put(UInt32(frame.bytes.count))
            file += kept
        }
        return file
    }

    /// Writes a capture file; throws errno when that fails.
    public static func write(_ frames: [TimedFrame], linkType: LinkType = .ethernet, to path: String) throws {
        try write(bytes(frames, linkType: linkType), to: path)
    }

    /// Writes any bytes to a file.
    public static func write(_ bytes: [UInt8], to path: String) throws {
        guard let file = fopen(path, "wb") else { throw FileFailure(path: path, code: errno) }
        let written = fwrite(bytes, 1, bytes.count, file)
        guard fclose(file) == 0, written == bytes.count else { throw FileFailure(path: path, code: errno) }
    }

    /// What a file holds; throws errno when it cannot be read.
    public static func read(_ path: String) throws -> [UInt8] {
        guard let file = fopen(path, "rb") else { throw FileFailure(path: path, code: errno) }
        defer { fclose(file) }
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { content += buffer[..<count] }
        return content
    }
}

/// A file could not be read or written.
public struct FileFailure: Error, CustomStringConvertible {
    public let path: String
    public let code: Int32
    public var description: String { "\(path): \(String(cString: strerror(code)))" }
}
