/// A piece of a rule's text and where it stands.
public struct Token: Hashable, Sendable {
    public let text: String
    public let location: SourceLocation

    public init(_ text: String, at location: SourceLocation) {
        self.text = text
        self.location = location
    }
}

/// `->` or `<>`.
public enum RuleDirection: Hashable, Sendable {
    case toDestination
    case both
}

/// What a rule says is to be done; only the words, no meaning yet.
public enum RuleAction: String, Hashable, Sendable, CaseIterable {
    case alert
    case pass
    case drop
    case reject
    case rejectSource = "rejectsrc"
    case rejectDestination = "rejectdst"
    case rejectBoth = "rejectboth"
    /// Changes what the engine logs; neither verdict nor alert.
    case config

    /// Reject in any of its forms.
    public var isReject: Bool {
        switch self {
        case .reject, .rejectSource, .rejectDestination, .rejectBoth: true
        case .alert, .pass, .drop, .config: false
        }
    }

    /// Drop or reject: the packet does not go on.
    public var blocks: Bool { self == .drop || isReject }
}

/// `name;` or `name:value;` of a rule, the value as written but for space around it.
public struct RuleOption: Hashable, Sendable {
    /// In lower case: keywords are case-insensitive.
    public let name: String
    public let nameToken: Token
    public let value: Token?

    public init(name: Token, value: Token?) {
        self.name = name.text.lowercased()
        self.nameToken = name
        self.value = value
    }
}

/// One rule as written: header and options, nothing resolved or checked beyond the grammar.
public struct RuleSyntax: Hashable, Sendable {
    public var action: RuleAction
    public let actionToken: Token
    /// In lower case.
    public let protocolName: String
    public let protocolToken: Token
    public let source: Token
    public let sourcePort: Token
    public let direction: RuleDirection
    public let destination: Token
    public let destinationPort: Token
    public let options: [RuleOption]
    /// The rule's text on one line, for logs and messages.
    public let text: String
    /// Written over several lines with backslashes.
    public let isContinued: Bool

    public var location: SourceLocation { actionToken.location }

    /// The first option of this name.
    public func option(_ name: String) -> RuleOption? { options.first { $0.name == name } }
}

extension RuleSyntax {
    /// A problem with one piece of this rule.
    public func diagnostic(
        _ severity: Diagnostic.Severity = .error, at token: Token, _ message: String, hint: String? = nil
    ) -> Diagnostic {
        Diagnostic(
            severity, at: token.location, length: token.text.count, message, hint: hint,
            sourceLine: isContinued ? nil : text)
    }

    /// A problem with a part of one piece: `offset` and `length` in characters of `token`.
    public func diagnostic(
        _ severity: Diagnostic.Severity = .error, at token: Token, offset: Int, length: Int, _ message: String,
        hint: String? = nil
    ) -> Diagnostic {
        var location = token.location
        location.column += offset
        return Diagnostic(
            severity, at: location, length: length, message, hint: hint, sourceLine: isContinued ? nil : text)
    }
}
