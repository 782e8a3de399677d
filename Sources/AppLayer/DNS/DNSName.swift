import Wire

/// A domain name: labels joined by dots, without a trailing dot, the bytes as sent.
public struct DNSName: Sendable {
    public private(set) var bytes: [UInt8] = []
    public private(set) var flags: Flags = []

    /// What is odd about a name that could be read nevertheless.
    public struct Flags: OptionSet, Sendable {
        public let rawValue: UInt8
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        /// Longer than what is kept.
        public static let truncated = Flags(rawValue: 1)
        /// A pointer that points at itself.
        public static let loop = Flags(rawValue: 2)
        public static let tooManyLabels = Flags(rawValue: 4)
        /// A label holds a dot.
        public static let dotted = Flags(rawValue: 8)
    }

    /// A name has at most 255 octets (RFC 1035 section 2.3.4). Longer ones occur, and rules see them, up to the length
    /// where Suricata cuts them.
    static let maximumLength = 1025
    /// Labels and pointers followed: pointers let a name loop.
    static let maximumLabels = 255

    /// Reads a name, following compression pointers (RFC 1035 section 4.1.4), and leaves the cursor behind it. A name
    /// whose end in the message is known is read as far as it makes sense, and its flags say so.
    @_lifetime(cursor: copy cursor)
    static func read(_ cursor: inout ByteCursor, _ memory: inout Memory) throws(EndOfBytes) -> DNSName {
        var name = DNSName()
        var labels = 0
        var first: Int?
        var elsewhere = ByteCursor(cursor.all)
        while true {
            let length = first == nil ? try cursor.u8() : try elsewhere.u8()
            if length == 0 { break }
            if length & 0xc0 == 0xc0 {
                let low = first == nil ? try cursor.u8() : try elsewhere.u8()
                let target = Int(length & 0x3f) << 8 | Int(low)
                let here = (first == nil ? cursor.offset : elsewhere.offset) - 2
                if first == nil, name.bytes.isEmpty, let known = memory.name(at: target) { return known }
                guard target != here else {
                    guard first != nil else { throw EndOfBytes() }
                    name.flags.insert(.loop)
                    break
                }
                if first == nil { first = name.bytes.isEmpty ? target : -1 }
                elsewhere = ByteCursor(cursor.all)
                try elsewhere.skip(target)
            } else {
                guard length & 0xc0 == 0 else { throw EndOfBytes() }
                let label = first == nil ? try cursor.take(Int(length)) : try elsewhere.take(Int(length))
                name.append(label.rest)
            }
            labels += 1
            if labels > maximumLabels {
                guard first != nil else { throw EndOfBytes() }
                name.flags.formUnion([.tooManyLabels, .truncated])
                break
            }
            // Behind a pointer the end in the message is known: no need to read on.
            if name.flags.contains(.truncated), first != nil { break }
        }
        try memory.keep(name, at: first)
        return name
    }

    private mutating func append(_ label: RawSpan) {
        guard !flags.contains(.truncated) else { return }
        if !bytes.isEmpty { bytes.append(UInt8(ascii: ".")) }
        let text = label.copied()
        if text.contains(UInt8(ascii: ".")) { flags.insert(.dotted) }
        bytes += text
        guard bytes.count > DNSName.maximumLength else { return }
        bytes.removeLast(bytes.count - DNSName.maximumLength)
        flags.insert(.truncated)
    }

    /// What reading one message remembers: pointers mostly lead to the name read last, and names that they multiply must
    /// not multiply in memory.
    struct Memory {
        /// Bytes that all names of a message may take, each target of a pointer counted once.
        static let maximumBytes = 1 << 20

        private var last: (target: Int, name: DNSName)?
        private var bytes = 0
        private(set) var flags: Flags = []

        func name(at target: Int) -> DNSName? { last?.target == target ? last?.name : nil }

        mutating func keep(_ name: DNSName, at target: Int?) throws(EndOfBytes) {
            flags.formUnion(name.flags)
            bytes += name.bytes.count
            guard bytes <= Memory.maximumBytes else { throw EndOfBytes() }
            if let target, target >= 0 { last = (target, name) }
        }
    }
}
