import FlowTracking
import NetTypes

extension PacketContext {
    /// The stream is not inspected packet by packet.
    var isApartFromPackets: Bool { if case .packet = streamWindow { false } else { true } }

    var hasStreamWindow: Bool {
        switch streamWindow {
        case .packet, .nothing: false
        case .since, .rest: true
        }
    }
}

extension Conversation {
    /// The bytes of a window, and the offset of the first in the stream.
    func bytes(_ window: StreamWindow, _ direction: FlowDirection) -> (start: UInt64, bytes: [UInt8])? {
        let stream = self[stream: direction]
        switch window {
        case .packet, .nothing: return nil
        case .since(let start):
            let kept = stream.retained
            let skip = start &- min(start, kept.start)
            guard skip < UInt64(kept.bytes.count) else { return nil }
            return (kept.start &+ skip, Array(kept.bytes[Int(skip)...]))
        case .rest(let start): return (start, stream.kept(since: start))
        }
    }
}
