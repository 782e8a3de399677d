import NetTypes
import TestSupport
import Testing
import Wire

@testable import AppLayer

/// Datagrams of one flow and what they have shown.
private final class QUICTalk {
    let session: AppLayerSession
    private(set) var events: SessionEvents = []

    init(compatible: Bool = false) {
        var settings = AppLayerSettings()
        settings.compatibleWithSuricata = compatible
        session = AppLayerSession(isStream: false, serverPort: 443, settings: settings)
    }

    @discardableResult
    func client(_ datagram: [UInt8]) -> SessionEvents { say(datagram, .toServer) }

    @discardableResult
    func server(_ datagram: [UInt8]) -> SessionEvents { say(datagram, .toClient) }

    func say(_ datagram: [UInt8], _ direction: FlowDirection) -> SessionEvents {
        let ports: (UInt16, UInt16) = direction == .toServer ? (40_000, 443) : (443, 40_000)
        let new = session.feed(datagram: datagram.span.bytes, direction, ports: ports)
        events.formUnion(new)
        return new
    }

    var packets: [QUICPacket] {
        session.transactions.compactMap { if case .quic(let packet) = $0.facts { packet } else { nil } }
    }

    var names: [String] { packets.compactMap { $0.serverName.map { String(decoding: $0, as: UTF8.self) } } }
}

@Suite struct QUICTests {
    static let hello = ClientHelloBytes("www.example.com").with { $0.alpn = ["h3"] }.message
    static let packet = QUICBytes()

    // MARK: keys

