import FlowTracking
import TestSupport
import Testing
import Wire

/// A reassembler and all it has delivered.
private struct Stream {
    var reassembler: StreamReassembler
    let start: UInt32
    var delivered: [UInt8] = []

    init(start: UInt32 = 1000, historyLimit: Int = 1 << 20) {
        self.start = start
        reassembler = StreamReassembler(firstByte: SequenceNumber(start), historyLimit: historyLimit)
    }

    mutating func insert(
        _ bytes: [UInt8], at offset: Int, settings: FlowSettings = FlowSettings()
    ) -> (insertion: StreamReassembler.Insertion, conflicts: Bool) {
        let result = reassembler.insert(
            sequence: SequenceNumber(start) + offset, bytes.span.bytes, settings: settings)
        if case .deliver(let from) = result.insertion { deliver(bytes, from: from) }
        return result
    }

    mutating func insert(_ text: String, at offset: Int) -> (insertion: StreamReassembler.Insertion, conflicts: Bool) {
        insert(utf8(text), at: offset)
    }

    mutating func deliver(_ bytes: [UInt8], from: Int) {
        var pieces: [UInt8] = []
        reassembler.deliver(bytes.span.bytes, from: from) { pieces += $0.copied() }
        delivered += pieces
    }
}

struct StreamReassemblerTests {
    @Test func whatWasAcknowledgedUnseenIsSkipped() {
        var stream = Stream()
        _ = stream.insert("ab", at: 0)
        _ = stream.insert("ef", at: 4)
        var said: [String] = []
        stream.reassembler.catchUp(
            to: 10, gap: { said.append("gap \($0)") },
            body: { bytes in said.append(String(decoding: bytes.copied(), as: UTF8.self)) })
        #expect(said == ["gap 2", "ef", "gap 4"])
        #expect(stream.reassembler.delivered == 10 && !stream.reassembler.hasPending)
        #expect(stream.insert("k", at: 10).insertion == .deliver(from: 0))
    }

    @Test func theFirstNumberMayBecomeKnownLate() {
        var stream = StreamReassembler(firstByte: SequenceNumber(1), historyLimit: 16)
        stream.begin(at: SequenceNumber(5001))
        #expect(stream.offset(of: SequenceNumber(5001)) == 0)
        let bytes: [UInt8] = [1, 2, 3]
        let result = stream.insert(sequence: SequenceNumber(5001), bytes.span.bytes, settings: FlowSettings())
        #expect(result.insertion == .deliver(from: 0))
        stream.deliver(bytes.span.bytes, from: 0) { _ in }
        stream.begin(at: SequenceNumber(9000))
        #expect(stream.offset(of: SequenceNumber(5004)) == 3)
    }

    @Test(
        "any order, overlap and repetition gives the first bytes in order; a conflict is told when and only when there is one"
    )
    func anyOrder() throws {
        try property("reassembly", runs: 1500) { random in
            let length = 1 + random.below(random.pick([20, 200, 3000]))
            var stream = Stream(
                start: random.pick([1000, 0xffff_fff0, 0x7fff_ff80, UInt32(truncatingIfNeeded: random.next())]))
            var settings = FlowSettings()
            settings.pendingSegments = length
            /// What came first for each place.
            var kept = [UInt8?](repeating: nil, count: length)
            let forges = random.chance(1, in: 2)
            let limit = 1 + random.below(length)
            while stream.delivered.count < length {
                let start = random.chance(1, in: 3) ? stream.delivered.count : random.below(length)
                let end = min(length, start + 1 + random.below(limit))
                var bytes = (start..<end).map { UInt8(truncatingIfNeeded: $0 &* 7) }
                if forges, random.chance(1, in: 8) { bytes[random.below(bytes.count)] ^= 0x80 }

                let isNew = (start..<end).contains { kept[$0] == nil }
                let conflicts = (start..<end).contains { kept[$0] != nil && kept[$0] != bytes[$0 - start] }
                // Beginning at the hole or before it and reaching beyond it.
                let delivers = start <= stream.delivered.count && end > stream.delivered.count
                let before = stream.delivered.count
                let result = stream.insert(bytes, at: start, settings: settings)
                for place in start..<end where kept[place] == nil { kept[place] = bytes[place - start] }

                try #require(result.conflicts == conflicts)
                let expected: StreamReassembler.Insertion =
                    delivers ? .deliver(from: before - start) : isNew ? .stored : .known
                try #require(result.insertion == expected)
                let prefix = kept.prefix { $0 != nil }.compactMap(\.self)
                try #require(stream.delivered == prefix)
                try #require(stream.reassembler.delivered == UInt64(prefix.count))
                try #require(stream.reassembler.pendingBytes == kept.count { $0 != nil } - prefix.count)
                try #require(stream.reassembler.hasPending == (stream.reassembler.pendingBytes > 0))
            }
            let sawForgery = zip(kept, 0...).contains { $0 != UInt8(truncatingIfNeeded: $1 &* 7) }
            try #require(!sawForgery || forges)
            try #require(!stream.reassembler.hasPending)
        }
    }

