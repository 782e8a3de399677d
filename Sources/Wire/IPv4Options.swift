/// The options of an IPv4 header (RFC 791 section 3.1, RFC 1108, RFC 2113), as the `ipopts` keyword names them.
public struct IPv4Options: OptionSet, Hashable, Sendable {
    public let rawValue: UInt16
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    public static let endOfList = IPv4Options(rawValue: 1)
    public static let noOperation = IPv4Options(rawValue: 2)
    public static let recordRoute = IPv4Options(rawValue: 4)
    public static let timestamp = IPv4Options(rawValue: 8)
    public static let quickStart = IPv4Options(rawValue: 16)
    public static let looseSourceRoute = IPv4Options(rawValue: 32)
    public static let strictSourceRoute = IPv4Options(rawValue: 64)
    public static let streamIdentifier = IPv4Options(rawValue: 128)
    public static let security = IPv4Options(rawValue: 256)
    public static let commercialSecurity = IPv4Options(rawValue: 512)
    public static let routerAlert = IPv4Options(rawValue: 1024)
    public static let extendedSecurity = IPv4Options(rawValue: 2048)

    private static let byType: [UInt8: IPv4Options] = [
        7: .recordRoute, 68: .timestamp, 25: .quickStart, 130: .security, 131: .looseSourceRoute,
        133: .extendedSecurity, 134: .commercialSecurity, 136: .streamIdentifier, 137: .strictSourceRoute,
        148: .routerAlert,
    ]

    /// Reads the list up to its end or to the first impossible length; what is odd about it goes to `events`.
    /// - Throws: when an option has an impossible length or content. What stands behind wrong content is looked at, for
    ///   its events.
    init(_ bytes: RawSpan, _ events: inout DecodeEvents) throws(DecodeEvent) {
        self.init()
        if bytes.byteCount % 8 != 0 { events.insert(.ipv4OptionPaddingRequired) }
        var position = 0
        var fault: DecodeEvent?
        while position < bytes.byteCount {
            let type = bytes.byte(at: position)
            if type == 0 {
                insert(.endOfList)
                break
            }
            if type == 1 {
                insert(.noOperation)
                position &+= 1
                continue
            }
            guard position &+ 2 <= bytes.byteCount else {
                events.insert(.ipv4OptionEndRequired)
                break
            }
            let length = Int(bytes.byte(at: position &+ 1))
            guard length >= 2, position &+ length <= bytes.byteCount else {
                if fault == .ipv4OptionInvalidLength { events.repeatsOptionLength = true }
                fault = fault ?? .ipv4OptionInvalidLength
                break
            }
            do throws(DecodeEvent) {
                try take(type, bytes.extracting(position..<(position &+ length)), &events)
            } catch {
                if fault == error, error == .ipv4OptionInvalidLength { events.repeatsOptionLength = true }
                if fault != nil { events.insert(error) }
                fault = fault ?? error
            }
            position &+= length
        }
        if let fault { throw fault }
    }

    private mutating func take(_ type: UInt8, _ option: RawSpan, _ events: inout DecodeEvents) throws(DecodeEvent) {
        guard let known = IPv4Options.byType[type] else {
            events.insert(.ipv4OptionInvalid)
            return
        }
        guard !contains(known) else {
            events.insert(.ipv4OptionDuplicate)
            return
        }
        try IPv4Options.check(known, option)
        insert(known)
    }

    /// Lengths and pointers that RFC 791 and the options' own documents allow.
    private static func check(_ kind: IPv4Options, _ option: RawSpan) throws(DecodeEvent) {
        let length = option.byteCount
        switch kind {
        case .recordRoute, .looseSourceRoute, .strictSourceRoute:
            guard length >= 3 else { throw .ipv4OptionInvalidLength }
            let pointer = Int(option.byte(at: 2))
            // The pointer counts from 1 and stands at an address, or behind the last one.
            guard pointer >= 4, pointer % 4 == 0, pointer <= length &+ 1 else { throw .ipv4OptionMalformed }
        case .timestamp:
            guard length >= 5 else { throw .ipv4OptionInvalidLength }
            let pointer = Int(option.byte(at: 2))
            let entry = option.byte(at: 3) & 0x03 == 0 ? 4 : 8
            guard pointer >= 5, (pointer &- 5) % entry == 0, pointer <= length &+ 1 else {
                throw .ipv4OptionMalformed
            }
        case .quickStart: guard length == 8 else { throw .ipv4OptionInvalidLength }
        case .streamIdentifier, .routerAlert: guard length == 4 else { throw .ipv4OptionInvalidLength }
        case .security: guard length == 11 else { throw .ipv4OptionInvalidLength }
        case .extendedSecurity: guard length > 2 else { throw .ipv4OptionInvalidLength }
        case .commercialSecurity: guard length >= 10 else { throw .ipv4OptionInvalidLength }
        default: break
        }
    }
}
