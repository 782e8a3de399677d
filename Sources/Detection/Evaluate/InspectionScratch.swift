/// What inspecting buffers needs to write to, and the account of its cost. One for each evaluator.
final class InspectionScratch {
    /// Bytes that literals and patterns of all rules may look through for one packet. A packet costs a fraction of this
    /// with any honest set of rules; rules and traffic made for each other meet it instead of the queue's end.
    static let maximumWork = 32 << 20

    /// The data sets at work, in the order of the policy's definitions.
    let datasets: [Dataset]
    let expressions = RegularExpressionScratch()
    /// What the search for literals needs, and signatures met.
    let literals = LiteralScratch()
    var signatures = NumberMarks()
    /// Numbers that the rule at hand has read.
    var numbers = ByteReader()
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

/// A value for each of some numbers from 0 on, all forgotten at once.
struct NumberMarks {
    private var values: [Int32] = []
    private var rounds: [UInt32] = []
    private var round: UInt32 = 0

    mutating func begin() {
        round &+= 1
        guard round == 0 else { return }
        for index in rounds.indices { rounds[index] = 0 }
        round = 1
    }

    subscript(number: Int32) -> Int32? {
        let index = Int(number)
        return index < rounds.count && rounds[index] == round ? values[index] : nil
    }

    mutating func set(_ number: Int32, _ value: Int32) {
        let index = Int(number)
        if index >= rounds.count {
            let more = max(index + 1, rounds.count * 2) - rounds.count
            values += Array(repeating: 0, count: more)
            rounds += Array(repeating: 0, count: more)
        }
        values[index] = value
        rounds[index] = round
    }
}
