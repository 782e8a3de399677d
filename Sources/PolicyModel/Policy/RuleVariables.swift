import RuleLanguage

/// The values of a rule variable, `$HOME_NET` or `$HTTP_PORTS`, as texts that the rule grammar reads.
public struct VariableDefinition: Hashable, Sendable {
    public var values: [String]
    /// Nil when it was not written in a document.
    public var location: SourceLocation?

    public init(_ values: [String], location: SourceLocation? = nil) {
        self.values = values
        self.location = location
    }

    /// All values as one text of the rule grammar: `[10.0.0.0/8,192.168.0.0/16]`.
    public var text: String {
        guard values.count == 1, let only = values.first else { return "[\(values.joined(separator: ","))]" }
        return only
    }
}

/// The variables of a rule group by name, addresses and ports apart.
public struct RuleVariables: Hashable, Sendable {
    public var ipSets: [String: VariableDefinition]
    public var portSets: [String: VariableDefinition]

    public init(ipSets: [String: VariableDefinition] = [:], portSets: [String: VariableDefinition] = [:]) {
        self.ipSets = ipSets
        self.portSets = portSets
    }

    /// The two variables that exist without being declared.
    public static let builtIn = ["HOME_NET", "EXTERNAL_NET"]

    /// The `RuleVariables` of a rule group.
    init(_ node: DocumentNode, _ problems: inout [Diagnostic]) {
        self.init()
        guard let fields = DocumentFields(node, of: "RuleVariables", keys: ["IPSets", "PortSets"], &problems) else {
            return
        }
        if let sets = fields["IPSets"] { ipSets = RuleVariables.definitions(sets, ports: false, &problems) }
        if let sets = fields["PortSets"] { portSets = RuleVariables.definitions(sets, ports: true, &problems) }
    }

    private static func definitions(
        _ node: DocumentNode, ports: Bool, _ problems: inout [Diagnostic]
    ) -> [String: VariableDefinition] {
        var definitions: [String: VariableDefinition] = [:]
        for entry in node.entries(&problems) ?? [] {
            // Declared in any case, so that the rules that use it are not complained about as well.
            definitions[entry.key] = definition(entry, ports: ports, &problems)
        }
        return definitions
    }

    /// `"NAME": {"Definition": [...]}`; without values when something is wrong.
    static func definition(
        _ entry: DocumentNode.Entry, ports: Bool, _ problems: inout [Diagnostic]
    ) -> VariableDefinition {
        if !TextForm.variableName.accepts(entry.key) {
            problems.error(
                at: entry.keyLocation, "expected \(TextForm.variableName.expected), found '\(shown(entry.key))'")
        }
        var definition = VariableDefinition([], location: entry.value.location)
        guard let fields = DocumentFields(entry.value, of: entry.key, keys: ["Definition"], &problems) else {
            return definition
        }
        guard let list = fields["Definition"] else {
            problems.error(at: entry.value.location, emptyMessage(entry.key))
            return definition
        }
        guard let items = list.list(&problems) else { return definition }
        if items.isEmpty { problems.error(at: list.location, emptyMessage(entry.key)) }
        for item in items {
            guard let text = item.string(&problems) else { continue }
            if let error = syntaxError(in: text, ports: ports) {
                problems.error(at: item.location, error.message)
            } else {
                definition.values.append(text)
            }
        }
        return definition
    }

    private static func emptyMessage(_ name: String) -> String {
        "\(shown(name)) cannot be null or empty: its Definition has no value"
    }

    private static func syntaxError(in text: String, ports: Bool) -> ExpressionError? {
        do throws(ExpressionError) {
            if ports { _ = try PortExpression(parsing: text) } else { _ = try AddressExpression(parsing: text) }
            return nil
        } catch {
            return error
        }
    }
}
