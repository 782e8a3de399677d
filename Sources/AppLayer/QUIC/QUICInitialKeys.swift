import Crypto
import Wire

/// The keys of a connection's Initial packets (RFC 9001 section 5.2): made of the version and the destination connection
/// ID of the client's first packet, so everybody on the path can read them.
struct QUICInitialKeys {
    /// One side's keys.
    struct Side {
        let packetKey: [UInt8]
        let vector: [UInt8]
        let header: AES128

        fileprivate init(secret: SymmetricKey, prefix: String) {
            packetKey = QUICInitialKeys.expand(secret, prefix + "key", 16)
            vector = QUICInitialKeys.expand(secret, prefix + "iv", 12)
            header = AES128(key: QUICInitialKeys.expand(secret, prefix + "hp", 16))
        }
    }

    let connectionID: [UInt8]
    let version: QUICVersion
    let client: Side
    let server: Side

    /// Nil for a version whose Initial packets cannot be read.
    init?(version: QUICVersion, connectionID: [UInt8]) {
        guard let salt = version.initialSalt else { return nil }
        self.version = version
        self.connectionID = connectionID
        let secret = SymmetricKey(
            data: HKDF<SHA256>.extract(inputKeyMaterial: SymmetricKey(data: connectionID), salt: salt))
        client = Side(
            secret: SymmetricKey(data: QUICInitialKeys.expand(secret, "client in", 32)), prefix: version.labelPrefix)
        server = Side(
            secret: SymmetricKey(data: QUICInitialKeys.expand(secret, "server in", 32)), prefix: version.labelPrefix)
    }

    /// HKDF-Expand-Label with an empty context (RFC 8446 section 7.1).
    private static func expand(_ secret: SymmetricKey, _ label: String, _ count: Int) -> [UInt8] {
        let text = Array("tls13 \(label)".utf8)
        let information = [0, UInt8(count), UInt8(text.count)] + text + [0]
        return unsafe HKDF<SHA256>.expand(pseudoRandomKey: secret, info: information, outputByteCount: count)
            .withUnsafeBytes { unsafe Array($0) }
    }
}

extension QUICInitialKeys.Side {
    static let tagLength = 16

    /// Removes header protection and opens a packet (RFC 9001 sections 5.3 and 5.4); nil when it is not sealed with these
    /// keys.
    /// - Parameters:
    ///   - packet: header and payload of one packet.
    ///   - largest: the largest packet number of this side so far; the one sent is cut (RFC 9000 appendix A.3).
    func open(_ packet: RawSpan, headerLength: Int, largest: Int) -> (frames: [UInt8], number: Int)? {
        // The sample begins where the payload would with a packet number of four bytes.
        guard packet.byteCount >= headerLength + 4 + 16 else { return nil }
        let sample = packet.extracting((headerLength + 4)..<(headerLength + 20)).copied()
        let mask = header.encrypt(sample)
        let first = packet.byte(at: 0) ^ mask[0] & 0x0f
        let numberLength = Int(first & 3) + 1
        var head = packet.extracting(0..<(headerLength + numberLength)).copied()
        head[0] = first
        var cut = 0
        for index in 0..<numberLength {
            head[headerLength + index] ^= mask[1 + index]
            cut = cut << 8 | Int(head[headerLength + index])
        }
        let sealed = packet.extracting(head.count..<packet.byteCount).copied()
        let number = QUICInitialKeys.Side.whole(cut, bits: numberLength * 8, largest: largest)
        for candidate in number == cut ? [cut] : [number, cut] {
            if let frames = open(sealed, number: candidate, head) { return (frames, candidate) }
        }
        return nil
    }

    private func open(_ sealed: [UInt8], number: Int, _ head: [UInt8]) -> [UInt8]? {
        guard sealed.count >= QUICInitialKeys.Side.tagLength else { return nil }
        var nonce = vector
        for index in 0..<8 { nonce[4 + index] ^= UInt8(truncatingIfNeeded: number >> (56 - 8 * index)) }
        let split = sealed.count - QUICInitialKeys.Side.tagLength
        guard let nonce = try? AES.GCM.Nonce(data: nonce),
            let box = try? AES.GCM.SealedBox(nonce: nonce, ciphertext: sealed[..<split], tag: sealed[split...]),
            let opened = try? AES.GCM.open(box, using: SymmetricKey(data: packetKey), authenticating: head)
        else { return nil }
        return Array(opened)
    }

    /// The packet number next to what is expected that ends in these bits.
    private static func whole(_ cut: Int, bits: Int, largest: Int) -> Int {
        let window = 1 << bits
        let expected = largest &+ 1
        let candidate = expected & ~(window - 1) | cut
        if candidate <= expected - window / 2, candidate < (1 << 62) - window { return candidate + window }
        if candidate > expected + window / 2, candidate >= window { return candidate - window }
        return candidate
    }
}
