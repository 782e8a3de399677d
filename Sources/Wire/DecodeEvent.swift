/// Something about a packet's headers that is wrong or odd. Raw values are the event names of Suricata's `decode-event`
/// keyword and, behind "decoder.", of `anomaly` records. A thrown one ends the decoding; the others are noted in
/// `Packet.events`.
public enum DecodeEvent: String, Error, Hashable, Sendable, CaseIterable {
    // Link
    case ethernetTooSmall = "ethernet.pkt_too_small"
    case linuxCookedTooSmall = "sll.pkt_too_small"
    case loopbackTooSmall = "ltnull.pkt_too_small"
    case loopbackUnsupported = "ltnull.unsupported_type"
    case vlanHeaderTooSmall = "vlan.header_too_small"
    case vlanUnknownType = "vlan.unknown_type"
    case vlanTooManyLayers = "vlan.too_many_layers"
    case rawInvalidVersion = "ipraw.invalid_ip_version"
    case tooManyLayers = "too_many_layers"
    case pppTooSmall = "ppp.pkt_too_small"
    case pppWrongType = "ppp.wrong_type"
    case pppoeTooSmall = "pppoe.pkt_too_small"
    case pppoeWrongCode = "pppoe.wrong_code"
    case mplsHeaderTooSmall = "mpls.header_too_small"
    case mplsTooSmall = "mpls.pkt_too_small"
    case mplsRouterAlert = "mpls.bad_label_router_alert"
    case mplsImplicitNull = "mpls.bad_label_implicit_null"
    case mplsReservedLabel = "mpls.bad_label_reserved"
    case mplsUnknownPayload = "mpls.unknown_payload_type"
    case vnTagHeaderTooSmall = "vntag.header_too_small"
    case backboneHeaderTooSmall = "ieee8021ah.header_too_small"
    case serviceHeaderTooSmall = "nsh.header_too_small"
    case serviceHeaderBadLength = "nsh.bad_header_length"
    case serviceHeaderUnsupportedType = "nsh.unsupported_type"
    case dataCenterTooSmall = "dce.pkt_too_small"
    case ciscoHDLCTooSmall = "chdlc.pkt_too_small"
    /// Weir's own: Suricata does not start on such a capture.
    case linkTypeUnsupported = "link_type_unsupported"
    // IPv4
    case ipv4TooSmall = "ipv4.pkt_too_small"
    case ipv4HeaderTooSmall = "ipv4.hlen_too_small"
    case ipv4LengthBelowHeader = "ipv4.iplen_smaller_than_hlen"
    case ipv4Truncated = "ipv4.trunc_pkt"
    case ipv4WrongVersion = "ipv4.wrong_ip_version"
    case ipv4OptionInvalid = "ipv4.opt_invalid"
    case ipv4OptionInvalidLength = "ipv4.opt_invalid_len"
    case ipv4OptionMalformed = "ipv4.opt_malformed"
    case ipv4OptionPaddingRequired = "ipv4.opt_pad_required"
    case ipv4OptionEndRequired = "ipv4.opt_eol_required"
    case ipv4OptionDuplicate = "ipv4.opt_duplicate"
    case ipv4CarriesICMPv6 = "ipv4.icmpv6"
    case ipv4FragmentTooLarge = "ipv4.frag_pkt_too_large"
    case ipv4FragmentOverlap = "ipv4.frag_overlap"
    case ipv4FragmentIgnored = "ipv4.frag_ignored"
    // IPv6
    case ipv6TooSmall = "ipv6.pkt_too_small"
    case ipv6Truncated = "ipv6.trunc_pkt"
    case ipv6WrongVersion = "ipv6.wrong_ip_version"
    case ipv6ExtensionTruncated = "ipv6.trunc_exthdr"
    /// Weir's own: Suricata follows a chain of any length.
    case ipv6TooManyExtensions = "ipv6.exthdr_too_many"
    case ipv6DuplicateFragmentHeader = "ipv6.exthdr_dupl_fh"
    case ipv6UselessFragmentHeader = "ipv6.exthdr_useless_fh"
    case ipv6DuplicateRoutingHeader = "ipv6.exthdr_dupl_rh"
    case ipv6DuplicateHopByHop = "ipv6.exthdr_dupl_hh"
    case ipv6DuplicateDestinationOptions = "ipv6.exthdr_dupl_dh"
    case ipv6DuplicateAuthentication = "ipv6.exthdr_dupl_ah"
    case ipv6InvalidOptionLength = "ipv6.exthdr_invalid_optlen"
    case ipv6AuthenticationReservedSet = "ipv6.exthdr_ah_res_not_null"
    case ipv6HopByHopUnknownOption = "ipv6.hopopts_unknown_opt"
    case ipv6HopByHopOnlyPadding = "ipv6.hopopts_only_padding"
    case ipv6DestinationUnknownOption = "ipv6.dstopts_unknown_opt"
    case ipv6DestinationOnlyPadding = "ipv6.dstopts_only_padding"
    case ipv6RoutingType0 = "ipv6.rh_type_0"
    case ipv6ZeroLengthPadding = "ipv6.zero_len_padn"
    case ipv6FragmentReservedSet = "ipv6.fh_non_zero_reserved_field"
    case ipv6DataAfterNoNext = "ipv6.data_after_none_header"
    case ipv6UnknownNextHeader = "ipv6.unknown_next_header"
    case ipv6CarriesICMPv4 = "ipv6.icmpv4"
    case ipv6FragmentInvalidLength = "ipv6.frag_invalid_length"
    case ipv6FragmentTooLarge = "ipv6.frag_pkt_too_large"
    case ipv6FragmentOverlap = "ipv6.frag_overlap"
    case ipv6FragmentIgnored = "ipv6.frag_ignored"
    // Packets inside packets
    case greTooSmall = "gre.pkt_too_small"
    case greWrongVersion = "gre.wrong_version"
    case greVersion0Recursion = "gre.version0_recur"
    case greVersion0Flags = "gre.version0_flags"
    case greVersion0TooBig = "gre.version0_hdr_too_big"
    case greVersion0MalformedRoute = "gre.version0_malformed_sre_hdr"
    case greVersion1Checksum = "gre.version1_chksum"
    case greVersion1Route = "gre.version1_route"
    case greVersion1StrictRoute = "gre.version1_ssr"
    case greVersion1Recursion = "gre.version1_recur"
    case greVersion1Flags = "gre.version1_flags"
    case greVersion1NoKey = "gre.version1_no_key"
    case greVersion1WrongProtocol = "gre.version1_wrong_protocol"
    case greVersion1TooBig = "gre.version1_hdr_too_big"
    case vxlanUnknownPayload = "vxlan.unknown_payload_type"
    case genevePayload = "geneve.unknown_payload_type"
    case erspanTooSmall = "erspan.header_too_small"
    case ipv4InIPv6TooSmall = "ipv6.ipv4_in_ipv6_too_small"
    case ipv4InIPv6WrongVersion = "ipv6.ipv4_in_ipv6_wrong_version"
    case ipv6InIPv6TooSmall = "ipv6.ipv6_in_ipv6_too_small"
    case ipv6InIPv6WrongVersion = "ipv6.ipv6_in_ipv6_wrong_version"
    // Transport
    case tcpTooSmall = "tcp.pkt_too_small"
    case tcpHeaderTooSmall = "tcp.invalid_optlen"
    case tcpHeaderBeyondPacket = "tcp.hlen_too_small"
    case tcpOptionInvalidLength = "tcp.opt_invalid_len"
    case tcpOptionDuplicate = "tcp.opt_duplicate"
    case udpTooSmall = "udp.hlen_too_small"
    case udpLengthTooSmall = "udp.len_invalid"
    case udpLengthBeyondPacket = "udp.pkt_too_small"
    case icmpv4TooSmall = "icmpv4.pkt_too_small"
    case icmpv4UnknownType = "icmpv4.unknown_type"
    case icmpv4UnknownCode = "icmpv4.unknown_code"
    case icmpv4QuoteTruncated = "icmpv4.ipv4_trunc_pkt"
    case icmpv4QuoteWrongVersion = "icmpv4.ipv4_unknown_ver"
    case icmpv6TooSmall = "icmpv6.pkt_too_small"
    case icmpv6UnknownType = "icmpv6.unknown_type"
    case icmpv6UnknownCode = "icmpv6.unknown_code"
    case icmpv6QuoteTruncated = "icmpv6.ipv6_trunc_pkt"
    case icmpv6QuoteWrongVersion = "icmpv6.ipv6_unknown_version"
    case icmpv6ListenerHopLimit = "icmpv6.mld_message_with_invalid_hl"
    case icmpv6UnassignedType = "icmpv6.unassigned_type"
    case icmpv6ExperimentalType = "icmpv6.experimentation_type"
    case espTooSmall = "esp.pkt_too_small"
    case sctpTooSmall = "sctp.pkt_too_small"

