/// One mail of an SMTP connection (RFC 5321): envelope and content.
public final class SMTPMail {
    /// Steps of the transaction, by direction.
    public enum Step {
        public static let commands: UInt8 = 0
        /// The content has been sent; the server has answered it.
        public static let complete: UInt8 = 1
    }

    /// What the client calls itself.
    public internal(set) var helo: [UInt8]?
    /// As written: `<a@example.com>`.
    public internal(set) var sender: [UInt8]?
    public internal(set) var recipients: [[UInt8]] = []
    /// Header and body with LF line ends, dots unstuffed; cut at `AppLayerSettings.smtpMailBytes`.
    public internal(set) var content: [UInt8] = []
    /// Decoded attachments, once the mail is complete.
    public internal(set) var attachments: [[UInt8]] = []

    /// Recipients kept of one mail (RFC 5321 section 4.5.3.1.8: servers must take 100).
    static let maximumRecipients = 100

    init(helo: [UInt8]?) { self.helo = helo }
}
