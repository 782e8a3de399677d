import NetTypes
import Wire

/// The fragments of one datagram that have come so far.
struct FragmentedDatagram: Sendable {
    struct Piece: Sendable {
        var offset: Int
        var bytes: [UInt8]
        var end: Int { offset &+ bytes.count }

        init(offset: Int, _ bytes: RawSpan) {
            self.offset = offset
            self.bytes = bytes.copied()
        }
    }

    /// What a piece takes beside its bytes: array header and place in the list.
    private static let overhead = 64

    /// Second after which it is forgotten.
    var expires: Int64 = 0
    /// Sorted by offset.
    private var pieces: [Piece] = []
    /// Frame of the first fragment, up to its data.
    private var header: [UInt8] = []
    private var ipOffset = 0
    /// Length of the whole, once the last fragment has come.
    private var length: Int?
    /// Nothing more is taken.
    private(set) var isClosed = false
    /// The piece added last overlaps another.
    var hasOverlap = false
    /// Bytes of memory.
    private(set) var cost = 0

    mutating func close() {
        pieces = []
        header = []
        cost = 0
        isClosed = true
    }

    /// - Parameter frame: what the fragment came in.
    /// - Returns: true when the datagram is whole now.
    mutating func add(_ piece: Piece, _ ip: IPHeader, _ frame: RawSpan, settings: FragmentSettings) -> Bool {
        guard !isClosed else { return false }
        guard pieces.count < settings.piecesPerDatagram else {
            close()
            return false
        }
        if !settings.resolvesOverlaps {
            if isCopy(piece) { return false }
            guard isPlausible(piece, ip) else {
                close()
                return false
            }
        }
        if piece.offset == 0, header.isEmpty {
            header = frame.extracting(0..<(ip.offset &+ ip.headerLength)).copied()
            ipOffset = ip.offset
            cost += header.count
        }
        if !ip.moreFragments { length = max(length ?? 0, piece.end) }
        insert(piece)
        return length != nil && isContiguous
    }

    private func isCopy(_ piece: Piece) -> Bool {
        pieces.contains { $0.offset == piece.offset && $0.bytes == piece.bytes }
    }

    /// No overlap (RFC 5722, and Linux for IPv4), one end, and pieces of eight bytes but for the last.
    private mutating func isPlausible(_ piece: Piece, _ ip: IPHeader) -> Bool {
        if pieces.contains(where: { $0.offset < piece.end && $0.end > piece.offset }) {
            hasOverlap = true
            return false
        }
        if ip.moreFragments, piece.bytes.count % 8 != 0 { return false }
        if let length { return ip.moreFragments && piece.end <= length }
        return ip.moreFragments || pieces.allSatisfy { $0.end <= piece.offset }
    }

    /// The BSD way: of two pieces for one place, the one that begins earlier counts; of two that begin alike, the first.
    private mutating func insert(_ new: Piece) {
        var piece = new
        if let before = pieces.last(where: { $0.offset <= piece.offset }), before.end > piece.offset {
            hasOverlap = true
            let known = min(before.end &- piece.offset, piece.bytes.count)
            piece.bytes.removeFirst(known)
            piece.offset &+= known
        }
        guard !piece.bytes.isEmpty else { return }
        for index in pieces.indices.reversed()
        where pieces[index].offset >= piece.offset && pieces[index].offset < piece.end {
            hasOverlap = true
            let known = min(piece.end &- pieces[index].offset, pieces[index].bytes.count)
            cost -= known
            pieces[index].bytes.removeFirst(known)
            pieces[index].offset &+= known
            if pieces[index].bytes.isEmpty {
                pieces.remove(at: index)
                cost -= FragmentedDatagram.overhead
            }
        }
        cost += piece.bytes.count + FragmentedDatagram.overhead
        pieces.insert(piece, at: pieces.firstIndex { $0.offset > piece.offset } ?? pieces.count)
    }

    private var isContiguous: Bool {
        var position = 0
        for piece in pieces {
            guard piece.offset <= position else { return false }
            position = piece.end
        }
        return !header.isEmpty && position >= length ?? 0
    }

    /// The datagram behind the link header of its first fragment; nil when its length cannot be written.
    func assemble(_ version: IPVersion) -> [UInt8]? {
        switch version {
        case .v4: assemble4()
        case .v6: assemble6()
        }
    }

    private var dataLength: Int { pieces.last?.end ?? 0 }

    private func assemble4() -> [UInt8]? {
        var frame = header
        let total = header.count &- ipOffset &+ dataLength
        guard total <= 65_535, header.count &- ipOffset >= 20 else { return nil }
        frame.put(UInt16(total), at: ipOffset &+ 2)
        frame.put(0, at: ipOffset &+ 6)
        frame.put(0, at: ipOffset &+ 10)
        let sum = Checksum.sum(unsafe frame.span.bytes.extracting(ipOffset..<header.count))
        frame.put(~Checksum.fold(sum), at: ipOffset &+ 10)
        append(to: &frame)
        return frame
    }

    /// Without the fragment header, which is the last of the headers here: the one before it names what it named.
    private func assemble6() -> [UInt8]? {
        let fragmentHeader = header.count &- 8
        guard fragmentHeader &- ipOffset >= 40 else { return nil }
        let next = header[fragmentHeader]
        var frame = Array(header[..<fragmentHeader])
        let payload = fragmentHeader &- ipOffset &- 40 &+ dataLength
        guard payload <= 65_535 else { return nil }
        frame.put(UInt16(payload), at: ipOffset &+ 4)
        guard let place = placeBeforeFragmentHeader(fragmentHeader) else { return nil }
        frame[place] = next
        append(to: &frame)
        return frame
    }

    /// Where the header before the fragment header names it.
    private func placeBeforeFragmentHeader(_ end: Int) -> Int? {
        var place = ipOffset &+ 6
        var position = ipOffset &+ 40
        while position < end {
            guard position &+ 2 <= end else { return nil }
            // Authentication counts in words of four bytes (RFC 4302 section 2.2), the others in eight; an earlier
            // fragment header is eight bytes long.
            let isAuthentication = header[place] == IPProtocol.authentication.rawValue
            let isFragment = header[place] == IPProtocol.fragment.rawValue
            let stated = Int(header[position &+ 1])
            place = position
            position &+= isFragment ? 8 : isAuthentication ? (stated &+ 2) &* 4 : (stated &+ 1) &* 8
        }
        return position == end ? place : nil
    }

    private func append(to frame: inout [UInt8]) {
        frame.reserveCapacity(frame.count + dataLength)
        for piece in pieces { frame += piece.bytes }
    }
}

extension [UInt8] {
    /// Writes a number in network order at a place that is known to be there.
    fileprivate mutating func put(_ value: UInt16, at index: Int) {
        self[index] = UInt8(value >> 8)
        self[index &+ 1] = UInt8(value & 0xff)
    }
}
