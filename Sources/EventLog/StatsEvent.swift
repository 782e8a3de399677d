import AppLayer
import Detection
import FlowTracking
import NetTypes
import Wire

extension EVEEncoder {
    /// A `stats` record: every counter.
    mutating func stats(_ counters: Counters, activeFlows: Int, uptime: Int64, time: Timestamp, policy: CompiledPolicy)
    {
        begin("stats", time: time, flow: nil, packetNumber: nil)
        writer.beginObject("stats")
        writer.member("uptime", uptime)
        decoder(counters)
        defragmentation(counters)
        writer.beginObject("flow")
        writer.member("total", counters.flows)
        writer.member("active", activeFlows)
        writer.member("evicted", counters.flowsEvicted)
        writer.member("memcap", counters.flowsRefused)
        writer.endObject()
        writer.beginObject("flow_bypassed")
        writer.member("local_pkts", counters.bypassedPackets)
        writer.member("local_bytes", counters.bypassedBytes)
        writer.endObject()
        writer.beginObject("tcp")
        writer.member("midstream_pickups", counters.midstream)
        writer.member("reassembly_gap", counters.reassemblyGaps)
        writer.member("segment_memcap_drop", counters.reassemblyRefused)
        writer.member("overlap_diff_data", counters.overlapConflicts)
        writer.member("invalid_checksum", counters.badChecksums)
        for (index, fault) in StreamFault.allCases.enumerated() where counters.streamFaults[index] > 0 {
            writer.member(key: fault.rawValue, counters.streamFaults[index])
        }
        writer.endObject()
        detect(counters, policy)
        ips(counters)
        stateless(counters, policy)
        hold(counters)
        writer.beginObject("app_layer")
        protocols(counters)
        writer.beginObject("tx")
        // Suricata does not count what is one for each connection.
        writer.member("tls", settings.compatibleWithSuricata ? 0 : counters.tls)
        writer.member("http", counters.http)
        writer.member("dns_tcp", counters.dnsOverTCP)
        writer.member("dns_udp", counters.dns &- counters.dnsOverTCP)
        writer.member("ssh", settings.compatibleWithSuricata ? 0 : counters.ssh)
        writer.member("smtp", counters.smtp)
        writer.member("ftp-data", counters.ftpData)
        writer.member("quic", counters.quic)
        writer.member("http2", counters.http2)
        writer.endObject()
        writer.beginObject("error")
        writer.member("parser", counters.parserErrors)
        writer.endObject()
        writer.endObject()
        writer.endObject()
        writer.endObject()
    }

    /// Protocols that run over both, and have a counter for each.
    private static let overBoth: Set<AppProtocol> = [.dns, .dcerpc, .krb5, .nfs, .enip, .sip, .failed]

    /// `app_layer.flow`: flows by protocol, those that were seen.
    private mutating func protocols(_ counters: Counters) {
        writer.beginObject("flow")
        for found in AppProtocol.allCases where found != .unknown {
            let overTCP = counters.protocolsOverTCP[Int(found.rawValue)]
            let overUDP = counters.protocolsOverUDP[Int(found.rawValue)]
            if EVEEncoder.overBoth.contains(found) {
                if overTCP > 0 { writer.member(key: found.name + "_tcp", overTCP) }
                if overUDP > 0 { writer.member(key: found.name + "_udp", overUDP) }
            } else if overTCP &+ overUDP > 0 {
                writer.member(key: found.name, overTCP &+ overUDP)
            }
        }
        writer.endObject()
    }

    private mutating func decoder(_ counters: Counters) {
        writer.beginObject("decoder")
        writer.member("pkts", counters.packets)
        writer.member("bytes", counters.bytes)
        writer.member("invalid", counters.invalid)
        writer.member("ipv4", counters.ipv4)
        writer.member("ipv6", counters.ipv6)
        writer.member("tcp", counters.tcp)
        writer.member("udp", counters.udp)
        writer.member("icmp", counters.icmp)
        writer.member("not_ip", counters.notIP)
        writer.member("fragments", counters.fragments)
        writer.member("ethernet", counters.ethernet)
        writer.member("arp", counters.arp)
        writer.member("unknown_ethertype", counters.unknownEtherType)
        encapsulations(counters)
        if counters.decodeEvents.contains(where: { $0 > 0 }) { decodeEvents(counters) }
        writer.endObject()
    }

    /// Layers and tunnels, those that occurred.
    private mutating func encapsulations(_ counters: Counters) {
        func tunnels(_ kind: Tunnel.Kind) -> UInt64 { counters.tunnels[Int(kind.rawValue)] }
        let layers = counters.encapsulations
        let counts: [(StaticString, UInt64)] = [
            ("sctp", counters.sctp), ("esp", counters.esp), ("vlan", counters.tagged), ("chdlc", layers.ciscoHDLC),
            ("ppp", layers.ppp), ("pppoe", layers.pppoe), ("mpls", layers.mpls), ("vntag", layers.vnTag),
            ("ieee8021ah", layers.backbone), ("gre", tunnels(.gre)), ("vxlan", tunnels(.vxlan)),
            ("geneve", tunnels(.geneve)), ("teredo", tunnels(.teredo)),
            ("too_many_layers", counters.decodeEvents[Int(DecodeEvent.tooManyLayers.index)]),
        ]
        for (name, count) in counts where count > 0 { writer.member(name, count) }
    }

