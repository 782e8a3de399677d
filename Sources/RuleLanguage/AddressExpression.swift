import NetTypes

/// The address part of a rule header, or of an address variable: what is written, variables not looked up.
///
///     any   10.1.2.3   10.0.0.0/8   10.0.0.0/255.0.0.0   10.0.0.1-10.0.0.9   2001:db8::/32
///     $HOME_NET   @PARTNERS   !expression   [expression,expression]
public indirect enum AddressExpression: Hashable, Sendable {
    case any
    case range(IPAddress, IPAddress)
    case variable(String)
    case reference(String)
    case not(AddressExpression)
    case list([AddressExpression])
}

/// The port part of a rule header, or of a port variable: `any`, `80`, `1024:`, `:1023`, `80:90`, `$VAR`, `!`, `[ ]`.
public indirect enum PortExpression: Hashable, Sendable {
    case any
    case range(UInt16, UInt16)
    case variable(String)
    case not(PortExpression)
    case list([PortExpression])
}

/// What is wrong with a list of addresses or ports, and where in its text (characters from its start).
public struct ExpressionError: Error, Hashable, Sendable {
    public let offset: Int
    public let length: Int
    public let message: String
}

extension AddressExpression {
    public init(parsing text: String) throws(ExpressionError) {
        var reader = ExpressionReader(text)
        self = try reader.whole(AddressExpression.self)
    }
}

extension PortExpression {
    public init(parsing text: String) throws(ExpressionError) {
        var reader = ExpressionReader(text)
        self = try reader.whole(PortExpression.self)
    }
}

/// What the two expression kinds share: negation, lists, and their own atoms.
protocol NegatableExpression {
    static func negation(of expression: Self) -> Self
    static func group(_ members: [Self]) -> Self
    static func atom(_ text: Substring) -> Swift.Result<Self, AtomError>
}

struct AtomError: Error {
    let message: String
}

/// Lists nest at most this deep; no sane policy needs more, and it bounds the recursion.
let maximumExpressionDepth = 32

struct ExpressionReader {
    private let characters: [Character]
    private var position = 0

    init(_ text: String) { characters = Array(text) }

    mutating func whole<E: NegatableExpression>(_ type: E.Type) throws(ExpressionError) -> E {
        let result: E = try expression(depth: 0)
        skipBlanks()
        guard position == characters.count else {
            throw error("unexpected '\(String(characters[position...]))'", length: characters.count - position)
        }
        return result
    }

    private mutating func expression<E: NegatableExpression>(depth: Int) throws(ExpressionError) -> E {
        skipBlanks()
        guard depth < maximumExpressionDepth else { throw error("lists nest too deep", length: 1) }
        guard position < characters.count else { throw error("expected a value", length: 1) }
        switch characters[position] {
        case "!":
            position += 1
            return E.negation(of: try expression(depth: depth + 1))
        case "[":
            position += 1
            return E.group(try members(depth: depth + 1))
        default:
            return try atom()
        }
    }

    private mutating func members<E: NegatableExpression>(depth: Int) throws(ExpressionError) -> [E] {
        var members: [E] = []
        while true {
            members.append(try expression(depth: depth))
            skipBlanks()
            guard position < characters.count else { throw error("'[' is never closed", length: 1) }
            let separator = characters[position]
            position += 1
            if separator == "]" { return members }
            guard separator == "," else {
                position -= 1
                throw error("expected ',' or ']' instead of '\(separator)'", length: 1)
            }
        }
    }

    private mutating func atom<E: NegatableExpression>() throws(ExpressionError) -> E {
        let start = position
        while position < characters.count, !",[]! \t".contains(characters[position]) { position += 1 }
        let text = String(characters[start..<position])
        switch E.atom(text[...]) {
        case .success(let value): return value
        case .failure(let problem):
            throw ExpressionError(offset: start, length: max(1, position - start), message: problem.message)
        }
    }

