import FirewallEngine
import NetTypes
import PacketIO
import TestSupport
import Testing

/// Transforms, base64 and files, in rules about one POST of a form and a response with a file.
@Suite struct HTTPTransformTests {
    private static func alerts(_ options: String, compatible: Bool = false) throws -> [[Int]] {
        var script = TCPScript(port: 80)
        script.handshake()
        let first = script.frames.count
        script.client(
            utf8(
                "POST /A%20%20b HTTP/1.1\r\nHost: example.com\r\nX-Token: SGVsbG8gV29ybGQ=\r\nX-Parts: SGVsbG8=V29y*\r\n"
                    + "X-Length: 5\r\nContent-Length: 19\r\n\r\na=%41+b%4&c=%zz%2;5"))
        script.server(
            utf8(
                "HTTP/1.1 200 OK\r\nContent-Disposition: attachment; filename=\"My doc.PDF\"\r\n"
                    + "Content-Length: 10\r\n\r\n01234"))
        script.server(utf8("56789"))
        var firewall = try Firewall(
            "alert http any any -> any any (\(options) sid:1;)\n", defaults: [],
            configure: { $0.compatibleWithSuricata = compatible })
        return firewall.judge(script.frames)[first...].map(\.alerts)
    }

    /// Options and whether they match.
    static let table: [(String, Bool)] = [
        ("http.uri; content:\"/A  b\"; startswith; endswith;", true),
        ("http.uri; to_lowercase; content:\"/a  b\"; startswith; endswith;", true),
        ("http.uri; to_uppercase; content:\"/A  B\"; startswith; endswith;", true),
        ("http.uri; strip_whitespace; content:\"/Ab\"; startswith; endswith;", true),
        ("http.uri; compress_whitespace; content:\"/A b\"; startswith; endswith;", true),
        ("http.uri; strip_whitespace; to_lowercase; content:\"/ab\"; startswith; endswith;", true),
        ("http.uri; xor:\"01\"; content:\".@!!c\"; startswith; endswith;", true),
        ("http.method; to_md5; content:\"|42 b0 0f c3 99 40 c6 51|\"; startswith;", false),
        ("http.method; to_md5; bsize:16;", true), ("http.method; to_sha1; bsize:20;", true),
        ("http.method; to_sha256; bsize:32;", true),
        ("http.request_body; url_decode; content:\"a=A b%4&c=%zz%2|3b|5\"; startswith; endswith;", true),
        ("flow:to_server; http.header; header_lowercase; content:\"x-token: SGV\";", true),
        ("flow:to_server; http.header_names; strip_pseudo_headers; content:\"|0d 0a|Host\"; startswith;", true),
        // A transform behind conditions counts for what follows.
        ("http.uri; content:\"/A\"; startswith; dotprefix; content:\"./A\"; startswith;", true),
        ("http.uri; content:\"/A\"; startswith; dotprefix; content:\"/A\"; startswith;", false),
        (
            "flow:to_server; http.header; content:\"X-Token: \"; base64_decode:relative; base64_data; content:\"Hello World\"; startswith; endswith;",
            true
        ),
        (
            "flow:to_server; http.header; content:\"X-Token: \"; base64_decode:bytes 8, relative; base64_data; content:\"Hello \"; startswith; endswith;",
            true
        ),
        (
            "flow:to_server; http.header; content:\"X-Token: \"; base64_decode:bytes 8, offset 4, relative; base64_data; content:\"lo Wor\"; startswith;",
            true
        ),
        // Padding between two groups; the first other character ends it.
        (
            "flow:to_server; http.header; content:\"X-Parts: \"; base64_decode:relative; base64_data; content:\"HelloWor\"; bsize:8;",
            true
        ),
        // Behind base64_decode nothing of the buffer counts, and without base64_data nothing matches.
        (
            "flow:to_server; http.header; content:\"X-Token: \"; base64_decode:relative; content:\"nowhere\"; base64_data; content:\"Hello\";",
            true
        ),
        ("flow:to_server; http.header; content:\"X-Token: \"; base64_decode:relative;", false),
        (
            "flow:to_server; http.header; content:\"Host: \"; base64_decode:offset 7, relative; base64_data; content:\"H\";",
            false
        ),
        // A number read in one buffer, used in another.
        (
            "flow:to_server; http.header; content:\"X-Length: \"; byte_extract:1,0,n,relative,string,dec; http.request_body; byte_test:1,=,n,0,relative,string,dec; content:\"|3b|\"; byte_test:1,=,n,0,relative,string,dec;",
            false
        ),
        (
            "flow:to_server; http.header; content:\"X-Length: \"; byte_extract:1,0,n,relative,string,dec; http.request_body; content:\"|3b|\"; byte_test:1,=,n,0,relative,string,dec;",
            true
        ),
        (
            "flow:to_server; http.header; content:\"X-Length: \"; byte_extract:1,0,n,relative,string,dec; http.request_body; content:\"+\"; offset:n; depth:1;",
            true
        ),
        (
            "flow:to_server; http.header; content:\"X-Length: \"; byte_extract:1,0,n,relative,string,dec; http.request_body; content:\"b\"; offset:n; depth:1;",
            false
        ),
        ("filename:\"doc.pdf\";", true), ("flow:to_server; filename:\"doc\";", false), ("fileext:\"pdf\";", true),
        ("flow:to_client; fileext:!\"exe\";", true), ("flow:to_client; fileext:\"oc.pdf\";", false),
        ("flow:to_client; file.name; content:\"My doc.PDF\"; startswith; endswith;", true),
        ("filesize:10;", true), ("filesize:19;", true), ("filesize:5;", false), ("flow:to_client; filesize:>5;", true),
    ]

