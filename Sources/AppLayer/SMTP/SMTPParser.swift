import NetTypes
import Wire

/// Reads an SMTP connection (RFC 5321): commands and replies, the mails in it, and the change to TLS (RFC 3207). Every
/// mail is a transaction.
public final class SMTPParser: ApplicationParser {
    public let appProtocol = AppProtocol.smtp
    public private(set) var transactions: [Transaction] = []
    private var mails: [SMTPMail] = []
    private var nextIdentifier: UInt64 = 0
    private let settings: AppLayerSettings
    private var commands: LineReader
    private var replies: LineReader
    private var mode = Mode.commands
    /// Commands that wait for their reply (RFC 2920).
    private var pending: [Command] = []
    private var sawServer = false
    private var helo: [UInt8]?
    /// The client's bytes behind STARTTLS; they belong to what follows the server's answer.
    private var early: [UInt8] = []

    private enum Mode: Equatable {
        case commands
        case data
        /// Bytes of a chunk still to come (RFC 3030), and whether the mail ends with it.
        case chunk(Int, isLast: Bool)
        case awaitsTLS
    }

    private enum Command {
        case data
        case content
        case startTLS
        case other
    }

    /// RFC 5321 section 4.5.3.1: lines of 512 and 1,000 octets; Suricata's limits.
    static let maximumLine = 2048
    /// Commands without a reply. Clients send a few dozen recipients at once.
    static let maximumPending = 256
    /// Mails on one connection that rules or the log still need.
    static let maximumMails = 64
    static let maximumEarlyBytes = 65_536

    init(settings: AppLayerSettings) {
        self.settings = settings
        commands = LineReader(limit: SMTPParser.maximumLine)
        replies = LineReader(limit: SMTPParser.maximumLine)
    }

    public func feed(_ direction: FlowDirection, _ bytes: RawSpan) -> ParserStatus {
        do throws(MalformedReason) {
            if direction == .toClient { return try feedReplies(bytes) }
            try feedCommands(bytes)
            return .proceeding
        } catch {
            return .malformed(error)
        }
    }

    public func end(_ direction: FlowDirection) {
        for (transaction, mail) in zip(transactions, mails) {
            if direction == .toServer, transaction.progressToServer < SMTPMail.Step.complete { readAttachments(mail) }
            transaction.reach(SMTPMail.Step.complete, direction)
        }
    }

    public func release(before identifier: UInt64) {
        // The newest stays: it is the one being read.
        let count = min(transactions.prefix { $0.identifier < identifier }.count, transactions.count - 1)
        guard count > 0 else { return }
        transactions.removeFirst(count)
        mails.removeFirst(count)
    }

    public func takeEarlyBytes(_ direction: FlowDirection) -> [UInt8] {
        guard direction == .toServer else { return [] }
        defer { early = [] }
        return early
    }

    public var successor: AppProtocol? { .tls }

    /// The mail being read, begun when there is none or the last one is through.
    private func current(isNeeded: Bool) -> (transaction: Transaction, mail: SMTPMail) {
        if let transaction = transactions.last, let mail = mails.last,
            transaction.progressToServer < SMTPMail.Step.complete || !isNeeded
        {
            return (transaction, mail)
        }
        let mail = SMTPMail(helo: helo)
        let transaction = Transaction(
            identifier: nextIdentifier, appProtocol: .smtp, facts: .smtp(mail),
            complete: (SMTPMail.Step.complete, SMTPMail.Step.complete), keepsNews: true)
        nextIdentifier += 1
        if transactions.count >= SMTPParser.maximumMails {
            transactions.removeFirst()
            mails.removeFirst()
        }
        transactions.append(transaction)
        mails.append(mail)
        return (transaction, mail)
    }

    // MARK: client

    private func feedCommands(_ bytes: RawSpan) throws(MalformedReason) {
        transactions.last?.update(.toServer)
        var cursor = ByteCursor(bytes)
        while !cursor.isAtEnd {
            switch mode {
            case .awaitsTLS:
                guard early.count + cursor.remaining <= SMTPParser.maximumEarlyBytes else { throw .smtpTooManyCommands }
                early += cursor.rest.copied()
                return
            case .chunk(let remaining, let isLast):
                let count = min(remaining, cursor.remaining)
                guard let piece = try? cursor.take(count) else { return }
                keep(piece.all.copied().filter { $0 != 13 })
                mode = .chunk(remaining - count, isLast: isLast)
                if remaining == count { endChunk(isLast) }
            case .data:
                guard let piece = commands.next(&cursor) else { return }
                takeContent(piece)
            case .commands:
                guard let piece = commands.next(&cursor) else { return }
                try takeCommand(piece)
            }
        }
    }