    @Test("one block of AES-128 (FIPS 197 appendix C.1)")
    func block() {
        let cipher = AES128(key: bytes(hex: "000102030405060708090a0b0c0d0e0f"))
        #expect(
            cipher.encrypt(bytes(hex: "00112233445566778899aabbccddeeff"))
                == bytes(
                    hex: "69c4e0d86a7b0430d8cdb78070b4c55a"))
    }

    @Test("keys of a connection (RFC 9001 appendix A.1), and its server's first packet (A.3)")
    func keys() throws {
        let keys = try #require(QUICInitialKeys(version: .version1, connectionID: bytes(hex: "8394c8f03e515708")))
        #expect(keys.client.packetKey == bytes(hex: "1f369613dd76d5467730efcbe3b1a22d"))
        #expect(keys.client.vector == bytes(hex: "fa044b2f42a3fd3b46fb255c"))
        let packet = bytes(
            hex: """
                cf000000010008f067a5502a4262b5004075c0d95a482cd0991cd25b0aac406a5816b6394100f37a1c69797554780bb3\
                8cc5a99f5ede4cf73c3ec2493a1839b3dbcba3f6ea46c5b7684df3548e7ddeb9c3bf9c73cc3f3bded74b562bfb19fb84\
                022f8ef4cdd93795d77d06edbb7aaf2f58891850abbdca3d20398c276456cbc42158407dd074ee
                """)
        let header = try QUICHeader(packet.span.bytes)
        let result = keys.server.open(packet.span.bytes, headerLength: header.length, largest: -1)
        let opened = try #require(result)
        #expect(opened.number == 1)
        #expect(opened.frames.starts(with: bytes(hex: "02000000000600405a020000560303eefce7f7b37ba1d163")))
    }

    // MARK: names

    @Test("versions whose Initial packets are read", arguments: [1, 0x6b33_43cf, 0xff00_001d] as [UInt32])
    func versions(_ version: UInt32) {
        let talk = QUICTalk()
        talk.client(Self.packet.with { $0.version = version }.initial(QUICBytes.crypto(Self.hello)))
        #expect(talk.session.appProtocol == .quic)
        #expect(talk.names == ["www.example.com"])
        #expect(talk.packets.first?.ja4.map { $0.starts(with: utf8("q13d")) } == true)
    }

    @Test("an unknown version is a fact, not a fault")
    func unknownVersion() {
        let talk = QUICTalk()
        talk.client(Self.packet.with { $0.version = 0x1a2a_3a4a }.initial(QUICBytes.crypto(Self.hello)))
        #expect(talk.packets.map(\.version.rawValue) == [0x1a2a_3a4a])
        #expect(talk.names == [] && !talk.events.contains(.malformed))
    }

    @Test("a hello over several datagrams is waited for, in any order")
    func pieces() {
        let cut = Self.hello.count / 3
        let first = Self.packet.initial(QUICBytes.crypto(Array(Self.hello[..<cut])))
        let second = Self.packet.with { $0.number = 1 }.initial(QUICBytes.crypto(Array(Self.hello[cut...]), at: cut))
        for order in [[first, second], [second, first]] {
            let talk = QUICTalk()
            talk.client(order[0])
            #expect(talk.session.awaitsName)
            talk.client(order[1])
            #expect(talk.names == ["www.example.com"] && !talk.session.awaitsName)
        }
    }

    @Test("behind a Retry, and for another connection on the same ports, the hello is read anew")
    func again() {
        let talk = QUICTalk()
        talk.client(Self.packet.initial(QUICBytes.crypto(Self.hello)))
        talk.server(Self.packet.retry(from: Array(1...9)))
        talk.client(
            Self.packet.with {
                $0.connectionID = Array(1...9)
                $0.token = [1, 2]
            }.initial(QUICBytes.crypto(Self.hello)))
        let other = ClientHelloBytes("denied.example").message
        talk.client(Self.packet.with { $0.connectionID = Array(11...19) }.initial(QUICBytes.crypto(other)))
        #expect(talk.names == ["www.example.com", "www.example.com", "denied.example"])
    }

    @Test("the server's hello, coalesced with other packets")
    func serverHello() {
        let talk = QUICTalk()
        let acknowledgement = Self.packet.with {
            $0.isServer = true
            $0.destinationID = []
            $0.size = 0
        }
        talk.client(Self.packet.initial(QUICBytes.crypto(Self.hello)))
        talk.server(
            acknowledgement.initial([2, 0, 0, 0, 0])
                + acknowledgement.with { $0.number = 1 }.initial(QUICBytes.crypto(TLSBytes.serverHello()))
                + bytes(hex: "e0000000010000024141"))
        #expect(talk.packets.map { $0.serverHello != nil } == [false, false, true])
        #expect(talk.packets.last?.ja3s != nil)
    }

    // MARK: hostile

    struct Attack: CustomTestStringConvertible {
        var testDescription: String
        var reason: MalformedReason
        var datagrams: [[UInt8]]
    }

    static let attacks: [Attack] = [
        Attack(
            testDescription: "the same place with other bytes", reason: .quicCryptoConflict,
            datagrams: [
                packet.initial(QUICBytes.crypto(Array(hello[..<100]))),
                packet.with { $0.number = 1 }.initial(QUICBytes.crypto([0, 0, 0, 0], at: 90)),
            ]),
        Attack(
            testDescription: "sealed with other keys", reason: .quicFailedDecrypt,
            datagrams: [packet.with { $0.destinationID = Array(1...8) }.initial(QUICBytes.crypto(hello))]),
        Attack(
            testDescription: "too many pieces apart", reason: .quicCryptoTooLong,
            datagrams: (0..<5).map { number in
                let frames = (0..<60).flatMap { QUICBytes.crypto([1], at: 10 + 3 * ($0 + 60 * number)) }
                return packet.with { $0.number = number }.initial(frames)
            }),
        Attack(
            testDescription: "far beyond the limit", reason: .quicCryptoTooLong,
            datagrams: [packet.initial(QUICBytes.crypto([1], at: 1 << 29))]),
        Attack(
            testDescription: "more packets than can be judged", reason: .quicTooManyPackets,
            datagrams: [
                (0..<70).flatMap { number in
                    packet.with {
                        $0.size = 0
                        $0.number = number
                    }.initial([1])
                }
            ]),
        Attack(
            testDescription: "a frame that has no place there", reason: .quicMalformed,
            datagrams: [packet.initial([0x1e])]),
        Attack(
            testDescription: "no hello", reason: .tlsInvalidHandshake,
            datagrams: [packet.initial(QUICBytes.crypto([2, 0, 0, 1, 0]))]),
    ]

    @Test("what cannot be read ends the flow", arguments: attacks)
    func attack(_ attack: Attack) {
        let talk = QUICTalk()
        for datagram in attack.datagrams { talk.client(datagram) }
        #expect(talk.session.malformed == attack.reason)
        let kind = QUICTalk(compatible: true)
        for datagram in attack.datagrams { kind.client(datagram) }
        #expect(attack.reason == .quicTooManyPackets || kind.session.malformed == nil)
    }

    @Test("what a stranger says in the server's name changes nothing")
    func stranger() {
        let talk = QUICTalk()
        let cut = 100
        talk.client(Self.packet.initial(QUICBytes.crypto(Array(Self.hello[..<cut]))))
        talk.server(Self.packet.retry(from: Array(1...9)))
        talk.server(
            Self.packet.with {
                $0.connectionID = Array(1...9)
                $0.isServer = true
            }.initial(QUICBytes.crypto(TLSBytes.serverHello())))
        talk.client(Self.packet.with { $0.number = 1 }.initial(QUICBytes.crypto(Array(Self.hello[cut...]), at: cut)))
        #expect(talk.names == ["www.example.com"] && talk.session.malformed == nil)
    }

    @Test("a datagram below the least size is read all the same")
    func tiny() {
        let talk = QUICTalk()
        talk.client(Self.packet.with { $0.size = 0 }.initial(QUICBytes.crypto(Self.hello)))
        #expect(talk.names == ["www.example.com"])
    }

    // MARK: properties

    @Test("any cut of a hello, in any order and any packets, gives the same facts")
    func cuts() throws {
        try property("QUIC in pieces", runs: 300) { random in
            var place = 0
            var frames: [[UInt8]] = []
            for piece in random.pieces(of: Self.hello).prefix(200) {
                frames.append(QUICBytes.crypto(piece, at: place))
                place += piece.count
            }
            if place < Self.hello.count { frames.append(QUICBytes.crypto(Array(Self.hello[place...]), at: place)) }
            frames += (0..<random.below(4)).map { _ in random.pick(frames) }
            frames.shuffle(using: &random)
            let talk = QUICTalk()
            var number = 0
            while !frames.isEmpty {
                let count = min(frames.count, 1 + random.below(40))
                talk.client(
                    Self.packet.with { $0.number = number }.initial(Array(frames.prefix(count).joined())))
                frames.removeFirst(count)
                number += 1
                talk.session.parser?.release(before: UInt64(random.below(number)))
            }
            try #require(talk.session.malformed == nil)
            try #require(talk.session.transactions.isEmpty || !talk.session.awaitsName)
            try #require(talk.names.allSatisfy { $0 == "www.example.com" })
        }
    }

    @Test("nothing that a peer sends traps")
    func hostile() throws {
        try property("hostile QUIC", runs: 3000) { random in
            let talk = QUICTalk(compatible: random.chance(1, in: 4))
            for number in 0..<1 + random.below(4) {
                var frames = QUICBytes.crypto(random.chance(1, in: 2) ? random.mutated(Self.hello) : Self.hello)
                if random.chance(1, in: 2) { frames = random.mutated(frames) }
                if random.chance(1, in: 4) { frames = random.bytes(upTo: 200) }
                var datagram = Self.packet.with {
                    $0.number = number
                    $0.version = random.pick([1, 1, 0x6b33_43cf, 0x5130_3436, 0x5430_3531, 0])
                    $0.isServer = random.chance(1, in: 4)
                    $0.size = random.pick([0, 1200])
                }.initial(frames)
                if random.chance(1, in: 3) { datagram = random.mutated(datagram) }
                if random.chance(1, in: 8) { datagram = random.bytes(upTo: 100) }
                _ = talk.say(datagram, random.pick([.toServer, .toServer, .toClient]))
                for packet in talk.packets { _ = (packet.cyu, packet.ja3, packet.ja4, packet.userAgent) }
                talk.session.parser?.release(before: .max)
            }
        }
    }
}
