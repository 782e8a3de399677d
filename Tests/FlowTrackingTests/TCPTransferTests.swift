import FlowTracking
import TestSupport
import Testing
import Wire

/// Data and acknowledgments on an open connection.
struct TCPTransferTests {
    @Test("both sides talk")
    func data() {
        check(
            handshake() + [
                .client(.psh, 1, ack: 1, length: 500), .server(.ack, 1, ack: 501),
                .server(.psh, 1, ack: 501, length: 1460),
                .server(.psh, 1461, ack: 501, length: 1460), .client(.ack, 501, ack: 2921),
                .client(.psh, 501, ack: 2921, length: 10, .accepted, .established),
            ])
    }

    @Test("a packet without ACK says nothing")
    func withoutAck() {
        check(
            handshake() + [.client(.psh, 1, length: 10, .ignored), .server([], 1, length: 10, .ignored, .established)])
    }

    @Test("retransmissions count until they are acknowledged for good")
    func retransmissions() {
        check(
            handshake() + [
                .client(.psh, 1, ack: 1, length: 100), .client(.psh, 1, ack: 1, length: 100),
                .server(.ack, 1, ack: 101),
                // Its end is the edge of what is acknowledged: a lost acknowledgment is sent again for it.
                .client(.psh, 1, ack: 1, length: 100),
                .client(.psh, 1, ack: 1, length: 99, .unused(.packetBeforeLastAck)),
                .client(.psh, 51, ack: 1, length: 100), .client(.psh, 151, ack: 1, length: 1),
            ])
    }

    @Test("bytes acknowledged but never seen here are still taken")
    func unseenBytes() {
        check(
            handshake() + [
                .server(.ack, 1, ack: 1001), .client(.psh, 1, ack: 1, length: 500),
                .client(.psh, 501, ack: 1, length: 500),
            ])
    }

    @Test("the window's right edge is the last byte that may be sent")
    func window() {
        let edge = 1 + 1000
        check(
            handshake(window: 1000) + [
                .client(.psh, 1, ack: 1, length: 1000, window: 1000),
                .client(.psh, 1, ack: 1, length: 1001, window: 1000, .unused(.establishedOutOfWindow)),
                .client(.psh, edge, ack: 1, length: 1, window: 1000, .unused(.establishedOutOfWindow)),
                .client(.psh, 60_000, ack: 1, length: 10, window: 1000, .unused(.establishedOutOfWindow)),
                // An acknowledgment moves it.
                .server(.ack, 1, ack: 501, window: 1000), .client(.psh, edge, ack: 1, length: 500, window: 1000),
                .client(.psh, edge + 500, ack: 1, length: 1, window: 1000, .unused(.establishedOutOfWindow)),
            ])
    }

    @Test("a window that is taken back does not make data invalid that is on its way")
    func shrunkWindow() {
        check(
            handshake() + [
                .client(.psh, 1, ack: 1, length: 1000), .server(.ack, 1, ack: 501, window: 10),
                .client(.psh, 1001, ack: 1, length: 1000, .accepted), .server(.ack, 1, ack: 2001, window: 0),
                .client(.psh, 2001, ack: 1, length: 1000, .accepted),
            ])
    }

    @Test("acknowledgments: a window back and to the edge of what could have been sent")
    func acknowledgments() {
        let fault = TCPStep.Expected.unused(.establishedInvalidAck)
        check(
            handshake() + [
                .client(.psh, 1, ack: 1, length: 1000), .server(.ack, 1, ack: 65536),
                .server(.ack, 1, ack: 1 + 65535 + 65535 + 1, fault),
                .server(.ack, 1, ack: 1), .server(.psh, 1, ack: 0, length: 10, fault),
                .server(.psh, 1, ack: -70_000, length: 10, fault),
                .client(.ack, 1001, ack: 65537, fault),
            ])
    }

