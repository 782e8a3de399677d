/// What inspecting buffers needs to write to, and the account of its cost. One for each evaluator.
final class InspectionScratch {
    /// Bytes that literals and patterns of all rules may look through for one packet. A packet costs a fraction of this
    /// with any honest set of rules; rules and traffic made for each other meet it instead of the queue's end.
    static let maximumWork = 32 << 20

    /// The data sets at work, in the order of the policy's definitions.
    let datasets: [Dataset]
    let expressions = RegularExpressionScratch()
    /// What patterns have captured for the packet at hand, and for the signature at hand, which may fail yet.
    var packetVariables = Variables()
    var captured: [(capture: PatternCapture, bytes: [UInt8])] = []
    /// Bytes looked through since the packet began.
    private(set) var work = 0

    init(datasets: [Dataset] = []) { self.datasets = datasets }

    func beginPacket() {
        work = 0
        packetVariables.removeAll()
        dropCaptured()
    }

    @inline(__always)
    func dropCaptured() {
        if !captured.isEmpty { captured.removeAll(keepingCapacity: true) }
    }

    func spend(_ bytes: Int) { work &+= bytes }

    /// The packet has used up its share: no search begins any more.
    var isExhausted: Bool { work > InspectionScratch.maximumWork }
}
