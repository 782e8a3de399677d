import RuleLanguage

/// A domain name of a list: `example.com` alone, or `.example.com` with everything below it.
public struct DomainTarget: Hashable, Sendable {
    /// As written.
    public let text: String
    public let location: SourceLocation

    /// Begins with a dot: the name itself and its subdomains.
    public var includesSubdomains: Bool { text.hasPrefix(".") }

    /// Without the leading dot.
    public var name: Substring { includesSubdomains ? text.dropFirst() : text[...] }

    /// Why a text is no domain of a list, and what to write instead.
    struct Problem: Error {
        let hint: String
    }

    /// Labels of 1 to 63 letters, digits, `-` and `_`, no hyphen at either end of one, 253 characters in all
    /// (RFC 1035 section 2.3, and the underscore that names in use have).
    init(_ text: String, at location: SourceLocation) throws(Problem) {
        self.text = text
        self.location = location
        guard DomainTarget.isName(name.utf8) else { throw Problem(hint: DomainTarget.hint(name)) }
    }

    private static func isName(_ name: Substring.UTF8View) -> Bool {
        let hyphen = UInt8(ascii: "-")
        var labelLength = 0
        var previous = UInt8(ascii: ".")
        var length = 0
        for byte in name {
            length += 1
            if byte == UInt8(ascii: ".") {
                guard labelLength > 0, previous != hyphen else { return false }
                labelLength = 0
            } else {
                guard isLetterOrDigit(byte) || byte == UInt8(ascii: "_") || (byte == hyphen && labelLength > 0) else {
                    return false
                }
                labelLength += 1
                guard labelLength <= 63 else { return false }
            }
            previous = byte
        }
        return labelLength > 0 && previous != hyphen && length <= 253
    }

    /// What was probably meant by a text that is no name.
    private static func hint(_ name: Substring) -> String {
        if name.isEmpty { return "expected a name as example.com or .example.com" }
        if name.contains("://") { return "write the name alone, without scheme and path" }
        if name.contains("*") { return "a leading dot stands for all subdomains: .example.com" }
        if name.contains("/") { return "write the name alone, without a path" }
        if name.contains(":") { return "write the name alone, without a port" }
        if name.hasSuffix(".") { return "leave out the dot at the end" }
        if !name.utf8.allSatisfy({ $0 < 0x80 }) { return "write the name in its ASCII form, xn--..." }
        return "a name has letters, digits, '_' and inner '-', at most 63 between two dots and 253 in all"
    }
}
