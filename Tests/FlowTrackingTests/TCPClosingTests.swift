import FlowTracking
import TestSupport
import Testing
import Wire

/// FIN and RST in every order.
struct TCPClosingTests {
    @Test("the client closes first")
    func clientFirst() {
        check(
            handshake() + [
                .client(.fin, 1, ack: 1, .accepted, .closeWait), .server(.ack, 1, ack: 2, .accepted, .closeWait),
                // The server may still send, and the client acknowledge.
                .server(.psh, 1, ack: 2, length: 100, .accepted, .closeWait),
                .client(.ack, 2, ack: 101, .accepted, .closeWait),
                .server(.fin, 101, ack: 2, .accepted, .lastAck), .client(.ack, 2, ack: 102, .accepted, .closed),
            ])
    }

    @Test("the server closes first")
    func serverFirst() {
        check(
            handshake() + [
                .server(.fin, 1, ack: 1, length: 50, .accepted, .finWait1),
                .client(.ack, 1, ack: 52, .accepted, .finWait2),
                .client(.psh, 1, ack: 52, length: 100, .accepted, .finWait2),
                .server(.ack, 52, ack: 101, .accepted, .finWait2),
                .client(.fin, 101, ack: 52, .accepted, .timeWait), .server(.ack, 52, ack: 102, .accepted, .closed),
            ])
    }

    @Test("FIN and acknowledgment in one packet")
    func threePackets() {
        check(
            handshake() + [
                .client(.fin, 1, ack: 1, .accepted, .closeWait), .server(.fin, 1, ack: 2, .accepted, .lastAck),
                .client(.ack, 2, ack: 2, .accepted, .closed),
            ])
        check(
            handshake() + [
                .server(.fin, 1, ack: 1, .accepted, .finWait1), .client(.fin, 1, ack: 2, .accepted, .timeWait),
                .server(.ack, 2, ack: 2, .accepted, .closed),
            ])
    }

    @Test("both close at once")
    func simultaneous() {
        check(
            handshake() + [
                .server(.fin, 1, ack: 1, .accepted, .finWait1), .client(.fin, 1, ack: 1, .accepted, .closing),
                .server(.ack, 2, ack: 2, .accepted, .timeWait), .client(.ack, 2, ack: 2, .accepted, .closed),
            ])
        check(
            handshake() + [
                .client(.fin, 1, ack: 1, .accepted, .closeWait), .server(.fin, 1, ack: 1, .accepted, .lastAck),
                .client(.ack, 2, ack: 2, .accepted, .closed),
            ])
    }

    @Test(
        "a FIN before unacknowledged data: for Suricata the first one counts, here the second",
        arguments: [false, true])
    func finBeforeData(followsSuricata: Bool) {
        let invalid = TCPStep.Expected.invalid(.finOutOfWindow)
        for closesSecond in [false, true] {
            var tracked = TrackedConnection()
            tracked.connection.followsSuricata = followsSuricata
            var steps = handshake() + [.client(.psh, 1, ack: 1, length: 10)]
            if closesSecond { steps.append(.server(.fin, 1, ack: 1, .accepted, .finWait1)) }
            steps.append(
                .client(.fin, 5, ack: closesSecond ? 2 : 1, followsSuricata == closesSecond ? invalid : .accepted))
            tracked.run(steps, "\(followsSuricata) \(closesSecond)")
        }
    }

    @Test("a FIN is sent again")
    func finAgain() {
        check(
            handshake() + [
                .client(.psh, 1, ack: 1, length: 100), .client(.fin, 101, ack: 1, .accepted, .closeWait),
                .client(.fin, 101, ack: 1, .accepted, .closeWait),
                .client(.fin, 1, ack: 1, length: 100, .accepted, .closeWait),
                .client(.fin, 102, ack: 1, .invalid(.finOutOfWindow)),
                .client(.fin, 101, ack: 1, length: 5, .invalid(.finOutOfWindow), .closeWait),
            ])
    }

    @Test("a FIN may come with data that is sent again")
    func finWithRetransmission() {
        check(
            handshake() + [
                .client(.psh, 1, ack: 1, length: 100), .client(.fin, 1, ack: 1, length: 100, .accepted, .closeWait),
                .server(.ack, 1, ack: 102), .server(.psh, 1, ack: 102, length: 10),
                .server(.fin, 1, ack: 102, length: 10, .accepted, .lastAck),
            ])
        check(
            handshake() + [
                .client(.psh, 1, ack: 1, length: 100), .client(.fin, 51, ack: 1, length: 100, .accepted, .closeWait),
            ])
        // One that ends before data already seen is none of this connection.
        check(
            handshake() + [
                .client(.psh, 1, ack: 1, length: 100),
                .client(.fin, 1, ack: 1, length: 50, .invalid(.finOutOfWindow), .established),
            ])
    }

