import RuleLanguage

/// Reads a firewall policy in any of its envelopes.
enum FirewallPolicyDocumentReader {
    static func read(
        _ root: DocumentNode, _ form: PolicyDocument.Form, _ problems: inout [Diagnostic]
    ) -> PolicyDocument? {
        let document: FirewallPolicyDocument? =
            switch form {
            case .bare, .rulesFile:
                FirewallPolicyReader.read(root, &problems).map { FirewallPolicyDocument(form: .bare, policy: $0) }
            case .describeResponse: response(root, &problems)
            case .createRequest: request(root, form, RequestFields.createPolicy, &problems)
            case .updateRequest: request(root, form, RequestFields.updatePolicy, &problems)
            case .template: request(root, form, RequestFields.policyTemplate, &problems)
            }
        return document.map(PolicyDocument.firewallPolicy)
    }

    private static func response(_ root: DocumentNode, _ problems: inout [Diagnostic]) -> FirewallPolicyDocument? {
        guard let fields = DocumentFields(root, of: "the response", keys: RequestFields.describePolicy, &problems),
            let response = fields.required("FirewallPolicyResponse", &problems),
            let about = DocumentFields(
                response, of: "FirewallPolicyResponse", keys: RequestFields.policyResponse, &problems)
        else { return nil }
        RequestFields.checkRest(of: fields, &problems)
        RequestFields.checkRest(of: about, &problems)
        let name = about["FirewallPolicyName"]?.string(.resourceName, &problems)
        guard let node = fields.required("FirewallPolicy", &problems) else { return nil }
        return FirewallPolicyReader.read(node, &problems).map {
            FirewallPolicyDocument(name: name, form: .describeResponse, policy: $0)
        }
    }

    private static func request(
        _ root: DocumentNode, _ form: PolicyDocument.Form, _ keys: [String], _ problems: inout [Diagnostic]
    ) -> FirewallPolicyDocument? {
        guard let fields = DocumentFields(root, of: "the request", keys: keys, &problems) else { return nil }
        RequestFields.checkRest(of: fields, &problems)
        let name = fields["FirewallPolicyName"]?.string(.resourceName, &problems)
        let arn = fields["FirewallPolicyArn"]?.string(.arn, &problems)
        if form == .updateRequest {
            _ = fields.required("UpdateToken", &problems)
            if !fields.contains("FirewallPolicyName"), !fields.contains("FirewallPolicyArn") {
                problems.error(at: root.location, "a policy is named by FirewallPolicyArn or FirewallPolicyName")
            }
        } else {
            _ = fields.required("FirewallPolicyName", &problems)
        }
        guard let node = fields.required("FirewallPolicy", &problems) else { return nil }
        return FirewallPolicyReader.read(node, &problems).map {
            FirewallPolicyDocument(name: name ?? arn.flatMap { ResourceARN($0)?.name }, form: form, policy: $0)
        }
    }
}
