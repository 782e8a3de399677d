/// The header of an HTTP/2 frame (RFC 9113 section 4.1).
///
///     0 length (24 bits)   3 type   4 flags   5 stream (31 bits)
struct HTTP2Frame {
    var length: Int
    var type: UInt8
    var flags: UInt8
    var stream: UInt32

    static let headerLength = 9

    /// - Parameter bytes: nine of them.
    init(_ bytes: [UInt8]) {
        let bytes = bytes.count >= 9 ? bytes : bytes + [UInt8](repeating: 0, count: 9)
        length = Int(bytes[0]) << 16 | Int(bytes[1]) << 8 | Int(bytes[2])
        type = bytes[3]
        flags = bytes[4]
        stream = bytes[5..<9].reduce(0) { $0 << 8 | UInt32($1) } & 0x7fff_ffff
    }

    var kind: HTTP2FrameType? { HTTP2FrameType(rawValue: type) }
    /// ACK of SETTINGS and PING, END_STREAM of DATA and HEADERS.
    var isAcknowledgement: Bool { flags & 1 != 0 }
    var endsStream: Bool { flags & 1 != 0 && (kind == .data || kind == .headers) }
    var endsHeaders: Bool { flags & 4 != 0 }
    var isPadded: Bool { flags & 8 != 0 }
    var hasPriority: Bool { flags & 0x20 != 0 }
}

/// RFC 9113 section 6.
public enum HTTP2FrameType: UInt8, Sendable, CaseIterable {
    case data
    case headers
    case priority
    case resetStream
    case settings
    case pushPromise
    case ping
    case goAway
    case windowUpdate
    case continuation

    /// The name in rules.
    public var name: String {
        switch self {
        case .data: "DATA"
        case .headers: "HEADERS"
        case .priority: "PRIORITY"
        case .resetStream: "RST_STREAM"
        case .settings: "SETTINGS"
        case .pushPromise: "PUSH_PROMISE"
        case .ping: "PING"
        case .goAway: "GOAWAY"
        case .windowUpdate: "WINDOW_UPDATE"
        case .continuation: "CONTINUATION"
        }
    }
}

/// Names of numbers in frames.
public enum HTTP2Names {
    /// Error codes from 0 (RFC 9113 section 7).
    public static let errors = [
        "NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED",
        "FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM",
        "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED",
    ]

    /// Settings from 1 (RFC 9113 section 6.5.2).
    public static let settings = [
        "SETTINGS_HEADER_TABLE_SIZE", "SETTINGS_ENABLE_PUSH", "SETTINGS_MAX_CONCURRENT_STREAMS",
        "SETTINGS_INITIAL_WINDOW_SIZE", "SETTINGS_MAX_FRAME_SIZE", "SETTINGS_MAX_HEADER_LIST_SIZE",
    ]
}
