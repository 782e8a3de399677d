import NetTypes

/// Finds the signatures whose header fits a tuple. Rules that share a header are looked at once.
struct HeaderIndex: Sendable {
    private let headers: [RuleHeader]
    /// Signatures of each header, in order.
    private let members: [[Int32]]

    init(headers: [RuleHeader], signatures: [Signature]) {
        self.headers = headers
        var members = Array(repeating: [Int32](), count: headers.count)
        for signature in signatures { members[Int(signature.header)].append(signature.order) }
        self.members = members
    }

    /// Appends the signatures that fit, not sorted.
    func collect(_ tuple: FlowTuple, hasPorts: Bool, into result: inout [Int32]) {
        for index in headers.indices where headers[index].matches(tuple, hasPorts: hasPorts) {
            result += members[index]
        }
    }
}
