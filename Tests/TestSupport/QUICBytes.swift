import Crypto

/// QUIC packets as a test wants them (RFC 9000 section 17.2). The keys are made here anew, from the text of RFC 9001.
public struct QUICBytes: Sendable {
    public var version: UInt32 = 1
    /// The connection ID that the keys are made of; that of the packet's header unless `destinationID` says otherwise.
    public var connectionID: [UInt8] = [0x83, 0x94, 0xc8, 0xf0, 0x3e, 0x51, 0x57, 0x08]
    public var destinationID: [UInt8]?
    public var sourceID: [UInt8] = []
    public var token: [UInt8] = []
    public var number = 0
    public var isServer = false
    /// Frames are padded until the packet has this size.
    public var size = 1200

    public init() {}

    public func with(_ change: (inout QUICBytes) -> Void) -> QUICBytes {
        var copy = self
        change(&copy)
        return copy
    }

    // MARK: frames

    /// One, two, four or eight bytes (RFC 9000 section 16).
    public static func integer(_ value: Int) -> [UInt8] {
        switch value {
        case 0..<64: [UInt8(value)]
        case 64..<16384: [0x40 | UInt8(value >> 8), UInt8(value & 0xff)]
        default: [0x80 | UInt8(value >> 24 & 0x3f)] + [16, 8, 0].map { UInt8(value >> $0 & 0xff) }
        }
    }

    public static func crypto(_ data: [UInt8], at offset: Int = 0) -> [UInt8] {
        [6] + integer(offset) + integer(data.count) + data
    }

    // MARK: packets

    public func initial(_ frames: [UInt8]) -> [UInt8] {
        let payload = frames + [UInt8](repeating: 0, count: max(0, size - 60 - frames.count, 4 - frames.count))
        let destination = destinationID ?? connectionID
        var head: [UInt8] = [version == 0x6b33_43cf ? 0xd1 : 0xc1]
        head += [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: version >> $0) }
        head += [UInt8(destination.count)] + destination + [UInt8(sourceID.count)] + sourceID
        head += QUICBytes.integer(token.count) + token
        head += QUICBytes.integer(2 + payload.count + 16)
        let place = head.count
        head += [UInt8(number >> 8 & 255), UInt8(number & 255)]
        return protect(head, place, payload)
    }

    private func protect(_ head: [UInt8], _ place: Int, _ payload: [UInt8]) -> [UInt8] {
        let keys = secrets
        var nonce = keys.vector
        for index in 0..<8 { nonce[4 + index] ^= UInt8(truncatingIfNeeded: number >> (56 - 8 * index)) }
        guard let nonce = try? AES.GCM.Nonce(data: nonce),
            let box = try? AES.GCM.seal(payload, using: keys.packet, nonce: nonce, authenticating: head)
        else { return [] }
        var packet = head + box.ciphertext + box.tag
        let mask = keys.header.block(Array(packet[(place + 4)..<(place + 20)]))
        packet[0] ^= mask[0] & 0x0f
        for index in 0..<2 { packet[place + index] ^= mask[1 + index] }
        return packet
    }

    /// A Retry of the server: the client comes again with this source ID as destination.
    public func retry(from sourceID: [UInt8]) -> [UInt8] {
        [0xf0] + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: version >> $0) } + [0, UInt8(sourceID.count)] + sourceID
            + [UInt8](repeating: 7, count: 32)
    }

    // MARK: keys

    private struct Secrets {
        var packet: SymmetricKey
        var vector: [UInt8]
        var header: BlockCipher
    }

    private var secrets: Secrets {
        let salts: [UInt32: String] = [
            1: "38762cf7f55934b34d179ae6a4c80cadccbb7f0a", 0x6b33_43cf: "0dede3def700a6db819381be6e269dcbf9bd2ed9",
            0xff00_001d: "afbfec289993d24c9e9786f19c6111e04390a899",
        ]
        let salt = bytes(hex: salts[version] ?? salts[1]!)
        let initial = HKDF<SHA256>.extract(inputKeyMaterial: SymmetricKey(data: connectionID), salt: salt)
        let secret = expand(SymmetricKey(data: initial), isServer ? "server in" : "client in", 32)
        let prefix = version == 0x6b33_43cf ? "quicv2 " : "quic "
        return Secrets(
            packet: expand(secret, prefix + "key", 16),
            vector: expand(secret, prefix + "iv", 12).withUnsafeBytes { Array($0) },
            header: BlockCipher(key: expand(secret, prefix + "hp", 16)))
    }

    private func expand(_ secret: SymmetricKey, _ label: String, _ count: Int) -> SymmetricKey {
        let text = utf8("tls13 " + label)
        return HKDF<SHA256>.expand(
            pseudoRandomKey: secret, info: [0, UInt8(count), UInt8(text.count)] + text + [0], outputByteCount: count)
    }
}

/// One block of AES-128, written from FIPS 197 and slow.
struct BlockCipher {
    private var keys: [[UInt8]]

    init(key: SymmetricKey) {
        var words = key.withUnsafeBytes { bytes in (0..<4).map { Array(bytes[($0 * 4)..<($0 * 4 + 4)]) } }
        var constant = 1
        for index in 4..<44 {
            var word = words[index - 1]
            if index % 4 == 0 {
                word = [word[1], word[2], word[3], word[0]].map(BlockCipher.substitute)
                word[0] ^= UInt8(constant)
                constant = BlockCipher.times(constant, 2)
            }
            words.append(zip(words[index - 4], word).map(^))
        }
        keys = (0..<11).map { Array(words[($0 * 4)..<($0 * 4 + 4)].joined()) }
    }

    func block(_ input: [UInt8]) -> [UInt8] {
        var state = Array(zip(input, keys[0]).map(^))
        for round in 1...10 {
            let bytes = state.map(BlockCipher.substitute)
            var next = [UInt8](repeating: 0, count: 16)
            for column in 0..<4 {
                let old = (0..<4).map { Int(bytes[(column + $0) % 4 * 4 + $0]) }
                for row in 0..<4 {
                    guard round < 10 else {
                        next[column * 4 + row] = UInt8(old[row])
                        continue
                    }
                    let sum =
                        BlockCipher.times(old[row], 2) ^ BlockCipher.times(old[(row + 1) % 4], 3) ^ old[(row + 2) % 4]
                        ^ old[(row + 3) % 4]
                    next[column * 4 + row] = UInt8(sum)
                }
            }
            state = zip(next, keys[round]).map(^)
        }
        return state
    }

    /// Multiplication in GF(2^8), modulo x^8 + x^4 + x^3 + x + 1.
    private static func times(_ left: Int, _ right: Int) -> Int {
        var result = 0
        for bit in 0..<8 where right >> bit & 1 != 0 { result ^= left << bit }
        for bit in (8..<16).reversed() where result >> bit & 1 != 0 { result ^= 0x11b << (bit - 8) }
        return result
    }

    private static let box: [UInt8] = (0..<256).map { value in
        let inverse = value == 0 ? 0 : (1..<256).first { times(value, $0) == 1 } ?? 0
        let turned = (0..<5).map { (inverse << $0 | inverse >> (8 - $0)) & 255 }
        return UInt8(turned.reduce(0x63, ^))
    }

    private static func substitute(_ byte: UInt8) -> UInt8 { box[Int(byte)] }
}
