import FlowTracking
import TestSupport
import Testing
import Wire

/// From the first SYN to the first data.
struct TCPHandshakeTests {
    private static let syn = TCPStep.client(.syn, 0, .ignored, .synSent)
    private static let synAck = TCPStep.server(.syn, 0, ack: 1, .ignored, .synReceived)

    @Test("three packets")
    func threePackets() {
        check(handshake())
        var tracked = TrackedConnection()
        #expect(!tracked.connection.isEstablished)
        tracked.run(handshake())
        #expect(tracked.connection.isEstablished && !tracked.connection.isMidstream)
    }

    @Test("a SYN sent again is the same connection, one with another number a new one")
    func synAgain() {
        check([
            Self.syn, .client(.syn, 0, .ignored, .synSent), Self.synAck,
            .client(.ack, 1, ack: 1, .accepted, .established),
        ])
        check([
            Self.syn, .client(.syn, 7000, .ignored, .synSent), .server(.syn, 0, ack: 1, .invalid(.synAckWrongAck)),
            .server(.syn, 0, ack: 7001, .ignored, .synReceived), .client(.ack, 7001, ack: 1, .accepted, .established),
        ])
    }

    @Test("a SYN/ACK has to acknowledge the SYN and come from the server")
    func wrongSynAck() {
        for ack in [0, 2, 65535, -1] {
            check([Self.syn, .server(.syn, 0, ack: ack, .invalid(.synAckWrongAck), .synSent)])
        }
        check([Self.syn, .client(.syn, 0, ack: 1, .invalid(.synAckWrongDirection), .synSent)])
    }

    @Test("anything else before the SYN/ACK is let through and not used")
    func early() {
        check([
            Self.syn, .client(.ack, 1, ack: 1, length: 100, .ignored, .synSent), .client(.psh, 1, length: 10, .ignored),
            .server(.ack, 1, ack: 1, .ignored, .synSent), .client(.fin, 1, ack: 1, .ignored, .synSent), Self.synAck,
            .client(.ack, 1, ack: 1, .accepted, .established),
        ])
    }

    @Test("a reset refuses the connection only when it acknowledges the SYN")
    func refused() {
        check([
            Self.syn, .server(.rst, 0, .invalid(.resetInvalidAck), .synSent),
            .server(.rst, 0, ack: 0, .invalid(.resetInvalidAck), .synSent),
            .server(.rst, 0, ack: 2, .invalid(.resetInvalidAck), .synSent),
            .server(.rst, 0, ack: 1, .accepted, .closed),
        ])
        // A client that answers a stray packet so goes on waiting.
        check([Self.syn, .client(.rst, 1, .ignored, .synSent)])
        check([Self.syn, .client(.rst, 2, .invalid(.resetInvalidAck), .synSent)])
    }

    @Test("an answer that echoes another timestamp than the SYN's is a stranger's")
    func echo() {
        let syn = TCPStep.client(.syn, 0, options: [.timestamp(77, echo: 0)], .ignored)
        for flags: TCPFlags in [[.rst, .ack], [.syn, .ack], [.fin, .ack]] {
            check([
                syn,
                .server(flags, 0, ack: 1, options: [.timestamp(1, echo: 78)], .invalid(.invalidTimestamp), .synSent),
            ])
            check([
                Self.syn,
                .server(flags, 0, ack: 1, options: [.timestamp(1, echo: 78)], .invalid(.invalidTimestamp), .synSent),
            ])
        }
        check([syn, .server(.syn, 0, ack: 1, options: [.timestamp(1, echo: 77)], .ignored, .synReceived)])
        check([syn, .server(.syn, 0, ack: 1, options: [.timestamp(1, echo: 0)], .ignored, .synReceived)])
    }

    @Test("a reset with a signature counts where its sender signs")
    func signedReset() {
        let signature = TCPOption.raw([19, 18] + [UInt8](repeating: 1, count: 16))
        check([
            Self.syn, Self.synAck, .client(.ack, 1, ack: 1, .accepted, .established),
            .client(.rst, 1, ack: 1, options: [signature], .invalid(.suspectedReset), .established),
        ])
        check([
            .client(.syn, 0, options: [signature], .ignored), Self.synAck,
            .client(.ack, 1, ack: 1, .accepted, .established),
            .client(.rst, 1, ack: 1, options: [signature], .accepted, .closed),
        ])
    }

    @Test("a SYN/ACK sent again has to be the same")
    func synAckAgain() {
        check([
            Self.syn, Self.synAck, .server(.syn, 0, ack: 1, .ignored, .synReceived),
            .server(.syn, 0, ack: 2, .invalid(.synAckResendDifferentAck)),
            .server(.syn, 5, ack: 1, .invalid(.synAckResendDifferentSequence)),
            .client(.syn, 0, ack: 1, .invalid(.synAckToServerOnSynReceived)),
            .client(.ack, 1, ack: 1, .accepted, .established),
        ])
    }

