import AppLayer
import NetTypes

/// A part of a transaction that rules look into.
enum BufferID: UInt8, CaseIterable, Sendable {
    case tlsSNI
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
    case dnsQuery
    case sshSoftware
    case sshProtocol
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
    let directions: [FlowDirection]
    /// The transaction's step from which the buffer is there.
    let progress: UInt8
    /// The bytes are always in lower case: a capital in a pattern, or `nocase`, is a mistake.
    var isLowercase = false
    /// A part of a single packet's headers, not of a transaction.
    var isOfPacket = false
    let summary: String
}

extension StickyBuffer {
    static let all: [StickyBuffer] =
        TLSBuffers.all + HTTPBuffers.all + DNSBuffers.all + SSHBuffers.all
        + PacketBuffers.all

    static let byID: [StickyBuffer] = BufferID.allCases.map { id in
        guard let buffer = all.first(where: { $0.id == id }) else {
            preconditionFailure("buffer \(id) is not registered")
        }
        return buffer
    }
}

/// Bytes of a buffer: a part of an array that the transaction or a transform holds.
struct BufferBytes {
    var storage: [UInt8]
    var range: Range<Int>

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
    func bytes(of buffer: BufferID, _ direction: FlowDirection) -> BufferBytes? {
        switch facts {
        case .tls(let handshake): TLSBuffers.bytes(of: buffer, handshake)
        case .http(let exchange): HTTPBuffers.bytes(of: buffer, exchange)
        case .dns(let message): DNSBuffers.bytes(of: buffer, message)
        case .ssh(let handshake): SSHBuffers.bytes(of: buffer, handshake, direction)
        }
    }
}
