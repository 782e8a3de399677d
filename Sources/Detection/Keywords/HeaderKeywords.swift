import NetTypes
import RuleLanguage
import Wire

/// Fields of IP, TCP and ICMP headers.
enum HeaderKeywords {
    static let all = [
        number(
            "ttl", "Time to live, or hop limit: N, <N, >N, N-M.",
            IntegerSyntax(maximum: 255)
        ) {
            .timeToLive($0)
        },
        Keyword(name: "tos", value: .required, summary: "Type of service: N, !N, or xN in hexadecimal.") {
            builder, argument throws(RuleProblem) in
            builder.add(.typeOfService(try typeOfService(argument.text)))
            builder.packetKeyword = builder.packetKeyword ?? argument.option
        },
        number("itype", "ICMP type: N, <N, >N, N<>M.", IntegerSyntax(maximum: 255)) { .icmpType($0) },
        number("icode", "ICMP code: N, <N, >N, N<>M.", IntegerSyntax(maximum: 255)) { .icmpCode($0) },
        exact("icmp_id", "ICMP identifier.", 65535) { .icmpIdentifier(UInt16(truncatingIfNeeded: $0)) },
        exact("icmp_seq", "ICMP sequence number.", 65535, isOfPackets: false) {
            .icmpSequence(UInt16(truncatingIfNeeded: $0))
        },
        exact("seq", "TCP sequence number.", Int(UInt32.max), aliases: ["tcp.seq"]) {
            .tcpSequence(UInt32(truncatingIfNeeded: $0))
        },
        exact("ack", "TCP acknowledgment number.", Int(UInt32.max), aliases: ["tcp.ack"]) {
            .tcpAcknowledgment(UInt32(truncatingIfNeeded: $0))
        },
        exact("id", "IP identification.", 65535) { .ipIdentifier(UInt16(truncatingIfNeeded: $0)) },
        Keyword(name: "window", aliases: ["tcp.window"], value: .required, summary: "TCP window, as sent: N or !N.") {
            builder, argument throws(RuleProblem) in
            let text = argument.text.filter { $0 != " " }
            let isNegated = text.hasPrefix("!")
            guard let value = UInt16(text.dropFirst(isNegated ? 1 : 0)) else {
                throw RuleProblem("'\(text)' is no window", hint: "expected N or !N from 0 to 65535")
            }
            builder.add(.tcpWindow(value, isNegated: isNegated))
            builder.packetKeyword = builder.packetKeyword ?? argument.option
        },
        Keyword(name: "sameip", value: .none, summary: "Source and destination address are equal.") {
            builder, argument throws(RuleProblem) in
            builder.add(.sameAddress)
            builder.packetKeyword = builder.packetKeyword ?? argument.option
        },
        Keyword(
            name: "flags", aliases: ["tcp.flags"], value: .required,
            summary: "TCP flags: FSRPAUEC12, with + (and others), * (any), ! (not), and ,ignored."
        ) { builder, argument throws(RuleProblem) in
            builder.add(.tcpFlags(try flagTest(argument.text)))
            builder.packetKeyword = builder.packetKeyword ?? argument.option
        },
        Keyword(name: "ip_proto", value: .required, summary: "IP protocol: number or name, with !, < or >.") {
            builder, argument throws(RuleProblem) in
            let test = try protocolTest(argument.text)
            try check(test, builder)
            builder.add(.ipProtocol(test), addressCompatible: true)
            builder.packetKeyword = builder.packetKeyword ?? argument.option
        },
    ]

    private static func number(
        _ name: String, _ summary: String, _ syntax: IntegerSyntax,
        _ make: @escaping @Sendable (IntegerTest) -> PacketTest
    ) -> Keyword {
        Keyword(name: name, value: .required, summary: summary) { builder, argument throws(RuleProblem) in
            builder.add(make(try argument.integer(syntax)))
            builder.packetKeyword = builder.packetKeyword ?? argument.option
        }
    }

    private static func exact(
        _ name: String, _ summary: String, _ maximum: Int, aliases: [String] = [], isOfPackets: Bool = true,
        _ make: @escaping @Sendable (Int) -> PacketTest
    ) -> Keyword {
        Keyword(name: name, aliases: aliases, value: .required, summary: summary) {
            builder, argument throws(RuleProblem) in
            guard let value = Int(argument.text), (0...maximum).contains(value) else {
                throw RuleProblem(
                    "'\(argument.text)' is no value of \(name)", hint: "expected a number from 0 to \(maximum)")
            }
            builder.add(make(value))
            if isOfPackets { builder.packetKeyword = builder.packetKeyword ?? argument.option }
        }
    }

