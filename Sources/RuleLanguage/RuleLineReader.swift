/// The grammar of one rule: `action protocol source port direction destination port (options)`.
struct RuleLineReader {
    enum Outcome {
        case rule(RuleSyntax)
        case blank
        case invalid([Diagnostic])
    }

    private let line: LogicalLine
    private let bytes: [UInt8]
    private var position = 0

    init(line: LogicalLine) {
        self.line = line
        bytes = line.bytes
    }

    mutating func rule() -> Outcome {
        skipBlanks()
        guard position < bytes.count, bytes[position] != UInt8(ascii: "#") else { return .blank }
        guard bytes.count <= RuleParser.maximumRuleLength else {
            return .invalid([
                problem(
                    at: 0, length: 0,
                    "rule has \(bytes.count) characters, at most \(RuleParser.maximumRuleLength) are read")
            ])
        }
        do throws(Diagnostic) {
            return .rule(try parse())
        } catch {
            return .invalid([error])
        }
    }

    private mutating func parse() throws(Diagnostic) -> RuleSyntax {
        let actionToken = try word("an action (\(RuleAction.allCases.map(\.rawValue).joined(separator: ", ")))")
        guard let action = RuleAction(rawValue: actionToken.text.lowercased()) else {
            throw problem(
                actionToken, "unknown action '\(actionToken.text)'",
                hint: "expected one of \(RuleAction.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        let protocolToken = try word("a protocol (tcp, udp, ip, tls, http, ...)")
        let source = try list("a source address")
        let sourcePort = try list("a source port")
        let direction = try direction()
        let destination = try list("a destination address")
        let destinationPort = try list("a destination port")
        let options = try options()
        return RuleSyntax(
            action: action, actionToken: actionToken, protocolName: protocolToken.text.lowercased(),
            protocolToken: protocolToken, source: source, sourcePort: sourcePort, direction: direction,
            destination: destination, destinationPort: destinationPort, options: options,
            text: line.text(0..<bytes.count), isContinued: line.isContinued)
    }

    // MARK: header

    private mutating func word(_ expected: String) throws(Diagnostic) -> Token {
        skipBlanks()
        let start = position
        while position < bytes.count, !isBlank(bytes[position]), bytes[position] != UInt8(ascii: "(") { position += 1 }
        guard position > start else { throw problem(at: start, length: 1, "expected \(expected)") }
        return token(start..<position)
    }

    /// A word that may hold blanks inside brackets, as `[10.0.0.0/8, 192.168.0.0/16]`.
    private mutating func list(_ expected: String) throws(Diagnostic) -> Token {
        skipBlanks()
        let start = position
        var depth = 0
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "[") { depth += 1 }
            if byte == UInt8(ascii: "]") { depth -= 1 }
            if depth <= 0, isBlank(byte) || byte == UInt8(ascii: "(") { break }
            position += 1
        }
        guard position > start else { throw problem(at: start, length: 1, "expected \(expected)") }
        guard depth == 0 else {
            throw problem(
                at: start, length: position - start, depth > 0 ? "'[' is never closed" : "']' without '['",
                hint: "expected \(expected)")
        }
        return token(start..<position)
    }

    private mutating func direction() throws(Diagnostic) -> RuleDirection {
        let arrow = try word("a direction (-> or <>)")
        switch arrow.text {
        case "->": return .toDestination
        case "<>": return .both
        default:
            throw problem(
                arrow, "'\(arrow.text)' is not a direction",
                hint: arrow.text == "<-"
                    ? "expected -> or <>; write the sender on the left" : "expected -> or <> between the two endpoints")
        }
    }

    // MARK: options

    private mutating func options() throws(Diagnostic) -> [RuleOption] {
        skipBlanks()
        guard position < bytes.count, bytes[position] == UInt8(ascii: "(") else {
            throw problem(at: position, length: 1, "expected '(' and the rule's options")
        }
        guard let close = bytes.lastIndex(where: { !isBlank($0) }), bytes[close] == UInt8(ascii: ")"), close > position
        else {
            let last = bytes.lastIndex { $0 == UInt8(ascii: ")") } ?? bytes.count
            throw problem(
                at: min(last + 1, bytes.count), length: 1, "expected the rule to end with ')'",
                hint: last < bytes.count ? "there is text behind the last ')'" : nil)
        }
        position += 1
        var options: [RuleOption] = []
        while true {
            skipBlanks()
            if position >= close { break }
            options.append(try option(before: close))
        }
        return options
    }

    private mutating func option(before close: Int) throws(Diagnostic) -> RuleOption {
        let start = position
        guard let end = endOfOption(from: start, before: close) else {
            throw problem(
                at: start, length: close - start, "option '\(line.text(start..<close))' has no ';' at its end",
                hint: "every option, the last one too, ends with ';'")
        }
        position = end + 1
        let colon = bytes[start..<end].firstIndex(of: UInt8(ascii: ":"))
        let nameRange = trimmed(start..<(colon ?? end))
        guard !nameRange.isEmpty else { throw problem(at: start, length: 1, "expected a keyword before ';'") }
        let name = token(nameRange)
        guard let colon else { return RuleOption(name: name, value: nil) }
        return RuleOption(name: name, value: token(trimmed((colon + 1)..<end)))
    }

    /// The next `;` that no backslash stands before: inside quotes too a semicolon has to be escaped.
    private func endOfOption(from start: Int, before close: Int) -> Int? {
        var index = start
        while index < close {
            if bytes[index] == UInt8(ascii: ";"), index == start || bytes[index - 1] != UInt8(ascii: "\\") {
                return index
            }
            index += 1
        }
        return nil
    }

    // MARK: helpers

    private func isBlank(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 }

    private mutating func skipBlanks() {
        while position < bytes.count, isBlank(bytes[position]) { position += 1 }
    }

    private func trimmed(_ range: Range<Int>) -> Range<Int> {
        var lower = range.lowerBound
        var upper = range.upperBound
        while lower < upper, isBlank(bytes[lower]) { lower += 1 }
        while upper > lower, isBlank(bytes[upper - 1]) { upper -= 1 }
        return lower..<upper
    }

    private func token(_ range: Range<Int>) -> Token {
        Token(line.text(range), at: line.location(of: range.lowerBound))
    }

    private func problem(at offset: Int, length: Int, _ message: String, hint: String? = nil) -> Diagnostic {
        var problem = Diagnostic(
            at: line.location(of: offset), length: length, message, hint: hint, sourceLine: line.sourceLine(of: offset))
        problem.isOfOneRule = true
        return problem
    }

    private func problem(_ token: Token, _ message: String, hint: String? = nil) -> Diagnostic {
        var problem = Diagnostic(
            at: token.location, length: token.text.count, message, hint: hint,
            sourceLine: line.sourceLine(numbered: token.location.line))
        problem.isOfOneRule = true
        return problem
    }
}
