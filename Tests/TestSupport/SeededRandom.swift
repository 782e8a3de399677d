import Glibc

/// Random numbers that can be repeated (SplitMix64).
public struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    public init(seed: UInt64) { state = seed }

    /// From WEIR_TEST_SEED, or from a seed of its own; it is on stderr either way.
    public static func forTest(_ name: String = #function) -> SeededRandom { SeededRandom(seed: firstSeed(name)) }

    static func firstSeed(_ name: String) -> UInt64 {
        let given = getenv("WEIR_TEST_SEED").flatMap { UInt64(String(cString: $0)) }
        let seed = given ?? .random(in: 0 ... .max)
        report("seed of property '\(name)': WEIR_TEST_SEED=\(seed)")
        return seed
    }

    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    public mutating func below(_ limit: Int) -> Int { Int.random(in: 0..<max(1, limit), using: &self) }

    public mutating func chance(_ one: Int, in many: Int) -> Bool { below(many) < one }

    public mutating func pick<T>(_ choices: [T]) -> T { choices[below(choices.count)] }

    public mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) } }

    /// Zero to `count` bytes, small numbers of them as likely as large ones.
    public mutating func bytes(upTo count: Int) -> [UInt8] { bytes(below(1 + below(count + 1))) }

    /// `bytes` cut into pieces at random places; joined they are `bytes` again. No piece is empty.
    public mutating func pieces(of bytes: [UInt8]) -> [[UInt8]] {
        let limit = pick([1, 2, 3, 8, 64, 1460, 70_000])
        var pieces: [[UInt8]] = []
        var position = 0
        while position < bytes.count {
            let end = min(bytes.count, position + 1 + below(limit))
            pieces.append(Array(bytes[position..<end]))
            position = end
        }
        return pieces
    }

    /// `bytes` with a few of them changed, removed, repeated or put in.
    public mutating func mutated(_ bytes: [UInt8]) -> [UInt8] {
        var result = bytes
        for _ in 0...below(4) where !result.isEmpty {
            let place = below(result.count)
            switch below(6) {
            case 0: result[place] = UInt8(truncatingIfNeeded: next())
            case 1: result[place] ^= 1 << UInt8(below(8))
            case 2: result.remove(at: place)
            case 3: result.insert(pick([0, 1, 0x0a, 0x0d, 0x20, 0x7f, 0x80, 0xff]), at: place)
            case 4: result.removeSubrange(place..<min(result.count, place + 1 + below(16)))
            default: result.insert(contentsOf: result[place..<min(result.count, place + 1 + below(16))], at: place)
            }
        }
        return result
    }
}

/// Runs `body` many times, each with random numbers of its own. The seed is on stderr before the first run, so that it
/// is known even when the process stops; when a run throws, that run's own seed is. Set WEIR_TEST_SEED to either of
/// them to repeat it.
public func property(_ name: String, runs: Int = 200, _ body: (inout SeededRandom) throws -> Void) throws {
    let first = SeededRandom.firstSeed(name)
    for run in 0..<runs {
        let seed = first &+ UInt64(run)
        var random = SeededRandom(seed: seed)
        do {
            try body(&random)
        } catch {
            report("seed of property '\(name)' failed in run \(run): repeat with WEIR_TEST_SEED=\(seed)")
            throw error
        }
    }
}

private func report(_ line: String) {
    let bytes = utf8(line + "\n")
    _ = write(STDERR_FILENO, bytes, bytes.count)
}
