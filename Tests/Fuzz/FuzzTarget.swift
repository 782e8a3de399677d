import AppLayer
import Detection
import EventLog
import FirewallEngine
import FlowTracking
import NetTypes
import PacketIO
import PolicyModel
import RuleLanguage
import Wire

/// What is fuzzed. A target traps when something that must hold does not; everything else it only exercises.
enum FuzzTarget: String, CaseIterable {
    /// Frames of every link type through the decoder.
    case decode
    /// One direction of a TCP stream in segments of one text: what is delivered is that text.
    case streams
    /// Both directions of one flow through recognition and the parser it finds.
    case session
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
        case .session: session(&input)
        case .rules: rules(String(decoding: bytes, as: UTF8.self))
        case .documents: documents(&input)
        case .pipeline: pipeline(&input)
        }
    }

    static let linkTypes: [LinkType] = [
        .ethernet, .raw, .null, .loop, .linuxCooked, .linuxCooked2, .ipv4, .ipv6, .rawLinux,
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
