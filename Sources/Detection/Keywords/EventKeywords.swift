import AppLayer
import RuleLanguage

/// `app-layer-event`: what a parser, or recognition, has noticed.
enum EventKeywords {
    static let all = [
        Keyword(
            name: "app-layer-event", value: .required,
            summary: "Something a protocol's parser has noticed: protocol.event, or applayer_...",
            setUp: setUp)
    ]

    @Sendable
    private static func setUp(_ builder: inout SignatureBuilder, _ argument: KeywordArgument) throws(RuleProblem) {
        let name = argument.text.filter { $0 != " " }
        if let events = SessionEvents.byName[name] {
            builder.add(.sessionEvent(events))
            return
        }
        let parts = name.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, let owner = RuleProtocol.applications[parts[0]]?.appProtocol else {
            throw unknown(name, parts[0])
        }
        let full = (owner == .http1 ? "http" : parts[0]) + "." + parts[1].lowercased()
        if let event = AppLayerEvent(rawValue: full) {
            try builder.require(owner, for: argument.option)
            builder.transactionTests.append(.event(event))
            return
        }
        guard AppLayerEvent.unread.contains(full) else { throw unknown(name, parts[0]) }
        try builder.require(owner, for: argument.option)
        builder.transactionTests.append(.never)
        builder.warn(argument.option, "\(owner.name) is recognised, not read: this event is never seen")
    }

    private static func unknown(_ name: String, _ owner: String) -> RuleProblem {
        let all = AppLayerEvent.allCases.map(\.rawValue) + AppLayerEvent.unread + SessionEvents.byName.keys
        if let near = nearestName(to: name, among: all) {
            return RuleProblem("'\(name)' is no event", hint: "did you mean \(near)?")
        }
        let own = all.filter { $0.hasPrefix(owner + ".") }.sorted().prefix(8)
        return RuleProblem(
            "'\(name)' is no event",
            hint: own.isEmpty
                ? "expected protocol.event, such as tls.invalid_record_type" : "such as \(own.joined(separator: ", "))")
    }
}
