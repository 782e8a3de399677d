import AppLayer
import FlowTracking
import NetTypes
import Wire

extension CompiledPolicy {
    /// True when every test of a signature holds.
    func holds(
        _ tests: Range<Int32>, of signature: Signature, _ packet: borrowing Packet, _ context: PacketContext,
        _ conversation: Conversation?
    ) -> Bool {
        for index in tests.asInt where !holds(packetTests[index], of: signature, packet, context, conversation) {
            return false
        }
        return true
    }

    private func holds(
        _ test: PacketTest, of signature: Signature, _ packet: borrowing Packet, _ context: PacketContext,
        _ conversation: Conversation?
    ) -> Bool {
        switch test {
        case .flow(let test): test.holds(context)
        case .payloadSize(let test): test.matches(Int64(packet.payloadLength &+ packet.payloadMissing))
        case .tcpFlags(let test): packet.tcp.map { test.matches($0.flags.rawValue) } ?? false
        case .timeToLive(let test): packet.ip.map { test.matches(Int64($0.timeToLive)) } ?? false
        case .typeOfService(let test):
            packet.ip.map { $0.version == .v4 && test.matches(Int64($0.typeOfService)) } ?? false
        case .ipProtocol(let test): packet.ip.map { test.matches(Int64($0.upperProtocol.rawValue)) } ?? false
        case .icmpType(let test): packet.icmp.map { test.matches(Int64($0.type)) } ?? false
        case .icmpCode(let test): packet.icmp.map { test.matches(Int64($0.code)) } ?? false
        case .icmpIdentifier(let wanted): packet.icmp.map { $0.isEcho && $0.identifier == wanted } ?? false
        case .icmpSequence(let wanted): packet.icmp.map { $0.isEcho && $0.sequence == wanted } ?? false
        case .tcpWindow(let wanted, let isNegated): packet.tcp.map { ($0.window == wanted) != isNegated } ?? false
        case .tcpSequence(let wanted): packet.tcp.map { $0.sequence.rawValue == wanted } ?? false
        case .tcpAcknowledgment(let wanted): packet.tcp.map { $0.acknowledgment.rawValue == wanted } ?? false
        case .ipIdentifier(let wanted):
            packet.ip.map { $0.version == .v4 && $0.identification == UInt32(wanted) } ?? false
        case .sameAddress: packet.ip.map { $0.source == $0.destination } ?? false
        case .flowbits(let list, let isSet): flowbitsHold(list, isSet, context, conversation)
        case .appLayerProtocol(let wanted, let isNegated):
            applicationHolds(wanted, isNegated, signature, context, conversation)
        case .sessionEvent(let wanted): !context.sessionEvents.isDisjoint(with: wanted)
        case .geoip(let index): packet.ip.map { countryHolds(countryTests[Int(index)], $0) } ?? false
        case .awaitsApplication(let wanted): (conversation?.session.awaitsName ?? false) == wanted
        }
    }

    private func flowbitsHold(
        _ list: Range<Int32>, _ isSet: Bool, _ context: PacketContext, _ conversation: Conversation?
    ) -> Bool {
        guard context.hasFlow else { return false }
        guard let conversation else { return !isSet }
        let any = list.asInt.contains { conversation.inspection.isSet(bitLists[$0]) }
        return any == isSet
    }

    private func applicationHolds(
        _ wanted: AppProtocol, _ isNegated: Bool, _ signature: Signature, _ context: PacketContext,
        _ conversation: Conversation?
    ) -> Bool {
        guard context.hasFlow, let session = conversation?.session else { return false }
        let done: SessionEvents = [.recognitionDoneToServer, .recognitionDoneToClient]
        // A rule that only asks for the protocol acts on the packet that decided it.
        if signature.kind == .protocolDetection, context.sessionEvents.isDisjoint(with: done) { return false }
        let found = session.appProtocol(context.direction)
        guard found != .unknown else { return false }
        let isEqual = found == wanted || wanted == .http1 && found == .http2
        return isEqual != isNegated
    }

    private func countryHolds(_ test: CountryTest, _ ip: IPHeader) -> Bool {
        guard let countries else { return false }
        func isListed(_ address: IPAddress) -> Bool {
            guard let country = countries.country(of: address) else { return false }
            return test.countries.contains(country) != test.isNegated
        }
        return switch test.side {
        case .source: isListed(ip.source)
        case .destination: isListed(ip.destination)
        case .any: isListed(ip.source) || isListed(ip.destination)
        case .both: isListed(ip.source) && isListed(ip.destination)
        }
    }
}

extension FlowTest {
    func holds(_ context: PacketContext) -> Bool {
        guard context.hasFlow || establishment == .stateless || establishment == .notEstablished else { return false }
        if toServer, context.direction != .toServer { return false }
        if toClient, context.direction != .toClient { return false }
        switch establishment {
        case .any, .stateless: break
        case .established: if !context.isEstablished { return false }
        case .notEstablished: if context.isEstablished { return false }
        }
        return !reassembledOnly
    }
}

extension ICMPHeader {
    /// Echo request or reply, of either version: only these have an identifier and a sequence number.
    var isEcho: Bool { [0, 8, 128, 129].contains(type) }
}
