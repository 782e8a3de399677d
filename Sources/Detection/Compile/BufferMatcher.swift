import AppLayer
import NetTypes

/// Finds candidates among the transaction signatures whose prefilter literal stands in one buffer: whole names and
/// endings by a hash over the buffer read from its end, everything else by one search for all literals.
final class BufferMatcher: Sendable {
    let use: Int32
    let appProtocol: AppProtocol
    /// Another protocol that has the buffer; unknown for none.
    let alternative: AppProtocol
    let toServer: Bool
    let progress: UInt8
    /// The buffer grows packet by packet and is looked at in parts.
    let isBody: Bool
    private let endings: EndingIndex
    /// Those of a body are the same for all buffers that show it: it is searched once for all of them.
    let literals: LiteralSearch
    /// Signatures with a literal of one byte alone: looked at wherever the buffer is.
    let others: [Int32]

    init(
        use: Int32, appProtocol: AppProtocol, alternative: AppProtocol, toServer: Bool, progress: UInt8, isBody: Bool,
        endings: EndingIndex, literals: LiteralSearch, others: [Int32]
    ) {
        self.alternative = alternative
        self.others = others
        self.isBody = isBody
        self.use = use
        self.appProtocol = appProtocol
        self.toServer = toServer
        self.progress = progress
        self.endings = endings
        self.literals = literals
    }

    func accepts(_ other: AppProtocol) -> Bool { appProtocol == other || alternative == other }

    /// Calls `body` for every signature whose literal ends `bytes`.
    func forEachEnding(_ bytes: RawSpan, _ body: (Int32) -> Void) {
        guard !endings.isEmpty else { return }
        endings.search(bytes) { signatures in
            for signature in signatures { body(signature) }
        }
    }

    /// Calls `body` for every signature whose literal is in `bytes`; not sorted.
    func forEachLiteral(_ bytes: RawSpan, _ scratch: InspectionScratch, _ body: (Int32) -> Void) {
        guard !literals.isEmpty else { return }
        let work = literals.search(bytes, scratch.literals) { signatures, _ in
            for signature in signatures { body(signature) }
        }
        scratch.spend(bytes.byteCount &+ work)
    }

    // MARK: building

    private struct Key: Hashable {
        var use: Int32
        var toServer: Bool
        var appProtocol: AppProtocol
        var alternative: AppProtocol
    }

    private struct Draft {
        var progress: UInt8
        var endings: [(literal: [UInt8], identifier: Int32)] = []
        var literals: [(literal: [UInt8], identifier: Int32)] = []
        var others: [Int32] = []
    }

    /// One matcher for each buffer, direction and protocol that some signature's prefilter uses, in the order of progress.
    static func all(signatures: [Signature], tables: PolicyTables) -> [BufferMatcher] {
        var keys: [Key] = []
        var drafts: [Key: Draft] = [:]
        for signature in signatures {
            for engine in tables.engines[signature.engines.asInt] where engine.isPrefilter {
                guard case .buffer(let use) = engine.subject else { continue }
                let key = Key(
                    use: use, toServer: engine.toServer, appProtocol: signature.appProtocol,
                    alternative: signature.alternative)
                if drafts[key] == nil { keys.append(key) }
                guard let literal = tables.selectiveLiteral(engine.conditions) else { continue }
                let entry = (Array(tables.patternBytes[literal.bytes.asInt]), signature.order)
                if literal.endsWith {
                    drafts[key, default: Draft(progress: engine.progress)].endings.append(entry)
                } else if literal.bytes.count < LiteralSearch.shortest {
                    drafts[key, default: Draft(progress: engine.progress)].others.append(signature.order)
                } else {
                    drafts[key, default: Draft(progress: engine.progress)].literals.append(entry)
                }
            }
        }
        let bodies = [true, false].map { toServer in
            LiteralSearch(
                keys.filter { $0.toServer == toServer && tables.bufferUses[Int($0.use)].isBody }
                    .flatMap { drafts[$0]?.literals ?? [] })
        }
        return keys.compactMap { key in
            drafts[key].map { draft in
                let isBody = tables.bufferUses[Int(key.use)].isBody
                return BufferMatcher(
                    use: key.use, appProtocol: key.appProtocol, alternative: key.alternative, toServer: key.toServer,
                    progress: draft.progress, isBody: isBody, endings: EndingIndex(draft.endings),
                    literals: isBody ? bodies[key.toServer ? 0 : 1] : LiteralSearch(draft.literals),
                    others: draft.others)
            }
        }.sorted { $0.progress < $1.progress }
    }
}

extension BufferUse {
    /// A body as it comes, with nothing done to it.
    fileprivate var isBody: Bool {
        transforms.isEmpty && [.httpRequestBody, .httpResponseBody, .fileData].contains(buffer)
    }
}

extension PolicyTables {
    /// The literal by which candidates are found: one that must stand at the end if there is one, else the longest. Nil
    /// when none must be there.
    func selectiveLiteral(_ conditions: Range<Int32>) -> ContentPattern? {
        var best: ContentPattern?
        for condition in bufferConditions[conditions.asInt] {
            guard case .content(let pattern) = condition, !pattern.isNegated else { continue }
            guard let known = best else {
                best = pattern
                continue
            }
            if pattern.endsWith != known.endsWith {
                if pattern.endsWith { best = pattern }
            } else if pattern.bytes.count > known.bytes.count {
                best = pattern
            }
        }
        return best
    }
}

extension Range where Bound == Int32 {
    @inline(__always)
    var asInt: Range<Int> { Int(lowerBound)..<Int(upperBound) }
}
