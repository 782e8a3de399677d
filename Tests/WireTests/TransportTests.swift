import NetTypes
import TestSupport
import Testing
import Wire

/// TCP, UDP and SCTP headers behind IPv4 and IPv6.
struct TransportTests {
    private static let builders = [
        PacketBuilder(from: "10.0.0.1", to: "192.0.2.1"), PacketBuilder(from: "2001:db8::1", to: "2001:db8::2"),
    ]

    @Test("the fields of a TCP header")
    func tcpFields() throws {
        for builder in Self.builders {
            var fields = TCPFields(
                40_000, 443, [.syn, .ece, .cwr], sequence: 0xffff_fffe, acknowledgment: 5, window: 1024)
            fields.urgentPointer = 77
            let decoded = DecodedPacket(builder.tcp(fields, utf8("abc")))
            let tcp = try #require(decoded.packet.tcp)
            #expect(decoded.failure == nil)
            #expect(tcp.sourcePort == 40_000 && tcp.destinationPort == 443)
            #expect(tcp.sequence == SequenceNumber(0xffff_fffe))
            #expect(tcp.acknowledgment == SequenceNumber(5))
            #expect(tcp.flags == [.syn, .ece, .cwr])
            #expect(tcp.window == 1024 && tcp.urgentPointer == 77)
            #expect(tcp.headerLength == 20)
            #expect(decoded.payload == utf8("abc"))
        }
    }

    @Test("all flags", arguments: UInt8.min...UInt8.max)
    func flags(bits: UInt8) {
        let frame = Self.builders[0].tcp(TCPFields(1, 2, TCPFlags(rawValue: bits)))
        #expect(DecodedPacket(frame).packet.tcp?.flags.rawValue == bits)
    }

    @Test(
        "TCP data offsets",
        arguments: [
            (0, .tcpHeaderTooSmall), (4, .tcpHeaderTooSmall), (5, nil), (6, nil), (7, .tcpHeaderBeyondPacket),
            (15, .tcpHeaderBeyondPacket),
        ] as [(UInt8, DecodeEvent?)])
    func tcpOffset(words: UInt8, failure: DecodeEvent?) {
        for builder in Self.builders {
            var fields = TCPFields(1, 2)
            fields.headerWords = words
            let decoded = DecodedPacket(builder.tcp(fields, utf8("data")))
            #expect(decoded.failure == failure)
            #expect(decoded.packet.payloadLength == (failure != nil ? 24 : words == 5 ? 4 : 0))
        }
    }

    @Test(
        "UDP lengths: below the header, below the packet, right, beyond the packet, 0 of a jumbogram",
        arguments: [
            (1, .udpLengthTooSmall, 0), (7, .udpLengthTooSmall, 0), (8, nil, 0), (11, nil, 3), (12, nil, 4),
            (13, .udpLengthBeyondPacket, 0), (65535, .udpLengthBeyondPacket, 0), (0, nil, 4),
        ] as [(UInt16, DecodeEvent?, Int)])
    func udpLength(length: UInt16, failure: DecodeEvent?, payload: Int) {
        for builder in Self.builders {
            let decoded = DecodedPacket(builder.udp(UDPFields(1, 2, length: length), utf8("data")))
            #expect(decoded.failure == failure)
            if failure == nil { #expect(decoded.payload == Array(utf8("data").prefix(payload))) }
        }
    }

    @Test("SCTP ports")
    func sctp() {
        let decoded = DecodedPacket(Self.builders[1].frame(.sctp, [0x0b, 0x59, 0, 80, 1, 2, 3, 4, 5, 6, 7, 8, 99]))
        #expect(decoded.sctp?.sourcePort == 2905)
        #expect(decoded.sctp?.destinationPort == 80)
        #expect(decoded.packet.tuple?.destinationPort == 80)
        #expect(decoded.payload == [99])
    }

    @Test("a transport header that the sender cut short")
    func short() {
        let table: [(IPProtocol, Int, DecodeEvent)] = [
            (.tcp, 20, .tcpTooSmall), (.udp, 8, .udpTooSmall), (.sctp, 12, .sctpTooSmall),
        ]
        for (ipProtocol, length, failure) in table {
            for builder in Self.builders {
                for count in 0..<length {
                    let decoded = DecodedPacket(builder.frame(ipProtocol, [UInt8](repeating: 0x55, count: count)))
                    #expect(decoded.failure == failure, "\(ipProtocol) with \(count) bytes")
                    #expect(decoded.packet.ip != nil)
                }
            }
        }
    }

    @Test("a frame cut by the capture: what is missing is counted, headers are never guessed")
    func snapshots() {
        for builder in Self.builders {
            let payload = [UInt8](repeating: 7, count: 100)
            let whole = builder.tcp(TCPFields(1, 2, options: [.maximumSegmentSize(1460)]), payload)
            let headers = whole.count - payload.count
            for count in 14..<whole.count {
                let decoded = DecodedPacket(Array(whole.prefix(count)), wireLength: whole.count)
                if count < headers {
                    #expect(decoded.failure != nil, "\(count) bytes")
                    continue
                }
                #expect(decoded.failure == nil, "\(count) bytes")
                #expect(decoded.packet.payloadLength == count - headers)
                #expect(decoded.packet.payloadMissing == whole.count - count)
                #expect(decoded.packet.wireLength == whole.count)
                #expect(decoded.isTransportChecksumValid)
            }
        }
    }

    @Test("a UDP datagram cut by the capture")
    func datagramSnapshot() {
        let whole = Self.builders[0].udp(UDPFields(1, 2), [UInt8](repeating: 7, count: 50))
        let decoded = DecodedPacket(Array(whole.prefix(14 + 20 + 8 + 10)), wireLength: whole.count)
        #expect(decoded.failure == nil)
        #expect(decoded.udp?.length == 58)
        #expect(decoded.packet.payloadLength == 10)
        #expect(decoded.packet.payloadMissing == 40)
    }
}