    @Test("a hole is filled, in one piece or from both ends")
    func holes() {
        var stream = Stream()
        #expect(stream.insert("cd", at: 2).insertion == .stored)
        #expect(stream.insert("fg", at: 5).insertion == .stored)
        #expect(stream.delivered == [])
        #expect(stream.insert("ab", at: 0).insertion == .deliver(from: 0))
        #expect(stream.delivered == utf8("abcd"))
        #expect(stream.insert("cdefgh", at: 2).insertion == .deliver(from: 2))
        #expect(stream.delivered == utf8("abcdefgh"))
        #expect(!stream.reassembler.sawConflict)
    }

    @Test("what comes again is known, nothing is known too")
    func known() {
        var stream = Stream()
        _ = stream.insert("abc", at: 0)
        _ = stream.insert("ef", at: 4)
        for (text, offset) in [("abc", 0), ("b", 1), ("ef", 4), ("f", 5), ("", 3), ("", 0), ("", 99), ("", -5)] {
            let result = stream.insert(text, at: offset)
            #expect(result.insertion == .known && !result.conflicts, "\(text) at \(offset)")
        }
        #expect(stream.delivered == utf8("abc"))
    }

    @Test("bytes before the stream's start are not looked at: keep-alives send one")
    func beforeStart() {
        var stream = Stream(start: 0)
        #expect(stream.insert("x", at: -1).insertion == .known)
        let result = stream.insert("xab", at: -1)
        #expect(result.insertion == .deliver(from: 1) && !result.conflicts)
        #expect(stream.delivered == utf8("ab"))
    }

    @Test("the first bytes win against later ones, delivered or waiting")
    func conflicts() {
        var stream = Stream()
        _ = stream.insert("abc", at: 0)
        #expect(stream.insert("aXc", at: 0).conflicts)
        #expect(stream.insert("cXX", at: 2).conflicts == false)
        #expect(stream.delivered == utf8("abcXX"))
        _ = stream.insert("ghi", at: 6)
        let early = stream.insert("ZZZZZ", at: 5)
        #expect(early.conflicts && early.insertion == .deliver(from: 0))
        #expect(stream.delivered == utf8("abcXXZghiZ"))
        #expect(stream.reassembler.sawConflict)
    }

    @Test("a conflict that spans delivered, waiting and new places")
    func spanning() {
        var stream = Stream()
        _ = stream.insert("ab", at: 0)
        _ = stream.insert("ef", at: 4)
        for (text, conflicts) in [("abcdef", false), ("Xbcdef", true), ("abcdXf", true)] {
            var copy = stream
            let result = copy.insert(text, at: 0)
            #expect(result.conflicts == conflicts)
            #expect(result.insertion == .deliver(from: 2))
            #expect(copy.delivered == utf8("abcdef"))
        }
    }

    @Test("places in the stream by sequence number")
    func offsets() {
        var stream = Stream(start: 0xffff_fffe)
        _ = stream.insert("abcd", at: 0)
        for (number, offset) in [(0xffff_fffe, 0), (0xffff_ffff, 1), (0, 2), (2, 4), (102, 104), (0xffff_fffd, nil)]
            as [(UInt32, UInt64?)]
        {
            #expect(stream.reassembler.offset(of: SequenceNumber(number)) == offset)
        }
    }

    // MARK: caps

