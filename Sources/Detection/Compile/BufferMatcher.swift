import AppLayer
import NetTypes

/// Finds candidates among the transaction signatures whose prefilter literal stands in one buffer: whole names and
/// endings by a hash over the buffer read from its end, everything else one by one.
struct BufferMatcher: Sendable {
    let use: Int32
    let appProtocol: AppProtocol
    let toServer: Bool
    let progress: UInt8
    /// Signatures whose literal ends the buffer (`endswith`, or as long as `bsize` says), by the literal.
    private var endings: [[UInt8]: [Int32]] = [:]
    /// Lengths of those literals, one bit each up to 255.
    private var lengths: [Bool] = []
    private var longest = 0
    /// Signatures that have to be looked at one by one.
    private(set) var others: [Int32] = []

    init(use: Int32, appProtocol: AppProtocol, toServer: Bool, progress: UInt8) {
        self.use = use
        self.appProtocol = appProtocol
        self.toServer = toServer
        self.progress = progress
    }

    mutating func add(_ signature: Int32, ending literal: [UInt8]?) {
        guard let literal else {
            others.append(signature)
            return
        }
        let folded = literal.map(\.lowercased)
        endings[folded, default: []].append(signature)
        if folded.count > longest {
            lengths += Array(repeating: false, count: folded.count - longest + 1)
            longest = folded.count
        }
        lengths[folded.count] = true
    }

    /// Calls `body` for every signature whose literal may be in `bytes`; not sorted, each at most once.
    func forEachCandidate(_ bytes: BufferBytes, _ body: (Int32) -> Void) {
        for signature in others { body(signature) }
        let count = bytes.range.count
        guard longest > 0 else { return }
        let folded = bytes.storage[bytes.range].suffix(longest).map(\.lowercased)
        for length in 1...longest where length <= count && lengths[length] {
            if let found = endings[Array(folded.suffix(length))] {
                for signature in found { body(signature) }
            }
        }
    }

    /// One matcher for each buffer, direction and step that some signature's prefilter uses.
    static func all(signatures: [Signature], tables: PolicyTables) -> [BufferMatcher] {
        struct Key: Hashable {
            var use: Int32
            var toServer: Bool
            var appProtocol: AppProtocol
        }
        var matchers: [BufferMatcher] = []
        var index: [Key: Int] = [:]
        for signature in signatures {
            for engine in tables.engines[signature.engines.asInt] where engine.isPrefilter {
                guard case .buffer(let use) = engine.subject else { continue }
                let key = Key(use: use, toServer: engine.toServer, appProtocol: signature.appProtocol)
                let place: Int
                if let known = index[key] {
                    place = known
                } else {
                    place = matchers.count
                    index[key] = place
                    matchers.append(
                        BufferMatcher(
                            use: use, appProtocol: signature.appProtocol, toServer: engine.toServer,
                            progress: engine.progress))
                }
                matchers[place].add(signature.order, ending: ending(of: engine, tables))
            }
        }
        return matchers.sorted { $0.progress < $1.progress }
    }

    /// The longest literal that must stand at the buffer's end.
    private static func ending(of engine: InspectEngine, _ tables: PolicyTables) -> [UInt8]? {
        var best: ContentPattern?
        for condition in tables.bufferConditions[engine.conditions.asInt] {
            guard case .content(let pattern) = condition, pattern.endsWith, !pattern.isNegated else { continue }
            if pattern.bytes.count > best?.bytes.count ?? 0 { best = pattern }
        }
        return best.map { Array(tables.patternBytes[$0.bytes.asInt]) }
    }
}

extension Range where Bound == Int32 {
    @inline(__always)
    var asInt: Range<Int> { Int(lowerBound)..<Int(upperBound) }
}
