import FlowTracking
import TestSupport
import Testing
import Wire

/// Protection against wrapped sequence numbers (RFC 7323 section 5).
struct TCPTimestampTests {
    private static func time(_ value: UInt32, echo: UInt32 = 0) -> [TCPOption] {
        [.noOperation, .noOperation, .timestamp(value, echo: echo)]
    }

    private static func open(client: UInt32 = 100, server: UInt32 = 900) -> [TCPStep] {
        [
            .client(.syn, 0, options: time(client), .ignored),
            .server(.syn, 0, ack: 1, options: time(server), .ignored),
            .client(.ack, 1, ack: 1, options: time(client &+ 1), .accepted, .established),
        ]
    }

    @Test("older timestamps are refused, equal and newer ones are not")
    func older() {
        check(
            Self.open() + [
                .client(.psh, 1, ack: 1, length: 10, options: Self.time(105)),
                .client(.psh, 11, ack: 1, length: 10, options: Self.time(104), .unused(.invalidTimestamp)),
                .client(.psh, 11, ack: 1, length: 10, options: Self.time(105)),
                .client(
                    .psh, 21, ack: 1, length: 10, options: Self.time(0x8000_0000 + 105), .unused(.invalidTimestamp)),
                .client(.psh, 21, ack: 1, length: 10, options: Self.time(0x7fff_ffff + 105)),
            ])
    }

    @Test("the directions have clocks of their own")
    func directions() {
        check(
            Self.open() + [
                .server(.psh, 1, ack: 1, length: 10, options: Self.time(901)),
                .client(.psh, 1, ack: 11, length: 10, options: Self.time(102)),
                .server(.psh, 11, ack: 11, length: 10, options: Self.time(899), .unused(.invalidTimestamp)),
            ])
    }

    @Test("a clock may wrap around")
    func wrap() {
        check(
            Self.open(client: 0xffff_fff0) + [
                .client(.psh, 1, ack: 1, length: 10, options: Self.time(0xffff_ffff)),
                .server(.ack, 1, ack: 11, options: Self.time(900)),
                .client(.psh, 11, ack: 1, length: 10, options: Self.time(5)),
                .server(.ack, 1, ack: 21, options: Self.time(900)),
                .client(.psh, 21, ack: 1, length: 10, options: Self.time(0xffff_ffff), .unused(.invalidTimestamp)),
            ])
    }

    @Test("after 24 idle days any timestamp will do")
    func idle() {
        let day: Int64 = 86_400
        check(
            Self.open() + [
                .client(
                    .psh, 1, ack: 1, length: 10, options: Self.time(1), .unused(.invalidTimestamp), wait: 24 * day - 60)
            ])
        check(Self.open() + [.client(.psh, 1, ack: 1, length: 10, options: Self.time(1), wait: 24 * day + 60)])
    }

    @Test("a segment overtaken by a later one is not old")
    func reordered() {
        check(
            Self.open() + [
                .client(.psh, 11, ack: 1, length: 10, options: Self.time(110)),
                .client(.psh, 1, ack: 1, length: 10, options: Self.time(109)),
                .client(.psh, 21, ack: 1, length: 10, options: Self.time(111)),
            ])
    }

    @Test("without agreement timestamps mean nothing")
    func oneSided() {
        check([
            .client(.syn, 0, options: Self.time(100), .ignored), .server(.syn, 0, ack: 1, .ignored),
            .client(.ack, 1, ack: 1),
            .client(.psh, 1, ack: 1, length: 10, options: Self.time(50)),
        ])
        check([
            .client(.syn, 0, .ignored), .server(.syn, 0, ack: 1, options: Self.time(100), .ignored),
            .client(.ack, 1, ack: 1),
            .server(.psh, 1, ack: 1, length: 10, options: Self.time(50)),
        ])
    }

    @Test("a packet without the option is not refused for it")
    func missing() {
        check(Self.open() + [.client(.psh, 1, ack: 1, length: 10)])
    }
}
