import NetTypes

/// Finds the headers that fit a tuple. Rules that share a header are looked at once; each distinct header is filed under
/// its most selective part (addresses or ports of one end), so that a tuple is compared with few of them. A part that
/// excludes little, such as a negated address, files nothing.
struct HeaderIndex: Sendable {
    private let headers: [Box]
    private let sources: AddressIndex
    private let destinations: AddressIndex
    private let sourcePorts: IntervalIndex<UInt16>
    private let destinationPorts: IntervalIndex<UInt16>
    /// Compared with every tuple.
    private let others: [Int32]
    private let classes: HeaderClasses

    init(headers: [RuleHeader]) {
        self.headers = headers.map(Box.init)
        classes = HeaderClasses(headers)
        var filed: [Part: [Int32]] = [:]
        for (index, header) in headers.enumerated() {
            filed[header.mostSelective, default: []].append(Int32(index))
        }
        var unfiled = Set(filed[.none] ?? [])
        sources = AddressIndex((filed[.source] ?? []).map { ($0, headers[Int($0)].source) }, &unfiled)
        destinations = AddressIndex((filed[.destination] ?? []).map { ($0, headers[Int($0)].destination) }, &unfiled)
        sourcePorts = IntervalIndex((filed[.sourcePorts] ?? []).map { ($0, headers[Int($0)].sourcePorts) }, &unfiled)
        destinationPorts = IntervalIndex(
            (filed[.destinationPorts] ?? []).map { ($0, headers[Int($0)].destinationPorts) }, &unfiled)
        others = unfiled.sorted()
    }

    /// A header behind a reference: it is looked at where it lies, while a copy counts references to its sets.
    private final class Box: Sendable {
        let header: RuleHeader
        init(_ header: RuleHeader) { self.header = header }
    }

    /// Tuples of one class fit the same headers.
    func classOf(_ tuple: FlowTuple, hasPorts: Bool) -> HeaderClasses.Number {
        classes.number(tuple, hasPorts: hasPorts)
    }

    enum Part {
        case source
        case destination
        case sourcePorts
        case destinationPorts
        case none
    }

    /// Fills an empty list with the headers that fit, sorted.
    func collect(_ tuple: FlowTuple, hasPorts: Bool, into result: inout [Int32]) {
        func check(_ header: Int32) {
            if headers[Int(header)].header.matches(tuple, hasPorts: hasPorts) { result.append(header) }
        }
        for header in others { check(header) }
        sources.forEach(tuple.source, check)
        destinations.forEach(tuple.destination, check)
        if hasPorts, tuple.ipProtocol.hasPorts {
            sourcePorts.forEach(tuple.sourcePort, check)
            destinationPorts.forEach(tuple.destinationPort, check)
        }
        result.sort()
        // A set of both families may be filed for the one and left over for the other.
        result.removeRepeated()
    }
}

extension RuleHeader {
    /// The part that the smallest share of tuples has; none when each has a large one.
    fileprivate var mostSelective: HeaderIndex.Part {
        let parts: [(HeaderIndex.Part, Double)] = [
            (.destination, destination.share), (.source, source.share), (.destinationPorts, destinationPorts.share),
            (.sourcePorts, sourcePorts.share),
        ]
        guard let best = parts.min(by: { $0.1 < $1.1 }), best.1 < 0.02 else { return .none }
        return best.0
    }
}

extension IntervalSet {
    /// The part of all values that are in the set.
    fileprivate var share: Double {
        intervals.reduce(0) { $0 + Double($1.upperBound - $1.lowerBound) + 1 } / (Double(Bound.max) + 1)
    }
}

extension AddressSet {
    fileprivate var share: Double { max(v4.share, v6.share) }
}

/// Headers by an address. The space is cut at every bound of a filed set; each piece lists the headers that cover it.
struct AddressIndex: Sendable {
    private let v4: IntervalIndex<UInt32>
    private let v6: IntervalIndex<UInt128>

    /// - Parameter unfiled: receives headers whose sets overlap too many others.
    init(_ sets: [(header: Int32, set: AddressSet)], _ unfiled: inout Set<Int32>) {
        v4 = IntervalIndex(sets.map { ($0.header, $0.set.v4) }, &unfiled)
        v6 = IntervalIndex(sets.map { ($0.header, $0.set.v6) }, &unfiled)
    }

    func forEach(_ address: IPAddress, _ body: (Int32) -> Void) {
        switch address.version {
        case .v4: v4.forEach(address.v4Bits, body)
        case .v6: v6.forEach(address.value, body)
        }
    }
}

/// The pieces that many interval sets cut the space of a number into, and the headers of each.
struct IntervalIndex<Bound: FixedWidthInteger & UnsignedInteger & Sendable>: Sendable {
    /// Entries for each bound at the most, on average: sets within sets within sets could fill memory.
    private static var entriesPerBound: Int { 32 }

    private let pieces: IntervalPieces<Bound>
    private let lists: [Range<Int32>]
    private let headers: [Int32]

    init(_ sets: [(header: Int32, set: IntervalSet<Bound>)], _ unfiled: inout Set<Int32>) {
        let pieces = IntervalPieces(sets.map(\.set))
        var members = Array(repeating: [Int32](), count: pieces.count)
        var room = pieces.count * Self.entriesPerBound
        // Narrow sets first, so that only wide ones are left over.
        let spans = sets.map { set in
            (set.header, set.set.intervals.map { pieces.piece(of: $0.lowerBound)...pieces.piece(of: $0.upperBound) })
        }.sorted { $0.1.reduce(0) { $0 + $1.count } < $1.1.reduce(0) { $0 + $1.count } }
        for (header, ranges) in spans {
            let count = ranges.reduce(0) { $0 + $1.count }
            guard count <= room else {
                unfiled.insert(header)
                continue
            }
            room -= count
            for range in ranges { for index in range { members[index].append(header) } }
        }
        var headers: [Int32] = []
        lists = members.map { headers.place($0) }
        self.headers = headers
        self.pieces = pieces
    }

    func forEach(_ value: Bound, _ body: (Int32) -> Void) {
        let piece = pieces.piece(of: value)
        guard piece >= 0 else { return }
        for index in lists[piece].asInt { body(headers[index]) }
    }
}

extension Array where Element: Equatable {
    /// Of equal neighbours keeps one.
    mutating func removeRepeated() {
        var kept = 0
        for index in indices where kept == 0 || self[index] != self[kept - 1] {
            self[kept] = self[index]
            kept += 1
        }
        removeLast(count - kept)
    }
}
