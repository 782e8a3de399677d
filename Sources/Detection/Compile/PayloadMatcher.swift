import NetTypes

/// Finds candidates among the signatures that look for `content` in payload, of one transport protocol.
struct PayloadMatcher: Sendable {
    let literals: LiteralSearch

    /// Whether a signature is found by a literal; the others are looked at one by one.
    static func covers(_ signature: Signature, _ tables: PolicyTables) -> Bool {
        guard signature.kind != .transaction, !signature.payload.isEmpty else { return false }
        return tables.selectiveLiteral(signature.payload) != nil
    }

    init(_ signatures: [Signature], _ tables: PolicyTables, isTCP: Bool) {
        var entries: [(literal: [UInt8], identifier: Int32)] = []
        for signature in signatures where PayloadMatcher.covers(signature, tables) {
            let protocols = tables.headers[Int(signature.header)].ruleProtocol.ipProtocols
            guard protocols.isEmpty || protocols.contains(where: { ($0 == .tcp) == isTCP }),
                let literal = tables.selectiveLiteral(signature.payload)
            else { continue }
            entries.append((Array(tables.patternBytes[literal.bytes.asInt]), signature.order))
        }
        literals = LiteralSearch(entries)
    }
}

/// Literals of payload signatures found in the part of a stream that rules look into now, so that each byte is searched
/// once, not with every packet anew.
struct PayloadHits {
    struct Hit {
        var signature: Int32
        /// Where its literal begins in the stream, the last time it was seen.
        var offset: Int
    }

    /// Hits remembered; with more the window is searched anew for each packet.
    static let maximumHits = 128

    private(set) var hits: [Hit] = []
    /// The stream before this offset has been searched, from `start` on.
    private var searched = 0
    private var start = 0
    private var generation: UInt32 = 0

    /// Brings the hits up to date with the window of the stream at hand.
    /// - Parameter offset: of the window's first byte in the stream.
    mutating func update(
        _ window: RawSpan, offset: Int, _ set: RuleSet, _ literals: LiteralSearch, _ scratch: InspectionScratch,
        generation: UInt32
    ) {
        let end = offset &+ window.byteCount
        if offset < start || searched < offset || searched > end || generation != self.generation
            || hits.count >= PayloadHits.maximumHits
        {
            hits.removeAll(keepingCapacity: true)
            searched = offset
            self.generation = generation
        }
        start = offset
        hits.removeAll { $0.offset < offset }
        guard end > searched else { return }
        // A literal may lie across the place where the last search ended.
        let from = max(0, searched &- offset &- (literals.longest &- 1))
        var found = hits
        hits = []
        scratch.marks.begin()
        for index in found.indices { scratch.marks.set(found[index].signature, Int32(index)) }
        let work = literals.search(window, from: from) { signatures, place in
            for signature in signatures where set.containsFiltered(signature) {
                if let known = scratch.marks[signature] {
                    found[Int(known)].offset = max(found[Int(known)].offset, place &+ offset)
                } else {
                    scratch.marks.set(signature, Int32(found.count))
                    found.append(Hit(signature: signature, offset: place &+ offset))
                }
            }
        }
        hits = found
        scratch.spend(window.byteCount &- from &+ work)
        searched = end
    }
}
