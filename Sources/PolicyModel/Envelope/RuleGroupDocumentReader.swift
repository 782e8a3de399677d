import RuleLanguage

/// Reads a rule group in any of its envelopes.
struct RuleGroupDocumentReader {
    /// Units that a group may have at most.
    static let maximumCapacity = 30_000

    /// What the caller says of a bare group.
    let type: RuleGroupType?

    func read(_ root: DocumentNode, _ form: PolicyDocument.Form, _ problems: inout [Diagnostic]) -> PolicyDocument? {
        let document: RuleGroupDocument? =
            switch form {
            case .bare, .rulesFile:
                RuleGroupReader(type: type).read(root, &problems).map { RuleGroupDocument(form: .bare, group: $0) }
            case .describeResponse: response(root, &problems)
            case .createRequest: request(root, form, RequestFields.createRuleGroup, &problems)
            case .updateRequest: request(root, form, RequestFields.updateRuleGroup, &problems)
            case .template: request(root, form, RequestFields.ruleGroupTemplate, &problems)
            }
        return document.map(PolicyDocument.ruleGroup)
    }

    private func response(_ root: DocumentNode, _ problems: inout [Diagnostic]) -> RuleGroupDocument? {
        let keys = RequestFields.describeRuleGroup
        guard let fields = DocumentFields(root, of: "the response", keys: keys, &problems),
            let response = fields.required("RuleGroupResponse", &problems),
            let about = DocumentFields(
                response, of: "RuleGroupResponse", keys: RequestFields.ruleGroupResponse, &problems)
        else { return nil }
        RequestFields.checkRest(of: fields, &problems)
        RequestFields.checkRest(of: about, &problems)
        let name = about["RuleGroupName"]?.string(.resourceName, &problems)
        let type = about["Type"]?.word(of: RuleGroupType.self, &problems) ?? self.type
        let capacity = about["Capacity"]?.integer(in: 0...Int.max, &problems)
        guard let node = fields.required("RuleGroup", &problems),
            let group = RuleGroupReader(type: type).read(node, &problems)
        else { return nil }
        return RuleGroupDocument(name: name, form: .describeResponse, declaredCapacity: capacity, group: group)
    }

    private func request(
        _ root: DocumentNode, _ form: PolicyDocument.Form, _ keys: [String], _ problems: inout [Diagnostic]
    ) -> RuleGroupDocument? {
        guard let fields = DocumentFields(root, of: "the rule group", keys: keys, &problems) else { return nil }
        RequestFields.checkRest(of: fields, &problems)
        let name = fields["RuleGroupName"]?.string(.resourceName, &problems)
        let arn = fields["RuleGroupArn"]?.string(.arn, &problems)
        let declaredType = fields["Type"]?.word(of: RuleGroupType.self, &problems)
        checkIdentity(fields, form, &problems)
        let capacity = fields["Capacity"].flatMap { self.capacity($0, &problems) }
        guard let group = self.group(fields, declaredType ?? type, &problems) else { return nil }
        if let capacity, let node = fields["Capacity"] { check(capacity, group, at: node.location, &problems) }
        return RuleGroupDocument(
            name: name ?? arn.flatMap { ResourceARN($0)?.name }, form: form, declaredCapacity: capacity, group: group)
    }

    private func checkIdentity(_ fields: DocumentFields, _ form: PolicyDocument.Form, _ problems: inout [Diagnostic]) {
        switch form {
        case .createRequest, .template:
            for key in ["RuleGroupName", "Type", "Capacity"] { _ = fields.required(key, &problems) }
        case .updateRequest:
            _ = fields.required("UpdateToken", &problems)
            if fields.contains("RuleGroupArn") { break }
            for key in ["RuleGroupName", "Type"] where !fields.contains(key) {
                problems.error(
                    at: fields.node.location, "a rule group is named by RuleGroupArn, or by RuleGroupName and Type")
                break
            }
        case .bare, .describeResponse, .rulesFile: break
        }
    }

    private func group(
        _ fields: DocumentFields, _ type: RuleGroupType?, _ problems: inout [Diagnostic]
    ) -> RuleGroup? {
        switch (fields["RuleGroup"], fields["Rules"]) {
        case (let node?, nil): return RuleGroupReader(type: type).read(node, &problems)
        case (nil, let node?):
            if type == .stateless {
                problems.error(at: node.location, "Rules are stateful: the rule group is STATELESS")
            }
            return RuleGroupReader.flat(node, &problems)
        case (_?, let node?):
            problems.error(at: node.location, "RuleGroup and Rules cannot exist together")
        case (nil, nil):
            problems.error(at: fields.node.location, "the rule group has neither 'RuleGroup' nor 'Rules'")
        }
        return nil
    }

    private func capacity(_ node: DocumentNode, _ problems: inout [Diagnostic]) -> Int? {
        guard let capacity = node.integer(in: 1...Int(Int32.max), &problems) else { return nil }
        if capacity > RuleGroupDocumentReader.maximumCapacity {
            problems.error(
                at: node.location,
                "Capacity capacity exceeded, parameter: [\(capacity)]: a group has at most "
                    + "\(RuleGroupDocumentReader.maximumCapacity)", hint: "split the rules over several groups")
        }
        return capacity
    }

    private func check(
        _ capacity: Int, _ group: RuleGroup, at location: SourceLocation, _ problems: inout [Diagnostic]
    ) {
        let need = group.capacity
        let name =
            switch group {
            case .stateful: "StatefulRules"
            case .stateless: "StatelessRules"
            }
        if capacity < need.lowerBound {
            problems.error(
                at: location, "\(name) capacity exceeded, parameter: [\(need.lowerBound)]: Capacity is \(capacity)",
                hint: "a group's capacity cannot be raised later; leave room for growth")
        } else if capacity < need.upperBound {
            problems.warning(
                at: location,
                "the service may count \(need.lowerBound) to \(need.upperBound) units, Capacity is \(capacity)")
        }
    }
}