    @Test("keep-alives and their answers are no data (RFC 9293 section 3.8.4)")
    func keepAlive() {
        check(
            handshake() + [
                .client(.ack, 0, ack: 1, .ignored), .server(.ack, 1, ack: 1, .ignored),
                .client(.psh, 1, ack: 1, length: 100),
                .server(.ack, 1, ack: 101), .client(.ack, 100, ack: 1, length: 1, .ignored),
                .server(.ack, 1, ack: 101, .ignored),
                .server(.ack, 0, ack: 101, .ignored), .client(.ack, 101, ack: 1, .ignored),
                // Two bytes, or another acknowledgment, are none.
                .client(.ack, 99, ack: 1, length: 2), .client(.psh, 101, ack: 1, length: 10, .accepted, .established),
            ])
    }

    @Test("a probe of a closed window may carry one byte, which may be taken")
    func zeroWindowProbe() {
        let closed: [TCPStep] = [
            .client(.psh, 1, ack: 1, length: 100), .server(.ack, 1, ack: 101, window: 0),
        ]
        let setUp = handshake(window: 100) + closed
        check(setUp + [.client(.psh, 101, ack: 1, length: 2, .unused(.establishedOutOfWindow))])
        check(
            setUp + [
                .client(.psh, 101, ack: 1, length: 1), .server(.ack, 1, ack: 101, window: 0),
                .client(.psh, 101, ack: 1, length: 1, .ignored),
                .server(.ack, 1, ack: 101, window: 500), .client(.psh, 101, ack: 1, length: 500),
            ])
        // The window had opened meanwhile: the byte is in.
        check(
            setUp + [
                .client(.psh, 101, ack: 1, length: 1), .server(.ack, 1, ack: 102, window: 500),
                .client(.psh, 102, ack: 1, length: 500),
                .server(.ack, 1, ack: 602, window: 500), .client(.psh, 602, ack: 1, length: 500),
            ])
    }

    @Test("SYN and SYN/ACK on an open connection")
    func lateSyn() {
        check(
            handshake() + [
                // Our ACK was lost behind us: the same ones again.
                .server(.syn, 0, ack: 1, .ignored, .established), .client(.syn, 0, .ignored),
                .server(.syn, 0, ack: 5, .invalid(.establishedSynAckDifferentAck)),
                .server(.syn, 9, ack: 1, .invalid(.establishedSynAckDifferentSequence)),
                .client(.syn, 0, ack: 1, .invalid(.establishedSynAckToServer)),
                .client(.syn, 9, .invalid(.establishedSynResendDifferentSequence)),
                .server(.syn, 0, .invalid(.establishedSynToClient), .established), .client(.psh, 1, ack: 1, length: 10),
                // Data has flowed: the client has got it.
                .server(.syn, 0, ack: 1, .invalid(.establishedSynAckResend)),
                .client(.syn, 0, .invalid(.establishedSynResend), .established),
            ])
    }

    @Test("windows are scaled when both sides said so, and not before", arguments: [0, 1, 7, 14] as [UInt8])
    func windowScale(shift: UInt8) {
        let scaled = 100 << Int(shift)
        check(
            handshake(client: [.windowScale(2)], server: [.windowScale(shift)]) + [
                // The window of the SYN/ACK is not scaled; that of the next packet is.
                .server(.ack, 1, ack: 1, window: 1),
                .client(.psh, 65_536, ack: 1, length: 1, .unused(.establishedOutOfWindow)),
                .server(.ack, 1, ack: 65_536, window: 100), .client(.psh, 65_536, ack: 1, length: scaled),
                .client(.psh, 65_536 + scaled, ack: 1, length: 1, .unused(.establishedOutOfWindow)),
            ])
    }

    @Test("one side alone does not scale")
    func oneSidedScale() {
        for (client, server) in [([TCPOption.windowScale(7)], []), ([], [TCPOption.windowScale(7)])] {
            check(
                handshake(client: client, server: server) + [
                    .server(.ack, 1, ack: 65_536, window: 100), .client(.psh, 65_536, ack: 1, length: 100),
                    .client(.psh, 65_636, ack: 1, length: 1, .unused(.establishedOutOfWindow)),
                    .client(.ack, 65_636, ack: 65_536, window: 100), .server(.psh, 65_536, ack: 65_636, length: 100),
                    .server(.psh, 65_636, ack: 65_636, length: 1, .unused(.establishedOutOfWindow)),
                ])
        }
    }
}
