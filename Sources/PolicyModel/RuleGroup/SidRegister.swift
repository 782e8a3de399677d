import RuleLanguage

/// The signature ids of one group: each rule has one, and no two rules have the same.
struct SidRegister {
    /// Two rules are the same to the service when they have the same sid; to Suricata the group id and the revision
    /// count too.
    struct Identity: Hashable {
        var sid: UInt32
        var gid = ""
        var revision = ""
    }

    private var places: [Identity: SourceLocation] = [:]

    /// - Parameter ofFile: the rule stands in a file of rules, not in a document.
    mutating func problem(of rule: RuleSyntax, ofFile: Bool) -> Diagnostic? {
        // A rule that `requires` what this engine lacks is skipped; whether it does is not known here.
        if ofFile, rule.option("requires") != nil { return nil }
        let sids = rule.options.filter { $0.name == "sid" }
        guard let option = sids.first else {
            return rule.diagnostic(
                at: rule.actionToken, "sid not assigned: every rule has a number of its own",
                hint: "add sid:1000001; to it")
        }
        let token = option.value ?? option.nameToken
        guard sids.count == 1 else {
            return rule.diagnostic(at: sids[1].nameToken, "the rule has more than one sid")
        }
        guard let sid = UInt32(token.text), sid > 0 else {
            return rule.diagnostic(
                at: token, "'\(shown(token.text))' is not a sid", hint: "expected 1 to \(UInt32.max)")
        }
        var identity = Identity(sid: sid)
        if ofFile {
            identity.gid = rule.option("gid")?.value?.text ?? ""
            identity.revision = rule.option("rev")?.value?.text ?? ""
        }
        guard let first = places[identity] else {
            places[identity] = rule.location
            return nil
        }
        let place = first.path.isEmpty ? "line \(first.line)" : first.path
        return rule.diagnostic(at: token, "Duplicate signature: sid \(sid) is used in \(place) already")
    }
}
