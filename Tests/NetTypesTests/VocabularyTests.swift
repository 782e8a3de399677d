import NetTypes
import TestSupport
import Testing

/// The small values: protocol numbers, tuples, directions, timestamps.
struct VocabularyTests {
    @Test(
        "protocol names in records",
        arguments: [
            (1, "ICMP"), (6, "TCP"), (17, "UDP"), (58, "IPv6-ICMP"), (132, "SCTP"), (47, "GRE"), (50, "ESP"),
            (0, "000"), (2, "002"), (89, "089"), (255, "255"),
        ] as [(UInt8, String)])
    func protocolNames(number: UInt8, name: String) {
        #expect(IPProtocol(rawValue: number).description == name)
    }

    @Test(
        "protocol numbers by name",
        arguments: [
            ("tcp", 6), ("TCP", 6), ("ipv6-icmp", 58), ("icmpv6", 58), ("ah", 51), ("nonsense", nil), ("", nil),
        ]
            as [(String, UInt8?)])
    func protocolNumbers(name: String, number: UInt8?) {
        #expect(IPProtocol(name: name)?.rawValue == number)
    }

    @Test("only TCP, UDP and SCTP begin with ports")
    func ports() {
        let withPorts = (0...255).filter { IPProtocol(rawValue: UInt8($0)).hasPorts }
        #expect(withPorts == [6, 17, 132])
    }

    @Test("a tuple turned twice is itself")
    func tuples() {
        let tuple = FlowTuple(
            source: IPAddress(v4: 1), destination: IPAddress(v4: 2), sourcePort: 3, destinationPort: 4, ipProtocol: .tcp
        )
        #expect(tuple.reversed.source == IPAddress(v4: 2))
        #expect(tuple.reversed.sourcePort == 4)
        #expect(tuple.reversed.reversed == tuple)
        #expect(FlowDirection.toServer.opposite == .toClient)
        #expect(FlowDirection.toClient.opposite == .toServer)
    }

    @Test(
        "whole seconds are rounded down, before 1970 too",
        arguments: [
            (0, 0), (999_999, 0), (1_000_000, 1), (-1, -1), (-999_999, -1), (-1_000_000, -1), (-1_000_001, -2),
            (.max, 9_223_372_036_854), (.min, -9_223_372_036_855),
        ] as [(Int64, Int64)])
    func seconds(microseconds: Int64, seconds: Int64) {
        #expect(Timestamp(microseconds: microseconds).seconds == seconds)
    }

    @Test("a timestamp is the sum of its parts")
    func parts() {
        #expect(Timestamp(seconds: 1_700_000_000, microseconds: 42).microseconds == 1_700_000_000_000_042)
        #expect(Timestamp(seconds: 2, microseconds: -1).microseconds == 1_999_999)
        #expect(Timestamp(seconds: 1) < Timestamp(seconds: 1, microseconds: 1))
    }

    @Test("hexadecimal digits, and nothing else")
    func hexadecimal() {
        for byte in UInt8.min...UInt8.max {
            let expected = byte < 0x80 ? Character(UnicodeScalar(byte)).hexDigitValue.map(UInt8.init) : nil
            #expect(byte.hexadecimalDigitValue == expected, "\(byte)")
        }
    }
}
