import RuleLanguage

/// A part of a match that a pattern keeps as a variable.
///
///     pcre:"/host=(?P<flow_host>[a-z]+)/"          the name says where to
///     pcre:"/host=([a-z]+):(\d+)/,flow:host,pkt:port"   names for the groups in order
struct PatternCapture: Sendable {
    enum Target: UInt8, Sendable {
        case flow
        case packet
    }

    var group: Int32
    var target: Target
    /// Among the policy's variable names.
    var variable: Int32

    /// Groups of one pattern that may be kept: Suricata's.
    static let maximumCount = 8

    /// A capture before names have numbers.
    struct Draft {
        var group: Int
        var target: Target
        var name: String
    }

    /// What a pattern keeps: groups named in the list behind its flags, in order, then those named within it.
    /// - Parameter names: groups of the pattern with their names.
    static func drafts(
        list: Substring, listOffset: Int, groupCount: Int, names: [(name: String, group: Int)]
    ) throws(RuleProblem) -> [Draft] {
        var drafts: [Draft] = []
        for (index, part) in list.split(separator: ",").enumerated() {
            let pair = part.trimmed.split(separator: ":", maxSplits: 1).map(\.trimmed)
            guard pair.count == 2, !pair[1].isEmpty, let target = prefixes[String(pair[0])] else {
                throw RuleProblem(
                    "'\(part.trimmed)' says nothing about a captured group", hint: "expected flow:NAME or pkt:NAME",
                    offset: listOffset + list.distance(from: list.startIndex, to: part.startIndex), length: part.count)
            }
            guard index < groupCount else {
                throw RuleProblem(
                    "more names than captured groups",
                    hint: "the pattern has \(groupCount) groups; write (...) around what is to be kept")
            }
            drafts.append(Draft(group: index + 1, target: target, name: String(pair[1])))
        }
        for (name, group) in names {
            for (prefix, target) in [("flow_", Target.flow), ("pkt_", .packet)] where name.hasPrefix(prefix) {
                drafts.append(Draft(group: group, target: target, name: String(name.dropFirst(prefix.count))))
            }
        }
        guard drafts.count <= maximumCount else {
            throw RuleProblem("more than \(maximumCount) captured groups have names")
        }
        return drafts
    }

    private static let prefixes: [String: Target] = ["flow": .flow, "pkt": .packet]
}
