import NetTypes
import TestSupport
import Testing

@testable import Detection

/// The index of headers against a look at each of them.
struct HeaderIndexTests {
    private static func prefix(_ random: inout SeededRandom) -> AddressSet {
        if Int.random(in: 0..<4, using: &random) == 0 { return .all }
        let isV4 = Bool.random(using: &random)
        // Few networks, so that sets lie within each other.
        let low = UInt32.random(in: 0..<4, using: &random)
        let length = Int.random(in: isV4 ? 4...32 : 4...128, using: &random)
        let address =
            isV4
            ? IPAddress(v4: 0x0a00_0000 | low << 8 | UInt32.random(in: 0..<4, using: &random))
            : IPAddress(v6High: 0x2001_0db8_0000_0000 | UInt64(low), v6Low: UInt64.random(in: 0..<4, using: &random))
        guard let prefix = IPPrefix(address, length: length) else { return .all }
        let set = AddressSet(prefix)
        return Int.random(in: 0..<6, using: &random) == 0 ? set.complement : set
    }

    private static func ports(_ random: inout SeededRandom) -> PortSet {
        switch Int.random(in: 0..<4, using: &random) {
        case 0: return PortSet(CollectionOfOne(UInt16(443)...443))
        case 1: return PortSet([UInt16(80)...90, UInt16(440)...450])
        case 2: return PortSet(CollectionOfOne(UInt16(1)...UInt16.random(in: 1...65535, using: &random)))
        default: return .all
        }
    }

    @Test("finds the headers that fit, each once and in order")
    func agreesWithPlainSearch() throws {
        try property("header index", runs: 60) { random in
            let headers = (0..<200).map { _ in
                RuleHeader(
                    ruleProtocol: RuleProtocol(
                        name: ["tcp", "udp", "ip", "icmp"].randomElement(using: &random) ?? "ip")
                        ?? RuleProtocol(ipProtocols: []),
                    source: HeaderIndexTests.prefix(&random), sourcePorts: HeaderIndexTests.ports(&random),
                    destination: HeaderIndexTests.prefix(&random), destinationPorts: HeaderIndexTests.ports(&random))
            }
            let index = HeaderIndex(headers: headers)
            var classes: [HeaderClasses.Number: [Int32]] = [:]
            for _ in 0..<200 {
                let isV4 = Bool.random(using: &random)
                func address() -> IPAddress {
                    isV4
                        ? IPAddress(v4: 0x0a00_0000 | UInt32.random(in: 0..<2048, using: &random))
                        : IPAddress(
                            v6High: 0x2001_0db8_0000_0000 | UInt64.random(in: 0..<5, using: &random),
                            v6Low: UInt64.random(in: 0..<5, using: &random))
                }
                let tuple = FlowTuple(
                    source: address(), destination: address(),
                    sourcePort: UInt16.random(in: 0...65535, using: &random),
                    destinationPort: [80, 443, 445, 9000].randomElement(using: &random) ?? 0,
                    ipProtocol: [.tcp, .udp, .icmp].randomElement(using: &random) ?? .tcp)
                let hasPorts = Int.random(in: 0..<5, using: &random) > 0
                var found: [Int32] = []
                index.collect(tuple, hasPorts: hasPorts, into: &found)
                let expected = headers.indices.filter { headers[$0].matches(tuple, hasPorts: hasPorts) }.map(Int32.init)
                #expect(found == expected)
                let number = index.classOf(tuple, hasPorts: hasPorts)
                #expect(classes[number] == nil || classes[number] == expected, "a class fits one set of headers")
                classes[number] = expected
            }
        }
    }
}
