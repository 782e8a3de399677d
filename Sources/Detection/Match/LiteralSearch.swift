import AppLayer
import Wire

/// Finds which of many literals stand in a buffer, whatever the case of their letters: the prefilter of `content`.
///
/// Of a long literal a part of `longest` bytes is looked for, the one that is rarest among all literals. Hyperscan does
/// the search where it is part of the build (package trait Hyperscan) and has enough literals to be worth its start;
/// `LiteralIndex` everywhere else. One byte over and over, which padding is made of, is left to `RunSearch`: any other
/// search meets it at each place.
final class LiteralSearch: Sendable {
    /// Identifiers of all literals, in the order of `members`.
    private let identifiers: [Int32]
    /// The identifiers that each literal stands for.
    private let members: [Range<Int32>]
    private let lengths: [Int32]
    private let index: LiteralIndex?
    private let compiled: CompiledLiterals?
    private let runs: RunSearch?
    /// Literals from this number on are runs.
    private let firstRun: Int

    var isEmpty: Bool { members.isEmpty }

    /// - Parameter entries: each literal with the identifier to be told of; the same one may stand there often.
    /// - Parameter engine: what searches; chosen by the number of literals unless given.
    init(_ entries: [(literal: [UInt8], identifier: Int32)], engine: Engine? = nil) {
        let whole = entries.filter { $0.literal.count >= LiteralSearch.shortest }.map {
            (literal: $0.literal.map(\.lowercased), identifier: $0.identifier)
        }
        let use = GramUse(whole.map(\.literal))
        let parts = whole.map { (use.rarestPart(of: $0.literal, length: LiteralSearch.longest), $0.identifier) }
        var numbers: [[UInt8]: Int] = [:]
        var cuts: [[UInt8]] = []
        var standing: [[Int32]] = []
        for (cut, identifier) in parts.filter({ !$0.0.isRun }) + parts.filter(\.0.isRun) {
            if let number = numbers[cut] {
                standing[number].append(identifier)
            } else {
                numbers[cut] = cuts.count
                cuts.append(cut)
                standing.append([identifier])
            }
        }
        var identifiers: [Int32] = []
        members = standing.map { identifiers.place($0) }
        self.identifiers = identifiers
        lengths = cuts.map { Int32($0.count) }
        firstRun = cuts.firstIndex(where: \.isRun) ?? cuts.count
        runs = firstRun < cuts.count ? RunSearch(cuts[firstRun...].map { ($0[0], $0.count) }) : nil
        let others = Array(cuts[..<firstRun])
        let engine = engine ?? (LiteralSearch.compiledCounts.contains(others.count) ? .compiled : .index)
        compiled = engine == .compiled ? CompiledLiterals(others) : nil
        index = compiled == nil && !others.isEmpty ? LiteralIndex(others, use) : nil
    }

    enum Engine {
        case index
        /// Hyperscan, if it is there.
        case compiled
    }

    /// A literal of one byte stands in nearly everything: looking for it is no help.
    static let shortest = 2
    /// Of a longer literal so many bytes are looked for: what selects candidates need not be the whole, and a search that
    /// goes on where another ended has less to look at again.
    static let longest = 8
    /// Fewer are found as fast by the index, without a start; more take long to compile, and a policy has to load at once.
    private static let compiledCounts = 16...16_384

    /// Of a literal in several places that overlap, not the last may be told of, but one that begins so many bytes before
    /// it at the most.
    static let slack = 3

    /// Calls `found` with the identifiers of every literal that stands in `buffer` from `from` on, and where it begins the
    /// last time, give or take `slack`.
    /// - Parameter scratch: forgotten at the start.
    /// - Returns: bytes compared beyond one look at each place, the account of what traffic made for the literals costs.
    func search(
        _ buffer: RawSpan, from: Int = 0, _ scratch: LiteralScratch, _ found: (ArraySlice<Int32>, Int) -> Void
    ) -> Int {
        let from = max(0, from)
        guard from < buffer.byteCount, !isEmpty else { return 0 }
        var work = 0
        func tell(_ literal: Int, _ start: Int) {
            let range = members[literal].asInt
            work &+= range.count
            found(identifiers[range], start)
        }
        if let runs {
            runs.search(buffer, from: from, &scratch.runEnds) { tell(firstRun &+ $0, $1) }
        }
        if let index {
            work &+= index.search(buffer, from: from, seen: &scratch.seen) { tell(Int($0), $1) }
        } else if let compiled {
            let rest = buffer.extracting(droppingFirst: from)
            if let reports = compiled.search(rest, scratch) {
                work &+= reports
                scratch.forEachMet { tell(Int($0), from &+ Int($1) &- Int(lengths[Int($0)])) }
            } else {
                // What cannot be searched may hold every literal: rules look for themselves.
                work &+= buffer.byteCount
                for literal in 0..<firstRun { tell(literal, from) }
            }
        }
        return work
    }
}

/// How often bytes in a row stand in the literals, by a hash of them: what many literals share is common in traffic too.
struct GramUse {
    private static let bits: UInt32 = 16
    private var counts = [UInt32](repeating: 0, count: 1 << Int(bits))

    init(_ literals: [[UInt8]]) {
        for literal in literals where literal.count >= 4 {
            for offset in 0...(literal.count - 4) { counts[GramUse.place(literal.key(offset, 4))] &+= 1 }
        }
    }

    private static func place(_ key: UInt32) -> Int { Int(key.keyHash >> (32 &- bits)) }

    /// The offset at which so many keys side by side are the rarest.
    func rarest(_ literal: [UInt8], keys: Int) -> Int {
        var best = 0
        var least = UInt64.max
        for offset in 0...(literal.count - keys - 3) {
            let sum = (0..<keys).reduce(UInt64(0)) { $0 + UInt64(self[literal.key(offset + $1, 4)]) }
            if sum < least { (best, least) = (offset, sum) }
        }
        return best
    }

    func rarestPart(of literal: [UInt8], length: Int) -> [UInt8] {
        guard literal.count > length else { return literal }
        let start = rarest(literal, keys: length - 3)
        return Array(literal[start..<start + length])
    }

    subscript(key: UInt32) -> UInt32 {
        // Runs of one byte fill real traffic; they are the last resort.
        key == (key & 0xff) &* 0x0101_0101 ? UInt32.max : counts[GramUse.place(key)]
    }
}

extension [UInt8] {
    /// One byte over and over.
    fileprivate var isRun: Bool { allSatisfy { $0 == self[0] } }

    /// Some bytes as a number, little-endian, as a load from a buffer gives it.
    func key(_ offset: Int, _ length: Int) -> UInt32 {
        var key: UInt32 = 0
        for index in 0..<length { key |= UInt32(self[offset + index]) << UInt32(8 * index) }
        return key
    }
}

extension UInt32 {
    @inline(__always)
    var keyHash: UInt32 { self &* 0x9E37_79B1 }
}