    @Test("a FIN before the data that is still on its way")
    func finBeforeData() {
        check(
            handshake() + [
                .client(.fin, 101, ack: 1, .accepted, .closeWait),
                .client(.psh, 1, ack: 1, length: 100, .accepted, .closeWait),
                .server(.ack, 1, ack: 102),
            ])
    }

    @Test("a FIN has to lie in the window and acknowledge what was sent")
    func invalidFin() {
        check(handshake() + [.client(.fin, 70_000, ack: 1, .invalid(.finOutOfWindow), .established)])
        check(handshake() + [.client(.fin, 0, ack: 1, .invalid(.finOutOfWindow), .established)])
        check(handshake() + [.client(.fin, 1, ack: 70_000, .invalid(.finInvalidAck), .established)])
        check(
            handshake() + [
                .server(.fin, 1, ack: 1), .client(.fin, 1, ack: 140_000, .invalid(.finInvalidAck), .finWait1),
            ])
    }

    @Test("no SYN while a connection closes")
    func synInClosing() {
        check(
            handshake() + [
                .client(.fin, 1, ack: 1), .client(.syn, 0, .invalid(.shutdownSynResend)),
                .server(.syn, 0, ack: 1, .invalid(.shutdownSynResend), .closeWait),
            ])
    }

    @Test("a reset counts at exactly the next number (RFC 5961)")
    func resets() {
        let fault = TCPStep.Expected.invalid(.resetInvalidAck)
        for step in [TCPStep.client, TCPStep.server]
            as [@Sendable (TCPFlags, Int, Int?, Int, UInt16, [TCPOption], TCPStep.Expected, TCPState?, Int64) -> TCPStep]
        {
            func reset(_ sequence: Int, _ ack: Int?, _ expected: TCPStep.Expected, _ state: TCPState) -> TCPStep {
                step(.rst, sequence, ack, 0, 0, [], expected, state, 0)
            }
            check(
                handshake() + [
                    reset(0, nil, fault, .established), reset(2, nil, fault, .established),
                    reset(60_000, 1, fault, .established),
                    reset(1, 70_000, fault, .established), reset(1, 1, .accepted, .closed),
                ])
            check(handshake() + [reset(1, nil, .accepted, .closed)])
        }
    }

    @Test("a reset after a FIN may carry the number before or behind it")
    func resetAfterFin() {
        for sequence in [1, 2] {
            check(handshake() + [.client(.fin, 1, ack: 1), .client(.rst, sequence, .accepted, .closed)])
        }
        for sequence in [0, 3] {
            check(
                handshake() + [
                    .client(.fin, 1, ack: 1), .client(.rst, sequence, .invalid(.resetInvalidAck), .closeWait),
                ])
        }
        check(handshake() + [.client(.fin, 1, ack: 1), .server(.rst, 1, ack: 2, .accepted, .closed)])
    }

    @Test("after a reset its sender is silent, the other side may not have got it; closed it stays")
    func afterReset() {
        check(
            handshake() + [
                .client(.psh, 1, ack: 1, length: 10), .client(.rst, 11, .accepted, .closed),
                .client(.psh, 11, ack: 1, length: 10, .ignored, .closed),
                .server(.psh, 1, ack: 11, length: 10, .accepted, .closed),
                .server(.psh, 90_000, ack: 11, length: 10, .unused(.establishedOutOfWindow), .closed),
                .server(.rst, 11, .ignored, .closed), .server(.fin, 11, ack: 11, .accepted, .closed),
                .client(.ack, 11, ack: 12, .ignored, .closed),
            ])
        check([
            .client(.syn, 0, .ignored), .server(.rst, 0, ack: 1, .accepted, .closed),
            .server(.syn, 0, ack: 1, .ignored, .closed),
            .client(.syn, 0, .ignored, .closed),
        ])
        // The reset crosses the handshake's last packet.
        check([
            .client(.syn, 0, .ignored), .server(.syn, 0, ack: 1, .ignored, .synReceived),
            .server(.rst, 1, .accepted, .closed),
            .client(.psh, 1, ack: 1, length: 5, .accepted, .closed),
        ])
    }

    @Test("after the end nothing is used")
    func afterEnd() {
        check(
            handshake() + [
                .client(.fin, 1, ack: 1), .server(.fin, 1, ack: 2), .client(.ack, 2, ack: 2, .accepted, .closed),
                .client(.psh, 2, ack: 2, length: 10, .ignored, .closed),
                .server(.psh, 2, ack: 2, length: 10, .ignored, .closed),
                .server(.fin, 1, ack: 2, .ignored, .closed), .client(.rst, 2, .ignored, .closed),
            ])
    }
}
