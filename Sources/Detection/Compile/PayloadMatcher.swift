import NetTypes

/// Finds candidates among the signatures that look for `content` in payload, of one transport protocol and direction.
final class PayloadMatcher: Sendable {
    let literals: LiteralSearch

    /// Whether a signature is found by a literal; the others are looked at one by one.
    static func covers(_ signature: Signature, _ tables: PolicyTables) -> Bool {
        guard signature.kind != .transaction, !signature.payload.isEmpty else { return false }
        return (tables.selectiveLiteral(signature.payload)?.bytes.count ?? 0) >= LiteralSearch.shortest
    }

    init(_ signatures: [Signature], _ tables: PolicyTables, isTCP: Bool, _ direction: FlowDirection) {
        var entries: [(literal: [UInt8], identifier: Int32)] = []
        for signature in signatures
        where signature.applies(to: direction) && PayloadMatcher.covers(signature, tables) {
            let protocols = tables.headers[Int(signature.header)].ruleProtocol.ipProtocols
            guard protocols.isEmpty || protocols.contains(where: { ($0 == .tcp) == isTCP }),
                let literal = tables.selectiveLiteral(signature.payload)
            else { continue }
            entries.append((Array(tables.patternBytes[literal.bytes.asInt]), signature.order))
        }
        literals = LiteralSearch(entries)
    }
}
