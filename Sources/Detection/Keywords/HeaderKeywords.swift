import NetTypes
import RuleLanguage
import Wire

/// Fields of IP, TCP and ICMP headers.
enum HeaderKeywords {
    static let all = [
        number(
            "ttl", "Time to live, or hop limit: N, <N, >N, N-M.",
            IntegerSyntax(maximum: 255, allowsBetween: false, allowsDash: true)
        ) {
            .timeToLive($0)
        },
        number("tos", "Type of service: N or !N.", IntegerSyntax(maximum: 255, allowsBetween: false)) {
            .typeOfService($0)
        },
        number("itype", "ICMP type: N, <N, >N, N<>M.", IntegerSyntax(maximum: 255)) { .icmpType($0) },
        number("icode", "ICMP code: N, <N, >N, N<>M.", IntegerSyntax(maximum: 255)) { .icmpCode($0) },
        exact("icmp_id", "ICMP identifier.", 65535) { .icmpIdentifier(UInt16(truncatingIfNeeded: $0)) },
        exact("icmp_seq", "ICMP sequence number.", 65535) { .icmpSequence(UInt16(truncatingIfNeeded: $0)) },
        exact("seq", "TCP sequence number.", Int(UInt32.max), aliases: ["tcp.seq"]) {
            .tcpSequence(UInt32(truncatingIfNeeded: $0))
        },
        exact("ack", "TCP acknowledgment number.", Int(UInt32.max), aliases: ["tcp.ack"]) {
            .tcpAcknowledgment(UInt32(truncatingIfNeeded: $0))
        },
        exact("id", "IP identification.", 65535) { .ipIdentifier(UInt16(truncatingIfNeeded: $0)) },
        Keyword(name: "window", aliases: ["tcp.window"], value: .required, summary: "TCP window, as sent: N or !N.") {
            builder, argument throws(RuleProblem) in
            let text = argument.text
            let isNegated = text.hasPrefix("!")
            guard let value = UInt16(text.dropFirst(isNegated ? 1 : 0)) else {
                throw RuleProblem("'\(text)' is no window", hint: "expected N or !N from 0 to 65535")
            }
            builder.add(.tcpWindow(value, isNegated: isNegated))
            builder.packetKeyword = builder.packetKeyword ?? argument.option
        },
        Keyword(name: "sameip", value: .none, summary: "Source and destination address are equal.") {
            builder, _ throws(RuleProblem) in
            builder.add(.sameAddress, addressCompatible: true)
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
            builder.add(.ipProtocol(try protocolTest(argument.text)), addressCompatible: true)
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
        _ name: String, _ summary: String, _ maximum: Int, aliases: [String] = [],
        _ make: @escaping @Sendable (Int) -> PacketTest
    ) -> Keyword {
        Keyword(name: name, aliases: aliases, value: .required, summary: summary) {
            builder, argument throws(RuleProblem) in
            let text = argument.text.filter { $0 != "\"" }
            guard let value = Int(text), (0...maximum).contains(value) else {
                throw RuleProblem(
                    "'\(argument.text)' is no value of \(name)", hint: "expected a number from 0 to \(maximum)")
            }
            builder.add(make(value))
            builder.packetKeyword = builder.packetKeyword ?? argument.option
        }
    }

    private static func flagTest(_ text: String) throws(RuleProblem) -> TCPFlagTest {
        let parts = text.filter { $0 != " " }.split(separator: ",", maxSplits: 1, omittingEmptySubsequences: false)
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
        let ignored = parts.count > 1 ? try bits(of: String(parts[1])) : 0
        let flags = letters == "0" ? 0 : try bits(of: letters)
        return TCPFlagTest(modifier: modifier, flags: flags, ignored: ignored)
    }

    private static func bits(of letters: String) throws(RuleProblem) -> UInt8 {
        var flags: TCPFlags = []
        for letter in letters.uppercased() {
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
        var rest = text.filter { $0 != " " }[...]
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
