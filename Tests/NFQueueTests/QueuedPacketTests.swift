import CNetfilterQueue
import LiveSupport
import NetTypes
import TestSupport
import Testing
import Wire

@testable import NFQueue

/// Reading what the kernel sends, and what it never would.
struct QueuedPacketTests {
    /// The first packet of a datagram, and how many messages the walk gave.
    func read(_ datagram: [UInt8]) -> (packet: QueuedPacket?, messages: Int, isMalformed: Bool) {
        let bytes = datagram.span.bytes
        var walker = NetlinkWalker(messagesOf: bytes)
        var packet: QueuedPacket?
        var count = 0
        var isCut = false
        while let message = walker.nextMessage(in: bytes) {
            count += 1
            isCut = isCut || !message.isWhole
            packet = packet ?? QueuedPacket(message, in: bytes)
        }
        return (packet, count, walker.isMalformed || isCut)
    }

    @Test func everyAttributeIsRead() throws {
        let message = PacketMessage(
            id: 0xdead_beef, payload: Array(0..<100), mark: 0x1234_5678, capturedFrom: 1500,
            information: UInt32(NFQA_SKB_CSUMNOTREADY | NFQA_SKB_GSO), time: (1_700_000_000, 123_456))
        let datagram = message.bytes
        let packet = try #require(read(datagram).packet)
        #expect(packet.id == 0xdead_beef)
        #expect(packet.mark == 0x1234_5678)
        #expect(packet.lengthOnWire == 1500)
        #expect(!packet.hasChecksums)
        #expect(packet.time == Timestamp(seconds: 1_700_000_000, microseconds: 123_456))
        #expect(Array(datagram[packet.payload]) == Array(0..<100))
        #expect(!packet.isMalformed)
    }

    @Test func plainPacketHasDefaults() throws {
        let packet = try #require(read(PacketMessage(id: 7).bytes).packet)
        #expect(packet.id == 7)
        #expect(packet.mark == 0)
        #expect(packet.lengthOnWire == nil)
        #expect(packet.time == nil)
        #expect(packet.hasChecksums)
        #expect(!packet.isMalformed)
    }

    @Test func otherBitsOfTheInformationDoNotMatter() throws {
        let packet = try #require(read(PacketMessage(information: UInt32(NFQA_SKB_GSO)).bytes).packet)
        #expect(packet.hasChecksums)
    }

    @Test func severalMessagesOfOneDatagram() {
        let datagram = PacketMessage(id: 1, payload: [1, 2, 3]).bytes + PacketMessage(id: 2).bytes
        let result = read(datagram)
        #expect(result.messages == 2)
        #expect(!result.isMalformed)
    }

    @Test func withoutIDThereIsNothingToAnswer() {
        let result = read(PacketMessage(hasHeader: false).bytes)
        #expect(result.messages == 1)
        #expect(result.packet == nil)
    }

    @Test(arguments: [nil, []] as [[UInt8]?])
    func withoutPayloadThereIsNothingToJudge(payload: [UInt8]?) throws {
        let packet = try #require(read(PacketMessage(id: 9, payload: payload).bytes).packet)
        #expect(packet.id == 9)
        #expect(packet.isMalformed)
    }

    /// However the message is cut: no trap, and never a packet that looks whole. From the id on it can be answered.
    @Test func truncatedAnywhere() {
        let whole = PacketMessage(id: 3, payload: Array(0..<60), mark: 5, time: (1, 2)).bytes
        for length in 0..<whole.count {
            let result = read(Array(whole.prefix(length)))
            #expect(result.isMalformed == (length > 0), "\(length)")
            #expect((result.packet != nil) == (length >= 16 + 4 + 4 + 7), "\(length)")
            #expect(result.packet?.isMalformed ?? true, "\(length)")
        }
    }

    @Test(arguments: [0, 1, 3, 4, 5, 200, 0x7fff, 0xffff] as [UInt16])
    func attributeLengthThatCannotBe(length: UInt16) throws {
        var datagram = PacketMessage(id: 3, payload: Array(0..<60)).bytes
        // The second attribute, behind header, family and the packet's head: an interface index of eight bytes.
        datagram[32] = UInt8(truncatingIfNeeded: length)
        datagram[33] = UInt8(truncatingIfNeeded: length >> 8)
        let packet = try #require(read(datagram).packet)
        #expect(packet.id == 3)
        // Five octets are padded to eight, so that the next attribute is found all the same.
        #expect(packet.isMalformed == (length != 5))
    }

    /// The packet is the last attribute; one that claims more than the message holds is not judged by what is there.
    @Test func packetLongerThanItsMessage() throws {
        var datagram = PacketMessage(id: 3, payload: Array(0..<60)).bytes
        datagram[datagram.count - 64] = 65
        let packet = try #require(read(datagram).packet)
        #expect(packet.id == 3)
        #expect(packet.isMalformed)
    }

    @Test(arguments: [0, 1, 15, 16, 19, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff] as [UInt32])
    func messageLengthThatCannotBe(length: UInt32) {
        var datagram = PacketMessage(id: 3).bytes
        for index in 0..<4 { datagram[index] = UInt8(truncatingIfNeeded: length >> UInt32(8 * index)) }
        let result = read(datagram)
        #expect(result.packet?.isMalformed ?? true)
        #expect(result.isMalformed || length == 16 || length == 19)
    }

    @Test func errorNumbers() {
        for errno in [0, 2, 105] as [Int32] {
            let datagram = errorMessage(errno)
            let bytes = datagram.span.bytes
            var walker = NetlinkWalker(messagesOf: bytes)
            let message = walker.nextMessage(in: bytes)
            let number = message?.errorNumber(in: bytes)
            #expect(number == errno)
        }
        #expect(read(errorMessage(2)).packet == nil)
    }

    /// Random octets, and packets with random octets in them. A trap ends the test run; a walk that gives more than
    /// there is, or does not end, fails here. The seed is printed to repeat a run: WEIR_TEST_SEED.
    @Test func hostileInput() {
        var random = SeededRandom.forTest()
        let whole =
            PacketMessage(id: 3, payload: Array(0..<90), mark: 5, capturedFrom: 9, information: 1, time: (1, 2)).bytes
        for round in 0..<60_000 {
            var datagram = whole
            switch round % 3 {
            case 0:
                let count = Int.random(in: 0...120, using: &random)
                datagram = (0..<count).map { _ in .random(in: 0...255, using: &random) }
            case 1:
                for _ in 0..<Int.random(in: 1...6, using: &random) {
                    datagram[Int.random(in: 0..<datagram.count, using: &random)] = .random(in: 0...255, using: &random)
                }
            default:
                for _ in 0..<3 {
                    datagram[Int.random(in: 0..<48, using: &random)] = .random(in: 0...60, using: &random)
                }
                datagram.removeLast(Int.random(in: 0..<datagram.count, using: &random))
            }
            let result = read(datagram)
            #expect(result.messages <= datagram.count / 16 + 1)
            guard let packet = result.packet else { continue }
            let isInside =
                packet.payloadLower >= 0 && packet.payloadLower <= packet.payloadUpper
                && packet.payloadUpper <= datagram.count
            #expect(isInside && (packet.isMalformed || packet.payloadLower < packet.payloadUpper), "round \(round)")
        }
    }
}
