import NetTypes
import TestSupport
import Testing

struct IPPrefixTests {
    @Test(
        "prefix, its form without host bits, first and last address",
        arguments: [
            ("10.1.2.3/8", "10.0.0.0/8", "10.0.0.0", "10.255.255.255"),
            ("0.0.0.0/0", "0.0.0.0/0", "0.0.0.0", "255.255.255.255"),
            ("255.255.255.255/0", "0.0.0.0/0", "0.0.0.0", "255.255.255.255"),
            ("192.0.2.77/31", "192.0.2.76/31", "192.0.2.76", "192.0.2.77"),
            ("192.0.2.77", "192.0.2.77/32", "192.0.2.77", "192.0.2.77"),
            ("192.0.2.77/32", "192.0.2.77/32", "192.0.2.77", "192.0.2.77"),
            ("::/0", "::/0", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("2001:db8:ffff::1/33", "2001:db8:8000::/33", "2001:db8:8000::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("2001:db8::1/64", "2001:db8::/64", "2001:db8::", "2001:db8::ffff:ffff:ffff:ffff"),
            ("2001:db8::1", "2001:db8::1/128", "2001:db8::1", "2001:db8::1"),
            ("fe80::1/127", "fe80::/127", "fe80::", "fe80::1"),
        ])
    func text(text: String, normal: String, first: String, last: String) throws {
        let prefix = try #require(IPPrefix(text))
        #expect(prefix.description == normal)
        #expect(prefix.first == IPAddress(first))
        #expect(prefix.last == IPAddress(last))
        #expect(IPPrefix(normal) == prefix)
    }

    @Test(
        "texts that are no prefix",
        arguments: [
            "", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8/8", "10.0.0.0/ 8",
            "10.0.0.0/8 ", "10.0.0.0/a", "10.0.0/8", "::/129", "::/", "::/1000", "10.0.0.0/255.0.0.0", "10.0.0.0/0008",
        ])
    func bad(text: String) {
        #expect(IPPrefix(text) == nil)
    }

    @Test(
        "a length has to fit the family",
        arguments: [(-1, false, false), (32, true, true), (33, false, true), (129, false, false)])
    func lengths(length: Int, fitsV4: Bool, fitsV6: Bool) {
        #expect((IPPrefix(IPAddress(v4: 1), length: length) != nil) == fitsV4)
        #expect((IPPrefix(IPAddress(v6High: 1, v6Low: 1), length: length) != nil) == fitsV6)
    }

    @Test("first and last enclose exactly the addresses that share the leading bits")
    func enclosure() throws {
        try property("prefixes", runs: 2000) { random in
            let six = random.chance(1, in: 2)
            let address =
                six
                ? IPAddress(v6High: random.next(), v6Low: random.next())
                : IPAddress(v4: UInt32(truncatingIfNeeded: random.next()))
            let length = random.below(address.bitWidth + 1)
            let prefix = try #require(IPPrefix(address, length: length))
            try #require(prefix.first.value <= address.value && address.value <= prefix.last.value)
            let size = prefix.last.value - prefix.first.value
            let host = address.bitWidth - length
            try #require(size == (host == 128 ? .max : UInt128(1) << UInt128(host) - 1))
            try #require(prefix.first.value & size == 0)
            try #require(IPPrefix(prefix.description) == prefix)
        }
    }
}
