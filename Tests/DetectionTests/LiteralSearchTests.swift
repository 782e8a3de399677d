import TestSupport
import Testing

@testable import Detection

/// The prefilters against a plain search: a literal that is not found would be a rule that never fires.
struct LiteralSearchTests {
    private static func folded(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        bytes.map { $0 >= 65 && $0 <= 90 ? $0 | 0x20 : $0 }
    }

    /// Where `literal` begins in `text`, whatever the case.
    private static func places(_ literal: [UInt8], _ text: [UInt8]) -> [Int] {
        guard literal.count <= text.count else { return [] }
        let (literal, text) = (folded(literal), folded(text))
        return (0...(text.count - literal.count)).filter { text[$0..<$0 + literal.count].elementsEqual(literal) }
    }

    /// Bytes of a small alphabet, so that literals share keys and overlap each other.
    private static func bytes(_ random: inout SeededRandom, _ count: ClosedRange<Int>) -> [UInt8] {
        let alphabet = Array("aAbBcC\u{0}zZ".utf8)
        return (0..<Int.random(in: count, using: &random)).map { _ in alphabet.randomElement(using: &random) ?? 0 }
    }

    private static func literals(_ random: inout SeededRandom) -> [(literal: [UInt8], identifier: Int32)] {
        (0..<Int32.random(in: 1...60, using: &random)).map { (bytes(&random, 2...24), $0) }
    }

    @Test("every literal that stands in a buffer is found, about its last place, wherever the search begins")
    func findsAll() throws {
        try property("literal search", runs: 400) { random in
            let literals = LiteralSearchTests.literals(&random)
            var text = LiteralSearchTests.bytes(&random, 0...80)
            if let planted = literals.randomElement(using: &random) {
                text.insert(contentsOf: planted.literal, at: Int.random(in: 0...text.count, using: &random))
            }
            let from = Int.random(in: 0...text.count, using: &random)
            let engine = [nil, LiteralSearch.Engine.index, .compiled].randomElement(using: &random) ?? nil
            let search = LiteralSearch(literals, engine: engine)
            let scratch = LiteralScratch()
            var found: [Int32: Int] = [:]
            _ = unsafe search.search(text.span.bytes, from: from, scratch) { identifiers, place in
                for identifier in identifiers {
                    #expect(found[identifier] == nil)
                    found[identifier] = place
                }
            }
            for (literal, identifier) in literals {
                let places = LiteralSearchTests.places(literal, text)
                if let last = places.last, last >= from {
                    // Of a long literal a part is found, which begins within it or later.
                    #expect(
                        (found[identifier] ?? -9) >= last - LiteralSearch.slack, "\(literal) in \(text) from \(from)")
                } else if places.isEmpty, literal.count <= LiteralSearch.longest {
                    #expect(found[identifier] == nil, "\(literal) in \(text) from \(from)")
                }
            }
        }
    }

    @Test(
        "runs of one byte are found where they end last",
        arguments: [
            ("..AAAA..", [2: 4, 3: 3]), ("aa.aaa", [2: 4, 3: 3]), ("xaa", [2: 1]), ("bbb.\0\0aa", [2: 6, 4: 4, 6: 0]),
            ("a.a.a", [:]), ("bb", [:]), ("\0", [:]), ("aa\0", [2: 0]),
        ] as [(String, [Int32: Int])])
    func runs(text: String, expected: [Int32: Int]) {
        let literals = [(6, "bbb"), (2, "aa"), (4, "\0\0"), (3, "aaa")]
        let search = LiteralSearch(literals.map { (literal: Array($1.utf8), identifier: Int32($0)) })
        var found: [Int32: Int] = [:]
        _ = unsafe search.search(Array(text.utf8).span.bytes, LiteralScratch()) { identifiers, place in
            for identifier in identifiers { found[identifier] = place }
        }
        #expect(found == expected)
    }

    @Test("the hits of a buffer that grows are those of the whole part at hand")
    func hitsOfGrowingBuffer() throws {
        try property("literal hits", runs: 200) { random in
            let literals = LiteralSearchTests.literals(&random)
            let search = LiteralSearch(literals, engine: Bool.random(using: &random) ? .index : .compiled)
            let scratch = InspectionScratch()
            var hits = LiteralHits()
            var text: [UInt8] = []
            for _ in 0..<12 {
                text += LiteralSearchTests.bytes(&random, 0...30)
                // The part moves on as a stream's window does, and now and then back.
                let offset = max(0, text.count - Int.random(in: 10...70, using: &random))
                let part = Array(text[offset...])
                unsafe hits.update(part.span.bytes, offset: offset, search, scratch, generation: 1) { $0 % 3 != 0 }
                let found = Set(hits.hits.map(\.signature))
                for (literal, identifier) in literals where identifier % 3 != 0 {
                    if !LiteralSearchTests.places(literal, part).isEmpty {
                        #expect(found.contains(identifier), "\(literal) in \(part)")
                    }
                }
                #expect(found.allSatisfy { $0 % 3 != 0 })
            }
        }
    }

    @Test("every literal that ends a buffer is found, and no other")
    func endings() throws {
        try property("ending index", runs: 400) { random in
            let literals = (0..<Int32.random(in: 1...60, using: &random)).map {
                (literal: LiteralSearchTests.bytes(&random, 1...6), identifier: $0)
            }
            let text = LiteralSearchTests.bytes(&random, 0...10)
            var found: Set<Int32> = []
            unsafe EndingIndex(literals).search(text.span.bytes) { found.formUnion($0) }
            let expected = literals.filter {
                LiteralSearchTests.folded(text).suffix($0.literal.count).elementsEqual(
                    LiteralSearchTests.folded($0.literal))
            }
            #expect(found == Set(expected.map(\.identifier)))
        }
    }

    /// Traffic that repeats what rules look for must not cost more than its length.
    @Test("the work of a search grows with the buffer, not with its hits")
    func boundedWork() {
        let literals = (2...40).map { (literal: [UInt8](repeating: 97, count: $0), identifier: Int32($0)) }
        let search = LiteralSearch(literals)
        func work(_ length: Int) -> Int {
            let scratch = LiteralScratch()
            let text = [UInt8](repeating: 97, count: length)
            return unsafe search.search(text.span.bytes, scratch) { _, _ in }
        }
        let small = work(1000)
        #expect(work(2000) <= small * 5 / 2)
        #expect(small <= 1000 * 60)
    }
}
