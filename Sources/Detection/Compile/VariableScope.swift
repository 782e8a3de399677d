import NetTypes
import RuleLanguage

/// What `$NAME` and `@NAME` stand for in the rules of one group: the text of an address or port expression.
public struct VariableScope: Sendable {
    /// A variable may name another; deeper chains are loops.
    static let maximumDepth = 16

    public var addresses: [String: String]
    public var ports: [String: String]
    /// IP set references: prefixes as text.
    public var references: [String: [String]]

    public init(addresses: [String: String] = [:], ports: [String: String] = [:], references: [String: [String]] = [:])
    {
        self.addresses = addresses
        self.ports = ports
        self.references = references
    }
}

/// An address or port list with variables looked up: the set, and whether a negation took part in it (Suricata treats
/// rules with negated addresses apart).
struct ResolvedSet<Values: Hashable & Sendable>: Hashable, Sendable {
    var values: Values
    var hasNegation: Bool
}

/// A problem with an expression: what, and where in the header field's own text.
struct ResolutionError: Error {
    var message: String
    var hint: String?
    var offset = 0
    var length: Int?
}

extension VariableScope {
    func resolve(addresses text: String) throws(ResolutionError) -> ResolvedSet<AddressSet> {
        let expression = try parse(text, AddressExpression.init(parsing:))
        let (values, hasNegation) = try evaluate(expression, depth: 0)
        guard !values.isEmpty else {
            throw ResolutionError(
                message: "'\(text)' leaves no address",
                hint: "everything it names is also negated; remove one of the two")
        }
        return ResolvedSet(values: values, hasNegation: hasNegation)
    }

    /// What is named minus what is negated. Where only negations are of a family, they mean all else of that family; of
    /// a family that is not mentioned nothing is meant: `!10.0.0.0/8` holds no IPv6 address, as in Suricata. The negation
    /// of an empty list means everything.
    private func evaluate(
        _ expression: AddressExpression, depth: Int
    ) throws(ResolutionError) -> (set: AddressSet, hasNegation: Bool) {
        var wanted = AddressSet()
        var unwanted = AddressSet()
        var hasNegation = false
        try collect(expression, depth: depth) { set, negated in
            if negated {
                unwanted = unwanted.union(set)
                hasNegation = true
            } else {
                wanted = wanted.union(set)
            }
        }
        if hasNegation, wanted.isEmpty, unwanted.isEmpty { return (.all, true) }
        let base = AddressSet(
            v4: wanted.v4.isEmpty && !unwanted.v4.isEmpty ? .all : wanted.v4,
            v6: wanted.v6.isEmpty && !unwanted.v6.isEmpty ? .all : wanted.v6)
        return (base.subtracting(unwanted), hasNegation)
    }

    func resolve(ports text: String) throws(ResolutionError) -> ResolvedSet<PortSet> {
        let expression = try parse(text, PortExpression.init(parsing:))
        var wanted = PortSet()
        var unwanted = PortSet()
        var counts = (wanted: 0, unwanted: 0)
        try collect(expression, negated: false, depth: 0) { set, negated in
            if negated {
                unwanted = unwanted.union(set)
                counts.unwanted += 1
            } else {
                wanted = wanted.union(set)
                counts.wanted += 1
            }
        }
        let values = (counts.wanted == 0 ? .all : wanted).subtracting(unwanted)
        guard !values.isEmpty else {
            throw ResolutionError(
                message: "'\(text)' leaves no port", hint: "everything it names is also negated; remove one of the two")
        }
        return ResolvedSet(values: values, hasNegation: counts.unwanted > 0)
    }

    private func parse<E>(
        _ text: String, _ parser: (String) throws(ExpressionError) -> E
    ) throws(ResolutionError) -> E {
        do throws(ExpressionError) {
            return try parser(text)
        } catch {
            throw ResolutionError(message: error.message, offset: error.offset, length: error.length)
        }
    }

    /// Calls `add` with each part of a list and whether it is negated. What stands behind `!` is one set, with its own
    /// negations taken from it first: `![10.0.0.0/8,!10.0.0.1]` leaves 10.0.0.1 in.
    private func collect(
        _ expression: AddressExpression, depth: Int, _ add: (AddressSet, Bool) -> Void
    ) throws(ResolutionError) {
        guard depth <= VariableScope.maximumDepth else {
            throw ResolutionError(message: "variables refer to each other in a circle")
        }
        switch expression {
        case .any: add(.all, false)
        case .range(let first, let last): add(AddressSet(first, through: last), false)
        case .not(let inner): add(try evaluate(inner, depth: depth + 1).set, true)
        case .list(let members):
            for member in members { try collect(member, depth: depth + 1, add) }
        case .variable(let name):
            guard let text = addresses[name] else { throw undefined("$" + name, addresses.keys) }
            try collect(try inside("$" + name, text), depth: depth + 1, add)
        case .reference(let name):
            guard let prefixes = references[name] else {
                throw ResolutionError(
                    message: "the IP set reference @\(name) has no addresses",
                    hint: "give them as references.\(name) in the configuration: a list or a file")
            }
            for prefix in prefixes {
                try collect(try inside("@" + name, prefix), depth: depth + 1, add)
            }
        }
    }

    private func inside(_ name: String, _ text: String) throws(ResolutionError) -> AddressExpression {
        do throws(ExpressionError) {
            return try AddressExpression(parsing: text)
        } catch {
            throw ResolutionError(message: "in \(name): \(error.message)")
        }
    }

    private func collect(
        _ expression: PortExpression, negated: Bool, depth: Int, _ add: (PortSet, Bool) -> Void
    ) throws(ResolutionError) {
        guard depth <= VariableScope.maximumDepth else {
            throw ResolutionError(message: "variables refer to each other in a circle")
        }
        switch expression {
        case .any:
            guard !negated else { throw ResolutionError(message: "'!any' leaves no port") }
            add(.all, false)
        case .range(let first, let last): add(PortSet(CollectionOfOne(first...last)), negated)
        case .not(let inner): try collect(inner, negated: !negated, depth: depth + 1, add)
        case .list(let members):
            for member in members { try collect(member, negated: negated, depth: depth + 1, add) }
        case .variable(let name):
            guard let text = ports[name] else { throw undefined("$" + name, ports.keys) }
            let inner: PortExpression
            do throws(ExpressionError) {
                inner = try PortExpression(parsing: text)
            } catch {
                throw ResolutionError(message: "in $\(name): \(error.message)")
            }
            try collect(inner, negated: negated, depth: depth + 1, add)
        }
    }

    private func undefined(_ name: String, _ known: some Sequence<String>) -> ResolutionError {
        let names = known.map { "$" + $0 }.sorted()
        let hint =
            names.isEmpty ? "no variables of this kind are defined" : "defined are \(names.joined(separator: ", "))"
        return ResolutionError(message: "\(name) is not defined", hint: hint)
    }
}
