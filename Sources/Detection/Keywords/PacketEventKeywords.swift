import FlowTracking
import RuleLanguage
import Wire

/// Events of the decoder and of the TCP tracker.
enum PacketEventKeywords {
    static let all = [
        Keyword(name: "decode-event", value: .required, summary: "Something odd about a packet's headers.") {
            builder, argument throws(RuleProblem) in
            try add(argument.text, DecodeNames.all, "decode event", argument, &builder)
        },
        Keyword(name: "stream-event", value: .required, summary: "Something odd about a TCP connection.") {
            builder, argument throws(RuleProblem) in
            try add(argument.text, StreamNames.all, "stream event", argument, &builder)
        },
        Keyword(
            name: "engine-event", value: .required,
            summary: "Either of both, with its prefix: decoder.NAME or stream.NAME."
        ) { builder, argument throws(RuleProblem) in
            let name = argument.text.lowercased()
            if name.hasPrefix("decoder.") {
                try add(String(name.dropFirst(8)), DecodeNames.all, "decode event", argument, &builder)
            } else if name.hasPrefix("stream.") {
                try add(String(name.dropFirst(7)), StreamNames.all, "stream event", argument, &builder)
            } else {
                throw RuleProblem("'\(argument.text)' is no event", hint: "expected decoder.NAME or stream.NAME")
            }
        },
    ]

    /// Names that Suricata 7 still takes, with a warning.
    private static let obsolete: Set<String> = ["udp.hlen_invalid"]

    private static func add(
        _ name: String, _ known: [String: PacketTest], _ kind: String, _ argument: KeywordArgument,
        _ builder: inout SignatureBuilder
    ) throws(RuleProblem) {
        guard let test = known[name.lowercased()] else {
            let near = nearestName(to: name, among: known.keys.sorted()).map { "did you mean '\($0)'?" }
            throw RuleProblem("'\(argument.text)' is no \(kind)", hint: near ?? "`weir keywords` lists them")
        }
        if PacketEventKeywords.obsolete.contains(name.lowercased()) {
            builder.warn(argument.option, "\(kind) '\(name)' does not happen any more: the rule never matches")
        }
        builder.add(test)
        builder.hasEventTest = true
    }
}

/// Names of decoder events. Those of protocols that Weir does not decode are known and never happen.
enum DecodeNames {
    static let all: [String: PacketTest] = {
        var table: [String: PacketTest] = [:]
        for name in unseen { table[name] = .never }
        for event in DecodeEvent.allCases { table[event.rawValue] = .decodeEvent(event.index) }
        return table
    }()

    static let unseen: [String] = words(
        """
        afpacket.trunc_pkt udp.hlen_invalid ipv4.opt_unknown ipv6.exthdr_dupl_eh
        ppp.pkt_too_small ppp.vju_pkt_too_small ppp.ip4_pkt_too_small ppp.ip6_pkt_too_small ppp.wrong_type
        ppp.unsup_proto pppoe.pkt_too_small pppoe.wrong_code pppoe.malformed_tags gre.pkt_too_small gre.wrong_version
        gre.version0_recur gre.version0_flags gre.version0_hdr_too_big gre.version0_malformed_sre_hdr
        gre.version1_chksum gre.version1_route gre.version1_ssr gre.version1_recur gre.version1_flags
        gre.version1_no_key gre.version1_wrong_protocol gre.version1_malformed_sre_hdr gre.version1_hdr_too_big
        vntag.header_too_small vntag.unknown_type ieee8021ah.header_too_small
        ipv4.frag_overlap ipv6.frag_overlap ipv4.frag_ignored ipv6.frag_ignored ipv4.frag_pkt_too_large
        ipv6.frag_pkt_too_large ipv6.ipv4_in_ipv6_too_small
        ipv6.ipv4_in_ipv6_wrong_version ipv6.ipv6_in_ipv6_too_small ipv6.ipv6_in_ipv6_wrong_version
        mpls.header_too_small mpls.pkt_too_small mpls.bad_label_router_alert mpls.bad_label_implicit_null
        mpls.bad_label_reserved mpls.unknown_payload_type vxlan.unknown_payload_type geneve.unknown_payload_type
        erspan.header_too_small erspan.unsupported_version erspan.too_many_vlan_layers dce.pkt_too_small
        chdlc.pkt_too_small nsh.header_too_small nsh.unsupported_version nsh.bad_header_length nsh.reserved_type
        nsh.unsupported_type nsh.unknown_payload too_many_layers
        """)
}

/// Names of TCP events. Those that Weir's tracker tells under another name, or not at all, are known and never happen.
enum StreamNames {
    static let all: [String: PacketTest] = {
        var table: [String: PacketTest] = [:]
        for name in unseen { table[name] = .never }
        for fault in StreamFault.allCases {
            table[fault.rawValue] = .streamEvent(UInt8(fault.index))
            // An older spelling.
            if fault.rawValue.hasSuffix("_with_diff_ack") {
                table[fault.rawValue.dropLast(8) + "different_ack"] = .streamEvent(UInt8(fault.index))
            }
        }
        return table
    }()

    static let unseen: [String] = words(
        """
        3whs_async_wrong_seq 3whs_right_seq_wrong_ack_evasion 3whs_synack_flood 3whs_synack_tfo_data_ignored
        3whs_syn_flood 3whs_ack_data_inject 4whs_synack_with_wrong_ack 4whs_synack_with_wrong_syn 4whs_wrong_seq
        4whs_invalid_ack est_ack_zwp_data pkt_bad_window_update wrong_thread
        reassembly_no_segment reassembly_insert_memcap reassembly_insert_limit reassembly_insert_invalid
        reassembly_urgent_oob_limit_reached rst_with_data closewait_ack_out_of_window closewait_fin_out_of_window
        closing_ack_wrong_seq closing_invalid_ack fin1_ack_wrong_seq fin1_fin_wrong_seq fin1_invalid_ack
        fin2_ack_wrong_seq fin2_fin_wrong_seq fin2_invalid_ack lastack_ack_wrong_seq lastack_invalid_ack
        timewait_invalid_ack fin_syn
        """)
}

private func words(_ text: String) -> [String] { text.split(whereSeparator: \.isWhitespace).map(String.init) }
