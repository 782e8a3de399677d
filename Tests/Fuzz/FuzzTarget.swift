import AppLayer
import Detection
import EventLog
import FirewallEngine
import FlowTracking
import Glibc
import NetTypes
import PacketIO
import Pcap
import PolicyModel
import RuleLanguage
import TestSupport
import Wire

/// What is fuzzed. A target traps when something that must hold does not; everything else it only exercises.
enum FuzzTarget: String, CaseIterable {
    /// Frames of every link type through the decoder.
    case decode
    /// One direction of a TCP stream in segments of one text: what is delivered is that text.
    case streams
    /// Fragments of one text under a few identifiers: what is put together is that text.
    case fragments
    /// Both directions of one flow through recognition and the parser it finds.
    case session
    /// Frames within Initial packets of QUIC, encrypted as a client would.
    case quic
    /// Capture files.
    case capture
    /// Rule text through the grammar and the compiler.
    case rules
    /// Documents and lists of every form through the loader.
    case documents
    /// A capture's frames through the whole pipeline, under rules of every kind.
    case pipeline

    func run(_ bytes: [UInt8]) {
        var input = FuzzInput(bytes)
        switch self {
        case .decode: decode(&input)
        case .streams: streams(&input)
        case .fragments: fragments(&input)
        case .session: session(&input)
        case .quic: quic(&input)
        case .capture: capture(bytes)
        case .rules: rules(String(decoding: bytes, as: UTF8.self))
        case .documents: documents(&input)
        case .pipeline: pipeline(&input)
        }
    }

    static let linkTypes: [LinkType] = [
        .ethernet, .raw, .null, .loop, .linuxCooked, .linuxCooked2, .ipv4, .ipv6, .rawLinux,
        .ppp, .pppoe, .ciscoHDLC, .wireless, .radiotap, .netfilterLog, .infiniBand, .processTap, .switchTag,
        .extendedSwitchTag,
    ]

    private func decode(_ input: inout FuzzInput) {
        let link = FuzzTarget.linkTypes[Int(input.u8()) % FuzzTarget.linkTypes.count]
        let extra = Int(input.u8())
        let frame = Array(input.bytes.dropFirst(2))
        var packet = Packet()
        try? PacketDecoder.decode(
            unsafe frame.span.bytes, linkType: link, wireLength: frame.count + extra, into: &packet)
        precondition(packet.payloadOffset >= 0 && packet.payloadLength >= 0)
        if packet.ip != nil { precondition(packet.payloadOffset + packet.payloadLength <= frame.count) }
    }

    private func streams(_ input: inout FuzzInput) {
        var settings = FlowSettings()
        settings.pendingBytes = 2048
        settings.pendingSegments = 16
        let start = UInt32(input.u16()) << 16 | UInt32(input.u16())
        var stream = StreamReassembler(firstByte: SequenceNumber(start), historyLimit: Int(input.u8()) * 8)
        var delivered = 0
        while !input.isAtEnd {
            let offset = Int(input.u16() % 8192)
            let count = Int(input.u8()) * 4
            let payload = (offset..<(offset + count)).map(FuzzTarget.text)
            let outcome = stream.insert(
                sequence: SequenceNumber(start) + offset, unsafe payload.span.bytes, settings: settings)
            precondition(!outcome.conflicts)
            guard case .deliver(let from) = outcome.insertion else { continue }
            stream.deliver(unsafe payload.span.bytes, from: from) { part in
                for index in 0..<part.byteCount {
                    precondition(part.byte(at: index) == FuzzTarget.text(delivered))
                    delivered += 1
                }
            }
        }
        precondition(stream.pendingBytes <= settings.pendingBytes)
    }

    private static func text(_ offset: Int) -> UInt8 { UInt8(truncatingIfNeeded: offset &* 31 &+ offset >> 8) }

    private func fragments(_ input: inout FuzzInput) {
        var settings = FragmentSettings()
        settings.capacity = 4
        settings.resolvesOverlaps = input.u8() & 1 != 0
        var reassembler = FragmentReassembler(settings)
        let builders = [
            PacketBuilder(from: "10.0.0.1", to: "192.0.2.1"), PacketBuilder(from: "2001:db8::1", to: "2001:db8::2"),
        ]
        var now: Int64 = 0
        while !input.isAtEnd {
            let how = input.u8()
            let start = Int(input.u16() % 1024) * 8
            let length = Int(input.u8()) * 8 + (how & 2 == 0 ? 0 : Int(how >> 5))
            now += Int64(how >> 4)
            let frame = builders[Int(how & 1)].with {
                $0.v4.fragmentOffset = start
                $0.v4.moreFragments = how & 2 == 0
                $0.v4.identification = UInt16(how >> 2 & 3)
                $0.v6.extensions.append(
                    .fragment(offset: start, more: how & 2 == 0, identification: UInt32(how >> 2 & 3)))
            }.frame(IPProtocol(rawValue: 253), (start..<(start + length)).map(FuzzTarget.text))
            var packet = Packet()
            let span = unsafe frame.span.bytes
            guard (try? PacketDecoder.decode(span, linkType: .ethernet, wireLength: frame.count, into: &packet)) != nil,
                packet.ip?.isFragment == true
            else { continue }
            var events = DecodeEvents()
            guard case .complete(let whole) = reassembler.insert(packet, span, now: now, events: &events) else {
                continue
            }
            var put = Packet()
            guard
                (try? PacketDecoder.decode(
                    unsafe whole.span.bytes, linkType: .ethernet, wireLength: whole.count, into: &put)) != nil
            else { fatalError("what was put together is no packet") }
            for (index, place) in put.payload.enumerated() { precondition(whole[place] == FuzzTarget.text(index)) }
        }
        precondition(reassembler.count <= settings.capacity * 17)
    }

