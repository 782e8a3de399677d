import AppLayer
import FlowTracking
import NetTypes
import Wire

/// Writes the parts that EVE records share (Suricata 7's shapes). One record is built at a time in `writer`.
struct EVEEncoder {
    var writer = JSONWriter()
    /// The object being written has the JA4 fingerprint.
    var showsJA4 = true
    private var times = TimestampFormatter()
    let settings: LogSettings
    /// Where the packet at hand comes from.
    var origin = PacketOrigin.wire
    /// Path of the capture that is replayed.
    var capture = ""

    init(settings: LogSettings) { self.settings = settings }

    /// A finished line; the buffer is free again.
    mutating func takeLine() -> [UInt8] {
        writer.endLine()
        defer { writer.clear() }
        return writer.bytes
    }

    mutating func begin(_ type: StaticString, time: Timestamp, flow: Flow?, packetNumber: UInt64?) {
        writer.beginObject()
        self.time("timestamp", time)
        if let flow { writer.member("flow_id", flow.identifier) }
        if let packetNumber, settings.numbersPackets { writer.member("pcap_cnt", packetNumber) }
        if settings.namesCapture, !capture.isEmpty { writer.member("pcap_filename", capture) }
        if !settings.interface.isEmpty { writer.member("in_iface", settings.interface) }
        writer.member("event_type", literal: type)
    }

    mutating func time(_ name: StaticString, _ time: Timestamp) {
        writer.raw(name, [UInt8(ascii: "\"")] + times.text(time) + [UInt8(ascii: "\"")])
    }

    mutating func vlan(_ tags: VLANTags) {
        guard tags.count > 0 else { return }
        writer.beginArray("vlan")
        for index in 0..<Int(tags.count) { writer.element(tags[index]) }
        writer.endArray()
    }

    mutating func tuple(_ tuple: FlowTuple, icmp: ICMPHeader? = nil) {
        writer.member("src_ip", tuple.source.expanded)
        if tuple.ipProtocol.hasPorts { writer.member("src_port", tuple.sourcePort) }
        writer.member("dest_ip", tuple.destination.expanded)
        if tuple.ipProtocol.hasPorts { writer.member("dest_port", tuple.destinationPort) }
        writer.member("proto", tuple.ipProtocol.description)
        if let icmp {
            writer.member("icmp_type", icmp.type)
            writer.member("icmp_code", icmp.code)
        }
    }

    /// The packet's tuple, as far as it could be read.
    mutating func addresses(_ packet: Packet) {
        if let tuple = packet.tuple { self.tuple(tuple, icmp: packet.icmp) }
    }

    mutating func packetSource(_ origin: PacketOrigin) {
        writer.member("pkt_src", origin.recordName ?? settings.packetSource)
    }

    /// Of a record that has a packet's number, or comes from a packet that has none.
    mutating func packetSource(isPacket: Bool) {
        packetSource(isPacket ? .wire : origin == .wire ? .flowEnd : origin)
    }

    /// The captured packet that the event's packet came in.
    mutating func carrier(of event: EventPacket) {
        guard let carrier = event.carrier else { return }
        writer.beginObject("tunnel")
        tuple(carrier.tuple)
        writer.member("depth", event.packet.depth)
        if settings.numbersPackets { writer.member("pcap_cnt", carrier.number) }
        packetSource(.wire)
        writer.endObject()
    }

    /// Protocol names, as far as they are known and differ.
    mutating func application(_ session: AppLayerSession?) {
        guard let session else { return }
        let known = session.appProtocol
        guard known != .unknown else { return }
        writer.member("app_proto", known.name)
        if session.originalProtocol != .unknown { writer.member("app_proto_orig", session.originalProtocol.name) }
        if session.toServerProtocol != .unknown, session.toServerProtocol != known {
            writer.member("app_proto_ts", session.toServerProtocol.name)
        }
        if session.toClientProtocol != .unknown, session.toClientProtocol != known {
            writer.member("app_proto_tc", session.toClientProtocol.name)
        }
    }

    /// Counters and start of the packet's flow, in alerts.
    mutating func flowSummary(_ flow: Flow) {
        let tuple = flow.tuple
        writer.beginObject("flow")
        counters(flow)
        time("start", flow.start)
        writer.member("src_ip", tuple.source.expanded)
        writer.member("dest_ip", tuple.destination.expanded)
        if tuple.ipProtocol.hasPorts {
            writer.member("src_port", tuple.sourcePort)
            writer.member("dest_port", tuple.destinationPort)
        }
        writer.endObject()
    }

    mutating func counters(_ flow: Flow) {
        writer.member("pkts_toserver", flow.toServer.packets)
        writer.member("pkts_toclient", flow.toClient.packets)
        writer.member("bytes_toserver", flow.toServer.bytes)
        writer.member("bytes_toclient", flow.toClient.bytes)
    }
}