    private mutating func defragmentation(_ counters: Counters) {
        let counts = counters.defragmentation
        guard counts.fragments4 &+ counts.fragments6 > 0 else { return }
        writer.beginObject("defrag")
        writer.beginObject("ipv4")
        writer.member("fragments", counts.fragments4)
        writer.member("reassembled", counts.reassembled4)
        writer.endObject()
        writer.beginObject("ipv6")
        writer.member("fragments", counts.fragments6)
        writer.member("reassembled", counts.reassembled6)
        writer.endObject()
        writer.member("timeouts", counts.timeouts)
        writer.member("refused", counts.refused)
        writer.endObject()
    }

    /// `exception_policy.CAUSE.POLICY`, those that were applied.
    private mutating func exceptions(_ counters: Counters) {
        guard counters.exceptions.contains(where: { !$0.isEmpty }) else { return }
        writer.beginObject("exception_policy")
        for cause in ExceptionCause.allCases where !counters.exceptions[Int(cause.rawValue)].isEmpty {
            writer.beginObject(key: cause.name)
            for policy in ExceptionPolicy.allCases where counters.exceptions[Int(cause.rawValue)][policy] > 0 {
                writer.member(key: policy.recordName, counters.exceptions[Int(cause.rawValue)][policy])
            }
            writer.endObject()
        }
        writer.endObject()
    }

    /// `decoder.event.ipv4.trunc_pkt` and the like, those that happened; names of one layer in one object.
    private mutating func decodeEvents(_ counters: Counters) {
        writer.beginObject("event")
        var layers: [String: [(String, UInt64)]] = [:]
        for event in DecodeEvent.allCases where event != .tooManyLayers && counters.decodeEvents[Int(event.index)] > 0 {
            let parts = event.rawValue.split(separator: ".", maxSplits: 1).map(String.init)
            layers[parts.count > 1 ? parts[0] : "", default: []].append(
                (parts[parts.count - 1], counters.decodeEvents[Int(event.index)]))
        }
        for (layer, events) in layers.sorted(by: { $0.key < $1.key }) {
            if !layer.isEmpty { writer.beginObject(key: layer) }
            for (name, count) in events { writer.member(key: name, count) }
            if !layer.isEmpty { writer.endObject() }
        }
        writer.endObject()
    }

    private mutating func detect(_ counters: Counters, _ policy: CompiledPolicy) {
        writer.beginObject("detect")
        writer.beginArray("engines")
        writer.beginObject()
        writer.member("id", 0)
        writer.member("rules_loaded", policy.ruleCounts.loaded)
        writer.member("rules_failed", policy.ruleCounts.failed)
        writer.member("rules_skipped", policy.ruleCounts.skipped)
        writer.endObject()
        writer.endArray()
        writer.member("alert", counters.alerts)
        writer.member("alert_queue_overflow", counters.alertsDiscarded)
        writer.member("alerts_suppressed", counters.alertsSuppressed)
        writer.endObject()
    }

    private mutating func ips(_ counters: Counters) {
        writer.beginObject("ips")
        writer.member("accepted", counters.accepted)
        writer.member("blocked", counters.blocked)
        writer.member("rejected", counters.rejected)
        writer.beginObject("drop_reason")
        for reason in DropReason.allCases
        where reason != .none && (!reason.isOfHolding || counters.dropReasons[Int(reason.rawValue)] > 0) {
            writer.member(key: reason.counterName, counters.dropReasons[Int(reason.rawValue)])
        }
        writer.endObject()
        writer.endObject()
    }

    private mutating func hold(_ counters: Counters) {
        guard !settings.compatibleWithSuricata, counters.held + counters.holdOverCaps > 0 else { return }
        writer.beginObject("hold")
        writer.member("held", counters.held)
        writer.member("released", counters.holdReleased)
        writer.member("timed_out", counters.holdTimedOut)
        writer.member("copies", counters.holdCopies)
        writer.member("over_caps", counters.holdOverCaps)
        writer.member("lost", counters.holdLost)
        writer.endObject()
    }

    private mutating func stateless(_ counters: Counters, _ policy: CompiledPolicy) {
        guard !settings.compatibleWithSuricata else { return }
        writer.beginObject("stateless")
        writer.member("passed", counters.statelessPassed)
        writer.member("dropped", counters.statelessDropped)
        writer.member("forwarded", counters.statelessForwarded)
        if !policy.stateless.metrics.isEmpty {
            var sums: [String: UInt64] = [:]
            for (index, name) in policy.stateless.metrics.enumerated() where index < counters.customMetrics.count {
                sums[name, default: 0] += counters.customMetrics[index]
            }
            writer.beginObject("custom_actions")
            for (name, count) in sums.sorted(by: { $0.key < $1.key }) { writer.member(key: name, count) }
            writer.endObject()
        }
        writer.endObject()
        writer.member("events_lost", counters.eventsLost)
        exceptions(counters)
    }
}
