import NetTypes
import Wire

/// Limits of IP reassembly.
public struct FragmentSettings: Sendable {
    /// Bytes kept for datagrams that are not whole: Suricata's number, 500 of the largest datagrams. Over it the oldest
    /// is given up, and the rest of it refused.
    public var memoryCap = 32 << 20
    /// Datagrams known at once, those over and done with included: some 100 bytes each. When they are all in use a
    /// fragment of another has no room.
    public var capacity = 65_536
    /// Seconds until a datagram is forgotten: the longest a receiver waits (RFC 1122 section 3.3.2), for one that is
    /// forgotten here and not there could be completed unseen.
    public var timeout: Int64 = 120
    /// Fragments of one datagram: at the smallest usual MTU there are 120.
    public var piecesPerDatagram = 1024
    /// Overlaps are resolved as Suricata does (the BSD way) instead of refused.
    public var resolvesOverlaps = false

    public init() {}
}

/// Puts IP datagrams together from fragments (RFC 791 section 3.2, RFC 8200 section 4.5).
///
/// Fragments are forwarded as they come, so what matters is the one that completes the datagram. Hence a datagram is
/// remembered until no receiver can hold pieces of it any more: once it is whole, or refused for an overlap, every further
/// fragment of it is refused.
public struct FragmentReassembler: Sendable {
    public enum Outcome: Sendable {
        /// Kept, or a copy of one that is.
        case waiting
        /// The datagram, from the link header of its first fragment on, as if it had never been cut.
        case complete([UInt8])
        /// Nothing that a datagram could be built with, or a datagram that is not to be completed.
        case refused
        case noRoom
    }

    struct Key: Hashable {
        var source: IPAddress
        var destination: IPAddress
        var identification: UInt32
        /// IPv4 alone tells datagrams of several protocols apart (RFC 791 section 3.2).
        var ipProtocol: UInt8
        var depth: UInt8
        var vlan: VLANTags
    }

    private var datagrams: [Key: FragmentedDatagram] = [:]
    /// Oldest first; what lies before `head` is gone.
    private var order: [(key: Key, expires: Int64)] = []
    private var head = 0
    /// The oldest that may still hold bytes.
    private var oldestOpen = 0
    public private(set) var bytes = 0
    public private(set) var fragments4: UInt64 = 0
    public private(set) var fragments6: UInt64 = 0
    public private(set) var reassembled4: UInt64 = 0
    public private(set) var reassembled6: UInt64 = 0
    public private(set) var timeouts: UInt64 = 0
    public private(set) var refusals: UInt64 = 0
    private let settings: FragmentSettings

    public init(_ settings: FragmentSettings) { self.settings = settings }

    public var count: Int { datagrams.count }

    /// Takes a fragment.
    /// - Parameters:
    ///   - frame: the bytes that `packet` was decoded from.
    ///   - now: in seconds.
    ///   - events: receives what is wrong with it.
    public mutating func insert(
        _ packet: borrowing Packet, _ frame: RawSpan, now: Int64, events: inout DecodeEvents
    ) -> Outcome {
        guard let ip = packet.ip else { return .refused }
        if ip.version == .v4 { fragments4 &+= 1 } else { fragments6 &+= 1 }
        expire(now)
        let start = ip.offset &+ ip.headerLength
        let length = ip.totalLength &- ip.headerLength
        let limit = ip.version == .v4 ? 65_535 &- 20 : 65_535
        guard ip.fragmentOffset &+ length <= limit else {
            events.insert(ip.version == .v4 ? .ipv4FragmentTooLarge : .ipv6FragmentTooLarge)
            return refuse()
        }
        // What the capture has cut cannot be put together.
        guard length > 0, start &+ length <= frame.byteCount else {
            return settings.resolvesOverlaps ? .waiting : refuse()
        }
        let key = Key(
            source: ip.source, destination: ip.destination, identification: ip.identification,
            ipProtocol: ip.version == .v4 ? ip.upperProtocol.rawValue : 0, depth: packet.depth, vlan: packet.vlan)
        if datagrams[key] == nil {
            // Those that are whole leave a place in the list only, where their numbers may be used again.
            let places = settings.resolvesOverlaps ? settings.capacity &* 16 : settings.capacity
            guard datagrams.count < settings.capacity, order.count - head < places else { return .noRoom }
            var datagram = FragmentedDatagram()
            datagram.expires = now &+ settings.timeout
            datagrams[key] = datagram
            order.append((key, datagram.expires))
        }
        let piece = FragmentedDatagram.Piece(offset: ip.fragmentOffset, frame.extracting(start..<(start &+ length)))
        return add(piece, key, ip, frame, &events)
    }

    private mutating func add(
        _ piece: FragmentedDatagram.Piece, _ key: Key, _ ip: IPHeader, _ frame: RawSpan, _ events: inout DecodeEvents
    ) -> Outcome {
        // Taken out, so that its arrays are not copied when they are written to.
        guard var datagram = datagrams.updateValue(FragmentedDatagram(), forKey: key) else { return .noRoom }
        let before = datagram.cost
        let isWhole = datagram.add(piece, ip, frame, settings: settings)
        if datagram.hasOverlap {
            events.insert(ip.version == .v4 ? .ipv4FragmentOverlap : .ipv6FragmentOverlap)
            datagram.hasOverlap = false
        }
        var outcome = Outcome.waiting
        if datagram.isClosed { outcome = refuse() }
        if isWhole, let whole = datagram.assemble(ip.version) {
            outcome = .complete(whole)
            if ip.version == .v4 { reassembled4 &+= 1 } else { reassembled6 &+= 1 }
            datagram.close()
        } else if isWhole {
            datagram.close()
            outcome = refuse()
        }
        bytes += datagram.cost - before
        // Suricata forgets a datagram that is whole; another may have its number.
        if datagram.isClosed, settings.resolvesOverlaps {
            datagrams[key] = nil
        } else {
            datagrams[key] = datagram
        }
        while bytes > settings.memoryCap, giveUpOldest() {}
        return outcome
    }

    private mutating func refuse() -> Outcome {
        refusals &+= 1
        return .refused
    }

    /// The oldest datagram with bytes loses them: what is still to come of it is refused.
    private mutating func giveUpOldest() -> Bool {
        oldestOpen = max(oldestOpen, head)
        while oldestOpen < order.count {
            let key = order[oldestOpen].key
            oldestOpen += 1
            guard var datagram = datagrams[key], datagram.cost > 0 else { continue }
            bytes -= datagram.cost
            datagram.close()
            datagrams[key] = datagram
            return true
        }
        return false
    }

    private mutating func expire(_ now: Int64) {
        while head < order.count, order[head].expires < now {
            if let datagram = datagrams[order[head].key], datagram.expires == order[head].expires {
                datagrams[order[head].key] = nil
                bytes -= datagram.cost
                if !datagram.isClosed { timeouts &+= 1 }
            }
            head += 1
        }
        guard head > 1024, head > order.count / 2 else { return }
        order.removeFirst(head)
        oldestOpen = max(0, oldestOpen - head)
        head = 0
    }
}
