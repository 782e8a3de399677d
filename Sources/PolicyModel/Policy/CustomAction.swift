import RuleLanguage

/// A metric that is counted when a stateless rule or default with this action applies. It never changes the verdict.
public struct CustomAction: Hashable, Sendable {
    /// At most so many in one rule group or policy.
    public static let maximumCount = 10

    public var name: String
    /// The metric's one dimension.
    public var dimension: String
    public var location: SourceLocation

    public init(name: String, dimension: String, location: SourceLocation) {
        self.name = name
        self.dimension = dimension
        self.location = location
    }

    init?(_ node: DocumentNode, _ problems: inout [Diagnostic]) {
        guard
            let fields = DocumentFields(
                node, of: "the custom action", keys: ["ActionName", "ActionDefinition"], &problems),
            let name = fields.required("ActionName", &problems)?.string(.actionName, &problems),
            let definition = fields.required("ActionDefinition", &problems),
            let definitionFields = DocumentFields(
                definition, of: "ActionDefinition", keys: ["PublishMetricAction"], &problems),
            let metric = definitionFields.required("PublishMetricAction", &problems),
            let metricFields = DocumentFields(metric, of: "PublishMetricAction", keys: ["Dimensions"], &problems),
            let list = metricFields.required("Dimensions", &problems),
            let dimensions = list.list(&problems)
        else { return nil }
        guard dimensions.count == 1, let first = dimensions.first else {
            problems.error(at: list.location, "expected exactly one dimension, found \(dimensions.count)")
            return nil
        }
        guard let dimensionFields = DocumentFields(first, of: "the dimension", keys: ["Value"], &problems),
            let value = dimensionFields.required("Value", &problems)?.string(.dimensionValue, &problems)
        else { return nil }
        self.name = name
        dimension = value
        location = node.location
    }

    /// Reads the custom actions of a rule group or policy.
    static func list(_ node: DocumentNode?, _ problems: inout [Diagnostic]) -> [CustomAction] {
        guard let node, let items = node.list(&problems) else { return [] }
        if items.count > maximumCount {
            problems.error(
                at: node.location,
                "ActionDefinition limit exceeded: \(items.count) custom actions, at most \(maximumCount)")
        }
        var actions: [CustomAction] = []
        for item in items.prefix(maximumCount) {
            guard let action = CustomAction(item, &problems) else { continue }
            if actions.contains(where: { $0.name == action.name }) {
                problems.error(at: action.location, "the custom action '\(action.name)' is defined twice")
            } else {
                actions.append(action)
            }
        }
        return actions
    }
}
