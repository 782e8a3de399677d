import AppLayer

/// A literal looked for in a buffer, with its place. A trivial record: the bytes lie in the policy's pattern table, in
/// lower case when the comparison ignores case.
struct ContentPattern: Sendable {
    var bytes: Range<Int32>
    var isNegated = false
    var ignoresCase = false
    var startsWith = false
    var endsWith = false
    /// From the buffer's start.
    var offset: Int32 = 0
    /// The match must end before this place; 0 for no limit. Offset included.
    var depth: Int32 = 0
    var distance: Int32?
    var within: Int32?
    /// Numbers of variables that stand for the four above; -1 for none.
    var variables = Variables()
    /// The next condition counts from where this one matched.
    var precedesRelative = false
    /// The next one is bound to this one's place by `within`: another place of this one may suit it better.
    var precedesWithin = false

    var isRelative: Bool { distance != nil || within != nil }

    struct Variables: Sendable {
        var offset: Int8 = -1
        var depth: Int8 = -1
        var distance: Int8 = -1
        var within: Int8 = -1

        var areUsed: Bool { offset & depth & distance & within != -1 }
    }
}

/// One condition on the bytes of a buffer. Conditions run in the order written.
enum BufferCondition: Sendable {
    case content(ContentPattern)
    /// `bsize`
    case size(IntegerTest)
    /// Index of a byte operation.
    case bytes(Int32)
    case expression(ExpressionCondition)
    case base64(Base64Decoding)
    /// Into the policy's data set conditions.
    case dataset(Int32)
}

/// A regular expression looked for in a buffer.
struct ExpressionCondition: Sendable {
    /// Into the policy's expressions.
    var index: Int32
    var isNegated = false
    /// The subject begins where the condition before matched.
    var isRelative = false
    /// The next condition counts from where this one matched.
    var precedesRelative = false
    /// What is kept of a match, into the policy's table.
    var captures: Range<Int32> = 0..<0
    /// What the condition comes to when the search is given up. Differs: in a rule that drops it holds, so that nobody
    /// gets by with bytes that wear the pattern out; Suricata takes it for no match.
    var holdsAtLimit = false
}

/// A condition on a transaction that is not about bytes.
enum TransactionTest: Sendable {
    /// Bodies have to be read for it.
    var isAboutBody: Bool {
        switch self {
        case .event(let event): event == .httpGzipDecompressionFailed || event == .httpCompressionBomb
        case .fileSize: true
        default: false
        }
    }

    /// `app-layer-event`: its parser has noticed this.
    case event(AppLayerEvent)
    /// Nothing can bring this about.
    case never
    /// `ssl_state`: the newest handshake message is one of these; or is not.
    case handshakeState(mask: UInt8, inverted: UInt8)
    /// `ftpdata_command`: a file goes to the server; or comes from it.
    case ftpUpload(Bool)
    /// `http2.frametype` and its like.
    case http2(HTTP2Test)
    /// `filesize`
    case fileSize(IntegerTest)
    /// `dns.opcode`
    case dnsOpcode(UInt8, isNegated: Bool)
    /// `ssh.protoversion:2_compat`: this side speaks version 2.
    case sshVersion2
    /// `tls.version`: this side's version; 1.3 stands for its drafts too, unless its very number is meant.
    case tlsVersion(UInt16, isExact: Bool)
    /// `ssl_version`: one of these, bits from SSLv2 to TLS 1.3.
    case tlsVersions(mask: UInt8, isNegated: Bool)
    /// `tls.hello`: one of these facts holds; or none does.
    case helloFacts(mask: UInt16, isNegated: Bool, publicNames: Set<[UInt8]>)
    /// `tls.cert_chain_len`
    case certificateCount(IntegerTest)
    /// `tls_cert_notbefore`, `tls_cert_notafter`: seconds since 1970.
    case certificateTime(CertificateBound, from: Int64, to: Int64)
    /// `tls_cert_expired`, `tls_cert_valid`
    case certificateExpired(Bool)
}

enum CertificateBound: UInt8, Sendable {
    case notBefore
    case notAfter
}

/// A part of a transaction signature: conditions on one buffer, or tests, for one direction from one step on.
struct InspectEngine: Sendable {
    enum Subject: Sendable {
        /// Index of the buffer with its transforms.
        case buffer(Int32)
        case tests
        /// Content without a buffer: the stream around the packet at hand, or the datagram.
        case payload
    }

    var subject: Subject
    var toServer: Bool
    /// The transaction's progress from which the buffer is there.
    var progress: UInt8
    /// Into the policy's buffer conditions, or transaction tests.
    var conditions: Range<Int32>
    /// The engine whose literal selects the signature as a candidate.
    var isPrefilter = false

    var isOfPayload: Bool { if case .payload = subject { true } else { false } }
}
