import NetTypes
import RuleLanguage

/// A list as proxies use it: on each line a domain name, with a leading dot for its subdomains too, or an address or
/// prefix. `#` begins a comment; blank lines do not count.
public struct PlainList: Sendable {
    /// An address or prefix of the list.
    public struct Address: Hashable, Sendable {
        /// As written.
        public let text: String
        public let location: SourceLocation
    }

    public var domains: [DomainTarget] = []
    public var addresses: [Address] = []
    public var location: SourceLocation

    public init(parsing text: String, file: String, _ problems: inout [Diagnostic]) {
        location = SourceLocation(file: file, line: 1, column: 1)
        var seen: [String: Int] = [:]
        for (number, line) in numberedLines(of: withoutByteOrderMark(text)) {
            let words = line.utf8.prefix { $0 != UInt8(ascii: "#") }.split {
                $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t")
            }
            guard let first = words.first else { continue }
            let word = String(Substring(first))
            let column = 1 + line.distance(from: line.startIndex, to: first.startIndex)
            let location = SourceLocation(file: file, line: number, column: column)
            func report(_ severity: Diagnostic.Severity, _ message: String, hint: String? = nil) {
                problems.append(
                    Diagnostic(
                        severity, at: location, length: word.count, "'\(shown(word))' \(message)", hint: hint,
                        sourceLine: String(line)))
            }
            if words.count > 1 {
                report(.error, "is not alone: a name or address has a line of its own")
            } else if let earlier = seen.updateValue(number, forKey: word.lowercased()) {
                report(.warning, "is listed in line \(earlier) already")
            } else if let hint = add(word, at: location) {
                report(.error, "is neither a domain name nor an address", hint: hint)
            }
        }
    }

    /// Adds what a line holds, or answers what should stand there.
    private mutating func add(_ word: String, at location: SourceLocation) -> String? {
        var hint = "an address is written as 192.0.2.7, a prefix as 192.0.2.0/24"
        do throws(DomainTarget.Problem) {
            let target = try DomainTarget(word, at: location)
            // No top-level domain is a number (RFC 3696 section 2): such a name is an address, or was meant to be one.
            let lastLabel = target.name.utf8.split(separator: UInt8(ascii: ".")).last
            if lastLabel?.allSatisfy(isDigit) == false {
                domains.append(target)
                return nil
            }
        } catch {
            hint = error.hint
        }
        guard IPPrefix(word) != nil else { return hint }
        addresses.append(Address(text: word, location: location))
        return nil
    }

    /// The list as a rule group. Names are looked for in TLS and HTTP, as in a domain list, but nothing is dropped that
    /// is not on the list; behind the rules for the names come those for the addresses, which fit any protocol.
    public func ruleGroup(_ action: Action, order: RuleOrder) -> StatefulRuleGroup {
        var maker = DomainListRules(
            action.generatedRulesType, types: DomainList.TargetType.allCases, order: order, endsWithDrop: false)
        maker.add(domains, listLocation: location)
        for address in addresses {
            let head = "\(action.rawValue) ip $HOME_NET any -> \(address.text) any"
            maker.add(
                "\(head) (msg:\"listed address \(address.text)\"; sid:\(maker.sid); rev:1;)", at: address.location)
        }
        return StatefulRuleGroup(source: .plainList(self), rules: maker.rules, ruleOrder: order, location: location)
    }

    /// What is to be done with what is on a list.
    public enum Action: String, Hashable, Sendable, CaseIterable {
        case pass
        case drop
        case reject
        case alert

        var generatedRulesType: DomainList.GeneratedRulesType {
            switch self {
            case .pass: .allowlist
            case .drop: .denylist
            case .reject: .rejectlist
            case .alert: .alertlist
            }
        }
    }
}
