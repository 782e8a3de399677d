/// AES-128 for one block at a time (FIPS 197): the mask of QUIC's header protection (RFC 9001 section 5.4.3) needs it, and
/// the crypto library has no raw block. The keys it is used with are no secrets: they are made of what everybody can read
/// in the packet, so its running time may tell what it likes.
struct AES128 {
    private var roundKeys: [UInt8]

    /// - Parameter key: 16 bytes; others count as zero.
    init(key: [UInt8]) {
        let box = AES128.substitution
        roundKeys = Array((key + Array(repeating: 0, count: 16)).prefix(16))
        roundKeys.reserveCapacity(176)
        var constant: UInt8 = 1
        for word in 4..<44 {
            var last = Array(roundKeys[(word * 4 - 4)..<(word * 4)])
            if word % 4 == 0 {
                last = [last[1], last[2], last[3], last[0]].map { box[Int($0)] }
                last[0] ^= constant
                constant = AES128.doubled(constant)
            }
            for index in 0..<4 { roundKeys.append(roundKeys[word * 4 - 16 + index] ^ last[index]) }
        }
    }

    /// - Parameter block: 16 bytes, column by column.
    func encrypt(_ block: [UInt8]) -> [UInt8] {
        var state = Array((block + Array(repeating: 0, count: 16)).prefix(16))
        add(round: 0, to: &state)
        for round in 1...10 {
            state = AES128.shifted.map { AES128.substitution[Int(state[$0])] }
            if round < 10 { AES128.mixColumns(&state) }
            add(round: round, to: &state)
        }
        return state
    }

    private func add(round: Int, to state: inout [UInt8]) {
        for index in 0..<16 { state[index] ^= roundKeys[round * 16 + index] }
    }

    private static func mixColumns(_ state: inout [UInt8]) {
        for column in stride(from: 0, to: 16, by: 4) {
            let old = state[column..<(column + 4)].map { $0 }
            let all = old[0] ^ old[1] ^ old[2] ^ old[3]
            for row in 0..<4 { state[column + row] ^= all ^ doubled(old[row] ^ old[(row + 1) % 4]) }
        }
    }

    /// Multiplication by x in GF(2^8).
    private static func doubled(_ value: UInt8) -> UInt8 { value << 1 ^ (value & 0x80 != 0 ? 0x1b : 0) }

    /// Where each byte comes from when the rows are shifted.
    private static let shifted = (0..<16).map { ($0 + 4 * ($0 % 4)) % 16 }

    /// The S-box: inverses in GF(2^8), found by walking the powers of a generator and of its inverse, then the affine map.
    private static let substitution: [UInt8] = {
        func turned(_ value: UInt8, _ count: UInt8) -> UInt8 { value << count | value >> (8 - count) }
        var box = [UInt8](repeating: 0x63, count: 256)
        var power: UInt8 = 1
        var inverse: UInt8 = 1
        repeat {
            power ^= doubled(power)
            inverse ^= inverse << 1
            inverse ^= inverse << 2
            inverse ^= inverse << 4
            if inverse & 0x80 != 0 { inverse ^= 0x09 }
            let mapped = inverse ^ turned(inverse, 1) ^ turned(inverse, 2) ^ turned(inverse, 3) ^ turned(inverse, 4)
            box[Int(power)] = mapped ^ 0x63
        } while power != 1
        return box
    }()
}
