import Detection
import RuleLanguage
import Testing

/// Rules that are refused, with the place and the words; and their like that are not.
struct KeywordTests {
    /// The rule's options, the text the error points at, and words of the message or its hint.
    static let refused: [(String, String, String)] = [
        ("nonsense; sid:1;", "nonsense", "unknown keyword"),
        ("tls.snl; content:\"a\"; sid:1;", "tls.snl", "did you mean 'tls.sni'"),
        ("lua:a.lua; sid:1;", "lua", "not supported yet"),
        ("threshold:type limit, track by_flow, count 1, seconds 60; sid:1;", "type", "by_src"),
        ("content:\"\"; sid:1;", "\"\"", "empty"),
        ("content:abc; sid:1;", "abc", "needs quotes"),
        ("content:\"|0|\"; sid:1;", "|", "two hexadecimal digits"),
        ("content:\"|0g|\"; sid:1;", "g", "hexadecimal"),
        ("content:\"|00\"; sid:1;", "\"|00\"", "ends in the middle"),
        ("nocase; content:\"a\"; sid:1;", "nocase", "content"),
        ("content:\"a\"; nocase; nocase; sid:1;", "nocase", "twice"),
        ("content:\"abc\"; depth:2; sid:1;", "2", "less than"),
        ("content:\"a\"; content:\"abc\"; within:2; sid:1;", "2", "less than"),
        ("content:\"a\"; offset:70000; sid:1;", "70000", "65535"),
        ("content:\"a\"; depth:5; distance:1; sid:1;", "1", "exclude each other"),
        ("content:\"a\"; startswith; offset:1; sid:1;", "1", "exclude each other"),
        ("content:\"a\"; endswith; endswith; sid:1;", "endswith", "twice"),
        ("content:\"a\"; fast_pattern:maybe; sid:1;", "maybe", "only"),
        ("dotprefix; content:\"a\"; sid:1;", "dotprefix", "between a buffer"),
        ("http.uri; to_lowercase; content:\"A\"; sid:1;", "\"A\"", "nothing like"),
        ("http.uri; strip_whitespace; content:\"a b\"; sid:1;", "\"a b\"", "nothing like"),
        ("http.uri; to_md5; content:\"a\"; to_sha1; content:\"a\"; sid:1;", "to_sha1", "transforms already"),
        ("http.uri; xor:\"0\"; content:\"a\"; sid:1;", "\"0\"", "key"),
        ("base64_data; content:\"a\"; sid:1;", "base64_data", "base64_decode before"),
        (
            "base64_decode; base64_data; content:\"a\"; http.uri; content:\"b\"; sid:1;", "http.uri",
            "behind base64_data"
        ),
        ("tls.sni; sid:1;", "tls.sni", "nothing to match"),
        ("http.host; content:\"Capital\"; sid:1;", "\"Capital\"", "lower case"),
        ("http.host; content:\"a\"; nocase; sid:1;", "\"a\"", "lower case"),
        ("tls.sni; content:\"abcdef\"; bsize:3; sid:1;", "3", "less room"),
        ("tls.sni; content:\"a\"; flow:to_client; sid:1;", "tls.sni", "looks the other way"),
        ("tls.sni; content:\"a\"; ttl:3; sid:1;", "ttl", "single packets"),
        ("flow:to_server,to_client; sid:1;", "to_server", "both directions"),
        ("flow:sideways; sid:1;", "sideways", "sideways"),
        ("ttl:256; sid:1;", "256", "ttl"),
        ("itype:x; sid:1;", "x", "itype"),
        ("flags:Q; sid:1;", "Q", "FSRPAUEC"),
        ("ip_proto:nothing; sid:1;", "nothing", "IP protocol"),
        ("flowbits:maybe,a; sid:1;", "maybe", "flowbits"),
        ("app-layer-protocol:gopher2; sid:1;", "gopher2", "protocol"),
        ("ssl_state:asleep; sid:1;", "asleep", "handshake state"),
        ("app-layer-event:tls.invalid_record_typ; sid:1;", "tls.inv", "tls.invalid_record_type?"),
        ("app-layer-event:gopher.x; sid:1;", "gopher.x", "protocol.event"),
        ("app-layer-event:applayer_nonsense; sid:1;", "applayer_n", "event"),
        (
            "app-layer-event:tls.multiple_sni_extensions; http.host; content:\"a\"; sid:1;", "http.host",
            "belongs to http"
        ),
        ("sid:0;", "0", "sid"),
        ("sid:1; sid:2;", "sid", "second sid"),
        ("msg:\"no sid\";", "alert", "no sid"),
        ("dsize:70000; sid:1;", "70000", "dsize"),
        ("http.header.raw; content:\"a\"; sid:1;", "http.header.raw", "flow:to_server"),
        ("http.method; content:\"GET|20|\"; sid:1;", "\"GET", "blank"),
        ("http.referer; content:\"a\"; flow:to_client; sid:1;", "http.referer", "looks the other way"),
        ("http.server; content:\"a\"; flow:to_server; sid:1;", "http.server", "looks the other way"),
        ("http.uri; content:\"a\"; uricontent:\"b\"; sid:1;", "\"b\"", "sticky buffer"),
        ("http_request_body; content:\"a\"; sid:1;", "http_request_body", "unknown keyword"),
        ("urilen:x; sid:1;", "x", "urilen"), ("urilen:70000; sid:1;", "70000", "65535"),
        ("urilen:3; content:\"abcd\"; http_uri; sid:1;", "3", "less room"),
        ("urilen:4; flow:to_client; sid:1;", "urilen", "looks the other way"),
    ]

