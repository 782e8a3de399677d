import NetTypes

/// A data connection that an FTP connection has announced, and what it carries.
public final class FTPTransfer {
    /// What the client has asked to be transferred: `RETR`, `STOR`, `LIST`, ...; nil while it has not.
    public internal(set) var command: String?
    public internal(set) var file: [UInt8] = []

    /// Bytes kept of a file's name.
    static let maximumName = 1024

    init() {}

    /// A file is transferred, and not a list of them.
    var isFile: Bool { command == "RETR" || command == "STOR" }
}

/// A connection that is to come: who opens it, and to which port of the other end of the announcing connection. Only
/// these two ends count, whatever address an announcement names (RFC 2577 section 3).
public struct ExpectedConnection {
    /// `toServer`: the client opens it (PASV); `toClient`: the server (PORT).
    public let direction: FlowDirection
    public let port: UInt16
    public let transfer: FTPTransfer
}