    @Test(arguments: table)
    func matches(_ options: String, _ isMatch: Bool) throws {
        let found = try Self.alerts(options).flatMap { $0 }
        #expect(found == (isMatch ? [1] : []), "\(options)")
    }

    /// A name is known with a file's first bytes, its size with the last.
    @Test func filesAreJudgedAsTheyCome() throws {
        let name = try Self.alerts("flow:to_client; filename:\"doc\";")
        let size = try Self.alerts("flow:to_client; filesize:>1;")
        #expect(name.firstIndex(of: [1]) == name.count - 2)
        #expect(size.firstIndex(of: [1]) == size.count - 1)
    }

    /// As in Suricata, absence is found again with every packet of a body, and once outside compat.
    @Test(arguments: [(true, [[1], [1], [1]]), (false, [[1], [], []])])
    func absence(_ compatible: Bool, _ expected: [[Int]]) throws {
        var script = TCPScript(port: 80)
        script.handshake()
        let first = script.frames.count
        let request = HTTPBytes.request("POST", body: "0123456789")
        script.client(request, cut: [request.count - 8, request.count - 4])
        var firewall = try Firewall(
            "alert http any any -> any any (http.uri; content:!\"zz\"; sid:1;)\n", defaults: [],
            configure: { $0.compatibleWithSuricata = compatible })
        #expect(firewall.judge(script.frames)[first...].map(\.alerts) == expected)
    }

    #if PCRE2
        @Test(arguments: [
            ("http.uri; pcrexform:\"/(.)\"; content:\"A\"; startswith; endswith;", true),
            ("http.uri; pcrexform:\"nowhere(.)\"; content:\"/A\"; startswith;", true),
            // A letter that says what the buffer before it says already.
            ("http.uri; pcre:\"/^.A/U\";", true), ("flow:to_client; file.data; pcre:\"/^01/Q\";", true),
        ])
        func patterns(_ options: String, _ isMatch: Bool) throws {
            #expect(try Self.alerts(options).flatMap { $0 } == (isMatch ? [1] : []), "\(options)")
        }
    #endif
}
