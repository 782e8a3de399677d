import AppLayer
import NetTypes

/// A part of a transaction that rules look into.
enum BufferID: UInt8, CaseIterable, Sendable {
    case tlsSNI
    case tlsALPN
    case tlsCertificateSubject
    case tlsCertificateIssuer
    case tlsCertificateSerial
    case tlsCertificateFingerprint
    case tlsCertificates
    case tlsRandom
    case tlsRandomTime
    case tlsRandomBytes
    case ja3Hash
    case ja3String
    case ja3sHash
    case ja3sString
    case ja4Hash
    case httpMethod
    case httpURIRaw
    case httpURI
    case httpHost
    case httpHostRaw
    case httpHeaderNames
    case httpUserAgent
    case httpProtocol
    case httpRequestLine
    case httpStatusCode
    case httpStatusMessage
    case httpHeader
    case httpHeaderRaw
    case httpRequestHeader
    case httpResponseHeader
    case httpCookie
    case httpReferer
    case httpAccept
    case httpAcceptEncoding
    case httpAcceptLanguage
    case httpConnection
    case httpContentType
    case httpContentLength
    case httpServer
    case httpLocation
    case httpResponseLine
    case httpStart
    case httpRequestBody
    case httpResponseBody
    case fileData
    case fileName
    case mailAttachment
    case dnsQuery
    case http2HeaderName
    case quicSNI
    case quicVersion
    case quicUserAgent
    case quicCYUHash
    case quicCYUString
    case sshSoftware
    case sshProtocol
    case sshHASSH
    case sshHASSHString
    case sshHASSHServer
    case sshHASSHServerString
    case ipSource
    case ipDestination
    case ipv4Header
    case ipv6Header
    case tcpHeader
    case udpHeader
    case icmpv4Header
    case icmpv6Header
}

/// How rules name a buffer, and where and when it is found.
struct StickyBuffer: Sendable {
    let id: BufferID
    let name: String
    /// Other spellings; `modifier` names stand behind the content they belong to (`content:"x"; http_uri;`).
    var aliases: [String] = []
    var modifiers: [String] = []
    let appProtocol: AppProtocol
    /// Another protocol that has it too.
    var alternative = AppProtocol.unknown
    let directions: [FlowDirection]
    /// The transaction's step from which the buffer is there.
    let progress: UInt8
    /// The bytes are always in lower case: a capital in a pattern, or `nocase`, is a mistake.
    var isLowercase = false
    /// The bytes are one word: a pattern with a blank at either end is a mistake.
    var isWord = false
    /// The transaction has any number of them (one for each header field): a condition list holds for one of them.
    var isMultiple = false
    /// The rule must say which direction it means.
    var needsDirection = false
    /// What is done to a literal before it is compared.
    var contentForm: ContentForm?
    /// A part of a single packet's headers, not of a transaction.
    var isOfPacket = false
    let summary: String

    /// The buffer's own form of letters, which literals take on.
    enum ContentForm: Sendable {
        case uppercase
        /// So many characters in lower case: a literal of another length could never match.
        case lowercaseHash(Int)
    }
}

extension StickyBuffer {
    static let all: [StickyBuffer] =
        TLSBuffers.all + HTTPBuffers.all + DNSBuffers.all + SSHBuffers.all + QUICBuffers.all + HTTP2Buffers.all
        + PacketBuffers.all

    /// What a name of `all` means in rules about another protocol.
    static let variants: [StickyBuffer] = SMTPBuffers.all

    /// This buffer, or what its name means for a protocol.
    func variant(for appProtocol: AppProtocol) -> StickyBuffer {
        StickyBuffer.variants.first { $0.name == name && $0.appProtocol == appProtocol } ?? self
    }

    static let byID: [StickyBuffer] = BufferID.allCases.map { id in
        guard let buffer = (all + variants).first(where: { $0.id == id }) else {
            preconditionFailure("buffer \(id) is not registered")
        }
        return buffer
    }
}

/// Bytes of a buffer: a part of an array that the transaction or a transform holds.
struct BufferBytes {
    var storage: [UInt8]
    var range: Range<Int>
    /// Where in its buffer the part begins, of one that is looked at in parts.
    var offset = 0
    /// A part of the message's body as it comes: what was there before is there still.
    var isOfBody = false

    init(_ storage: [UInt8]) {
        self.storage = storage
        range = 0..<storage.count
    }

    init(_ slice: ArraySlice<UInt8>) {
        storage = Array(slice)
        range = 0..<storage.count
    }

    init(_ storage: [UInt8], _ range: Range<Int>) {
        self.storage = storage
        self.range = range
    }
}

extension Transaction {
    /// The buffer's bytes; nil when the transaction does not have it (yet).
    /// - Parameter instance: which one of a buffer there are several of, counted from 0.
    /// - Parameter body: how much of the direction's body has been seen.
    func bytes(
        of buffer: BufferID, _ direction: FlowDirection, instance: Int, _ body: inout BodyInspection
    ) -> BufferBytes? {
        switch facts {
        case .tls(let handshake): TLSBuffers.bytes(of: buffer, handshake, direction, instance)
        case .http(let exchange): HTTPBuffers.bytes(of: buffer, exchange, direction, instance, &body)
        case .dns(let message): DNSBuffers.bytes(of: buffer, message, instance)
        case .ssh(let handshake): SSHBuffers.bytes(of: buffer, handshake, direction)
        case .smtp(let mail): SMTPBuffers.bytes(of: buffer, mail, instance)
        case .quic(let packet): QUICBuffers.bytes(of: buffer, packet, instance)
        case .ftpData: nil
        }
    }
}
