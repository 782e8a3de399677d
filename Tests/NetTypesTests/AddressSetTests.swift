import NetTypes
import TestSupport
import Testing

struct AddressSetTests {
    @Test("families do not mix")
    func families() throws {
        let set = AddressSet([try #require(IPPrefix("10.0.0.0/8")), try #require(IPPrefix("2001:db8::/32"))])
        for (text, isInside) in [
            ("10.0.0.0", true), ("10.255.255.255", true), ("9.255.255.255", false), ("11.0.0.0", false),
            ("2001:db8::", true), ("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", true), ("2001:db9::", false),
            ("::a00:1", false), ("::ffff:10.0.0.1", false),
        ] { #expect(set.contains(address(text)) == isInside, "\(text)") }
    }

    @Test("the complement of an IPv4 set holds every IPv6 address")
    func complement() throws {
        let set = AddressSet(try #require(IPPrefix("0.0.0.0/0"))).complement
        #expect(!set.contains(address("1.2.3.4")))
        #expect(set.contains(address("::1")))
        #expect(set.v4.isEmpty)
        #expect(set.v6.isAll)
        #expect(!set.isAll && !set.isEmpty)
        #expect(set.union(AddressSet(try #require(IPPrefix("0.0.0.0/0")))).isAll)
    }

    @Test("a range runs forwards and in one family, else it is empty")
    func ranges() throws {
        let first = address("10.0.0.5")
        let last = address("10.0.0.9")
        let set = AddressSet(first, through: last)
        #expect(set.contains(first) && set.contains(last))
        #expect(!set.contains(address("10.0.0.4")) && !set.contains(address("10.0.0.10")))
        #expect(AddressSet(last, through: first).isEmpty)
        #expect(AddressSet(first, through: address("::ffff")).isEmpty)
        #expect(AddressSet(first, through: first).v4.intervals == [first.v4Bits...first.v4Bits])
    }

    @Test("set operations agree with membership")
    func algebra() throws {
        try property("address sets", runs: 500) { random in
            func set() -> AddressSet {
                AddressSet(
                    (0..<random.below(5)).compactMap { _ in
                        random.chance(1, in: 2)
                            ? IPPrefix(IPAddress(v4: UInt32(random.below(8)) << 29), length: 3 + random.below(3))
                            : IPPrefix(
                                IPAddress(v6High: UInt64(random.below(8)) << 61, v6Low: 0), length: 3 + random.below(3))
                    })
            }
            let left = set()
            let right = set()
            for _ in 0..<20 {
                let word = random.next()
                for address in [IPAddress(v4: UInt32(truncatingIfNeeded: word)), IPAddress(v6High: word, v6Low: 1)] {
                    let (inLeft, inRight) = (left.contains(address), right.contains(address))
                    try #require(left.union(right).contains(address) == (inLeft || inRight))
                    try #require(left.intersection(right).contains(address) == (inLeft && inRight))
                    try #require(left.subtracting(right).contains(address) == (inLeft && !inRight))
                    try #require(left.complement.contains(address) == !inLeft)
                }
            }
        }
    }
}