    private func quic(_ input: inout FuzzInput) {
        let flags = input.u8()
        var settings = AppLayerSettings()
        settings.compatibleWithSuricata = flags & 1 != 0
        let session = AppLayerSession(isStream: false, serverPort: 443, settings: settings)
        var number = 0
        while !input.isAtEnd {
            let how = input.u8()
            let packet = QUICBytes().with {
                $0.version = how & 2 == 0 ? 1 : 0x6b33_43cf
                $0.number = number
                $0.isServer = how & 4 != 0
                $0.size = 60
            }.initial(input.piece())
            number += Int(how >> 4)
            let isClient = how & 1 == 0
            _ = session.feed(
                datagram: unsafe packet.span.bytes, isClient ? .toServer : .toClient,
                ports: isClient ? (40_000, 443) : (443, 40_000))
            _ = session.awaited
        }
    }

    private static let capturePath = "/dev/shm/weir-fuzz-\(getpid()).pcapng"

    private func capture(_ bytes: [UInt8]) {
        defer { unlink(FuzzTarget.capturePath) }
        guard (try? CaptureFile.write(bytes, to: FuzzTarget.capturePath)) != nil,
            var reader = try? CaptureReader(path: FuzzTarget.capturePath)
        else { return }
        var count = 0
        while let length = try? reader.next({ raw, bytes in
            precondition(raw.wireLength >= 0)
            return bytes.byteCount
        }) {
            precondition(length <= bytes.count)
            count += 1
        }
        precondition(count <= bytes.count / 16)
    }

    static let ports: [UInt16] = [443, 80, 53, 22, 25, 21, 23, 88, 502, 1883, 2049, 3389, 20_000, 44_818, 8080, 5060]

    private func session(_ input: inout FuzzInput) {
        let flags = input.u8()
        var settings = AppLayerSettings()
        settings.compatibleWithSuricata = flags & 1 != 0
        settings.keepsBodies = flags & 2 != 0
        let isStream = flags & 4 == 0
        let port = FuzzTarget.ports[Int(input.u8()) % FuzzTarget.ports.count]
        let session = AppLayerSession(isStream: isStream, serverPort: port, settings: settings)
        while !input.isAtEnd {
            let how = input.u8()
            let direction: FlowDirection = how & 1 == 0 ? .toServer : .toClient
            let piece = input.piece()
            if isStream {
                _ = session.feed(direction, unsafe piece.span.bytes)
            } else {
                let ports = direction == .toServer ? (source: 40_000, destination: port) : (port, 40_000)
                _ = session.feed(datagram: unsafe piece.span.bytes, direction, ports: ports)
            }
            if how & 6 == 6 { session.end(direction) }
            _ = session.awaited
            _ = session.takeExpected()
            _ = session.takeHandedOver()
        }
    }

    private func rules(_ text: String) {
        let parsed = RuleParser(file: "fuzz.rules").parse(text)
        var source = PolicySource()
        source.groups = [
            .init(
                name: "fuzz", resource: "fuzz.rules", rules: parsed.rules,
                scope: VariableScope(addresses: ["HOME_NET": "[10.0.0.0/8]", "EXTERNAL_NET": "!$HOME_NET"]))
        ]
        _ = PolicyCompiler.compile(source)
    }

    private func documents(_ input: inout FuzzInput) {
        let names = ["x.yaml", "x.json", "x.rules", "x.txt"]
        let name = names[Int(input.u8()) % names.count]
        _ = PolicyDocumentReader(file: name).read(String(decoding: input.bytes.dropFirst(), as: UTF8.self))
    }

    private func pipeline(_ input: inout FuzzInput) {
        let flags = input.u8()
        guard let policy = flags & 1 == 0 ? FuzzPolicy.own : FuzzPolicy.compatible else { fatalError("no policy") }
        var settings = EngineSettings()
        settings.compatibleWithSuricata = flags & 1 != 0
        settings.hold.isEnabled = flags & 2 == 0
        settings.verifiesChecksums = flags & 4 != 0
        settings.flow.midstream = flags & 8 == 0 ? .track : .continue
        settings.flow.capacity = 64
        settings.log.logsEveryDrop = true
        var pipeline = Pipeline(policy: policy, state: HostState(), settings: settings, sink: MemorySink())
        var time = Timestamp(seconds: 1_700_000_000)
        var number: UInt64 = 0
        while !input.isAtEnd {
            let how = input.u8()
            time.microseconds += Int64(how >> 2) * 20_000
            let link = how & 3 == 3 ? LinkType.raw : .ethernet
            let frame = input.piece()
            number += 1
            let raw = RawPacket(number: number, time: time, linkType: link, wireLength: frame.count)
            _ = pipeline.handle(raw, bytes: unsafe frame.span.bytes)
            while pipeline.nextRelease() != nil {}
        }
        pipeline.finish()
        let counters = pipeline.counters
        precondition(counters.accepted + counters.blocked + counters.rejected == counters.packets)
    }
}
