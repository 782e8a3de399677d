import Wire

/// Signatures whose literals were found in the part of a growing buffer that rules look into now (a stream, a body), so
/// that each byte is searched once and not with every packet anew.
struct LiteralHits {
    struct Hit {
        var signature: Int32
        /// Where its literal begins in the whole, the last time it was seen.
        var offset: Int
    }

    /// Hits remembered; with more the part is searched anew for each packet.
    static let maximumHits = 128

    private(set) var hits: [Hit] = []
    /// What lies before this offset has been searched, from `start` on.
    private var searched = 0
    private var start = 0
    private var generation: UInt32 = 0

    /// Brings the hits up to date with the part at hand.
    /// - Parameter offset: of the part's first byte in the whole.
    mutating func update(
        _ part: RawSpan, offset: Int, _ literals: LiteralSearch, _ scratch: InspectionScratch, generation: UInt32,
        isWanted: (Int32) -> Bool
    ) {
        let end = offset &+ part.byteCount
        if offset < start || searched < offset || searched > end || generation != self.generation
            || hits.count >= LiteralHits.maximumHits
        {
            hits.removeAll(keepingCapacity: true)
            searched = offset
            self.generation = generation
        }
        start = offset
        hits.removeAll { $0.offset < offset &- LiteralSearch.slack }
        guard end > searched else { return }
        // A literal may lie across the place where the last search ended.
        let from = max(0, searched &- offset &- (LiteralSearch.longest &- 1))
        var fresh: [Hit] = []
        let work = literals.search(part, from: from, scratch.literals) { signatures, place in
            for signature in signatures where isWanted(signature) {
                fresh.append(Hit(signature: signature, offset: place &+ offset))
            }
        }
        if !fresh.isEmpty {
            scratch.signatures.begin()
            for hit in fresh { scratch.signatures.set(hit.signature, 0) }
            hits.removeAll { scratch.signatures[$0.signature] != nil }
            hits += fresh
        }
        scratch.spend(part.byteCount &- from &+ work)
        searched = end
    }
}
