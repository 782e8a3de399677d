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

    /// Of a response; more than are kept are left out.
    public private(set) var answers: [DNSRecord] = []
    public private(set) var authorities: [DNSRecord] = []

    public var isResponse: Bool { flags & 0x8000 != 0 }
    public var opcode: UInt8 { UInt8(truncatingIfNeeded: flags >> 11) & 15 }
    public var responseCode: UInt8 { UInt8(truncatingIfNeeded: flags) & 15 }

    /// Questions read from one message; servers answer one.
    static let maximumQuestions = 16
    /// Records kept of one section. A name in them can be 20 times as long as what it takes in the message.
    static let maximumRecords = 128

    /// - Throws: when the bytes end early or a name is malformed.
    init(_ bytes: RawSpan) throws(EndOfBytes) {
        var cursor = ByteCursor(bytes)
        identifier = try cursor.u16()
        flags = try cursor.u16()
        let count = try cursor.u16()
        counts = (try cursor.u16(), try cursor.u16(), try cursor.u16())
        var questions: [Question] = []
        for _ in 0..<min(Int(count), DNSMessage.maximumQuestions) {
            let name = try DNSName.read(&cursor).bytes
            questions.append(Question(name: name, type: try cursor.u16(), dnsClass: try cursor.u16()))
        }
        self.questions = questions
        end = cursor.offset
        questionCount = count
        if isResponse, questions.count == Int(count) {
            try DNSMessage.read(counts.answers, &cursor, into: &answers)
            try DNSMessage.read(counts.authority, &cursor, into: &authorities)
        }
    }

    @_lifetime(cursor: copy cursor)
    private static func read(
        _ count: UInt16, _ cursor: inout ByteCursor, into records: inout [DNSRecord]
    ) throws(EndOfBytes) {
        for _ in 0..<count where records.count < maximumRecords { try DNSRecord.read(&cursor, into: &records) }
    }

    /// What is odd about the header.
    var events: [AppLayerEvent] {
        (flags & 0x40 != 0 ? [.dnsZFlagSet] : []) + (opcode >= 7 ? [.dnsInvalidOpcode] : [])
    }

    /// Offset behind the questions, and their number as the header states it.
    let end: Int
    let questionCount: UInt16
}
