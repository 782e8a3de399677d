import RuleLanguage

/// `tag`: the packets behind a match are logged too.
enum TagKeyword {
    static let keyword = Keyword(
        name: "tag", value: .required,
        summary: "Logs the packets behind a match: session|host[,N,packets|bytes|seconds[,src|dst]]."
    ) { builder, argument throws(RuleProblem) in
        let parts = argument.parts
        let shape = "tag:session,10,packets or tag:host,60,seconds,src"
        guard [1, 3, 4].contains(parts.count) else {
            throw RuleProblem("tag needs what to tag, a number, and what it counts", hint: shape)
        }
        guard ["session", "host"].contains(parts[0]) else {
            throw RuleProblem("'\(parts[0])' cannot be tagged", hint: "expected session or host")
        }
        let isHost = parts[0] == "host"
        var tag = TagDefinition(
            host: isHost ? .destination : nil, count: TagDefinition.maximumPackets, metric: .packets)
        if parts.count > 1 {
            let metrics: [String: TagDefinition.Metric] = [
                "packets": .packets, "bytes": .bytes, "seconds": .seconds,
            ]
            guard let metric = metrics[parts[2]] else {
                throw RuleProblem("'\(parts[2])' is nothing to count", hint: "expected packets, bytes or seconds")
            }
            guard parts[1].utf8.allSatisfy({ (48...57).contains($0) }), let count = UInt32(parts[1]) else {
                throw RuleProblem("'\(parts[1])' is no number of \(parts[2])", hint: shape)
            }
            tag.metric = metric
            tag.count = metric == .packets ? min(count, TagDefinition.maximumPackets) : count
        }
        if parts.count == 4 {
            let ends: [String: StateTrack] = ["src": .source, "dst": .destination]
            guard let end = ends[parts[3]] else {
                throw RuleProblem("'\(parts[3])' is no end of a packet", hint: "expected src or dst")
            }
            if isHost {
                tag.host = end
            } else {
                builder.warn(argument.option, "src and dst mean nothing for a session", hint: "leave it out")
            }
        }
        builder.tags.append(tag)
    }
}
