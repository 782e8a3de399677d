import AppLayer
import TestSupport
import Testing

/// Request targets as rules see them, as Suricata 7.0.10 was seen to read them.
struct HTTPTargetTests {
    static let rows: [(String, String?)] = [
        ("/", "/"),
        ("/a/b/", "/a/b/"),
        ("/a%20b/../c?x=%41", "/c?x=A"),
        ("/a/./b/../c", "/a/c"),
        ("/a//b", "/a/b"),
        ("/%2e%2e/x", "/x"),
        ("/a%2fb", "/a/b"),
        ("/%u0041x", "/Ax"),
        ("/%zz%4", "/%zz%4"),
        ("/a\\b", "/a/b"),
        ("/a+b?c+d%20e", "/a+b?c+d e"),
        ("/a;p=1?x", "/a;p=1?x"),
        ("/a#frag", "/a#frag"),
        ("/../../x", "/x"),
        ("/a/..", nil),
        ("/a/.", "/a"),
        ("/?a=/../b", "/?a=/../b"),
        ("/%25%34%31", "/%41"),
        ("*", "*"),
        ("a/b", "a/b"),
        ("//x/../y", "/y"),
        ("/a%c0%afb", "/a/b"),
        ("/%41%3f?%3f", "/A???"),
        ("/a?b?c#d", "/a?b?c#d"),
        ("/a/b/..", "/a"),
        ("/a/..?x=1", "?x=1"),
        ("/a/../", nil),
        ("/a/b/../", "/a"),
        ("/a/b/.?q", "/a/b?q"),
        ("/a#%41", "/a#A"),
        ("/a?%u0041", "/a?%u0041"),
        ("/%uff0fx", "/x"),
        ("/%u2215x", "/x"),
        ("/%u00e9x", "/?x"),
        ("/%u1234x", "/?x"),
        ("/%e2%88%95x", "//x"),
        ("/%ef%bc%8fx", "//x"),
        ("/%c3%28x", "/?(x"),
        ("/a%e9b", "/a?b"),
        ("/a%5cb", "/a/b"),
        ("/a?c%5cd//e\\f", "/a?c\\d//e\\f"),
        ("/a%2f/b", "/a/b"),
        ("/./a", "/a"),
        ("/..", nil),
        ("/.", nil),
        ("/a/...", "/a/..."),
        ("/a/..b", "/a/..b"),
        ("/.a", "/.a"),
        ("http://h", nil),
        ("http://h?x", "?x"),
        ("http://h/a//b/../c", "/a/c"),
        ("foo:bar", "bar"),
        ("/a%2e%2e/b", "/a../b"),
        ("/a%c0%af/b", "/a//b"),
        ("/%e0%80%afx", "//x"),
        ("/%c1%81", "/A"),
        ("/%u004", "/%u004"),
        ("/%25u0041", "/%u0041"),
        ("/a/b/../../..", nil),
        ("../x", "x"),
        ("a/../b", "/b"),
        ("./x", "x"),
        ("", nil),
        ("?", "?"),
        ("%", "%"),
        ("/%", "/%"),
    ]

    @Test(arguments: rows)
    func normalized(target: String, expected: String?) {
        #expect(HTTPTarget.normalized(utf8(target)[...]).map(text) == expected)
    }

    @Test("bytes of a character set, and UTF-8 that ends early")
    func bytes() {
        #expect(HTTPTarget.normalized([0x2f, 0xff, 0xe9]) == utf8("/?"))
        #expect(HTTPTarget.normalized([0x2f, 0xc3, 0xa9, 0x78]) == [0x2f, 0xe9, 0x78])
        #expect(HTTPTarget.normalized([0x2f, 0x61, 0x3f, 0xc3, 0xa9]) == [0x2f, 0x61, 0x3f, 0xc3, 0xa9])
        #expect(HTTPTarget.normalized(utf8("/A%00b")[...]) == [0x2f, 0x41, 0, 0x62])
    }

    @Test("any bytes are read to an end and not made longer")
    func hostile() throws {
        try property("hostile targets", runs: 2000) { random in
            let target = (0..<random.below(60)).map { _ in random.pick(utf8("/.%u?#:a04cfe\\") + [0xc0, 0xe0, 0xff]) }
            try #require(HTTPTarget.normalized(target[...])?.count ?? 0 <= target.count)
        }
    }
}
