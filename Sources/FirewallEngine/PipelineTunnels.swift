import Detection
import EventLog
import FlowTracking
import NetTypes
import PacketIO
import Wire

/// Where the packet at hand comes from, when it is not the one that the source handed over.
struct Nesting {
    var origin = PacketOrigin.wire
    /// What its bytes begin with.
    var frame = FrameKind.link(.raw)
    /// Layers around it.
    var layers = 0
    /// Packets around it, and datagrams that were put together.
    var steps = 0
    var carrier: EventPacket.Carrier?
    /// The packet's bytes, where records want them.
    var bytes: [UInt8] = []

    /// Every step calls the pipeline within itself. Suricata's limit of layers is 16; fragments inside of fragments would
    /// not count there.
    static let maximumSteps = 16
}

/// Packets inside other packets. Both are judged, each in a flow of its own, the inner one first: a drop of it drops the
/// outer one.
extension Pipeline {
    /// The number records show; nil for a packet that was not captured itself.
    var packetNumber: UInt64? { nesting.origin == .wire ? raw.number : nil }

    var eventPacket: EventPacket {
        var event = EventPacket(
            number: packetNumber, time: raw.time, packet: packet,
            ethernet: nesting.origin == .wire ? ethernet : nil, origin: nesting.origin, carrier: nesting.carrier)
        event.frame = nesting.bytes
        if case .link(let type) = nesting.frame { event.linkType = type }
        return event
    }

    /// Of a packet that is not given back to the source by itself.
    var nestedVerdict: Verdict {
        switch decision.disposition {
        case .accept: .accept
        case .drop: .drop
        case .reject: .reject
        }
    }

    mutating func tunnel(_ bytes: RawSpan) -> Tunnel? {
        switch packet.transport {
        case .udp, .other: Tunnel.find(in: packet, bytes, settings.tunnels, events: &packet.events)
        case .none, .tcp, .icmp, .sctp: nil
        }
    }

    /// Judges what the packet at hand carries.
    mutating func judgeCarried(_ tunnel: Tunnel, _ bytes: RawSpan) {
        counters.tunnels[Int(tunnel.kind.rawValue)] += 1
        let inside = bytes.clamped(tunnel.range)
        let verdict = judgeInner(
            inside, tunnel.frame, wireLength: inside.byteCount + packet.payloadMissing, from: .tunnel(tunnel.kind))
        if verdict != .accept { decision.drop(.tunnelPacketDrop) }
        // Suricata looks at what is carried in the inner packet only.
        if settings.compatibleWithSuricata { context.isPayloadJudgedInside = true }
    }

    /// Judges a packet from inside the one at hand, which is at hand again afterwards.
    mutating func judgeInner(
        _ bytes: RawSpan, _ frame: FrameKind, wireLength: Int, from origin: PacketOrigin
    ) -> Verdict {
        let outer = (packet, context, decision, nesting)
        defer {
            (packet, context, decision, nesting) = outer
            recorder.origin = nesting.origin
        }
        recorder.origin = origin
        nesting.steps += 1
        if nesting.carrier == nil, let tuple = packet.tuple {
            nesting.carrier = EventPacket.Carrier(tuple: tuple, number: raw.number)
        }
        nesting.origin = origin
        nesting.frame = frame
        if settings.log.needsFrames { nesting.bytes = bytes.copied() }
        // A datagram that was put together lies where its fragments do.
        if origin != .fragments { nesting.layers = packet.layers }
        let depth = origin == .fragments ? packet.depth : packet.depth &+ 1
        clearContext()
        context.isReassembled = origin == .fragments
        do throws(DecodeEvent) {
            guard nesting.steps <= Nesting.maximumSteps else { throw .tooManyLayers }
            try PacketDecoder.decode(
                bytes, as: frame, wireLength: wireLength, layers: nesting.layers, into: &packet)
        } catch {
            packet.depth = depth
            // What is no packet after all is payload of the outer one.
            if packet.ip == nil, error != .tooManyLayers, origin != .fragments { return .accept }
            return handleUndecodable(bytes, error)
        }
        packet.depth = depth
        guard let ip = packet.ip else { return .accept }
        count(ip)
        return handleIP(ip, bytes)
    }
}