    private mutating func skipBlanks() {
        while position < characters.count, characters[position] == " " || characters[position] == "\t" { position += 1 }
    }

    private func error(_ message: String, length: Int) -> ExpressionError {
        ExpressionError(offset: min(position, characters.count), length: length, message: message)
    }
}

extension AddressExpression: NegatableExpression {
    static func negation(of expression: AddressExpression) -> AddressExpression { .not(expression) }
    static func group(_ members: [AddressExpression]) -> AddressExpression { .list(members) }

    static func atom(_ text: Substring) -> Result<AddressExpression, AtomError> {
        if text.lowercased() == "any" { return .success(.any) }
        if text.hasPrefix("$") { return name(text, AddressExpression.variable) }
        if text.hasPrefix("@") { return name(text, AddressExpression.reference) }
        if let dash = text.firstIndex(of: "-") { return range(text[..<dash], text[text.index(after: dash)...]) }
        if let slash = text.firstIndex(of: "/"), text[slash...].contains(".") {
            return masked(text[..<slash], text[text.index(after: slash)...])
        }
        guard let prefix = IPPrefix(text) else {
            return .failure(
                AtomError(message: "'\(text)' is not an address, a prefix (10.0.0.0/8), a range or a $VARIABLE"))
        }
        return .success(.range(prefix.first, prefix.last))
    }

    private static func name(
        _ text: Substring, _ make: (String) -> AddressExpression
    ) -> Result<AddressExpression, AtomError> {
        let name = text.dropFirst()
        guard !name.isEmpty else { return .failure(AtomError(message: "expected a name behind '\(text)'")) }
        return .success(make(String(name)))
    }

    private static func range(_ first: Substring, _ last: Substring) -> Result<AddressExpression, AtomError> {
        guard let low = IPAddress(first), let high = IPAddress(last), low.version == high.version else {
            return .failure(AtomError(message: "'\(first)-\(last)' is not a range of two addresses of one family"))
        }
        guard low.value <= high.value else {
            return .failure(AtomError(message: "the range \(first)-\(last) runs backwards"))
        }
        return .success(.range(low, high))
    }

    /// `10.0.0.0/255.0.0.0`; the mask's ones must be contiguous.
    private static func masked(_ address: Substring, _ mask: Substring) -> Result<AddressExpression, AtomError> {
        guard let address = IPAddress(address), address.isIPv4, let mask = IPAddress(mask),
            let prefix = IPPrefix(address, length: mask.v4Bits.nonzeroBitCount),
            mask.v4Bits == (mask.v4Bits == 0 ? 0 : UInt32.max << UInt32(32 - prefix.length))
        else {
            return .failure(AtomError(message: "'\(mask)' is not a network mask"))
        }
        return .success(.range(prefix.first, prefix.last))
    }
}

extension PortExpression: NegatableExpression {
    static func negation(of expression: PortExpression) -> PortExpression { .not(expression) }
    static func group(_ members: [PortExpression]) -> PortExpression { .list(members) }

    static func atom(_ text: Substring) -> Result<PortExpression, AtomError> {
        if text.lowercased() == "any" { return .success(.any) }
        if text.hasPrefix("$") {
            guard text.count > 1 else { return .failure(AtomError(message: "expected a name behind '$'")) }
            return .success(.variable(String(text.dropFirst())))
        }
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let isRange = parts.count == 2
        let low = parts[0].isEmpty && isRange ? 0 : number(parts[0])
        let high = isRange ? (parts[1].isEmpty ? 65535 : number(parts[1])) : low
        guard let low, let high else {
            return .failure(AtomError(message: "'\(text)' is not a port (0 to 65535), a range (80:90) or a $VARIABLE"))
        }
        guard low <= high else { return .failure(AtomError(message: "the range \(text) runs backwards")) }
        return .success(.range(low, high))
    }

    private static func number(_ text: Substring) -> UInt16? {
        guard (1...5).contains(text.utf8.count), text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return UInt16(text)
    }
}
