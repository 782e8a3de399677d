import AppLayer
import FlowTracking
import NetTypes
import Wire

extension CompiledPolicy {
    /// True when every test of a signature holds.
    func holds(
        _ tests: Range<Int32>, of signature: Signature, _ packet: borrowing Packet, _ bytes: RawSpan,
        _ context: PacketContext,
        _ conversation: Conversation?, _ scratch: InspectionScratch
    ) -> Bool {
        for index in tests.asInt
        where !holds(packetTests[index], of: signature, packet, bytes, context, conversation, scratch) {
            return false
        }
        return true
    }

    private func holds(
        _ test: PacketTest, of signature: Signature, _ packet: borrowing Packet, _ bytes: RawSpan,
        _ context: PacketContext,
        _ conversation: Conversation?, _ scratch: InspectionScratch
    ) -> Bool {
        if context.isMade, test.isOfHeaders { return false }
        return switch test {
        case .flow(let test): test.holds(context)
        case .payloadSize(let test):
            test.matches(payloadSize: packet.payloadLength &+ packet.payloadMissing)
        case .tcpFlags(let test): packet.tcp.map { test.matches($0.flags.rawValue) } ?? false
        case .timeToLive(let test): packet.ip.map { test.matches(Int64($0.timeToLive)) } ?? false
        case .typeOfService(let test):
            packet.ip.map { $0.version == .v4 && test.matches(Int64($0.typeOfService)) } ?? false
        case .ipProtocol(let test): packet.ip.map { test.matches(Int64($0.ruleProtocol.rawValue)) } ?? false
        case .icmpType(let test): packet.icmp.map { test.matches(Int64($0.type)) } ?? false
        case .icmpCode(let test): packet.icmp.map { test.matches(Int64($0.code)) } ?? false
        case .icmpIdentifier(let wanted): packet.icmp.map { $0.hasIdentifier && $0.identifier == wanted } ?? false
        case .icmpSequence(let wanted): packet.icmp.map { $0.hasIdentifier && $0.sequence == wanted } ?? false
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
        case .variable(let index): holds(variableTests[Int(index)], conversation, scratch)
        case .reputation(let index):
            packet.ip.map {
                reputationTests[Int(index)].holds(
                    reputations, $0.source, $0.destination, compatible: compatibleWithSuricata)
            } ?? false
        case .flowInteger(let test):
            context.hasFlow && (conversation?.inspection.holds(test) ?? (test.comparison == .isNotSet))
        case .awaitsApplication(let wanted): (conversation?.awaitsName ?? false) == wanted
        case .fragmentBits(let test): packet.ip.map { test.matches($0) } ?? false
        case .fragmentOffset(let test): packet.ip.map { test.matches(fragmentOffset: $0) } ?? false
        case .ipOptions(let wanted): packet.ip.map { !$0.options.isEmpty && $0.options.isSuperset(of: wanted) } ?? false
        case .maximumSegmentSize(let test):
            packet.tcp?.options.maximumSegmentSize.map { test.matches(Int64($0)) } ?? false
        case .icmpv6MTU(let test): icmpv6MTU(packet, bytes).map { test.matches(Int64($0)) } ?? false
        case .checksum(let test, let isValid):
            test.isRight(packet, bytes, verifies: context.verifiesChecksums) == isValid
        case .streamSize(let test): context.streamSizes.map { test.matches($0) } ?? false
        case .flowAge(let test): context.flowAge.map { test.matches($0) } ?? false
        case .decodeEvent(let index): packet.events.contains(index: index)
        case .streamEvent(let index): context.streamEvents.contains(index: index)
        case .never: false
        case .packetBuffer(let use, let conditions): bufferHolds(use, conditions, packet, bytes, scratch)
        }
    }

    /// The MTU of a "packet too big" message (RFC 4443 section 3.2).
    private func icmpv6MTU(_ packet: borrowing Packet, _ bytes: RawSpan) -> UInt32? {
        guard let icmp = packet.icmp, packet.ip?.version == .v6, icmp.type == 2,
            icmp.offset &+ 8 <= bytes.byteCount
        else { return nil }
        return bytes.bigEndian32(at: icmp.offset &+ 4)
    }

    private func bufferHolds(
        _ number: Int32, _ conditions: Range<Int32>, _ packet: borrowing Packet, _ bytes: RawSpan,
        _ scratch: InspectionScratch
    ) -> Bool {
        let use = bufferUses[Int(number)]
        guard let range = PacketBuffers.range(of: use.buffer, packet) else { return false }
        var inspector = ContentInspector(policy: self, scratch: scratch)
        guard !use.transforms.isEmpty else { return inspector.matches(conditions, bytes.clamped(range)) }
        var buffer = BufferBytes(bytes.clamped(range).copied())
        for transform in use.transforms { buffer = transform.apply(buffer, scratch) }
        return inspector.matches(conditions, unsafe buffer.storage.span.bytes.extracting(buffer.range))
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

    private func holds(
        _ test: VariableTest, _ conversation: Conversation?, _ scratch: InspectionScratch
    ) -> Bool {
        let value =
            test.isOfPacket
            ? scratch.packetVariables[test.variable] : conversation?.inspection.variables[test.variable]
        return value?.holds(test.bytes) ?? false
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

extension PacketTest {
    /// It asks about what was on the wire.
    fileprivate var isOfHeaders: Bool {
        switch self {
        case .payloadSize, .tcpFlags, .timeToLive, .typeOfService, .tcpWindow, .tcpSequence, .tcpAcknowledgment,
            .ipIdentifier, .fragmentBits, .fragmentOffset, .ipOptions, .maximumSegmentSize:
            true
        default: false
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
        return context.isReassembled ? !wholeOnly : !reassembledOnly
    }
}

extension ICMPHeader {
    /// Queries and their answers have an identifier and a sequence number: echo, timestamp, information and address mask
    /// of ICMPv4, echo of ICMPv6.
    var hasIdentifier: Bool { [0, 8, 13, 14, 15, 16, 17, 18, 128, 129].contains(type) }
}

extension IntegerTest {
    /// `dsize:!N` asks for a payload of another size, not for none.
    fileprivate func matches(payloadSize size: Int) -> Bool {
        (comparison != .notEqual || size > 0) && matches(Int64(size))
    }

    /// In units of eight bytes for IPv4, in bytes for IPv6, where a fragment header must be there (as Suricata has it).
    fileprivate func matches(fragmentOffset ip: IPHeader) -> Bool {
        switch ip.version {
        case .v4: matches(Int64(ip.fragmentOffset / 8))
        case .v6: ip.hasFragmentHeader && matches(Int64(ip.fragmentOffset))
        }
    }
}

extension IPHeader {
    /// The protocol that `ip_proto` speaks of: of an IPv6 fragment that of its fragment header.
    fileprivate var ruleProtocol: IPProtocol { version == .v6 && isFragment ? .fragment : upperProtocol }
}