    @Test("early bytes are capped, and come again")
    func pendingBytes() {
        var settings = FlowSettings()
        settings.pendingBytes = 100
        var stream = Stream()
        #expect(stream.insert([UInt8](repeating: 1, count: 60), at: 10, settings: settings).insertion == .stored)
        #expect(
            stream.insert([UInt8](repeating: 2, count: 41), at: 100, settings: settings).insertion
                == .refused(.reassemblyMemory))
        #expect(stream.insert([UInt8](repeating: 2, count: 40), at: 100, settings: settings).insertion == .stored)
        #expect(stream.insert([3], at: 90, settings: settings).insertion == .refused(.reassemblyMemory))
        #expect(stream.reassembler.pendingBytes == 100)
        // Bytes in order are never refused.
        #expect(
            stream.insert([UInt8](repeating: 0, count: 10), at: 0, settings: settings).insertion == .deliver(from: 0))
        #expect(stream.delivered.count == 70)
        #expect(stream.insert([3], at: 90, settings: settings).insertion == .stored)
        #expect(
            stream.insert([UInt8](repeating: 4, count: 30), at: 70, settings: settings).insertion == .deliver(from: 0))
        #expect(stream.delivered.count == 140 && stream.delivered[90] == 3)
    }

    @Test("so are the segments that hold them")
    func pendingSegments() {
        var settings = FlowSettings()
        settings.pendingSegments = 4
        var stream = Stream()
        for number in 1...4 { #expect(stream.insert([9], at: number * 2, settings: settings).insertion == .stored) }
        #expect(stream.insert([9], at: 100, settings: settings).insertion == .refused(.reassemblyMemory))
        #expect(stream.insert([0, 1], at: 0, settings: settings).insertion == .deliver(from: 0))
        #expect(stream.insert([9], at: 100, settings: settings).insertion == .stored)
    }

    @Test("neither cap is passed, whatever comes")
    func caps() throws {
        try property("reassembly caps", runs: 200) { random in
            var settings = FlowSettings()
            settings.pendingBytes = 500
            settings.pendingSegments = 16
            var stream = Stream(historyLimit: 64)
            for _ in 0..<200 {
                let count = random.below(100)
                _ = stream.insert(
                    random.bytes(count), at: stream.delivered.count + random.below(3000) - 100, settings: settings)
                try #require(stream.reassembler.pendingBytes <= 500)
                try #require(stream.reassembler.retained.bytes.count <= 128)
            }
        }
    }

    // MARK: history

    @Test("what is retained is the end of what was delivered")
    func retained() throws {
        try property("stream history", runs: 300) { random in
            var stream = Stream(historyLimit: random.pick([0, 1, 50, 1000]))
            for _ in 0..<30 {
                _ = stream.insert(random.bytes(upTo: 120), at: stream.delivered.count)
                switch random.below(6) {
                case 0: stream.reassembler.forget(before: UInt64(random.below(stream.delivered.count + 1)))
                case 1: stream.reassembler.historyLimit = random.pick([0, 1, 50, 1000])
                default: break
                }
                let (start, bytes) = stream.reassembler.retained
                try #require(start + UInt64(bytes.count) == UInt64(stream.delivered.count))
                try #require(bytes == Array(stream.delivered.suffix(bytes.count)))
                guard let last = bytes.last else { continue }
                let place = stream.delivered.count - 1
                try #require(stream.insert([last ^ 1], at: place).conflicts)
                try #require(!stream.insert([last], at: place).conflicts)
            }
        }
    }

    @Test("what is forgotten cannot conflict")
    func forgotten() {
        var stream = Stream(historyLimit: 100_000)
        _ = stream.insert([UInt8](repeating: 1, count: 10_000), at: 0)
        stream.reassembler.forget(before: 9000)
        #expect(stream.reassembler.retained.start == 9000)
        #expect(!stream.insert([2], at: 8999).conflicts)
        #expect(stream.insert([2], at: 9000).conflicts)
        stream.reassembler.forget(before: 1 << 40)
        #expect(stream.reassembler.retained.bytes.isEmpty)
        _ = stream.insert([3], at: 10_000)
        #expect(stream.insert([4], at: 10_000).conflicts)
    }

    @Test("bytes that were acknowledged but never seen are skipped")
    func gaps() {
        var stream = Stream()
        _ = stream.insert("ab", at: 0)
        #expect(stream.reassembler.skipToPending() == 0)
        _ = stream.insert("gh", at: 6)
        #expect(stream.reassembler.skipToPending() == 4)
        stream.deliver([], from: 0)
        #expect(stream.delivered == utf8("abgh"))
        #expect(stream.reassembler.delivered == 8)
        stream.reassembler.skip(2)
        #expect(stream.insert("kl", at: 10).insertion == .deliver(from: 0))
        // Skipped places are over.
        #expect(stream.insert("XXXX", at: 2).insertion == .known)
        #expect(stream.delivered == utf8("abghkl"))
    }

    @Test("more than four gigabytes in one stream")
    func wrap() {
        var stream = Stream(start: 5)
        for _ in 0..<5 { stream.reassembler.skip(1 << 30) }
        #expect(stream.reassembler.delivered == 5 << 30)
        #expect(stream.insert("b", at: 5 << 30 + 1).insertion == .stored)
        #expect(stream.insert("a", at: 5 << 30).insertion == .deliver(from: 0))
        #expect(stream.delivered == utf8("ab"))
        #expect(stream.reassembler.offset(of: SequenceNumber(5) + (5 << 30)) == 5 << 30)
    }
}