    /// The IP header is sound, the transport header is not.
    public var isOfTransport: Bool { index >= DecodeEvent.tcpTooSmall.index }

    /// Place in `allCases`, below 128.
    public var index: UInt8 { DecodeEvent.places[self] ?? 0 }

    private static let places = Dictionary(uniqueKeysWithValues: allCases.enumerated().map { ($1, UInt8($0)) })
}

/// The events of one packet, one bit each.
public struct DecodeEvents: Hashable, Sendable {
    private var bits: UInt128 = 0
    /// More than one IPv4 option has an impossible length. Suricata's records say so by a second event of that name.
    public var repeatsOptionLength = false

    public init() {}

    public var isEmpty: Bool { bits == 0 }

    public mutating func insert(_ event: DecodeEvent) { bits |= 1 << UInt128(event.index) }

    /// - Parameter index: of the event in `DecodeEvent.allCases`.
    public func contains(index: UInt8) -> Bool { bits & (1 << UInt128(index & 127)) != 0 }

    public func contains(_ event: DecodeEvent) -> Bool { contains(index: event.index) }

    /// In the order of the decoder's layers.
    public var all: [DecodeEvent] {
        var found: [DecodeEvent] = []
        var rest = bits
        while rest != 0 {
            found.append(DecodeEvents.cases[rest.trailingZeroBitCount])
            rest &= rest &- 1
        }
        return found
    }

    private static let cases = DecodeEvent.allCases
}
