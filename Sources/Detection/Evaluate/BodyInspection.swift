import AppLayer
import NetTypes

/// How much of one direction's body rules have seen. A body is looked at as it comes: from its start while it is small,
/// then what is new with some of what was there before, so that a literal across two packets is found.
struct BodyInspection {
    /// By which bodies are cut.
    struct Sizes {
        /// Until then the body is looked at from its start.
        var minimum: Int
        /// Behind it, so much is looked at when less than that is new.
        var window: Int
        /// A body is looked at when it is complete or has the minimum, not before.
        var isDeferred: Bool

        /// Suricata's configuration as it is shipped, with its `http-body-inline`: nothing goes through unseen.
        static let request = Sizes(minimum: 32 << 10, window: 4 << 10, isDeferred: false)
        static let response = Sizes(minimum: 40 << 10, window: 16 << 10, isDeferred: false)
        /// Suricata without a word about bodies in its configuration.
        static let compatible = Sizes(minimum: 32 << 10, window: 4 << 10, isDeferred: true)

        static func of(_ direction: FlowDirection, compatible: Bool) -> Sizes {
            if compatible { return .compatible }
            return direction == .toServer ? .request : .response
        }
    }

    /// Bytes seen through `http.request_body`, and through `file.data`.
    private var seenAsBody = 0
    private var seenAsFile = 0
    /// Rules have asked for it with the packet at hand.
    private var isReadAsBody = false
    private var isReadAsFile = false
    private var sizes = Sizes.compatible
    /// No more of the body will come.
    private var isOver = false

    /// A packet is about to be judged.
    mutating func begin(_ sizes: Sizes, isOver: Bool) {
        self.sizes = sizes
        self.isOver = isOver
    }

    /// Files of a form are looked at from their start while anything of the form is new.
    mutating func looksAtForm(in body: HTTPBody) -> Bool {
        guard body.length > seenAsFile, !isAwaited(body) else { return false }
        isReadAsFile = true
        return true
    }

    private func isAwaited(_ body: HTTPBody) -> Bool {
        sizes.isDeferred && !isOver && !body.isFull && body.length < sizes.minimum
    }

    /// The part of a body to be looked at with this packet; nil when nothing is new, or it has to wait.
    mutating func part(of body: HTTPBody, asFile: Bool) -> BufferBytes? {
        let seen = asFile ? seenAsFile : seenAsBody
        guard body.length > seen else { return nil }
        guard !isAwaited(body) else { return nil }
        let isCut = asFile ? seen > 0 : seen > sizes.minimum
        var from = 0
        if isCut {
            let new = body.length - seen
            from = max(0, new < sizes.window ? body.length - sizes.window : seen - sizes.window / 4)
        }
        if asFile { isReadAsFile = true } else { isReadAsBody = true }
        var part = BufferBytes(body.bytes, max(0, from - body.start)..<body.bytes.count)
        part.offset = max(from, body.start)
        part.isOfBody = true
        return part
    }

    /// The packet is judged. Inline, a file is looked at from its start until it has the least size; nothing of it counts
    /// as seen before.
    mutating func settle(_ body: HTTPBody) {
        if isReadAsBody { seenAsBody = body.length }
        if isReadAsFile, sizes.isDeferred || body.length >= sizes.minimum { seenAsFile = body.length }
        isReadAsBody = false
        isReadAsFile = false
    }

    /// Bytes before this one will not be looked at again.
    var needed: Int {
        // What no rule asks for does not hold back what others are done with.
        let seen = [seenAsBody, seenAsFile].filter { $0 > sizes.minimum }.min() ?? 0
        return max(0, seen - sizes.window)
    }
}

extension Transaction {
    /// The packet is judged: what its rules have seen of a body is noted, and what nobody will see again is let go.
    func settleBody(_ direction: FlowDirection, _ side: inout FlowInspection.Side) {
        guard case .http(let exchange) = facts, exchange.body(direction).length > 0 else { return }
        side.body.settle(exchange.body(direction))
        exchange.releaseBody(direction, before: side.isDone ? .max : side.body.needed)
    }
}
