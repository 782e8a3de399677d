/// The options a middlebox needs (RFC 9293 section 3.2, RFC 7323, RFC 2018).
public struct TCPOptions: Sendable {
    public var maximumSegmentSize: UInt16?
    /// Shift count of the window scale option, at most 14 (RFC 7323 section 2.3).
    public var windowScale: UInt8?
    public var selectiveAcknowledgmentPermitted = false
    public var timestamp: (value: UInt32, echo: UInt32)?
    /// TCP Fast Open (RFC 7413), under its number or as the experiment it began as (RFC 6994): data may come with the SYN.
    public var isFastOpen = false
    /// A signature (RFC 2385) or authentication (RFC 5925).
    public var isAuthenticated = false
    /// An option with an impossible length; what follows it is not read.
    public var malformed = false
    /// Kinds seen so far, one bit each.
    private var kinds: UInt64 = 0

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
        guard TCPOptions.isLengthRight(kind, option.byteCount) else {
            malformed = malformed || kind <= 8
            events.insert(.tcpOptionInvalidLength)
            return
        }
        if kind == 254 || kind == 253, option.byteCount >= 4, option.bigEndian16(at: 2) == 0xF989 { isFastOpen = true }
        if kind == 19 || kind == 29 { isAuthenticated = true }
        // What kinds beyond these say is not read.
        guard [2, 3, 4, 5, 8, 34].contains(kind) else { return }
        let bit: UInt64 = 1 << UInt64(kind)
        guard kinds & bit == 0 else {
            events.insert(.tcpOptionDuplicate)
            return
        }
        kinds |= bit
        switch kind {
        case 2: maximumSegmentSize = option.bigEndian16(at: 2)
        case 3: windowScale = min(option.byte(at: 2), 14)
        case 4: selectiveAcknowledgmentPermitted = true
        case 8: timestamp = (option.bigEndian32(at: 2), option.bigEndian32(at: 6))
        case 34: isFastOpen = true
        default: break
        }
    }

    /// RFC 9293, 7323, 2018 (selective acknowledgments), 2385 (signature), 5925 (authentication), 7413 (fast open).
    private static func isLengthRight(_ kind: UInt8, _ length: Int) -> Bool {
        switch kind {
        case 2: length == 4
        case 3: length == 3
        case 4: length == 2
        case 5: length == 2 || length >= 10 && length <= 34 && (length &- 2) % 8 == 0
        case 8: length == 10
        case 19: length == 18
        case 29: length >= 4
        case 34: length == 2 || length >= 6 && length <= 18 && length % 2 == 0
        default: true
        }
    }
}