    private func takeCommand(_ piece: LineReader.Piece) throws(MalformedReason) {
        guard piece.isFirst else { return }
        let line = piece.bytes
        let verb = String(decoding: line.prefix { $0 != 32 }, as: UTF8.self).uppercased()
        let (transaction, mail) = current(isNeeded: !["QUIT", "NOOP", "RSET"].contains(verb))
        transaction.update(.toServer)
        if !piece.isLast { transaction.raise(.smtpMaxCommandLineLenExceeded) }
        if !sawServer, pending.isEmpty { transaction.raise(.smtpNoServerWelcomeMessage) }
        guard pending.count < SMTPParser.maximumPending else { throw .smtpTooManyCommands }
        let argument = Array(line.drop { $0 != 32 }.drop { $0 == 32 })
        switch verb {
        case "EHLO", "HELO":
            helo = argument
            mail.helo = argument
        case "MAIL": mail.sender = SMTPParser.path(argument)
        case "RCPT":
            if mail.recipients.count < SMTPMail.maximumRecipients { mail.recipients.append(SMTPParser.path(argument)) }
        case "RSET":
            mail.sender = nil
            mail.recipients = []
        case "DATA":
            mode = .data
            pending.append(.data)
            return
        case "BDAT":
            let words = argument.split(separator: 32).map { String(decoding: $0, as: UTF8.self) }
            let isLast = words.count > 1 && words[1].uppercased() == "LAST"
            if let size = words.first.flatMap({ Int($0) }), size >= 0 {
                mode = .chunk(size, isLast: isLast)
                if size == 0 { endChunk(isLast) }
            }
        case "STARTTLS":
            mode = .awaitsTLS
            pending.append(.startTLS)
            return
        default: break
        }
        pending.append(.other)
    }

    /// What stands behind the colon of `FROM:<a> SIZE=1`, without parameters.
    private static func path(_ argument: [UInt8]) -> [UInt8] {
        guard let colon = argument.firstIndex(of: UInt8(ascii: ":")) else { return argument }
        return Array(argument[(colon + 1)...].drop { $0 == 32 }.prefix { $0 != 32 })
    }

    private func takeContent(_ piece: LineReader.Piece) {
        if piece.isFirst, piece.isLast, piece.bytes == [UInt8(ascii: ".")] {
            mode = .commands
            endMail()
            pending.append(.content)
            return
        }
        let isStuffed = piece.isFirst && piece.bytes.first == UInt8(ascii: ".")
        keep(piece.bytes.dropFirst(isStuffed ? 1 : 0) + (piece.isLast ? [10] : []))
    }

    private func keep(_ bytes: [UInt8]) {
        guard let mail = mails.last else { return }
        mail.content += bytes.prefix(max(0, settings.smtpMailBytes - mail.content.count))
    }

    private func endChunk(_ isLast: Bool) {
        mode = .commands
        if isLast { endMail() }
    }

    private func endMail() {
        guard let transaction = transactions.last, let mail = mails.last else { return }
        readAttachments(mail)
        transaction.reach(SMTPMail.Step.complete, .toServer)
    }

    private func readAttachments(_ mail: SMTPMail) {
        mail.attachments = MIMEReader(mail.content).attachments
    }

    // MARK: server

    private func feedReplies(_ bytes: RawSpan) throws(MalformedReason) -> ParserStatus {
        transactions.last?.update(.toClient)
        var cursor = ByteCursor(bytes)
        while let piece = replies.next(&cursor) {
            guard piece.isFirst else { continue }
            let digits = piece.bytes.prefix(3)
            guard digits.count == 3, digits.allSatisfy({ (48...57).contains($0) }) else { throw .smtpInvalidReply }
            // `250-` is followed by more lines of the same reply.
            if piece.bytes.count > 3, piece.bytes[3] == UInt8(ascii: "-") { continue }
            let code = digits.reduce(0) { $0 * 10 + Int($1 - 48) }
            if try takeReply(code) { return .handOver(consumed: cursor.offset) }
        }
        return .proceeding
    }

    /// True when the connection goes on in TLS.
    private func takeReply(_ code: Int) throws(MalformedReason) -> Bool {
        let isWelcome = !sawServer && pending.isEmpty
        sawServer = true
        guard !isWelcome else { return false }
        guard !pending.isEmpty else {
            transactions.last?.raise(.smtpUnableToMatchReplyWithRequest)
            return false
        }
        switch pending.removeFirst() {
        case .startTLS:
            if code == 220 { return true }
            transactions.last?.raise(.smtpTLSRejected)
            mode = .commands
            let bytes = early
            early = []
            try feedCommands(unsafe bytes.span.bytes)
        case .data where code != 354:
            transactions.last?.raise(.smtpDataCommandRejected)
            if mode == .data { mode = .commands }
        case .content:
            let waiting = transactions.first { $0.progressToClient < SMTPMail.Step.complete }
            waiting?.reach(SMTPMail.Step.complete, .toClient)
        case .data, .other: break
        }
        return false
    }
}