    @Test(arguments: refused)
    func isRefused(_ options: String, _ place: String, _ words: String) throws {
        let line = "alert ip any any -> any any (\(options))"
        let rules = Ruleset("# first line\n" + line)
        #expect(rules.policy == nil)
        let error = try #require(rules.errors.first)
        #expect(error.location.line == 2)
        let text = error.message + " " + (error.hint ?? "")
        #expect(text.lowercased().contains(words.lowercased()), "\(error)")
        let shown = line.dropFirst(error.location.column - 1)
        #expect(shown.hasPrefix(place), "column \(error.location.column) of: \(line)\n\(error)")
    }

    static let accepted = [
        "sid:1;", "msg:\"semi\\; colon\"; gid:3; sid:1; rev:7; priority:2;", "classtype:trojan-activity; sid:1;",
        "reference:url,example.com/a; metadata:created_at 2020_01_01, policy x; target:src_ip; sid:1;",
        "content:\"a\"; content:\"b\"; distance:-3; within:10; sid:1;", "content:!\"a\"; offset:3; depth:9; sid:1;",
        "content:\"|0d 0a|x|22|\"; fast_pattern:only; sid:1;",
        "tls.sni; dotprefix; content:\".a.b\"; endswith; nocase; sid:1;",
        "http.method; content:\"GET\"; http.host; content:\"a\"; bsize:<20; sid:1;",
        "content:\"GET\"; http_method; sid:1;",
        "uricontent:\"/a\"; nocase; sid:1;", "content:\"a\"; http_uri; startswith; endswith; sid:1;",
        "content:\"a\"; http_raw_uri; content:\"GET\"; http_method; nocase; sid:1;",
        "content:\"a\"; http_header; content:\"b\"; http_cookie; content:\"c\"; http_client_body; sid:1;",
        "file_data; content:\"a\"; sid:1;", "content:\"a\"; http_server_body; within:5; sid:1;",
        "urilen:4; sid:1;", "urilen:>3,raw; sid:1;", "urilen: 3 <> 9 , norm; sid:1;",
        "http.header.raw; content:\"a\"; flow:to_client; sid:1;",
        "http.request_header; content:\"a\"; http.header_names; content:\"b\"; sid:1;",
        "flow:established,to_server,no_stream; content:\"a\"; sid:1;",
        "flags:S+,12; ttl:>3; window:!0; sid:1;", "itype:8; icode:<3; icmp_id:7; sid:1;", "ip_proto:!tcp; sid:1;",
        "flowbits:set,a; flowbits:noalert; sid:1;", "flowbits:isset,a|b; sid:1;", "dsize:10<>20; sid:1;",
        "app-layer-protocol:!tls; sid:1;", "ssl_state:client_hello,!server_hello; sid:1;", "noalert; sid:1;",
    ]

    @Test(arguments: accepted)
    func isAccepted(_ options: String) {
        let rules = Ruleset("alert ip any any -> any any (\(options))")
        #expect(rules.errors.isEmpty, "\(rules.errors)")
        #expect(rules.policy?.signatures.count == 1)
    }

    /// Every problem of every rule, in the order of the file; with skipsBadRules the rest loads.
    @Test func allProblemsAtOnce() {
        let text = """
            alert nothing any any -> $NOWHERE any (content:"|0|"; nonsense; sid:1;)
            alert tcp any any -> any 70000 (sid:2;)
            alert ip any any -> any any (sid:3;)
            """
        let rules = Ruleset(text)
        #expect(rules.policy == nil)
        #expect(rules.errors.map(\.location.line) == [1, 1, 1, 1, 2])
        var options = CompileOptions()
        options.skipsBadRules = true
        #expect(Ruleset(text, options: options).policy?.signatures.count == 1)
    }

    @Test func duplicateSid() throws {
        let rules = Ruleset("alert ip any any -> any any (sid:7; rev:2;)\ndrop ip any any -> any any (sid:7; rev:2;)")
        let error = try #require(rules.errors.first)
        #expect(error.location.line == 2)
        #expect(error.message.contains("line 1"))
        // A newer revision takes the place of the older one.
        let newer = Ruleset("alert ip any any -> any any (sid:7;)\ndrop ip any any -> any any (sid:7; rev:2;)")
        #expect(newer.errors.isEmpty)
        #expect(newer.policy?.signatures.map(\.action) == [.drop])
        #expect(newer.diagnostics.map(\.location.line) == [2])
        #expect(
            Ruleset("alert ip any any -> any any (sid:7;)\nalert ip any any -> any any (gid:2; sid:7;)").errors.isEmpty)
    }
}
