import NetTypes
import RuleLanguage

/// A threshold file: what is to happen to the alerts of rules, beside the rules (Suricata's threshold.config).
///
///     suppress gen_id 1, sig_id 2000001, track by_src, ip [10.0.0.0/8,$LAB]
///     event_filter gen_id 1, sig_id 0, type limit, track by_src, count 5, seconds 60
///     rate_filter gen_id 1, sig_id 7, track by_rule, count 100, seconds 1, new_action drop, timeout 30
public struct ThresholdFile: Sendable {
    enum Effect: Sendable {
        /// No alert of the rule is written.
        case silence
        case suppress(Suppression)
        case limit(ThresholdTest)
    }

    struct Entry: Sendable {
        /// 0 means the rules of every generator.
        var generatorID: UInt32
        /// 0 means all rules of the generator.
        var signatureID: UInt32
        var effect: Effect
        let line: ListText.Line
    }

    private(set) var entries: [Entry] = []
    public private(set) var problems: [Diagnostic] = []

    /// - Parameters:
    ///   - file: the name for messages.
    ///   - scope: what `$NAME` stands for behind `ip`.
    public init(_ text: String, file: String, scope: VariableScope) {
        for line in ListText(file: file, text: text).lines(joinsContinued: true) {
            do throws(Diagnostic) {
                entries.append(try ThresholdFile.entry(line, scope))
            } catch {
                problems.append(error)
            }
        }
    }

    private static let commands = ["suppress", "threshold", "event_filter", "rate_filter"]

    private static func entry(_ line: ListText.Line, _ scope: VariableScope) throws(Diagnostic) -> Entry {
        let command = line.text.prefix { !$0.isWhitespace }
        guard commands.contains(String(command)) else {
            throw line.problem(
                "'\(command)' is no command of a threshold file",
                hint: "expected \(commands.joined(separator: ", "))", at: command)
        }
        var fields = ThresholdLine(line, behind: command)
        let generatorID = try fields.number("gen_id")
        let signatureID = try fields.number("sig_id")
        guard generatorID > 0 || signatureID == 0 else {
            throw line.problem(
                "gen_id 0 means every rule and does not go with a sig_id", hint: "rules have gen_id 1 by default")
        }
        let effect =
            switch command {
            case "suppress": try suppression(&fields, scope)
            case "rate_filter": try rateFilter(&fields)
            default: try eventFilter(&fields)
            }
        try fields.finish()
        return Entry(generatorID: generatorID, signatureID: signatureID, effect: effect, line: line)
    }

    private static func suppression(
        _ fields: inout ThresholdLine, _ scope: VariableScope
    ) throws(Diagnostic) -> Effect {
        guard fields.has("track") || fields.has("ip") else { return .silence }
        let end = try fields.word(
            "track", ["by_src": Suppression.End.source, "by_dst": .destination, "by_either": .either])
        let text = try fields.text("ip")
        do throws(ResolutionError) {
            return .suppress(Suppression(end: end, addresses: try scope.resolve(addresses: String(text)).values))
        } catch {
            throw fields.line.problem(error.message, hint: error.hint, at: text)
        }
    }

    private static func eventFilter(_ fields: inout ThresholdLine) throws(Diagnostic) -> Effect {
        let kinds: [String: ThresholdTest.Kind] = ["limit": .limit, "threshold": .threshold, "both": .both]
        return .limit(
            ThresholdTest(
                kind: try fields.word("type", kinds), track: try fields.word("track", ThresholdFields.tracks),
                count: try fields.number("count"), seconds: try fields.number("seconds")))
    }

    private static func rateFilter(_ fields: inout ThresholdLine) throws(Diagnostic) -> Effect {
        let track = try fields.word("track", ThresholdFields.tracks)
        let count = try fields.number("count")
        let seconds = try fields.number("seconds")
        let actions: [String: RuleAction] = ["alert": .alert, "drop": .drop, "pass": .pass, "reject": .reject]
        let action = try fields.word("new_action", actions)
        guard count > 0, seconds > 0 else {
            throw fields.line.problem("count and seconds of a rate_filter are at least 1")
        }
        return .limit(
            ThresholdTest(
                kind: .rate, track: track, count: count, seconds: seconds, newAction: action,
                timeout: try fields.number("timeout")))
    }
}

/// One line's `name value` pairs, with their places. A value may be a list in brackets.
private struct ThresholdLine {
    let line: ListText.Line
    private var fields: [(name: Substring, value: Substring)] = []
    private var used: Set<Substring> = []

    init(_ line: ListText.Line, behind command: Substring) {
        self.line = line
        var depth = 0
        var start = command.endIndex
        func field(_ end: String.Index) -> (name: Substring, value: Substring) {
            let text = line.text[start..<end].trimmed
            let name = text.prefix { !$0.isWhitespace }
            return (name, text[name.endIndex...].trimmed)
        }
        for index in line.text[start...].indices {
            switch line.text[index] {
            case "[": depth += 1
            case "]": depth -= 1
            case "," where depth <= 0:
                fields.append(field(index))
                start = line.text.index(after: index)
            default: break
            }
        }
        fields.append(field(line.text.endIndex))
    }

    func has(_ name: String) -> Bool { fields.contains { $0.name == name } }

    mutating func text(_ name: String) throws(Diagnostic) -> Substring {
        guard let field = fields.first(where: { $0.name == name }) else {
            throw line.problem("'\(name)' is missing")
        }
        guard !field.value.isEmpty else { throw line.problem("'\(name)' has no value", at: field.name) }
        used.insert(field.name)
        return field.value
    }

    mutating func number(_ name: String) throws(Diagnostic) -> UInt32 {
        let text = try text(name)
        guard text.utf8.allSatisfy({ (48...57).contains($0) }), let value = UInt32(text) else {
            throw line.problem("'\(text)' is no \(name)", hint: "expected a number from 0 to \(UInt32.max)", at: text)
        }
        return value
    }

    mutating func word<Value>(_ name: String, _ words: [String: Value]) throws(Diagnostic) -> Value {
        let text = try text(name)
        guard let value = words[String(text)] else {
            throw line.problem(
                "'\(text)' does not go with \(name) here",
                hint: "expected \(words.keys.sorted().joined(separator: ", "))", at: text)
        }
        return value
    }

    /// Nothing unknown and nothing twice.
    func finish() throws(Diagnostic) {
        var seen: Set<Substring> = []
        for field in fields {
            guard used.contains(field.name) else {
                throw line.problem("'\(field.name)' does not belong here", at: field.name)
            }
            guard seen.insert(field.name).inserted else {
                throw line.problem("'\(field.name)' stands twice", at: field.name)
            }
        }
    }
}
