/// What inspecting buffers needs to write to, and the account of its cost. One for each evaluator.
final class InspectionScratch {
    /// Bytes that literals and patterns of all rules may look through for one packet. A packet costs a fraction of this
    /// with any honest set of rules; rules and traffic made for each other meet it instead of the queue's end.
    static let maximumWork = 32 << 20

    let expressions = RegularExpressionScratch()
    /// Numbers that the rule at hand has read.
    var numbers = ByteReader()
    /// Bytes looked through since the packet began.
    private(set) var work = 0

    func beginPacket() { work = 0 }

    func spend(_ bytes: Int) { work &+= bytes }

    /// The packet has used up its share: no search begins any more.
    var isExhausted: Bool { work > InspectionScratch.maximumWork }
}
