import NetTypes
import RuleLanguage
import Wire

/// Fields of headers beyond those every rule set uses: fragments, options, checksums, sizes.
enum PacketFieldKeywords {
    static let all =
        [
            packet(
                "fragbits", "Bits of the IPv4 fragment field: letters of MDR, with + (and others), * (any), ! (not)."
            ) {
                text throws(RuleProblem) in .fragmentBits(try bits(text))
            },
            packet("fragoffset", "Fragment offset, in units of eight bytes: N, <N, >N.") { text throws(RuleProblem) in
                .fragmentOffset(try offset(text))
            },
            packet("ipopts", "An IPv4 option: \(options.map(\.name).joined(separator: ", ")).") {
                text throws(RuleProblem) in
                guard let option = options.first(where: { $0.name == text.lowercased() }) else {
                    throw RuleProblem(
                        "'\(text)' is no IP option",
                        hint: "expected one of \(options.map(\.name).joined(separator: ", "))")
                }
                return .ipOptions(option.bits)
            },
            Keyword(
                name: "tcp.mss", value: .required, summary: "Maximum segment size a SYN offers: N, !N, <N, >N, N-M."
            ) {
                builder, argument throws(RuleProblem) in
                builder.add(.maximumSegmentSize(try argument.integer(number(maximum: 65535))))
                builder.packetKeyword = builder.packetKeyword ?? argument.option
            },
            Keyword(
                name: "icmpv6.mtu", value: .required, summary: "MTU of a packet-too-big message: N, !N, <N, >N, N-M."
            ) {
                builder, argument throws(RuleProblem) in
                builder.add(.icmpv6MTU(try argument.integer(number(maximum: Int64(UInt32.max)))))
                builder.packetKeyword = builder.packetKeyword ?? argument.option
            },
            Keyword(name: "l3_proto", value: .required, summary: "IP version: ipv4 or ipv6.") {
                builder, argument throws(RuleProblem) in
                switch argument.text.lowercased() {
                case "ip4", "ipv4": builder.ipVersion = .v4
                case "ip6", "ipv6": builder.ipVersion = .v6
                default:
                    throw RuleProblem("'\(argument.text)' is no network protocol", hint: "expected ipv4 or ipv6")
                }
            },
            Keyword(
                name: "stream_size", value: .required,
                summary: "Bytes of the TCP stream so far: server|client|both|either, an operator, a number.",
                setUp: streamSize),
        ]
        + [
            ("ipv4-csum", ChecksumTest.ipv4), ("tcpv4-csum", .tcpv4), ("tcpv6-csum", .tcpv6), ("udpv4-csum", .udpv4),
            ("udpv6-csum", .udpv6), ("icmpv4-csum", .icmpv4), ("icmpv6-csum", .icmpv6),
        ].map { name, test in
            Keyword(name: name, value: .required, summary: "Whether the checksum is right: valid or invalid.") {
                builder, argument throws(RuleProblem) in
                let word = argument.text.lowercased()
                guard word == "valid" || word == "invalid" else {
                    throw RuleProblem("'\(argument.text)' is no state of a checksum", hint: "expected valid or invalid")
                }
                builder.add(.checksum(test, isValid: word == "valid"))
            }
        }

    private static func packet(
        _ name: String, _ summary: String, _ make: @escaping @Sendable (String) throws(RuleProblem) -> PacketTest
    ) -> Keyword {
        Keyword(name: name, value: .required, summary: summary) { builder, argument throws(RuleProblem) in
            builder.add(try make(argument.text))
            builder.packetKeyword = builder.packetKeyword ?? argument.option
        }
    }

    private static func number(maximum: Int64) -> IntegerSyntax {
        IntegerSyntax(maximum: maximum)
    }

    private static let options: [(name: String, bits: IPv4Options)] = [
        ("rr", .recordRoute), ("lsrr", .looseSourceRoute), ("eol", .endOfList), ("nop", .noOperation),
        ("ts", .timestamp), ("sec", .security), ("esec", .extendedSecurity), ("ssrr", .strictSourceRoute),
        ("satid", .streamIdentifier), ("any", IPv4Options(rawValue: .max)),
    ]

    /// `[modifier]bits[modifier]`, upper case.
    private static func bits(_ text: String) throws(RuleProblem) -> FragmentBitsTest {
        var letters = text.filter { $0 != " " }
        var modifier = TCPFlagTest.Modifier.exactly
        for (mark, meaning) in [("+", TCPFlagTest.Modifier.all), ("*", .any), ("!", .not)] {
            if letters.hasPrefix(mark) {
                modifier = meaning
                letters.removeFirst()
                break
            }
            if letters.hasSuffix(mark) {
                modifier = meaning
                letters.removeLast()
                break
            }
        }
        var bits: UInt8 = 0
        for letter in letters {
            switch letter {
            case "M": bits |= FragmentBitsTest.moreFragments
            case "D": bits |= FragmentBitsTest.dontFragment
            case "R": bits |= FragmentBitsTest.reserved
            default: throw RuleProblem("'\(letter)' is no fragment bit", hint: "expected letters of MDR")
            }
        }
        guard bits != 0 else { throw RuleProblem("fragbits names no bit", hint: "expected letters of MDR") }
        return FragmentBitsTest(modifier: modifier, bits: bits)
    }

    private static func offset(_ text: String) throws(RuleProblem) -> IntegerTest {
        let syntax = IntegerSyntax(maximum: 65535, allowsNegation: false, allowsBetween: false, allowsOrEqual: false)
        guard !text.hasPrefix("="), case .success(let test) = syntax.parse(text) else {
            throw RuleProblem(
                "'\(text)' is no fragment offset", hint: "expected N, <N or >N with a number from 0 to 65535")
        }
        return test
    }

    @Sendable
    private static func streamSize(
        _ builder: inout SignatureBuilder, _ argument: KeywordArgument
    ) throws(RuleProblem) {
        let parts = argument.parts
        let sides: [String: StreamSizeTest.Side] = [
            "server": .server, "client": .client, "both": .both, "either": .either,
        ]
        let comparisons: [String: IntegerTest.Comparison] = [
            "=": .equal, "!=": .notEqual, "!": .notEqual, "<": .less, ">": .greater, "<=": .lessOrEqual,
            ">=": .greaterOrEqual,
        ]
        guard parts.count == 3, let side = sides[parts[0].lowercased()], let comparison = comparisons[parts[1]],
            let value = UInt32(parts[2])
        else {
            throw RuleProblem(
                "'\(argument.text)' is no stream size",
                hint: "expected server, client, both or either, then =, !=, <, >, <= or >=, then bytes: client,>,100")
        }
        builder.add(
            .streamSize(StreamSizeTest(side: side, size: IntegerTest(comparison: comparison, first: Int64(value)))))
    }
}
