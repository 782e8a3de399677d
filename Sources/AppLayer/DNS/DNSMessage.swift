import Wire

/// A DNS query or response (RFC 1035 section 4).
///
///     0 identifier   2 flags   4 questions   6 answers   8 authority   10 additional   12 sections
public final class DNSMessage {
    public struct Question: Sendable {
        /// Labels joined by dots, without a trailing dot; the bytes as sent.
        public let name: [UInt8]
        public let type: UInt16
        public let dnsClass: UInt16
    }

    public let identifier: UInt16
    public let flags: UInt16
    public let questions: [Question]
    public let counts: (answers: UInt16, authority: UInt16, additional: UInt16)

    public var isResponse: Bool { flags & 0x8000 != 0 }
    public var opcode: UInt8 { UInt8(truncatingIfNeeded: flags >> 11) & 15 }
    public var responseCode: UInt8 { UInt8(truncatingIfNeeded: flags) & 15 }

    /// A name has at most 255 octets (RFC 1035 section 2.3.4); pointers let it loop, so jumps are counted too.
    static let maximumName = 255
    static let maximumJumps = 16
    /// Questions read from one message; servers answer one.
    static let maximumQuestions = 16

    /// Reads header and questions. - Throws: when the bytes end early or a name is malformed.
    init(_ bytes: RawSpan) throws(EndOfBytes) {
        var cursor = ByteCursor(bytes)
        identifier = try cursor.u16()
        flags = try cursor.u16()
        let count = try cursor.u16()
        counts = (try cursor.u16(), try cursor.u16(), try cursor.u16())
        var questions: [Question] = []
        for _ in 0..<min(Int(count), DNSMessage.maximumQuestions) {
            let name = try DNSMessage.name(&cursor)
            questions.append(Question(name: name, type: try cursor.u16(), dnsClass: try cursor.u16()))
        }
        self.questions = questions
        end = cursor.offset
        questionCount = count
    }

    /// Offset behind the questions, and their number as the header states it.
    let end: Int
    let questionCount: UInt16

    /// Reads a name, following compression pointers (RFC 1035 section 4.1.4), and leaves the cursor behind it.
    @_lifetime(cursor: copy cursor)
    static func name(_ cursor: inout ByteCursor) throws(EndOfBytes) -> [UInt8] {
        var name: [UInt8] = []
        var jumps = 0
        var length = try cursor.u8()
        var elsewhere = ByteCursor(cursor.all)
        var hasJumped = false
        while length != 0 {
            if length & 0xc0 == 0xc0 {
                let low = hasJumped ? try elsewhere.u8() : try cursor.u8()
                jumps += 1
                guard jumps <= maximumJumps else { throw EndOfBytes() }
                elsewhere = ByteCursor(cursor.all)
                try elsewhere.skip(Int(length & 0x3f) << 8 | Int(low))
                hasJumped = true
            } else {
                guard length & 0xc0 == 0 else { throw EndOfBytes() }
                let label = hasJumped ? try elsewhere.take(Int(length)) : try cursor.take(Int(length))
                if !name.isEmpty { name.append(UInt8(ascii: ".")) }
                name += label.rest.copied()
                guard name.count <= maximumName else { throw EndOfBytes() }
            }
            length = hasJumped ? try elsewhere.u8() : try cursor.u8()
        }
        return name
    }
}
