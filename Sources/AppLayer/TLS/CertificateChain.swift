import Crypto
import Wire

/// The certificates one side of a handshake has sent (RFC 5246 section 7.4.2): leaf first. The handshake message that
/// brings them is capped (`AppLayerSettings.tlsHandshakeBytes`), so their bytes are too.
public struct CertificateChain: Sendable {
    /// Certificates that rules look into one by one. Chains have two to five.
    static let maximumInspected = 32

    /// All certificates, each behind three bytes of length.
    private let bytes: [UInt8]
    /// Where the first of them lie in `bytes`.
    private let ranges: [Range<Int>]
    /// How many there are.
    public let count: Int
    /// The leaf as read; nil when it is malformed, for `problem` then.
    public let leaf: X509Certificate?
    let problem: AppLayerEvent?

    /// - Parameter body: the Certificate message behind its header.
    init(_ body: RawSpan) throws(EndOfBytes) {
        var cursor = ByteCursor(body)
        let list = try cursor.take(try cursor.u24()).all
        bytes = list.copied()
        var ranges: [Range<Int>] = []
        var count = 0
        var position = ByteCursor(list)
        while !position.isAtEnd {
            guard let length = try? position.u24(), length <= position.remaining else { break }
            if ranges.count < CertificateChain.maximumInspected {
                ranges.append(position.offset..<(position.offset + length))
            }
            count += 1
            try position.skip(length)
        }
        self.ranges = ranges
        self.count = count
        (leaf, problem) = CertificateChain.read(list, ranges.first)
    }

    private static func read(_ list: RawSpan, _ range: Range<Int>?) -> (X509Certificate?, AppLayerEvent?) {
        guard let range else { return (nil, nil) }
        guard range.count > 2 else { return (nil, .tlsCertificateInvalidLength) }
        do throws(X509Certificate.Malformed) {
            return (try X509Certificate(list.clamped(range)), nil)
        } catch {
            return (nil, error.event)
        }
    }

    /// One certificate as sent.
    public func certificate(_ index: Int) -> ArraySlice<UInt8>? {
        ranges.indices.contains(index) ? bytes[ranges[index]] : nil
    }

    /// SHA-1 of the leaf, as lower-case digits with colons.
    public var fingerprint: [UInt8]? {
        guard leaf != nil, let first = certificate(0) else { return nil }
        return ColonHexadecimal.text(Array(Insecure.SHA1.hash(data: Array(first))), uppercase: false)
    }
}
