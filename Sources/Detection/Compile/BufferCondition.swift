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
}

/// A condition on a transaction that is not about bytes.
enum TransactionTest: Sendable {
    /// Bodies have to be read for it.
    var isAboutBody: Bool {
        if case .event(let event) = self {
            event == .httpGzipDecompressionFailed || event == .httpCompressionBomb
        } else {
            false
        }
    }

    /// `app-layer-event`: its parser has noticed this.
    case event(AppLayerEvent)
    /// Nothing can bring this about.
    case never
    /// `ssl_state`: the newest handshake message is one of these; or is not.
    case handshakeState(mask: UInt8, inverted: UInt8)
    /// `tls.version` and `ssl_version`: one of these was agreed on.
    case tlsVersion(UInt16, isNegated: Bool)
}

/// A part of a transaction signature: conditions on one buffer, or tests, for one direction from one step on.
struct InspectEngine: Sendable {
    enum Subject: Sendable {
        /// Index of the buffer with its transforms.
        case buffer(Int32)
        case tests
    }

    var subject: Subject
    var toServer: Bool
    /// The transaction's progress from which the buffer is there.
    var progress: UInt8
    /// Into the policy's buffer conditions, or transaction tests.
    var conditions: Range<Int32>
    /// The engine whose literal selects the signature as a candidate.
    var isPrefilter = false
}
