import AppLayer
import NetTypes

/// The client's address as a proxy names it in a request (`X-Forwarded-For`), in alerts about HTTP.
public struct ForwardedFor: Sendable {
    public enum Mode: String, Sendable, CaseIterable {
        /// A field of its own.
        case extraData = "extra-data"
        /// In place of the proxy's address.
        case overwrite
    }

    public var mode: Mode
    /// Name of the field, in lower case.
    public var field = Array("x-forwarded-for".utf8)
    /// The proxy stands before the server: the last address is the one it saw. Otherwise it stands before the client, and
    /// the first counts.
    public var isReverse = true

    public init(mode: Mode) { self.mode = mode }

    /// Nil when the request has no such field, or no address in it.
    func address(_ exchange: HTTPExchange) -> IPAddress? {
        guard let entry = exchange.request.combined.entries.first(where: { $0.name.map(\.lowercased) == field }) else {
            return nil
        }
        let parts = entry.value.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        guard let part = isReverse ? parts.last : parts.first else { return nil }
        var text = part.filter { $0 != 32 && $0 != 9 }[...]
        if text.first == UInt8(ascii: "[") {
            text = text.dropFirst().prefix { $0 != UInt8(ascii: "]") }
        } else if text.count(where: { $0 == UInt8(ascii: ":") }) == 1 {
            text = text.prefix { $0 != UInt8(ascii: ":") }
        }
        return IPAddress(String(decoding: text, as: UTF8.self))
    }
}
