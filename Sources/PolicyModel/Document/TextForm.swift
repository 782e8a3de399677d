/// What a name or another short string of a document has to look like; the patterns of the API model.
struct TextForm: Sendable {
    /// Completes "expected ...".
    let expected: String
    let accepts: @Sendable (String) -> Bool

    private init(_ expected: String, accepts: @escaping @Sendable (String) -> Bool) {
        self.expected = expected
        self.accepts = accepts
    }

    /// Bounded in length, every byte of a kind.
    private static func word(
        _ expected: String, _ lengths: ClosedRange<Int>, _ isAllowed: @escaping @Sendable (UInt8) -> Bool
    ) -> TextForm {
        TextForm(expected) { text in lengths.contains(text.utf8.count) && text.utf8.allSatisfy(isAllowed) }
    }

    /// Any text of so many characters.
    static func text(_ lengths: ClosedRange<Int>) -> TextForm {
        TextForm("\(lengths.lowerBound) to \(lengths.upperBound) characters") { text in
            lengths.contains(text.unicodeScalars.count)
        }
    }

    static let resourceName = word("a name of 1 to 128 letters, digits and hyphens", 1...128) {
        isLetterOrDigit($0) || $0 == UInt8(ascii: "-")
    }

    static let actionName = word("a name of 1 to 128 letters and digits", 1...128, isLetterOrDigit)

    static let dimensionValue = word("1 to 128 letters, digits, spaces, '-' and '_'", 1...128) {
        isLetterOrDigit($0) || "-_ ".utf8.contains($0)
    }

    /// Names of variables and IP set references.
    static let variableName = TextForm("a name of 1 to 32 letters, digits and '_' that begins with a letter") { text in
        guard (1...32).contains(text.utf8.count), let first = text.utf8.first, isLetter(first) else { return false }
        return text.utf8.allSatisfy { isLetterOrDigit($0) || $0 == UInt8(ascii: "_") }
    }

    static let arn = TextForm("an ARN (arn:aws...) of at most 256 characters") { text in
        text.hasPrefix("arn:aws") && text.utf8.count <= 256
    }

    /// `8-4-4-4-12` lower-case hexadecimal digits: update tokens and ids.
    static let uuid = TextForm("a UUID in lower case") { text in
        let groups = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        return groups.map(\.count) == [8, 4, 4, 4, 12]
            && groups.joined().allSatisfy { isDigit($0) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0) }
    }
}

func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

func isLetter(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) }

func isLetterOrDigit(_ byte: UInt8) -> Bool { isLetter(byte) || isDigit(byte) }
