import RuleLanguage

/// What the stateless engine does with a packet.
public enum StatelessAction: String, Hashable, Sendable, CaseIterable {
    case pass = "aws:pass"
    case drop = "aws:drop"
    /// Hands the packet to the stateful engine.
    case forwardToStateful = "aws:forward_to_sfe"
}

/// The actions of a stateless rule or default: one of the three, and metrics to count.
public struct StatelessActions: Hashable, Sendable {
    public var action: StatelessAction
    /// Names of custom actions of the same document.
    public var customActions: [String]

    public init(_ action: StatelessAction, customActions: [String] = []) {
        self.action = action
        self.customActions = customActions
    }

    /// `name` is the key the list stands under, for messages.
    init?(_ node: DocumentNode, name: String, defined: [CustomAction], _ problems: inout [Diagnostic]) {
        guard let items = node.list(&problems) else { return nil }
        let allowed = StatelessAction.allCases.map(\.rawValue).joined(separator: ", ")
        var standard: [StatelessAction] = []
        var custom: [String] = []
        for item in items {
            guard let text = item.string(&problems) else { continue }
            if let action = StatelessAction(rawValue: text) {
                standard.append(action)
            } else if defined.contains(where: { $0.name == text }) {
                custom.append(text)
            } else {
                let names = StatelessAction.allCases.map(\.rawValue) + defined.map(\.name)
                problems.error(
                    at: item.location,
                    "\(name) is invalid: no custom action '\(shown(text))' is defined in this document",
                    hint: problems.suggestion(for: text, among: names))
            }
        }
        guard let action = standard.first else {
            problems.error(
                at: node.location, "\(name) cannot be null or empty: expected exactly one of \(allowed)",
                hint: custom.isEmpty ? nil : "a custom action only counts; it does not replace one of the three")
            return nil
        }
        if standard.count > 1 {
            let found = standard.map(\.rawValue).joined(separator: ", ")
            problems.error(
                at: node.location, "\(name) cannot exist together: \(found); expected exactly one of \(allowed)")
        }
        self.init(action, customActions: custom)
    }
}
