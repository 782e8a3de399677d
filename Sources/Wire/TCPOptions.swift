/// The options a middlebox needs (RFC 9293 section 3.2, RFC 7323, RFC 2018).
public struct TCPOptions: Sendable {
    public var maximumSegmentSize: UInt16?
    /// Shift count of the window scale option, at most 14 (RFC 7323 section 2.3).
    public var windowScale: UInt8?
    public var selectiveAcknowledgmentPermitted = false
    public var timestamp: (value: UInt32, echo: UInt32)?
    /// An option with an impossible length; what follows it is not read.
    public var malformed = false

    public init() {}
}

extension TCPOptions {
    /// Reads the option list of RFC 9293 section 3.2 up to its end or to the first impossible length. Of several options
    /// of one kind the first counts.
    init(_ bytes: RawSpan, events: inout DecodeEvents) {
        self.init()
        var position = 0
        while position < bytes.byteCount {
            let kind = bytes.byte(at: position)
            if kind == 0 { return }
            if kind == 1 {
                position &+= 1
                continue
            }
            // A single byte left is no option; nothing is wrong with it.
            guard position &+ 2 <= bytes.byteCount else {
                malformed = true
                return
            }
            let length = Int(bytes.byte(at: position &+ 1))
            guard length >= 2, position &+ length <= bytes.byteCount else {
                malformed = true
                events.insert(.tcpOptionInvalidLength)
                return
            }
            take(kind, bytes.extracting(position..<(position &+ length)), &events)
            position &+= length
        }
    }

    private mutating func take(_ kind: UInt8, _ option: RawSpan, _ events: inout DecodeEvents) {
        var isDuplicate = false
        switch (kind, option.byteCount) {
        case (2, 4):
            isDuplicate = maximumSegmentSize != nil
            if !isDuplicate { maximumSegmentSize = option.bigEndian16(at: 2) }
        case (3, 3):
            isDuplicate = windowScale != nil
            if !isDuplicate { windowScale = min(option.byte(at: 2), 14) }
        case (4, 2):
            isDuplicate = selectiveAcknowledgmentPermitted
            selectiveAcknowledgmentPermitted = true
        case (8, 10):
            isDuplicate = timestamp != nil
            if !isDuplicate { timestamp = (option.bigEndian32(at: 2), option.bigEndian32(at: 6)) }
        case (2, _), (3, _), (4, _), (8, _):
            malformed = true
            events.insert(.tcpOptionInvalidLength)
        default: break
        }
        if isDuplicate { events.insert(.tcpOptionDuplicate) }
    }
}
