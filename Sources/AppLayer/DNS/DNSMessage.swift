import Wire

/// A DNS query or response (RFC 1035 section 4).
///
///     0 identifier   2 flags   4 questions   6 answers   8 authority   10 additional   12 sections
public final class DNSMessage {
    public struct Question: Sendable {
        public let name: DNSName
        public let type: UInt16
        public let dnsClass: UInt16
    }

    public let identifier: UInt16
    public let flags: UInt16
    public private(set) var questions: [Question] = []
    public let counts: (answers: UInt16, authority: UInt16, additional: UInt16)

    /// Of a response; more than are kept are left out.
    public private(set) var answers: [DNSRecord] = []
    public private(set) var authorities: [DNSRecord] = []

    public var isResponse: Bool { flags & 0x8000 != 0 }
    public var opcode: UInt8 { UInt8(truncatingIfNeeded: flags >> 11) & 15 }
    public var responseCode: UInt8 { UInt8(truncatingIfNeeded: flags) & 15 }

    /// What is odd about the names of a query, or of a response.
    private(set) var nameFlags: DNSName.Flags = []

    /// Questions read of one message. Differs: servers answer one, and which one is theirs to choose: a message of more is
    /// malformed. Suricata takes any number.
    static let maximumQuestions = 16
    /// Records kept of one section. A name in them can be 20 times as long as what it takes in the message.
    static let maximumRecords = 128

    /// The bytes end early, a name is malformed, or the counts cannot be: what came before is here.
    public private(set) var isMalformed = false

    /// - Throws: when there is no header; where Suricata's reading is wanted, for everything malformed.
    init(_ bytes: RawSpan, compatibleWithSuricata: Bool = false) throws(EndOfBytes) {
        var cursor = ByteCursor(bytes)
        identifier = try cursor.u16()
        flags = try cursor.u16()
        questionCount = try cursor.u16()
        counts = (try cursor.u16(), try cursor.u16(), try cursor.u16())
        end = cursor.offset
        let records = Int(questionCount) + Int(counts.answers) + Int(counts.authority) + Int(counts.additional)
        // Each takes two bytes at least.
        isMalformed = 12 + 2 * records > bytes.byteCount || questionCount > 1
        isLenient = compatibleWithSuricata
        if isLenient { isMalformed = false }
        let count = compatibleWithSuricata ? questionCount : min(questionCount, UInt16(DNSMessage.maximumQuestions))
        var memory = DNSName.Memory()
        do throws(EndOfBytes) {
            try readSections(&cursor, questions: count, &memory)
        } catch {
            guard !compatibleWithSuricata else { throw error }
            isMalformed = true
        }
        nameFlags = memory.flags
        // Differs: a dot within a label makes one name look like another. (Mailboxes in answers have them rightly.)
        if !isLenient, !isResponse, questions.contains(where: { $0.name.flags.contains(.dotted) }) {
            isMalformed = true
        }
    }

    @_lifetime(cursor: copy cursor)
    private func readSections(
        _ cursor: inout ByteCursor, questions count: UInt16, _ memory: inout DNSName.Memory
    ) throws(EndOfBytes) {
        for _ in 0..<count {
            let name = try DNSName.read(&cursor, &memory)
            questions.append(Question(name: name, type: try cursor.u16(), dnsClass: try cursor.u16()))
            end = cursor.offset
        }
        guard isResponse else {
            // Behind a query's last record nothing follows.
            if !isMalformed, !isLenient { try skipRecords(&cursor) }
            return
        }
        guard !isMalformed else { return }
        try DNSMessage.read(counts.answers, &cursor, &memory, into: &answers)
        try DNSMessage.read(counts.authority, &cursor, &memory, into: &authorities)
    }

    @_lifetime(cursor: copy cursor)
    private func skipRecords(_ cursor: inout ByteCursor) throws(EndOfBytes) {
        for _ in 0..<(Int(counts.answers) + Int(counts.authority) + Int(counts.additional)) {
            var memory = DNSName.Memory()
            _ = try DNSName.read(&cursor, &memory)
            try cursor.skip(8)
            try cursor.skip(Int(try cursor.u16()))
        }
        guard cursor.isAtEnd else { throw EndOfBytes() }
    }

    @_lifetime(cursor: copy cursor)
    private static func read(
        _ count: UInt16, _ cursor: inout ByteCursor, _ memory: inout DNSName.Memory, into records: inout [DNSRecord]
    ) throws(EndOfBytes) {
        for _ in 0..<count where records.count < maximumRecords {
            try DNSRecord.read(&cursor, &memory, into: &records)
        }
    }

    /// What is odd about the header and the names.
    var events: [AppLayerEvent] {
        let found: [(AppLayerEvent, Bool)] = [
            (.dnsZFlagSet, flags & 0x40 != 0), (.dnsInvalidOpcode, opcode >= 7),
            (.dnsNameTooLong, nameFlags.contains(.truncated)), (.dnsInfiniteLoop, nameFlags.contains(.loop)),
            (.dnsTooManyLabels, nameFlags.contains(.tooManyLabels)), (.dnsMalformedData, isMalformed),
        ]
        return found.filter(\.1).map(\.0)
    }

    /// Suricata's reading.
    private let isLenient: Bool

    /// Offset behind the questions, and their number as the header states it.
    private(set) var end: Int
    let questionCount: UInt16
}
