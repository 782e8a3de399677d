/// A rule option's value taken apart: an optional `!` and optional quotes, as `content:!"x"` writes them.
public struct OptionText: Hashable, Sendable {
    public var isNegated = false
    public var isQuoted = false
    /// Between the quotes, or the whole value; escapes are left in.
    public var text: Substring
    /// Characters from the value's start to `text`.
    public var offset = 0

    /// Nil when a quote is opened and not closed at the value's end, or the other way round.
    public init?(_ value: String) {
        var rest = value[...]
        func trim() { rest = rest.drop { $0 == " " || $0 == "\t" } }
        trim()
        if rest.first == "!" {
            isNegated = true
            rest = rest.dropFirst()
            trim()
        }
        guard rest.first == "\"" else {
            guard !rest.hasSuffix("\"") else { return nil }
            text = rest
            offset = value.distance(from: value.startIndex, to: rest.startIndex)
            return
        }
        guard rest.utf8.count >= 2, rest.utf8.last == UInt8(ascii: "\"") else { return nil }
        isQuoted = true
        text = rest.dropFirst().dropLast()
        offset = value.distance(from: value.startIndex, to: text.startIndex)
    }

    /// The text with `\;`, `\"` and `\\` turned back into the characters they stand for.
    public var unescaped: String {
        var result = ""
        var isEscaped = false
        for character in text {
            if !isEscaped, character == "\\" {
                isEscaped = true
                continue
            }
            if isEscaped, !";\":\\".contains(character) { result.append("\\") }
            isEscaped = false
            result.append(character)
        }
        if isEscaped { result.append("\\") }
        return result
    }
}
