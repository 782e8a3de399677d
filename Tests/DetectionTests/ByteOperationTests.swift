import Detection
import TestSupport
import Testing

/// Numbers in the payload of one datagram: isdataat, byte_test, byte_jump, byte_extract, byte_math.
struct ByteOperationTests {
    /// Options, payload, whether they match.
    static let table: [(String, [UInt8], Bool)] = [
        ("isdataat:3;", utf8("abcd"), true), ("isdataat:4;", utf8("abcd"), false), ("isdataat:!4;", utf8("abcd"), true),
        (#"content:"a"; isdataat:3,relative;"#, utf8("abcd"), true),
        (#"content:"a"; isdataat:4,relative;"#, utf8("abcd"), false),
        (#"content:"d"; isdataat:!1,relative;"#, utf8("abcd"), true),
        (#"content:"c"; isdataat:!1,relative;"#, utf8("abcd"), false),
        // Another place of the literal is tried.
        (#"content:"a"; isdataat:!1,relative;"#, utf8("aba"), true),
        ("byte_test:1,=,5,0;", [5], true), ("byte_test:1,=,5,1;", [5], false), ("byte_test:1,!=,5,0;", [6], true),
        ("byte_test:1,!=,5,4;", [6], false), ("byte_test:2,>,255,0;", [1, 0], true),
        ("byte_test:2,>,255,0,little;", [1, 0], false),
        ("byte_test:1,&,0x80,0;", [0x81], true), ("byte_test:1,!&,0x80,0;", [0x81], false),
        ("byte_test:1,^,1,0;", [1], false),
        ("byte_test:1,<=,5,0; byte_test:1,>=,5,0;", [5], true),
        ("byte_test:2,=,3,0,bitmask 0x0ff0;", [0xf0, 0x3f], true),
        (#"byte_test:3,=,123,0,string,dec;"#, utf8("123"), true),
        (#"byte_test:4,=,0x1f,0,string,hex;"#, utf8("0x1F"), true),
        (#"byte_test:3,=,8,0,string,oct;"#, utf8("010"), true), (#"byte_test:3,=,12,0,string,dec;"#, utf8("12x"), true),
        (#"byte_test:3,<,99,0,string,dec;"#, utf8("abc"), false),
        (#"content:"n="; byte_test:2,>,40,0,relative,string,dec;"#, utf8("n=42"), true),
        (#"content:"b"; byte_test:1,=,97,-2,relative;"#, utf8("ab"), true),
        (#"content:"b"; byte_test:1,=,97,-3,relative;"#, utf8("ab"), false),
        ("byte_test:8,=,1,0;", [0, 0, 0, 0, 0, 0, 0, 1], true), ("byte_test:4,=,1,0;", [0, 0, 0], false),
        (#"byte_jump:1,0; content:"x"; within:1;"#, [2, 0, 0, 120], true),
        (#"byte_jump:1,0; content:"x"; within:1;"#, [1, 0, 0, 120], false),
        (#"byte_jump:1,0,multiplier 2; content:"x"; within:1;"#, [1, 0, 0, 120], true),
        (#"byte_jump:1,0,align; content:"x"; within:1;"#, [1, 0, 0, 0, 0, 120], true),
        (#"byte_jump:1,0,from_beginning; content:"x"; within:1;"#, [2, 0, 120], true),
        (#"byte_jump:0,0,from_end,post_offset -1; content:"x"; within:1;"#, [2, 0, 120], true),
        (#"byte_jump:1,0,post_offset 1; content:"x"; within:1;"#, [1, 0, 0, 120], true),
        // No bytes make a zero.
        (#"byte_extract:1,0,n; byte_jump:n,1; content:"x"; within:1;"#, [0, 120], true),
        ("byte_jump:1,0;", [200, 1, 1], false), ("byte_jump:1,0,post_offset -9;", [3, 1, 1], true),
        (#"byte_jump:2,0,string,dec; content:"x"; within:1;"#, utf8("03abcx"), true),
        (#"byte_extract:1,0,n; content:"x"; offset:n;"#, [3, 0, 0, 120], true),
        (#"byte_extract:1,0,n; content:"x"; offset:n;"#, [3, 0, 120, 0], false),
        (#"byte_extract:1,0,n; content:"x"; depth:n;"#, [3, 0, 120, 0], true),
        (#"byte_extract:1,0,n; content:"x"; depth:n;"#, [2, 0, 120, 0], false),
        (#"byte_extract:1,0,n; content:"x"; distance:n;"#, [1, 0, 120], true),
        (#"byte_extract:1,0,n; content:"x"; within:n;"#, [1, 0, 120], false),
        ("byte_extract:1,0,n; byte_test:1,=,n,1;", [7, 7], true),
        ("byte_extract:1,0,n; byte_test:1,=,n,1;", [7, 8], false),
        ("byte_extract:1,0,n,multiplier 4; byte_test:1,=,n,1;", [2, 8], true),
        ("byte_extract:1,0,n,align 4; byte_test:1,=,n,1;", [5, 8], true),
        ("byte_extract:1,0,n; isdataat:n;", [3, 0, 0, 0], true), ("byte_extract:1,0,n; isdataat:n;", [3, 0, 0], false),
        ("byte_math:bytes 1, offset 0, oper +, rvalue 3, result r; byte_test:1,=,r,1;", [4, 7], true),
        ("byte_math:bytes 1, offset 0, oper /, rvalue 0, result r; byte_test:1,=,0,1;", [4, 0], false),
        ("byte_math:bytes 1, offset 0, oper <<, rvalue 2, result r; byte_test:1,=,r,1;", [1, 4], true),
        (
            "byte_extract:1,0,n; byte_math:bytes 1, offset 1, oper *, rvalue n, result r; byte_test:1,=,r,2;",
            [3, 4, 12], true
        ),
        (
            "byte_math:bytes 2, offset 0, oper -, rvalue 1, result r, endian little; byte_test:1,=,r,2;", [3, 0, 2],
            true
        ),
    ]

    @Test(arguments: table)
    func matches(_ options: String, _ payload: [UInt8], _ isMatch: Bool) {
        let rules = Ruleset("alert udp any any -> any any (\(options) sid:1;)")
        #expect(rules.alerts(payload) == (isMatch ? [1] : []), "\(options) on \(payload)")
    }

    @Test(arguments: [
        ("isdataat:;", "isdataat"), ("isdataat:n;", "no number"), ("isdataat:70000;", "65535"),
        ("isdataat:1,backwards;", "relative"),
        ("byte_test:9,=,1,0;", "at most 8"), ("byte_test:1,~,1,0;", "expected <"), ("byte_test:1,=,1;", "offset"),
        ("byte_test:1,=,n,0;", "no byte_extract"), ("byte_test:30,=,1,0,string,dec;", "23"),
        ("byte_test:1,=,1,0,dce;", "not supported yet"),
        ("byte_jump:1,0,multiplier x;", "multiplier"), ("byte_jump:1,0,bitmask 0;", "bitmask"),
        ("byte_extract:1,0,7;", "begins with a letter"),
        ("byte_extract:1,0,n; byte_extract:1,0,n;", "twice"), ("byte_extract:1,0,n,align 3;", "align 2"),
        ("byte_math:bytes 1, offset 0, oper +, rvalue 1;", "needs bytes"),
        ("byte_math:bytes 1, offset 0, oper %, rvalue 1, result r;", "expected +"),
    ])
    func isRefused(_ options: String, _ words: String) throws {
        let error = try #require(Ruleset("alert tcp any any -> any any (\(options) sid:1;)").errors.first)
        #expect((error.message + " " + (error.hint ?? "")).contains(words), "\(error)")
    }

    /// Whatever a rule says and a packet holds, reading ends without a trap.
    @Test func hostileNumbers() throws {
        try property("byte operations", runs: 300) { random in
            let offset = random.pick([-65535, -9, -1, 0, 1, 3, 65535])
            let count = random.pick([1, 2, 4, 8])
            let relative = random.chance(1, in: 2) ? ",relative" : ""
            let options = [
                "byte_test:\(count),\(random.pick(["<", "!>", "&", "!="])),\(random.pick(["0", "9223372036854775807"])),\(offset)\(relative);",
                "byte_jump:\(count),\(offset)\(relative),multiplier 65535,post_offset \(random.pick([-65535, 65535]));",
                "byte_extract:\(count),\(offset),n\(relative); isdataat:n\(relative); content:\"a\"; distance:n; within:n;",
                "byte_extract:\(count),\(offset),n\(relative); content:\"a\"; offset:n; depth:n; byte_test:n,=,n,n;",
                "byte_math:bytes \(count), offset \(offset), oper \(random.pick(["-", "*", "<<"])), rvalue 4294967295, result n; byte_jump:1,n,from_end;",
            ]
            let rules = Ruleset("alert udp any any -> any any (content:\"|ff|\"; \(random.pick(options)) sid:1;)")
            try #require(rules.errors.isEmpty, "\(rules.errors)")
            for _ in 0..<20 {
                var payload = random.bytes(upTo: 24)
                if random.chance(1, in: 2) { payload = payload.map { _ in 0xff } }
                _ = rules.alerts([0xff] + payload)
            }
        }
    }
}
