import NetTypes

/// Cuts the space of tuples into classes that no header tells apart: each field is cut at every bound that some header
/// names.
struct HeaderClasses: Sendable {
    struct Number: Hashable, Sendable {
        var source: Int32
        var destination: Int32
        var sourcePort: Int32
        var destinationPort: Int32
        var ipProtocol: UInt8
        var isV6: Bool
        var hasPorts: Bool
    }

    private let sources: (v4: IntervalPieces<UInt32>, v6: IntervalPieces<UInt128>)
    private let destinations: (v4: IntervalPieces<UInt32>, v6: IntervalPieces<UInt128>)
    private let sourcePorts: IntervalPieces<UInt16>
    private let destinationPorts: IntervalPieces<UInt16>

    init(_ headers: [RuleHeader]) {
        func pieces(_ sets: [AddressSet]) -> (v4: IntervalPieces<UInt32>, v6: IntervalPieces<UInt128>) {
            (IntervalPieces(sets.map(\.v4)), IntervalPieces(sets.map(\.v6)))
        }
        sources = pieces(headers.map(\.source))
        destinations = pieces(headers.map(\.destination))
        sourcePorts = IntervalPieces(headers.map(\.sourcePorts))
        destinationPorts = IntervalPieces(headers.map(\.destinationPorts))
    }

    func number(_ tuple: FlowTuple, hasPorts: Bool) -> Number {
        func piece(_ address: IPAddress, _ pieces: (v4: IntervalPieces<UInt32>, v6: IntervalPieces<UInt128>)) -> Int32 {
            switch address.version {
            case .v4: Int32(truncatingIfNeeded: pieces.v4.piece(of: address.v4Bits))
            case .v6: Int32(truncatingIfNeeded: pieces.v6.piece(of: address.value))
            }
        }
        let hasPorts = hasPorts && tuple.ipProtocol.hasPorts
        return Number(
            source: piece(tuple.source, sources), destination: piece(tuple.destination, destinations),
            sourcePort: hasPorts ? Int32(truncatingIfNeeded: sourcePorts.piece(of: tuple.sourcePort)) : -1,
            destinationPort: hasPorts
                ? Int32(truncatingIfNeeded: destinationPorts.piece(of: tuple.destinationPort)) : -1,
            ipProtocol: tuple.ipProtocol.rawValue, isV6: tuple.source.version == .v6, hasPorts: hasPorts)
    }
}

/// The pieces that the bounds of many interval sets cut the space of a number into.
struct IntervalPieces<Bound: FixedWidthInteger & UnsignedInteger & Sendable>: Sendable {
    /// First values of the pieces, sorted.
    private let starts: [Bound]

    var count: Int { starts.count }

    init(_ sets: [IntervalSet<Bound>]) {
        var bounds: Set<Bound> = []
        for set in sets {
            for interval in set.intervals {
                bounds.insert(interval.lowerBound)
                if interval.upperBound < .max { bounds.insert(interval.upperBound + 1) }
            }
        }
        starts = bounds.sorted()
    }

    /// The piece a value lies in; -1 before the first.
    func piece(of value: Bound) -> Int {
        var low = 0
        var high = starts.count
        while low < high {
            let middle = (low &+ high) >> 1
            if starts[middle] <= value { low = middle &+ 1 } else { high = middle }
        }
        return low &- 1
    }
}
