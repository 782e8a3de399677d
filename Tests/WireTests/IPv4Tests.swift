import NetTypes
import TestSupport
import Testing
import Wire

struct IPv4Tests {
    private static let builder = PacketBuilder(from: "10.0.0.1", to: "192.0.2.1").with { $0.link = .raw }
    private static let udp = UDPFields(1000, 2000)

    private static func decode(_ change: (inout IPv4Fields) -> Void, payload: String = "data") -> DecodedPacket {
        DecodedPacket(builder.with { change(&$0.v4) }.udp(udp, utf8(payload)), .raw)
    }

    @Test("the fields of the header")
    func fields() throws {
        let decoded = Self.decode {
            $0.timeToLive = 7
            $0.typeOfService = 0xb8
            $0.identification = 0xbeef
            $0.reservedBit = true
        }
        let ip = try #require(decoded.packet.ip)
        #expect(ip.version == .v4)
        #expect(ip.source.description == "10.0.0.1")
        #expect(ip.destination.description == "192.0.2.1")
        #expect(ip.upperProtocol == .udp)
        #expect(ip.timeToLive == 7)
        #expect(ip.typeOfService == 0xb8)
        #expect(ip.identification == 0xbeef)
        #expect(ip.dontFragment && ip.reservedBit && !ip.moreFragments && ip.options.isEmpty)
        #expect(ip.headerLength == 20)
        #expect(ip.totalLength == 20 + 8 + 4)
        #expect(ip.offset == 0)
    }

    @Test("options move the transport header", arguments: [0, 1, 4, 7, 12, 39, 40])
    func options(count: Int) throws {
        let decoded = Self.decode { $0.options = [UInt8](repeating: 1, count: count) }
        let ip = try #require(decoded.packet.ip)
        #expect(ip.headerLength == 20 + (count + 3) / 4 * 4)
        #expect(ip.options.isEmpty == (count == 0))
        #expect(decoded.udp?.destinationPort == 2000)
        #expect(decoded.payload == utf8("data"))
        #expect(decoded.isHeaderChecksumValid)
    }

    @Test(
        "header lengths that cannot be",
        arguments: [
            (0, .ipv4HeaderTooSmall), (4, .ipv4HeaderTooSmall), (5, nil), (8, nil), (9, .ipv4LengthBelowHeader),
            (15, .ipv4LengthBelowHeader),
        ] as [(UInt8, DecodeEvent?)])
    func headerLength(words: UInt8, failure: DecodeEvent?) {
        // 32 bytes in all: a header of eight words takes UDP's header for options.
        let decoded = Self.decode { $0.headerWords = words }
        #expect(decoded.failure == (words == 8 ? .ipv4OptionInvalidLength : failure))
    }

    @Test(
        "total lengths: too small, right, shorter than the frame, beyond it",
        arguments: [
            (1, .ipv4LengthBelowHeader, 0), (19, .ipv4LengthBelowHeader, 0), (20, .udpTooSmall, 0),
            (27, .udpTooSmall, 0),
            // The UDP length says more than IP does.
            (28, .udpLengthBeyondPacket, 0), (32, nil, 4), (33, .ipv4Truncated, 0), (65535, .ipv4Truncated, 0),
        ] as [(UInt16, DecodeEvent?, Int)])
    func totalLength(length: UInt16, failure: DecodeEvent?, payload: Int) {
        let decoded = Self.decode { $0.totalLength = length }
        #expect(decoded.failure == failure)
        if failure == nil { #expect(decoded.packet.payloadLength == payload) }
    }

    @Test("total length 0 stands for the frame's own: segmentation offload")
    func offload() {
        let decoded = Self.decode { $0.totalLength = 0 }
        #expect(decoded.failure == nil)
        #expect(decoded.packet.ip?.totalLength == 32)
        #expect(decoded.payload == utf8("data"))
    }

    @Test("padding of a short Ethernet frame is no payload")
    func padding() {
        let frame = Self.builder.with { $0.link = .ethernet }.udp(Self.udp, utf8("x"))
        let decoded = DecodedPacket(frame + [UInt8](repeating: 0, count: 60 - frame.count))
        #expect(decoded.failure == nil)
        #expect(decoded.payload == utf8("x"))
        #expect(decoded.packet.payloadMissing == 0)
        #expect(decoded.isTransportChecksumValid)
    }

    @Test("a header that is cut", arguments: 1...19)
    func short(count: Int) {
        let frame = Self.builder.udp(Self.udp)
        #expect(DecodedPacket(Array(frame.prefix(count)), .raw).failure == .ipv4TooSmall)
    }

    @Test("options that are cut")
    func cutOptions() {
        let frame = Self.builder.with { $0.v4.options = [UInt8](repeating: 1, count: 40) }.udp(Self.udp)
        for count in 20..<60 {
            #expect(DecodedPacket(Array(frame.prefix(count)), .raw, wireLength: frame.count).failure == .ipv4Truncated)
        }
    }

    @Test(
        "fragments: no transport header is read from one",
        arguments: [(0, true), (8, true), (8, false), (65528, false)])
    func fragments(offset: Int, more: Bool) throws {
        let decoded = Self.decode {
            $0.dontFragment = false
            $0.fragmentOffset = offset
            $0.moreFragments = more
        }
        let ip = try #require(decoded.packet.ip)
        #expect(decoded.failure == nil)
        #expect(ip.isFragment)
        #expect(ip.fragmentOffset == offset)
        #expect(ip.moreFragments == more)
        #expect(!decoded.hasTransport)
        #expect(decoded.packet.tuple?.sourcePort == 0)
        #expect(decoded.packet.payloadLength == 12)
        #expect(decoded.isTransportChecksumValid)
    }

    @Test("a protocol without a header known here")
    func otherProtocol() {
        for number in UInt8.min...UInt8.max where ![1, 6, 17, 132].contains(number) {
            let frame = Self.builder.frame(IPProtocol(rawValue: number), [1, 2, 3])
            let decoded = DecodedPacket(frame, .raw)
            #expect(decoded.failure == nil, "protocol \(number)")
            #expect(!decoded.hasTransport)
            #expect(decoded.payload == [1, 2, 3])
            #expect(decoded.packet.tuple?.ipProtocol.rawValue == number)
        }
    }
}