    @Test("a SYN in the middle of the handshake")
    func synInSynReceived() {
        check([
            Self.syn, Self.synAck, .client(.syn, 0, .ignored, .synReceived),
            .client(.syn, 9, .invalid(.synResendDifferentSequence), .synReceived),
            .server(.syn, 0, .invalid(.synToClientOnSynReceived), .synReceived),
        ])
    }

    @Test("the third packet has to fit on both sides")
    func thirdPacket() {
        let fault = TCPStep.Expected.invalid(.handshakeWrongSequenceOrAck)
        check([
            Self.syn, Self.synAck, .client(.ack, 1, ack: 0, fault, .synReceived), .client(.ack, 1, ack: 2, fault),
            .client(.ack, 0, ack: 1, fault), .client(.ack, 70_000, ack: 1, fault, .synReceived),
            .client([], 1, length: 5, .ignored, .synReceived), .client(.ack, 1, ack: 1, .accepted, .established),
        ])
    }

    @Test("data may come with the third packet, or in its place")
    func dataInHandshake() {
        check([
            Self.syn, Self.synAck, .client(.psh, 1, ack: 1, length: 300, .accepted, .established),
            .server(.ack, 1, ack: 301),
        ])
        // The plain ACK and the first segment were lost on the way here.
        check([
            Self.syn, Self.synAck, .client(.psh, 301, ack: 1, length: 100, .accepted, .established),
            .client(.psh, 1, ack: 1, length: 300),
        ])
    }

    @Test("the server does not go on before the client's ACK")
    func serverFirst() {
        check([
            Self.syn, Self.synAck,
            .server(.psh, 1, ack: 1, length: 20, .invalid(.handshakeDataInjection), .synReceived),
            .client(.ack, 1, ack: 1, .accepted, .established), .server(.psh, 1, ack: 1, length: 20),
        ])
        check([Self.syn, Self.synAck, .server(.psh, 2, ack: 1, length: 20, .invalid(.ackWrongDirection), .synReceived)])
        check([Self.syn, Self.synAck, .server(.psh, 1, ack: 0, length: 20, .invalid(.ackWrongDirection), .synReceived)])
    }

    @Test("a client may close or reset at once")
    func endInHandshake() {
        check([Self.syn, Self.synAck, .client(.fin, 1, ack: 1, .accepted, .closeWait), .server(.ack, 1, ack: 2)])
        check([Self.syn, Self.synAck, .client(.rst, 1, .accepted, .closed)])
        check([Self.syn, Self.synAck, .client(.rst, 9, .invalid(.resetInvalidAck), .synReceived)])
        check([Self.syn, Self.synAck, .server(.rst, 1, .accepted, .closed)])
    }

    @Test("both open at once (RFC 9293 section 3.5)")
    func simultaneous() {
        let opening: [TCPStep] = [Self.syn, .server(.syn, 0, .ignored, .synSent)]
        let data: [TCPStep] = [
            .client(.psh, 1, ack: 1, length: 100, .accepted, .established), .server(.ack, 1, ack: 101),
            .server(.psh, 1, ack: 101, length: 1000), .client(.ack, 101, ack: 1001),
            .client(.psh, 101, ack: 1001, length: 50),
        ]
        check(opening + [.client(.syn, 0, ack: 1, .ignored, .synReceived), .server(.syn, 0, ack: 1, .ignored)] + data)
        check(opening + [.server(.syn, 0, ack: 1, .ignored, .synReceived), .client(.syn, 0, ack: 1, .ignored)] + data)
        check(opening + [.client(.syn, 0, ack: 2, .invalid(.synAckWrongDirection), .synSent)])
    }

    @Test("data in the SYN: the server may take it or not (RFC 7413)")
    func fastOpen() {
        let syn = TCPStep.client(.syn, 0, length: 200, .ignored, .synSent)
        check([
            syn, .server(.syn, 0, ack: 201, .ignored, .synReceived),
            .client(.psh, 201, ack: 1, length: 10, .accepted, .established),
            .server(.psh, 1, ack: 211, length: 5),
        ])
        check([
            syn, .server(.syn, 0, ack: 1, .ignored, .synReceived),
            .client(.psh, 1, ack: 1, length: 200, .accepted, .established),
            .server(.psh, 1, ack: 201, length: 5),
        ])
        check([syn, .server(.syn, 0, ack: 100, .invalid(.synAckWrongAck), .synSent)])
        // The answer to the data may follow the SYN/ACK at once.
        check([
            syn, .server(.syn, 0, ack: 201, .ignored, .synReceived),
            .server(.psh, 1, ack: 201, length: 5, .accepted, .established),
            .client(.ack, 201, ack: 6),
        ])
    }
}