    private static func typeOfService(_ text: String) throws(RuleProblem) -> IntegerTest {
        var rest = text.filter { $0 != " " && $0 != "\"" }[...]
        let isNegated = rest.hasPrefix("!")
        if isNegated { rest = rest.dropFirst() }
        let isHexadecimal = rest.hasPrefix("x")
        guard let value = isHexadecimal ? UInt8(rest.dropFirst(), radix: 16) : UInt8(rest) else {
            throw RuleProblem(
                "'\(text)' is no type of service", hint: "expected N or !N from 0 to 255, or x00 to xff")
        }
        return IntegerTest(comparison: isNegated ? .notEqual : .equal, first: Int64(value))
    }

    /// Several ip_proto options can stand together as long as they leave a range.
    private static func check(_ test: IntegerTest, _ builder: SignatureBuilder) throws(RuleProblem) {
        guard builder.ruleProtocol.ipProtocols.isEmpty else {
            throw RuleProblem(
                "ip_proto goes with an ip header, this one says \(builder.rule.protocolName)",
                hint: "write 'ip' in the header, or remove ip_proto")
        }
        for case .ipProtocol(let other) in builder.packetTests {
            let isExact = test.comparison == .equal || other.comparison == .equal
            let isTwice = test.comparison == other.comparison && test.comparison != .notEqual
            guard !isExact, !isTwice else {
                throw RuleProblem("this ip_proto contradicts the one before", hint: "keep one of them")
            }
            let pair = [test, other].sorted { $0.comparison.rawValue < $1.comparison.rawValue }
            guard pair[0].comparison != .less || pair[1].comparison != .greater || pair[0].first > pair[1].first else {
                throw RuleProblem("the two ip_proto options leave no protocol")
            }
        }
    }

    private static func flagTest(_ text: String) throws(RuleProblem) -> TCPFlagTest {
        let parts = text.split(separator: ",", maxSplits: 1, omittingEmptySubsequences: false)
        var letters = parts.first.map(String.init) ?? ""
        var modifier = TCPFlagTest.Modifier.exactly
        for (mark, meaning) in [("+", TCPFlagTest.Modifier.all), ("*", .any), ("!", .not)] {
            if letters.hasPrefix(mark) {
                modifier = meaning
                letters.removeFirst()
            } else if letters.hasSuffix(mark) {
                modifier = meaning
                letters.removeLast()
            }
        }
        if parts.count > 1, parts[1] == "0" {
            throw RuleProblem("flags ignores no flag", hint: "expected letters of FSRPAUEC behind the comma")
        }
        let ignored = parts.count > 1 ? try bits(of: String(parts[1].drop { $0 == " " })) : 0
        let flags = letters == "0" ? 0 : try bits(of: letters)
        return TCPFlagTest(modifier: modifier, flags: flags, ignored: ignored)
    }

    private static func bits(of letters: String) throws(RuleProblem) -> UInt8 {
        var flags: TCPFlags = []
        for letter in letters {
            switch letter {
            case "F": flags.insert(.fin)
            case "S": flags.insert(.syn)
            case "R": flags.insert(.rst)
            case "P": flags.insert(.psh)
            case "A": flags.insert(.ack)
            case "U": flags.insert(.urg)
            case "E", "2": flags.insert(.ece)
            case "C", "1": flags.insert(.cwr)
            case "0": break
            default:
                throw RuleProblem("'\(letter)' is no TCP flag", hint: "expected letters of FSRPAUEC, or 0 for none")
            }
        }
        guard !letters.isEmpty else {
            throw RuleProblem("flags names no flag", hint: "expected letters of FSRPAUEC, or 0 for none")
        }
        return flags.rawValue
    }

    private static func protocolTest(_ text: String) throws(RuleProblem) -> IntegerTest {
        var rest = text.filter { $0 != " " && $0 != "\"" }[...]
        var comparison = IntegerTest.Comparison.equal
        for (mark, meaning) in [("!", IntegerTest.Comparison.notEqual), ("<", .less), (">", .greater)]
        where rest.hasPrefix(mark) {
            comparison = meaning
            rest = rest.dropFirst()
        }
        if let number = UInt8(rest) { return IntegerTest(comparison: comparison, first: Int64(number)) }
        guard let named = IPProtocol(name: String(rest)) else {
            throw RuleProblem(
                "'\(text)' is no IP protocol",
                hint: "expected a number from 0 to 255 or a name such as tcp, with !, < or >")
        }
        return IntegerTest(comparison: comparison, first: Int64(named.rawValue))
    }
}
