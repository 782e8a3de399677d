import Detection
import TestSupport
import Testing

/// `content` and its modifiers over the payload of one datagram.
struct ContentTests {
    /// Options, payload, whether they match.
    static let table: [(String, String, Bool)] = [
        (#"content:"abc";"#, "xxabcxx", true), (#"content:"abc";"#, "xxabxc", false), (#"content:"abc";"#, "ab", false),
        (#"content:"ABC";"#, "abc", false), (#"content:"ABC"; nocase;"#, "xabC", true),
        (#"content:"|61|b|63|";"#, "abc", true), (#"content:"a\;\"\\";"#, "a;\"\\", true),
        (#"content:!"abc";"#, "xxx", true), (#"content:!"abc";"#, "xabc", false),
        (#"content:"abc"; startswith;"#, "abcd", true), (#"content:"abc"; startswith;"#, "xabc", false),
        (#"content:"abc"; endswith;"#, "xabc", true), (#"content:"abc"; endswith;"#, "abcx", false),
        (#"content:"abc"; startswith; endswith;"#, "abc", true),
        (#"content:"abc"; startswith; endswith;"#, "abcabc", false),
        (#"content:"abc"; offset:2;"#, "xxabc", true), (#"content:"abc"; offset:3;"#, "xxabc", false),
        (#"content:"abc"; depth:3;"#, "abcx", true), (#"content:"abc"; depth:3;"#, "xabc", false),
        (#"content:"abc"; offset:1; depth:3;"#, "xabc", true), (#"content:"abc"; offset:1; depth:3;"#, "xxabc", false),
        (#"content:!"abc"; offset:1; depth:3;"#, "xxabc", true),
        (#"content:!"abc"; offset:1; depth:3;"#, "xabc", false),
        (#"content:"a"; content:"b"; distance:1;"#, "axb", true),
        (#"content:"a"; content:"b"; distance:1;"#, "ab", false),
        (#"content:"a"; content:"b"; distance:0;"#, "ba", false),
        (#"content:"b"; content:"a"; distance:-2;"#, "ab", true),
        (#"content:"a"; content:"b"; within:1;"#, "ab", true), (#"content:"a"; content:"b"; within:1;"#, "axb", false),
        // The first "a" has no "b" behind it, the second has: the search goes on.
        (#"content:"a"; content:"b"; within:1;"#, "axab", true),
        (#"content:"a"; content:"b"; distance:1; within:1;"#, "a1axb", true),
        (#"content:"a"; content:!"b"; within:3;"#, "axxxb", true),
        (#"content:"a"; content:!"b"; within:3;"#, "axb", false),
        (#"content:"b"; content:"a";"#, "ab", true), (#"dsize:3;"#, "abc", true), (#"dsize:>3;"#, "abc", false),
        (#"dsize:2<>4;"#, "abc", true), (#"dsize:3<>9;"#, "abc", false),
        (#"dsize:<4; content:"c"; endswith;"#, "abc", true),
    ]

    @Test(arguments: table)
    func matches(_ options: String, _ payload: String, _ isMatch: Bool) {
        let rules = Ruleset("alert udp any any -> any any (\(options) sid:1;)")
        #expect(rules.alerts(payload) == (isMatch ? [1] : []), "\(options) on \(payload)")
    }

    /// One literal with any modifiers on any bytes, against the definition.
    @Test func againstTheDefinition() throws {
        try property("content", runs: 400) { random in
            let letters = Array("abAB".utf8)
            func text(_ count: Int) -> [UInt8] { (0..<count).map { _ in random.pick(letters) } }
            let needle = text(1 + random.below(3))
            let payload = text(random.below(12) + 1)
            let (ignoresCase, isNegated) = (random.chance(1, in: 2), random.chance(1, in: 4))
            let offset = random.chance(1, in: 2) ? random.below(6) : nil
            let depth = random.chance(1, in: 2) ? needle.count + random.below(6) : nil
            let endsWith = random.chance(1, in: 3)
            var options = "content:\(isNegated ? "!" : "")\"\(String(decoding: needle, as: UTF8.self))\";"
            if ignoresCase { options += " nocase;" }
            if let offset { options += " offset:\(offset);" }
            if let depth { options += " depth:\(depth);" }
            if endsWith { options += " endswith;" }

            func folded(_ bytes: some Sequence<UInt8>) -> [UInt8] { bytes.map { ignoresCase ? $0 | 0x20 : $0 } }
            let first = offset ?? 0
            let last = min(payload.count, depth.map { first + $0 } ?? payload.count)
            let found = stride(from: first, through: last - needle.count, by: 1).contains { start in
                folded(payload[start..<start + needle.count]) == folded(needle)
                    && (!endsWith || start + needle.count == payload.count)
            }
            let rules = Ruleset("alert udp any any -> any any (\(options) sid:1;)")
            let isMatch = !rules.alerts(payload).isEmpty
            try #require(isMatch == (found != isNegated), "\(options) on \(String(decoding: payload, as: UTF8.self))")
        }
    }
}
