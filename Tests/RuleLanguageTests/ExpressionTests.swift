import NetTypes
import RuleLanguage
import TestSupport
import Testing

/// Addresses and ports of rule headers and variables.
struct ExpressionTests {
    private static func range(_ first: String, _ last: String) -> AddressExpression {
        .range(address(first), address(last))
    }
    private static func host(_ text: String) -> AddressExpression { range(text, text) }

    @Test("address expressions")
    func addresses() throws {
        let table: [(String, AddressExpression)] = [
            ("any", .any), ("ANY", .any), (" any ", .any), ("10.1.2.3", Self.host("10.1.2.3")),
            ("10.0.0.0/8", Self.range("10.0.0.0", "10.255.255.255")),
            ("10.9.9.9/8", Self.range("10.0.0.0", "10.255.255.255")),
            ("10.0.0.0/255.0.0.0", Self.range("10.0.0.0", "10.255.255.255")),
            ("10.1.2.3/255.255.255.255", Self.host("10.1.2.3")),
            ("1.2.3.4/0.0.0.0", Self.range("0.0.0.0", "255.255.255.255")),
            ("10.0.0.1-10.0.0.9", Self.range("10.0.0.1", "10.0.0.9")), ("10.0.0.1-10.0.0.1", Self.host("10.0.0.1")),
            ("2001:db8::/32", Self.range("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff")),
            ("::1-::9", Self.range("::1", "::9")), ("::ffff:1.2.3.4", Self.host("::ffff:1.2.3.4")),
            ("$HOME_NET", .variable("HOME_NET")), ("@PARTNERS", .reference("PARTNERS")), ("!$X", .not(.variable("X"))),
            ("!!1.1.1.1", .not(.not(Self.host("1.1.1.1")))), ("! any", .not(.any)),
            ("[1.1.1.1]", .list([Self.host("1.1.1.1")])),
            ("[1.1.1.1,!2.2.2.2]", .list([Self.host("1.1.1.1"), .not(Self.host("2.2.2.2"))])),
            ("[ 1.1.1.1 ,\t$X ]", .list([Self.host("1.1.1.1"), .variable("X")])),
            ("![[$A,@B],![any]]", .not(.list([.list([.variable("A"), .reference("B")]), .not(.list([.any]))]))),
        ]
        for (text, expected) in table { #expect(try AddressExpression(parsing: text) == expected, "\(text)") }
    }

    @Test("port expressions")
    func ports() throws {
        let table: [(String, PortExpression)] = [
            ("any", .any), ("0", .range(0, 0)), ("80", .range(80, 80)), ("65535", .range(65535, 65535)),
            ("1024:", .range(1024, 65535)),
            (":1023", .range(0, 1023)), ("80:90", .range(80, 90)), ("80:80", .range(80, 80)), ("00080", .range(80, 80)),
            ("!80", .not(.range(80, 80))), ("$PORTS", .variable("PORTS")),
            (
                "[80,443,8000:8080,!8001]",
                .list([.range(80, 80), .range(443, 443), .range(8000, 8080), .not(.range(8001, 8001))])
            ),
            ("![:1023,[$P]]", .not(.list([.range(0, 1023), .list([.variable("P")])]))),
        ]
        for (text, expected) in table { #expect(try PortExpression(parsing: text) == expected, "\(text)") }
    }

    @Test(
        "bad addresses, with the place of what is wrong",
        arguments: [
            ("", "0+1 expected a value"), ("  ", "2+1 expected a value"), ("!", "1+1 expected a value"),
            ("[", "1+1 expected a value"),
            ("[]", "1+1 '' is not an address, a prefix (10.0.0.0/8), a range or a $VARIABLE"),
            ("[1.1.1.1", "8+1 '[' is never closed"), ("[1.1.1.1 2.2.2.2]", "9+1 expected ',' or ']' instead of '2'"),
            ("[1.1.1.1,]", "9+1 '' is not an address, a prefix (10.0.0.0/8), a range or a $VARIABLE"),
            ("1.1.1.1]", "7+1 unexpected ']'"), ("1.1.1.1 2.2.2.2", "8+7 unexpected '2.2.2.2'"),
            ("10.0.0.300", "0+10 '10.0.0.300' is not an address, a prefix (10.0.0.0/8), a range or a $VARIABLE"),
            (
                "[1.1.1.1, 10.0.0.0/33]",
                "10+11 '10.0.0.0/33' is not an address, a prefix (10.0.0.0/8), a range or a $VARIABLE"
            ),
            ("10.0.0.0/255.0.255.0", "0+20 '255.0.255.0' is not a network mask"),
            ("::/255.0.0.0", "0+12 '255.0.0.0' is not a network mask"),
            ("10.0.0.9-10.0.0.1", "0+17 the range 10.0.0.9-10.0.0.1 runs backwards"),
            ("10.0.0.1-::1", "0+12 '10.0.0.1-::1' is not a range of two addresses of one family"),
            ("10.0.0.1-", "0+9 '10.0.0.1-' is not a range of two addresses of one family"),
            ("$", "0+1 expected a name behind '$'"), ("@", "0+1 expected a name behind '@'"),
            ("[$A,$]", "4+1 expected a name behind '$'"),
        ])
    func badAddresses(text: String, problem: String) {
        do throws(ExpressionError) {
            Issue.record("\(try AddressExpression(parsing: text))")
        } catch {
            #expect("\(error.offset)+\(error.length) \(error.message)" == problem)
        }
    }

    @Test(
        "bad ports",
        arguments: [
            "", "65536", "-1", "+1", "80-90", "90:80", "80:90:100", "80,90", "http", "1 2", "[80", "80]", "[]",
            "[80,,90]", "!",
            "$", "100000", "8\u{0660}", "0x50",
        ])
    func badPorts(text: String) {
        #expect(throws: ExpressionError.self) { try PortExpression(parsing: text) }
    }

    @Test(
        "lists nest 32 deep, not more, and a thousand brackets do not overflow the stack",
        arguments: [(31, true), (32, false), (100_000, false)])
    func depth(depth: Int, isRead: Bool) {
        let text = String(repeating: "[", count: depth) + "any" + String(repeating: "]", count: depth)
        let negations = String(repeating: "!", count: depth) + "any"
        #expect(((try? AddressExpression(parsing: text)) != nil) == isRead)
        #expect(((try? PortExpression(parsing: text)) != nil) == isRead)
        #expect(((try? AddressExpression(parsing: negations)) != nil) == isRead)
    }

    @Test("no text traps, and a problem lies in the text")
    func anyText() throws {
        let words = [
            "any", "10.0.0.0/8", "1.1.1.1", "-", "/", "[", "]", ",", "!", "$", "@", "A", " ", "\t", ":", "80", "::1",
            "ä", "\u{301}",
        ]
        try property("random expressions", runs: 4000) { random in
            let text = (0..<random.below(30)).map { _ in random.pick(words) }.joined()
            for parse in [{ _ = try AddressExpression(parsing: text) }, { _ = try PortExpression(parsing: text) }]
                as [() throws -> Void]
            {
                do {
                    try parse()
                } catch let error as ExpressionError {
                    try #require((0...text.count).contains(error.offset) && error.length >= 1)
                }
            }
        }
    }
}
