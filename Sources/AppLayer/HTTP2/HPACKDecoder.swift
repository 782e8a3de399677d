import Wire

/// Decodes the header blocks of one side of an HTTP/2 connection (RFC 7541). Both sides keep a table of the fields sent
/// last; a block that cannot be read makes all later ones unreadable.
struct HPACKDecoder {
    /// One line of a block.
    enum Entry: Equatable, Sendable {
        case field(name: [UInt8], value: [UInt8])
        /// The encoder has changed the size of its table.
        case sizeUpdate(Int)
    }

    enum Fault: Error {
        case invalid
        /// More comes out of the block than is kept.
        case tooLong
        /// An integer beyond anything that has a meaning.
        case integerOverflow
    }

    /// Bytes of the dynamic table as the RFC counts them, whatever the peers agree on: browsers use 4,096 to 65,536.
    static let maximumTableSize = 65_536
    /// Added to each entry (RFC 7541 section 4.1).
    private static let overhead = 32

    /// Oldest first.
    private var entries: [(name: [UInt8], value: [UInt8])] = []
    private var size = 0
    /// The size the encoder uses now, and the largest one the other side has allowed.
    private var limit = 4096
    private var allowed = 4096

    /// The other side's SETTINGS_HEADER_TABLE_SIZE. A smaller one counts when the encoder says so.
    mutating func allow(_ size: UInt32) {
        allowed = max(allowed, min(Int(size), HPACKDecoder.maximumTableSize))
    }

    /// - Parameters:
    ///   - maximumBytes: names and values of the block together. A few bytes can stand for a long field many times over.
    mutating func decode(
        _ block: RawSpan, maximumBytes: Int, maximumFields: Int
    ) throws(Fault) -> [Entry] {
        var cursor = ByteCursor(block)
        var result: [Entry] = []
        var bytes = 0
        while !cursor.isAtEnd {
            guard let first = try? cursor.u8() else { break }
            guard result.count < maximumFields else { throw .tooLong }
            if first & 0xe0 == 0x20 {
                let size = try integer(&cursor, first, bits: 5)
                guard size <= allowed else { throw .invalid }
                limit = size
                evict(to: size)
                result.append(.sizeUpdate(size))
                continue
            }
            let field = try field(&cursor, first, room: maximumBytes - bytes)
            bytes += field.name.count + field.value.count
            guard bytes <= maximumBytes else { throw .tooLong }
            result.append(.field(name: field.name, value: field.value))
        }
        return result
    }

    private mutating func field(
        _ cursor: inout ByteCursor, _ first: UInt8, room: Int
    ) throws(Fault) -> (name: [UInt8], value: [UInt8]) {
        if first & 0x80 != 0 { return try entry(try integer(&cursor, first, bits: 7)) }
        let isIndexed = first & 0x40 != 0
        let index = try integer(&cursor, first, bits: isIndexed ? 6 : 4)
        let name = index == 0 ? try string(&cursor, limit: room) : try entry(index).name
        let value = try string(&cursor, limit: room)
        if isIndexed { add(name, value) }
        return (name, value)
    }

    private func entry(_ index: Int) throws(Fault) -> (name: [UInt8], value: [UInt8]) {
        guard index > 0 else { throw .invalid }
        if index <= HPACKDecoder.staticTable.count { return HPACKDecoder.staticTable[index - 1] }
        let place = entries.count - (index - HPACKDecoder.staticTable.count)
        guard entries.indices.contains(place) else { throw .invalid }
        return entries[place]
    }

    private mutating func add(_ name: [UInt8], _ value: [UInt8]) {
        let size = name.count + value.count + HPACKDecoder.overhead
        evict(to: limit - size)
        // One that does not fit at all leaves the table empty.
        guard size <= limit else { return }
        entries.append((name, value))
        self.size += size
    }

    private mutating func evict(to size: Int) {
        var count = 0
        while self.size > size, count < entries.count {
            self.size -= entries[count].name.count + entries[count].value.count + HPACKDecoder.overhead
            count += 1
        }
        entries.removeFirst(count)
    }

    // MARK: primitives

    /// The lower bits of the first byte, and when they are all ones, seven bits of each byte that follows (section 5.1).
    private func integer(_ cursor: inout ByteCursor, _ first: UInt8, bits: UInt8) throws(Fault) -> Int {
        let mask = UInt8(1) << bits &- 1
        var value = Int(first & mask)
        guard value == Int(mask) else { return value }
        for shift in stride(from: 0, through: 28, by: 7) {
            guard let byte = try? cursor.u8() else { throw .invalid }
            value += Int(byte & 0x7f) << shift
            if byte & 0x80 == 0 { return value }
        }
        throw .integerOverflow
    }

    private func string(_ cursor: inout ByteCursor, limit: Int) throws(Fault) -> [UInt8] {
        guard let first = try? cursor.u8() else { throw .invalid }
        let length = try integer(&cursor, first, bits: 7)
        guard let bytes = try? cursor.take(length) else { throw .invalid }
        guard first & 0x80 != 0 else {
            guard length <= limit else { throw .tooLong }
            return bytes.all.copied()
        }
        do throws(HPACKHuffman.Fault) {
            return try HPACKHuffman.decode(bytes.all, limit: limit)
        } catch {
            throw error == .tooLong ? .tooLong : .invalid
        }
    }

    /// RFC 7541 appendix A.
    private static let staticTable: [(name: [UInt8], value: [UInt8])] = """
        :authority|:method=GET|:method=POST|:path=/|:path=/index.html|:scheme=http|:scheme=https|:status=200|:status=204|\
        :status=206|:status=304|:status=400|:status=404|:status=500|accept-charset|accept-encoding=gzip, deflate|\
        accept-language|accept-ranges|accept|access-control-allow-origin|age|allow|authorization|cache-control|\
        content-disposition|content-encoding|content-language|content-length|content-location|content-range|\
        content-type|cookie|date|etag|expect|expires|from|host|if-match|if-modified-since|if-none-match|if-range|\
        if-unmodified-since|last-modified|link|location|max-forwards|proxy-authenticate|proxy-authorization|range|\
        referer|refresh|retry-after|server|set-cookie|strict-transport-security|transfer-encoding|user-agent|vary|via|\
        www-authenticate
        """.split(separator: "|").map { entry in
            let parts = entry.split(separator: "=", maxSplits: 1)
            return (Array(parts[0].utf8), parts.count > 1 ? Array(parts[1].utf8) : [])
        }
}
