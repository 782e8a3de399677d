import NetTypes
import Wire

/// Bytes at a fixed place by which one direction of a TCP connection shows its protocol.
struct ProtocolPattern: Sendable {
    let appProtocol: AppProtocol
    let direction: FlowDirection
    let bytes: [UInt8]
    /// Earliest place of the pattern's first byte, and the place its last byte must lie before.
    let offset: Int
    let depth: Int
    let ignoresCase: Bool

    init(
        _ appProtocol: AppProtocol, _ direction: FlowDirection, _ bytes: [UInt8], offset: Int = 0, depth: Int? = nil,
        ignoresCase: Bool = false
    ) {
        self.appProtocol = appProtocol
        self.direction = direction
        self.bytes = bytes
        self.offset = offset
        self.depth = depth ?? offset + bytes.count
        self.ignoresCase = ignoresCase
    }

    func matches(_ data: RawSpan) -> Bool {
        let last = min(data.byteCount, depth) - bytes.count
        guard last >= offset else { return false }
        for start in offset...last where matches(data, at: start) { return true }
        return false
    }

    private func matches(_ data: RawSpan, at start: Int) -> Bool {
        for index in 0..<bytes.count {
            let byte = data.byte(at: start &+ index)
            if byte != bytes[index], !(ignoresCase && byte.lowercased == bytes[index].lowercased) { return false }
        }
        return true
    }
}

extension UInt8 {
    /// The lower-case letter of an ASCII capital, else the byte itself.
    @inlinable
    public var lowercased: UInt8 { self >= 65 && self <= 90 ? self | 0x20 : self }

    @inlinable
    public var uppercased: UInt8 { self >= 97 && self <= 122 ? self & 0xdf : self }
}

extension ProtocolPattern {
    /// HTTP/1 methods, IANA's and those of WebDAV and versioning (RFC 9110, RFC 4918, RFC 3253).
    static let httpMethods = [
        "GET", "PUT", "POST", "HEAD", "TRACE", "OPTIONS", "CONNECT", "DELETE", "PATCH", "PROPFIND", "PROPPATCH",
        "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "CHECKOUT", "UNCHECKOUT", "CHECKIN", "UPDATE", "LABEL", "REPORT",
        "MKWORKSPACE", "MKACTIVITY", "MERGE", "INVALID", "VERSION-CONTROL", "BASELINE-CONTROL",
    ]

    /// Every pattern, in the order in which they are tried.
    static let all: [ProtocolPattern] = {
        var patterns: [ProtocolPattern] = []
        func add(
            _ appProtocol: AppProtocol, _ directions: [FlowDirection], _ text: String, offset: Int = 0,
            depth: Int? = nil, ignoresCase: Bool = false
        ) {
            for direction in directions {
                patterns.append(
                    ProtocolPattern(
                        appProtocol, direction, Array(text.utf8), offset: offset, depth: depth, ignoresCase: ignoresCase
                    ))
            }
        }
        func add(_ appProtocol: AppProtocol, _ directions: [FlowDirection], _ bytes: [UInt8], offset: Int = 0) {
            for direction in directions {
                patterns.append(ProtocolPattern(appProtocol, direction, bytes, offset: offset))
            }
        }
        let both: [FlowDirection] = [.toServer, .toClient]
        // RFC 9113 section 3.4: the preface; its first line is enough to tell.
        add(.http2, [.toServer], "PRI * HTTP/2.0\r\n")
        for method in httpMethods {
            add(.http1, [.toServer], method + " ", ignoresCase: true)
            add(.http1, [.toServer], method + "\t", ignoresCase: true)
        }
        for version in ["HTTP/0.9", "HTTP/1.0", "HTTP/1.1"] { add(.http1, [.toClient], version, ignoresCase: true) }
        // A TLS record that holds a handshake (RFC 8446 section 5.1), or an SSLv2 hello (RFC 5246 appendix E.2).
        for minor: UInt8 in 0...3 { add(.tls, both, [0x16, 3, minor]) }
        add(.tls, [.toServer], [1, 0, 2], offset: 2)
        for minor: UInt8 in 0...3 { add(.tls, [.toServer], [1, 3, minor], offset: 2) }
        add(.ssh, both, "SSH-")
        for word in ["EHLO", "HELO", "QUIT"] { add(.smtp, [.toServer], word, ignoresCase: true) }
        for word in ["USER ", "PASS ", "PORT "] { add(.ftp, [.toServer], word, ignoresCase: true) }
        add(.ftp, [.toServer], "FEAT", ignoresCase: true)
        add(.ftp, [.toClient], "220 (", ignoresCase: true)
        for first: UInt8 in [0xff, 0xfe, 0xfd] { add(.smb, both, [first] + Array("SMB".utf8), offset: 4) }
        add(.imap, [.toServer], "1 capability", ignoresCase: true)
        for word in ["* OK ", "* NO ", "* BAD "] { add(.imap, [.toClient], word, ignoresCase: true) }
        add(.pop3, [.toClient], "+OK ")
        add(.rfb, both, "RFB ")
        return patterns
    }()
}
