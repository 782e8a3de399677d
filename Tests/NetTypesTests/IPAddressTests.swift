import NetTypes
import TestSupport
import Testing

/// Text and numbers of addresses (RFC 4291 section 2.2, RFC 5952).
struct IPAddressTests {
    @Test(
        "IPv4 text",
        arguments: [
            ("0.0.0.0", 0), ("255.255.255.255", 0xffff_ffff), ("10.0.0.1", 0x0a00_0001), ("192.0.2.33", 0xc000_0221),
            ("1.2.3.4", 0x0102_0304),
        ] as [(String, UInt32)])
    func ipv4(text: String, bits: UInt32) throws {
        let address = try #require(IPAddress(text))
        #expect(address.isIPv4)
        #expect(address.v4Bits == bits)
        #expect(address == IPAddress(v4: bits))
        #expect(address.value == UInt128(bits))
        #expect(address.bitWidth == 32)
        #expect(address.description == text)
        #expect(address.expanded == text)
    }

    @Test(
        "texts that are no address",
        arguments: [
            "", " ", "1", "1.2.3", "1.2.3.4.5", "1.2.3.4.", ".1.2.3.4", "1..3.4", "256.1.1.1", "1.2.3.999", "01.2.3.4",
            "1.2.3.04", "00.0.0.0", "0001.2.3.4", "1.2.3.4 ", " 1.2.3.4", "1.2.3.-4", "+1.2.3.4", "1.2.3.4/8",
            "a.b.c.d",
            "0x1.2.3.4", "1.2.3.4\n", "\u{0661}.2.3.4", ":", ":1", "1:", ":::", "1:::2", "1::2::3", "::1::",
            "1:2:3:4:5:6:7",
            "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8:", ":1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8",
            "1:2:3:4::5:6:7:8", "12345::", "g::", "::1%eth0", "[::1]", "::1/64", "1.2.3.4::", "::1.2.3.4:5", "::1.2.3",
            "::1.2.3.256", "1:2:3:4:5:6:7:1.2.3.4", "1:2:3:4:5:1.2.3.4", "::01.2.3.4", "fe80: :1", "::-1",
        ])
    func bad(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test(
        "IPv6 text, its RFC 5952 form and its expanded form",
        arguments: [
            ("::", "::", "0000:0000:0000:0000:0000:0000:0000:0000"),
            ("::1", "::1", "0000:0000:0000:0000:0000:0000:0000:0001"),
            ("1::", "1::", "0001:0000:0000:0000:0000:0000:0000:0000"),
            ("2001:DB8::1", "2001:db8::1", "2001:0db8:0000:0000:0000:0000:0000:0001"),
            ("2001:0db8:0000:0000:0001:0000:0000:0001", "2001:db8::1:0:0:1", "2001:0db8:0000:0000:0001:0000:0000:0001"),
            ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1", "2001:0db8:0000:0001:0001:0001:0001:0001"),
            ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1", "2001:0000:0000:0001:0000:0000:0000:0001"),
            ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0", "0001:0002:0003:0004:0005:0006:0007:0000"),
            ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8", "0000:0002:0003:0004:0005:0006:0007:0008"),
            ("1:0:0:2:0:0:3:4", "1::2:0:0:3:4", "0001:0000:0000:0002:0000:0000:0003:0004"),
            ("fe80:0:0:0:0:0:0:abcd", "fe80::abcd", "fe80:0000:0000:0000:0000:0000:0000:abcd"),
            ("::ffff:192.0.2.1", "::ffff:c000:201", "0000:0000:0000:0000:0000:ffff:c000:0201"),
            ("::1.2.3.4", "::102:304", "0000:0000:0000:0000:0000:0000:0102:0304"),
            ("64:ff9b::192.0.2.33", "64:ff9b::c000:221", "0064:ff9b:0000:0000:0000:0000:c000:0221"),
            ("1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304", "0001:0002:0003:0004:0005:0006:0102:0304"),
            (
                "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
                "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
            ),
        ])
    func ipv6(text: String, short: String, expanded: String) throws {
        let address = try #require(IPAddress(text))
        #expect(!address.isIPv4)
        #expect(address.bitWidth == 128)
        #expect(address.description == short)
        #expect(address.expanded == expanded)
        #expect(IPAddress(short) == address)
        #expect(IPAddress(expanded) == address)
    }

    @Test("an IPv4 address is never equal to an IPv6 one")
    func families() throws {
        let four = IPAddress(v4: 0x0102_0304)
        for text in ["::1.2.3.4", "::ffff:1.2.3.4"] {
            let six = try #require(IPAddress(text))
            #expect(four != six)
            #expect(Set([four, six]).count == 2)
        }
    }

    @Test("a substring reads like a string")
    func substrings() {
        let text = "10.0.0.1-10.0.0.9"
        #expect(IPAddress(text.prefix(8)) == IPAddress("10.0.0.1"))
        #expect(IPAddress(text.suffix(8)) == IPAddress("10.0.0.9"))
    }

    @Test("every address survives printing and reading")
    func roundTrip() throws {
        try property("addresses round trip", runs: 2000) { random in
            let four = IPAddress(v4: UInt32(truncatingIfNeeded: random.next()))
            try #require(IPAddress(four.description) == four)
            // Masks make runs of zero groups likely.
            let words = (0..<2).map { _ in random.next() & random.pick([.max, 0, 0xffff_0000_0000_ffff, 0xffff_0000]) }
            let six = IPAddress(v6High: words[0], v6Low: words[1])
            try #require(IPAddress(six.description) == six)
            try #require(IPAddress(six.expanded) == six)
            try #require(IPAddress(value: six.value, version: .v6) == six)
            try #require(six.description.utf8.count <= six.expanded.utf8.count)
        }
    }

    @Test("no text traps")
    func anyText() throws {
        try property("address texts", runs: 3000) { random in
            let alphabet = Array("0123456789abcdefF:.::..% ".unicodeScalars)
            let text = String(String.UnicodeScalarView((0..<random.below(40)).map { _ in random.pick(alphabet) }))
            guard let address = IPAddress(text) else { return }
            try #require(IPAddress(address.description) == address)
        }
    }
}
